package statusmail

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/order"
)

var _ notification.StatusMail = Template{}

var lamps = order.Order{
	ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", Email: "ada@example.com", Tracking: "RM 1234 5678 9GB",
	PlacedAt: time.Date(2026, time.March, 14, 9, 26, 53, 0, time.UTC),
	Lines: []order.Line{
		{ProductID: "lamp", Name: "Brass desk lamp", Quantity: 2}, {ProductID: "mark", Name: "\u202e"},
	},
}

func TestShipped(t *testing.T) {
	m, err := Template{
		ShopName: "Hearth", Zone: time.FixedZone("EST", -5*60*60),
	}.Render(notification.OrderShipped, lamps)
	const want = `Hearth

Your order is on its way.

Order    ord_7vtcxc6t7ggcx267wchbxpn4v3
Placed   14 March 2026 at 04:26 EST
Parcel   RM 1234 5678 9GB

- 2 × Brass desk lamp
- 0 × mark

Please quote the order number when you write to us.
`
	subject := "Your order at Hearth is on its way (ord_7vtcxc6t7ggcx267wchbxpn4v3)"
	if err != nil || m.Text != want || m.Subject != subject || m.To != lamps.Email {
		t.Errorf("got %q to %s, %v:\n%s\nwant %q:\n%s", m.Subject, m.To, err, m.Text, subject, want)
	}
	if !strings.Contains(m.HTML, "2 × Brass desk lamp") || !strings.Contains(m.HTML, lamps.Tracking) {
		t.Errorf("the HTML part lacks something:\n%s", m.HTML)
	}
}

func TestCancelled(t *testing.T) {
	m, err := Template{}.Render(notification.OrderCancelled, lamps)
	if err != nil || m.Subject != "Your order was cancelled ("+lamps.ID+")" ||
		strings.Contains(m.Text, lamps.Tracking) ||
		!strings.HasPrefix(m.Text, "Your order was cancelled.\n") ||
		!strings.Contains(m.Text, "Nothing will be sent to you.") {
		t.Errorf("got %q, %v:\n%s", m.Subject, err, m.Text)
	}
}

func TestOtherKinds(t *testing.T) {
	for _, kind := range []notification.Kind{notification.OrderPlaced, notification.VerifyEmail, ""} {
		if m, err := (Template{}).Render(kind, lamps); err == nil || m != (notification.Message{}) {
			t.Errorf("%q: got %+v, want an error", kind, m)
		}
	}
}

// TestTextsKeepTheirPlace: whatever people wrote, the subject is one line, the text part has its width, and the HTML
// part its elements.
func TestTextsKeepTheirPlace(t *testing.T) {
	elements := regexp.MustCompile(`<[a-zA-Z/!]`)
	plain, err := Template{ShopName: "A"}.Render(notification.OrderShipped, lamps)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		o := lamps
		o.Tracking = "A" + rapid.String().Draw(t, "tracking")
		o.Lines = []order.Line{{Name: rapid.String().Draw(t, "name")}, {Name: "<b>\r\n&"}}
		shop := "A" + rapid.String().Draw(t, "shop")
		m, err := Template{ShopName: shop}.Render(notification.OrderShipped, o)
		if err != nil || strings.ContainsFunc(m.Subject, unicode.IsControl) {
			t.Fatalf("got the subject %q, %v", m.Subject, err)
		}
		for line := range strings.SplitSeq(m.Text, "\n") {
			if uniseg.StringWidth(line) > mailtext.Columns {
				t.Fatalf("a line is too wide: %q", line)
			}
		}
		if got, want := len(elements.FindAllString(m.HTML, -1)),
			len(elements.FindAllString(plain.HTML, -1)); got != want {
			t.Fatalf("%d elements, want %d:\n%s", got, want, m.HTML)
		}
	})
}
