package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestOrderConfirmation: the mail says what was ordered, in a text and an HTML
// part, and shows no name of a product as markup.
func TestOrderConfirmation(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	lamp := newProduct(t, named("Lamp <b>& \"Shade\" "+unique()))
	vase := newProduct(t, named("Vase "+unique()), priced(12_345_600))
	o := newOrder(t, c, some(lamp.ProductID, 2), some(vase.ProductID, 3))
	m := awaitMails(t, c.Email, 1)[0]
	if len(m.To) != 1 || m.To[0] != c.Email || m.Source == "" || strings.TrimSpace(m.Subject) == "" {
		t.Errorf("mail from %q to %q, subject %q", m.Source, m.To, m.Subject)
	}
	for part, body := range map[string]string{"text": m.BodyText, "HTML": m.BodyHTML} {
		for _, want := range []string{o.OrderID, vase.Name, "19.99", "39.98"} {
			if !strings.Contains(body, want) {
				t.Errorf("the %s part lacks %q:\n%s", part, want, body)
			}
		}
		if total := "370,407.98"; !strings.Contains(body, total) && !strings.Contains(body, "370407.98") {
			t.Errorf("the %s part lacks the total %s:\n%s", part, total, body)
		}
	}
	if !strings.Contains(m.BodyText, lamp.Name) {
		t.Errorf("the text part lacks %q:\n%s", lamp.Name, m.BodyText)
	}
	if strings.Contains(m.BodyHTML, "Lamp <b>") || !strings.Contains(m.BodyHTML, "Lamp &lt;b&gt;&amp;") {
		t.Errorf("the HTML part shows a name as markup:\n%s", m.BodyHTML)
	}
}

// TestNoMailForRefusedCheckouts: they are not orders.
func TestNoMailForRefusedCheckouts(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	total := pounds(1)
	send(t, place(c, unique(), basket(some(p.ProductID, 11)))).refused(t, http.StatusConflict, "out_of_stock")
	send(t, place(c, unique(), checkout{[]line{one(p.ProductID)}, &total})).
		refused(t, http.StatusConflict, "price_changed")
	send(t, place(c, unique(), basket(one("e2e-"+unique())))).refused(t, http.StatusNotFound, "product_not_found")
	// A later order's mail is there: so any of the earlier ones would be.
	o := newOrder(t, c, one(p.ProductID))
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	if mails := awaitMails(t, c.Email, 1); !strings.Contains(mails[0].BodyText, o.OrderID) {
		t.Errorf("mail = %+v, want that of order %s", mails[0], o.OrderID)
	}
}
