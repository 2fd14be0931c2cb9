package confirmation

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/notification/mailtext/mailtexttest"
	"shop/internal/order"
)

var _ notification.Confirmation = Template{}

func gbp(pence int64) money.Money { return money.Money{Amount: pence, Currency: "GBP"} }

// placed returns an order of the lines, with their total.
func placed(lines ...order.Line) order.Order {
	o := order.Order{
		ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", UserID: "usr_019cafb8-d247-752e-9651-0c5ca6a3a450",
		Email: "ada@example.com",
		Lines: lines, PlacedAt: time.Date(2026, time.March, 14, 9, 26, 53, 589_000_000, time.UTC),
		Total: money.Money{Currency: lines[0].UnitPrice.Currency},
	}
	for _, l := range lines {
		o.Total = o.Total.Plus(l.Total())
	}
	return o
}

func render(t interface{ Fatal(...any) }, shop string, o order.Order) notification.Message {
	return Template{ShopName: shop}.Render(o)
}

var (
	usual = placed(
		order.Line{ProductID: "brass-desk-lamp", Name: "Brass desk lamp", UnitPrice: gbp(6400), Quantity: 1},
		order.Line{
			ProductID: "letter-paper-25", Name: "Letter paper and envelopes, 25", UnitPrice: gbp(1300), Quantity: 1,
		},
		order.Line{ProductID: "linen-tea-towel", Name: "Linen tea towel", UnitPrice: gbp(950), Quantity: 12},
	)
	hostile = placed(
		order.Line{
			ProductID: "markup", Name: `</td></tr></table><script>alert("1")</script> & <b>Free</b>`, UnitPrice: gbp(1),
			Quantity: 1,
		},
		order.Line{
			ProductID: "breaks", Name: "Cup\r\n\r\nTotal\t\t£0.00\u2028- Saucer\v\x00\x1b[31m", UnitPrice: gbp(2),
			Quantity: 2,
		},
		order.Line{
			ProductID: "marks", Name: "\u202egnihton\u202c \u200fto \u2066pay\u2069\ufeff", UnitPrice: gbp(3),
			Quantity: 3,
		},
		order.Line{ProductID: "hebrew", Name: "מנורת שולחן 12 מפליז", UnitPrice: gbp(4), Quantity: 4},
		order.Line{ProductID: "persian", Name: "کتاب\u200cخانه", UnitPrice: gbp(5), Quantity: 5},
		order.Line{ProductID: "template", Name: `{{.OrderID}} %s %!d`, UnitPrice: gbp(6), Quantity: 6},
		order.Line{ProductID: "word", Name: strings.Repeat("x", 200), UnitPrice: gbp(7), Quantity: 7},
		order.Line{ProductID: "wide", Name: strings.Repeat("漢字", 60) + " 👩\u200d🔬🏴", UnitPrice: gbp(8), Quantity: 8},
		order.Line{ProductID: "words", Name: strings.Repeat("very ", 39) + "long", UnitPrice: gbp(9), Quantity: 9},
		order.Line{ProductID: "bytes", Name: "Caf\xe9", UnitPrice: gbp(10), Quantity: 10},
		order.Line{ProductID: "nothing-to-see", Name: "\u200e\u200f", UnitPrice: gbp(11), Quantity: 10_000},
	)
	yen = placed(order.Line{
		ProductID: "lamp", Name: "Lamp", UnitPrice: money.Money{Amount: 12_800, Currency: "JPY"}, Quantity: 3,
	})
	dinars = placed(order.Line{
		ProductID: "lamp", Name: "Lamp", UnitPrice: money.Money{Amount: 100_000_000, Currency: "KWD"}, Quantity: 10_000,
	})
)

func TestRender(t *testing.T) {
	for name, o := range map[string]order.Order{"usual": usual, "hostile": hostile, "yen": yen, "dinars": dinars} {
		t.Run(name, func(t *testing.T) {
			m := render(t, "Kettle & Lamp", o)
			mailtexttest.Golden(t, name+".txt", m.Text)
			mailtexttest.Golden(t, name+".html", m.HTML)
			if m.To != o.Email {
				t.Errorf("To = %q, want %q", m.To, o.Email)
			}
			if want := "Your order at Kettle & Lamp (" + o.ID + ")"; m.Subject != want {
				t.Errorf("Subject = %q, want %q", m.Subject, want)
			}
		})
	}
}

func TestRenderWithoutShopName(t *testing.T) {
	m := render(t, " \n", usual)
	if want := "Your order " + usual.ID; m.Subject != want {
		t.Errorf("Subject = %q, want %q", m.Subject, want)
	}
	if !strings.HasPrefix(m.Text, "Thank you") {
		t.Errorf("the text starts with %.20q", m.Text)
	}
}

// TestRenderShowsTheShopsClock: with the name of its zone, in winter and in summer.
func TestRenderShowsTheShopsClock(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for month, want := range map[time.Month]string{
		time.March: "14 March 2026 at 09:26 GMT", time.July: "14 July 2026 at 10:26 BST",
	} {
		o := usual
		o.PlacedAt = time.Date(2026, month, 14, 9, 26, 53, 0, time.UTC)
		m := Template{ShopName: "Shop", Zone: london}.Render(o)
		if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
			t.Errorf("want %s in both parts:\n%s", want, m.Text)
		}
	}
}

func TestRenderShowsUTC(t *testing.T) {
	o := usual
	o.PlacedAt = o.PlacedAt.In(time.FixedZone("east", 5*60*60+30*60))
	if m := render(t, "Shop", o); !strings.Contains(m.Text, "14 March 2026 at 09:26 UTC") {
		t.Errorf("the time is not in UTC:\n%s", m.Text)
	}
}

// TestSubjectIsOneLine: a line break in a subject would start another header.
func TestSubjectIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shop := rapid.String().Draw(t, "shop") +
			rapid.SampledFrom([]string{"", "\r\nBcc: eve@example.com", "\n\nHi", "\u2028", "\x00"}).Draw(t, "tail")
		o := usual
		o.ID += "\r\nBcc: eve@example.com"
		if m := render(t, shop, o); strings.ContainsFunc(m.Subject, unicode.IsControl) ||
			strings.ContainsAny(m.Subject, "\u2028\u2029") {
			t.Fatalf("Subject = %q", m.Subject)
		}
	})
}

// TestTextKeepsItsPlaces: whatever the goods are called, the text part has one entry a line, all amounts at the right
// edge, and one total.
func TestTextKeepsItsPlaces(t *testing.T) {
	awkward := rapid.SampledFrom([]rune("\r\n\t\v\f\u0085\u2028\u2029\u200b\u200d\u200e\u202e\u2066 -–×£0漢\u0301👩🏴"))
	name := rapid.StringOfN(rapid.OneOf(rapid.Rune(), awkward), 0, 200, -1)
	rapid.Check(t, func(t *rapid.T) {
		var lines []order.Line
		for _, n := range rapid.SliceOfN(name, 1, 5).Draw(t, "names") {
			price := rapid.Int64Range(0, money.MaxAmount/50_000).Draw(t, "price")
			lines = append(lines, order.Line{
				ProductID: "p", Name: n, UnitPrice: gbp(price),
				Quantity: rapid.Int64Range(1, 10_000).Draw(t, "quantity"),
			})
		}
		o := placed(lines...)
		checkText(t, render(t, "Kettle & Lamp", o).Text, o)
	})
}

func checkText(t *rapid.T, text string, o order.Order) {
	entries, totals := 0, 0
	next := 0
	for _, l := range strings.Split(text, "\n") {
		if w := uniseg.StringWidth(l); w > mailtext.Columns {
			t.Fatalf("a line has %d columns: %q", w, l)
		}
		if strings.ContainsFunc(l,
			func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("a line has a control character: %q", l)
		}
		switch {
		case strings.HasPrefix(l, "- "):
			entries++
		case strings.HasPrefix(l, "Total "):
			totals++
		}
		if next < len(o.Lines) && l == amountLine(o.Lines[next]) {
			next++
		}
	}
	if entries != len(o.Lines) || next != len(o.Lines) || totals != 1 {
		t.Fatalf("%d entries, %d amounts and %d totals for %d lines:\n%s", entries, next, totals, len(o.Lines), text)
	}
}

func amountLine(l order.Line) string {
	return mailtext.Ends(2, fmt.Sprintf("%d × %s", l.Quantity, l.UnitPrice), l.Total().String())
}

// TestHTMLKeepsItsRows: names cannot add markup, so the parts that the template makes can be counted.
func TestHTMLKeepsItsRows(t *testing.T) {
	plain := placed(make([]order.Line, len(hostile.Lines))...)
	for _, tag := range []string{"<tr", "<td", "<table", "<script", "<b>", "</table"} {
		got := strings.Count(render(t, "S", hostile).HTML, tag)
		want := strings.Count(render(t, "S", plain).HTML, tag)
		if got != want {
			t.Errorf("%d × %s, want %d", got, tag, want)
		}
	}
}

// TestHTMLIsNotClipped: Gmail hides what is past 102 KB of a mail.
func TestHTMLIsNotClipped(t *testing.T) {
	lines := make([]order.Line, order.MaxProducts)
	for i := range lines {
		lines[i] = order.Line{
			ProductID: "p", Name: strings.Repeat("name ", 40), UnitPrice: gbp(100_000), Quantity: 10_000,
		}
	}
	if size := len(render(t, "Kettle & Lamp", placed(lines...)).HTML); size > 102_000 {
		t.Errorf("the largest order makes %d bytes of HTML", size)
	}
}

func BenchmarkRender(b *testing.B) {
	for b.Loop() {
		render(b, "Kettle & Lamp", usual)
	}
}

// TestEveryCurrency: both parts show as many digits as the currency has.
func TestEveryCurrency(t *testing.T) {
	for _, code := range money.Codes() {
		digits, err := money.Digits(code)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix("64."+"0123"[:digits], ".")
		amount, err := strconv.ParseInt(strings.ReplaceAll(want, ".", ""), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		m := render(t, "Shop", placed(order.Line{
			ProductID: "a", Name: "A", UnitPrice: money.Money{Amount: amount, Currency: code}, Quantity: 1,
		}))
		shown := regexp.MustCompile(`[^0-9.,]` + regexp.QuoteMeta(want) + `(?:[^0-9.,]|$)`)
		if !shown.MatchString(m.Text) || !shown.MatchString(m.HTML) {
			t.Errorf("%s: %s is not in\n%s\n%s", code, want, m.Text, m.HTML)
		}
	}
}

// TestOutlookHasAFixedWidth: Outlook for Windows knows no max-width. For it alone a table of fixed width is around the
// card, opened and closed once.
func TestOutlookHasAFixedWidth(t *testing.T) {
	html := render(t, "Kettle & Lamp", usual).HTML
	before, card, opened := strings.Cut(html,
		`<!--[if mso]><table role="presentation" width="560" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`)
	card, after, closed := strings.Cut(card, `<!--[if mso]></td></tr></table><![endif]-->`)
	if !opened || !closed || strings.Contains(before+card+after, "mso]") ||
		strings.Contains(before, "max-width:560px") ||
		strings.Count(card, "<table") != strings.Count(card, "</table") || !strings.Contains(card, "max-width:560px") {
		t.Errorf("the fixed width is not around the card, once:\n%s", html)
	}
}
