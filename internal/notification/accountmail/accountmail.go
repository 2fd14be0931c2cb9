// Package accountmail makes the mails about an account, in a text and an HTML part. Three bring a link that works once:
// to verify an address, to tell the owner of an address that somebody tried to sign up with it, and to set a new
// password. One says that a password was changed.
//
// No mail contains text from the person who caused it, such as a name. Otherwise the store would send anybody's words
// to any mailbox.
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
