// Package statusmail makes the mails that tell a customer that an order was shipped or cancelled, in a text and an HTML
// part.
package statusmail

//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

import (
	"fmt"
	"time"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/order"
)

// Template makes mails of orders' statuses. It is a [notification.StatusMail].
type Template struct {
	ShopName string         // as customers know the shop
	Zone     *time.Location // of the shop's clock; nil is UTC
}

// content is what the templates show: all of it is one line of harmless text each.
type content struct {
	ShopName, Subject, Heading, OrderID, PlacedAt, Tracking, After string
	Lines                                                          []string
}

// Render returns the mail of the kind for the address that o was placed with. What people wrote (the names of the shop
// and the goods, the tracking) stays on its line and in its place. The error is for a kind that is none of a status.
func (t Template) Render(kind notification.Kind, o order.Order) (notification.Message, error) {
	mail, err := newContent(kind, t, o)
	if err != nil {
		return notification.Message{}, err
	}
	html := mailtext.Layout(mail.ShopName, mail.Subject, "", mail.Card())
	return notification.Message{To: o.Email, Subject: mail.Subject, Text: mail.Text(), HTML: html}, nil
}

func newContent(kind notification.Kind, t Template, o order.Order) (content, error) {
	shop := mailtext.OneLine(t.ShopName)
	c := content{
		ShopName: shop, OrderID: mailtext.OneLine(o.ID),
		PlacedAt: mailtext.Instant(o.PlacedAt, t.Zone),
		After:    "Please quote the order number when you write to us.",
	}
	what := "Your order"
	if shop != "" {
		what += " at " + shop
	}
	switch kind {
	case notification.OrderShipped:
		c.Heading, c.Subject = "Your order is on its way.", what+" is on its way ("+c.OrderID+")"
		c.Tracking = mailtext.OneLine(o.Tracking)
	case notification.OrderCancelled:
		c.Heading, c.Subject = "Your order was cancelled.", what+" was cancelled ("+c.OrderID+")"
		c.After = "Nothing will be sent to you. " + c.After
	default:
		return content{}, fmt.Errorf("%q is no kind of status mail", kind)
	}
	for _, l := range o.Lines {
		c.Lines = append(c.Lines, lineOf(l))
	}
	return c, nil
}

func lineOf(l order.Line) string {
	name := mailtext.OneLine(l.Name)
	if name == "" {
		name = l.ProductID // nothing of the name can be shown
	}
	return fmt.Sprintf("%d × %s", l.Quantity, name)
}
