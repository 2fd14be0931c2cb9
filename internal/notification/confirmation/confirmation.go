// Package confirmation makes the mail that confirms an order, in a text and an HTML part. It is apart from package
// notification because linking the template packages costs every binary some 130 KB of its zip and 0.15 ms of its
// start.
package confirmation

import (
	"shop/internal/notification"
	"shop/internal/order"
)

// Template makes confirmation mails. It is a [notification.Confirmation].
type Template struct {
	ShopName string // as customers know the shop
}

// Render returns the mail for the address that o was placed with. What people wrote (the names of the shop and the
// goods) stays on its line and in its place, whatever characters it has. The error is a defect of the templates.
func (t Template) Render(o order.Order) (notification.Message, error) {
	mail := newContent(t.ShopName, o)
	text, html, err := templates.Render(mail)
	if err != nil {
		return notification.Message{}, err
	}
	return notification.Message{To: o.Email, Subject: mail.Subject, Text: text, HTML: html}, nil
}
