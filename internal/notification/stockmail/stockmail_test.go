package stockmail

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"shop/internal/notification"
	"shop/internal/product"
)

var _ notification.StockMail = Template{}

var (
	lamp   = product.Product{ID: "lamp", Name: "Brass desk lamp", Stock: 4}
	hearth = Template{ShopName: "Hearth", ShopURL: "https://shop.example.com"}
)

func TestBackInStock(t *testing.T) {
	m, err := hearth.Render(notification.BackInStock, lamp)
	const want = `Hearth

Brass desk lamp is back in stock.

Look at it:
https://shop.example.com/products/lamp

You asked for this mail. We keep no unit for you, and there will be no
second mail: ask again if it is sold out when you come.
`
	if err != nil || m.Text != want || m.Subject != "Brass desk lamp is back in stock at Hearth" {
		t.Errorf("got %q, %v:\n%s\nwant:\n%s", m.Subject, err, m.Text, want)
	}
	if !strings.Contains(m.HTML, `href="https://shop.example.com/products/lamp"`) {
		t.Errorf("the HTML part has no link:\n%s", m.HTML)
	}
}

// TestToTheShop: it says what is so, whatever the kind, and leads to the desk.
func TestToTheShop(t *testing.T) {
	for stock, want := range map[int64]string{0: " is sold out", 1: ": one unit is left", 4: ": 4 units are left"} {
		for _, kind := range []notification.Kind{notification.StockLow, notification.SoldOut} {
			p := lamp
			p.Stock = stock
			m, err := hearth.Render(kind, p)
			if err != nil || m.Subject != "Brass desk lamp"+want ||
				!strings.Contains(m.Text, "\nhttps://shop.example.com/admin/products/lamp\n") {
				t.Errorf("%s of %d: got %q, %v:\n%s", kind, stock, m.Subject, err, m.Text)
			}
		}
	}
}

func TestOtherKinds(t *testing.T) {
	for _, kind := range []notification.Kind{notification.OrderPlaced, notification.VerifyEmail, ""} {
		if m, err := hearth.Render(kind, lamp); err == nil || m != (notification.Message{}) {
			t.Errorf("%q: got %+v, want an error", kind, m)
		}
	}
}

// TestNamesKeepTheirPlace: whatever a product is called, the subject is one line, and the HTML part has its elements.
func TestNamesKeepTheirPlace(t *testing.T) {
	elements := regexp.MustCompile(`<[a-zA-Z/!]`)
	plain, err := hearth.Render(notification.BackInStock, lamp)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := lamp
		p.Name = rapid.String().Draw(t, "name")
		m, err := hearth.Render(notification.BackInStock, p)
		if err != nil || strings.ContainsFunc(m.Subject, unicode.IsControl) {
			t.Fatalf("got the subject %q, %v", m.Subject, err)
		}
		if got, want := len(elements.FindAllString(m.HTML, -1)),
			len(elements.FindAllString(plain.HTML, -1)); got != want {
			t.Fatalf("%d elements, want %d:\n%s", got, want, m.HTML)
		}
	})
}
