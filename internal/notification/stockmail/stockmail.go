// Package stockmail makes the mails about a product's stock, in a text and an HTML part: to a customer that it is back,
// and to the shop that few units are left, or none.
package stockmail

//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

import (
	"fmt"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/product"
)

// Template makes mails about stocks. It is a [notification.StockMail].
type Template struct {
	ShopName string // as customers know the shop
	ShopURL  string // the base of the shop's pages, without a slash at its end
}

// content is what the templates show: all but the link is one line of harmless text each.
type content struct {
	ShopName, Subject string
	Product, Tells    string // the name, and what is told of it
	Action, Link      string
	After             string
}

// Render returns a mail of the kind about the product, without an address. A mail to the shop says what is so when it
// is made. The error is for a kind that is none of a stock.
func (t Template) Render(kind notification.Kind, p product.Product) (notification.Message, error) {
	mail := content{
		ShopName: mailtext.OneLine(t.ShopName), Product: mailtext.OneLine(p.Name), Action: "Look at the stock",
		Link: t.ShopURL + "/admin/products/" + p.ID,
	}
	if mail.Product == "" {
		mail.Product = p.ID // nothing of the name can be shown
	}
	switch kind {
	case notification.BackInStock:
		mail.Tells, mail.Action, mail.Link = " is back in stock", "Look at it", t.ShopURL+"/products/"+p.ID
		mail.After = "You asked for this mail. We keep no unit for you, and there will be no second mail: " +
			"ask again if it is sold out when you come."
	case notification.StockLow, notification.SoldOut:
		mail.Tells, mail.After = left(p), "You get one mail until the stock is higher again."
	default:
		return notification.Message{}, fmt.Errorf("%q is no kind of stock mail", kind)
	}
	mail.Subject = mail.Product + mail.Tells
	if kind == notification.BackInStock && mail.ShopName != "" {
		mail.Subject += " at " + mail.ShopName
	}
	mail.Tells += "."
	html := mailtext.Layout(mail.ShopName, mail.Subject, "", mail.Card())
	return notification.Message{Subject: mail.Subject, Text: mail.Text(), HTML: html}, nil
}

// left says how many units are left.
func left(p product.Product) string {
	switch p.Stock {
	case 0:
		return " is sold out"
	case 1:
		return ": one unit is left"
	}
	return fmt.Sprintf(": %d units are left", p.Stock)
}
