// Package confirmation makes the mail that confirms an order, in a text and an HTML part. It is apart from package
// notification because linking the template packages costs every binary some 130 KB of its zip and 0.15 ms of its start.
package confirmation

import (
	"fmt"
	"strings"

	"shop/internal/notification"
	"shop/internal/order"
)

// Template makes confirmation mails. It is a [notification.Confirmation].
type Template struct {
	ShopName string // as customers know the shop
}

// Render returns the mail for the address that o was placed with. What people wrote (the names of the shop and the goods)
// stays on its line and in its place, whatever characters it has. The error is a defect of the templates.
func (t Template) Render(o order.Order) (notification.Message, error) {
	templates, err := parsed()
	if err != nil {
		return notification.Message{}, fmt.Errorf("parsing the templates: %w", err)
	}
	mail := newContent(t.ShopName, o)
	var text, html strings.Builder
	if err := templates.text.Execute(&text, mail); err != nil {
		return notification.Message{}, fmt.Errorf("rendering the text part: %w", err)
	}
	if err := templates.html.Execute(&html, mail); err != nil {
		return notification.Message{}, fmt.Errorf("rendering the HTML part: %w", err)
	}
	return notification.Message{To: o.Email, Subject: mail.Subject, Text: text.String(), HTML: html.String()}, nil
}
