// Package confirmation makes the mail that confirms an order, in a text and an HTML part. The text is in
// confirmation.qtpl, which is compiled to Go. The standard library's template packages call methods by name, so the
// linker would keep every operation of the AWS clients: 1.5 MB of a function's zip.
package confirmation

//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

import (
	"time"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/order"
)

// Template makes confirmation mails. It is a [notification.Confirmation].
type Template struct {
	ShopName string         // as customers know the shop
	Zone     *time.Location // of the shop's clock; nil is UTC
}

// Render returns the mail for the address that o was placed with. What people wrote (the names of the shop and the
// goods) stays on its line and in its place, whatever characters it has.
func (t Template) Render(o order.Order) notification.Message {
	mail := newContent(t, o)
	html := mailtext.Layout(mail.ShopName, mail.Subject, mail.preheader(), mail.Card())
	return notification.Message{To: o.Email, Subject: mail.Subject, Text: mail.Text(), HTML: html}
}
