// Package accountmail makes the mails that bring a link which is good once, in a text and an HTML part: to verify an
// address, to tell of a sign-up with an address that has an account, and to set a password anew; and the one that tells
// that a password was changed.
//
// No mail says what whoever asked for it wrote, a name for instance: else the store would carry anybody's words to any
// mailbox.
package accountmail

//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

import (
	"shop/internal/notification"
	"shop/internal/notification/mailtext"
)

// Template makes account mails. It is a [notification.AccountMail].
type Template struct {
	ShopName string // as customers know the shop
	// ShopURL is the base of the shop's pages, without a slash at its end. A link leads to its page verify-email or
	// reset-password. The token is in the fragment, which browsers send to no server, so that no access log and no
	// Referer has it.
	ShopURL string
}

// Render returns a mail of the kind for the address, with a link that brings the token where the kind has one. The
// error is for a kind that is none of an account.
func (t Template) Render(kind notification.Kind, address, token string) (notification.Message, error) {
	mail, err := newContent(kind, t.ShopName, t.ShopURL, token)
	if err != nil {
		return notification.Message{}, err
	}
	html := mailtext.Layout(mail.ShopName, mail.Subject, "", mail.Card())
	return notification.Message{To: address, Subject: mail.Subject, Text: mail.Text(), HTML: html}, nil
}
