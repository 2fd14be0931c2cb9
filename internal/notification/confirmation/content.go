package confirmation

import (
	"fmt"

	"shop/internal/notification/mailtext"
	"shop/internal/order"
)

// content is what the templates show: all of it is one line of harmless text each.
type content struct {
	ShopName string
	Subject  string
	OrderID  string
	PlacedAt string
	Lines    []line
	Total    string
}

type line struct {
	Name      string
	UnitPrice string
	Quantity  int64
	Total     string
}

func newContent(t Template, o order.Order) content {
	shop := mailtext.OneLine(t.ShopName)
	c := content{
		ShopName: shop,
		Subject:  subject(shop, mailtext.OneLine(o.ID)),
		OrderID:  mailtext.OneLine(o.ID),
		PlacedAt: mailtext.Instant(o.PlacedAt, t.Zone),
		Total:    o.Total.String(),
	}
	for _, l := range o.Lines {
		c.Lines = append(c.Lines, newLine(l))
	}
	return c
}

// each returns the quantity and the price of one, as both parts show them.
func (l line) each() string { return fmt.Sprintf("%d × %s", l.Quantity, l.UnitPrice) }

func newLine(l order.Line) line {
	name := mailtext.OneLine(l.Name)
	if name == "" {
		name = l.ProductID // nothing of the name can be shown
	}
	return line{Name: name, UnitPrice: l.UnitPrice.String(), Quantity: l.Quantity, Total: l.Total().String()}
}

// preheader returns what mail clients show beside the subject.
func (c content) preheader() string {
	return c.Total + " in all. Order " + c.OrderID + ", placed " + c.PlacedAt + "."
}

func subject(shop, orderID string) string {
	if shop == "" {
		return "Your order " + orderID
	}
	return "Your order at " + shop + " (" + orderID + ")"
}
