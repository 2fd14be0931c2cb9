package accountmail

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
	"shop/internal/notification/mailtext/mailtexttest"
)

var _ notification.AccountMail = Template{}

const (
	token   = "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY"
	ada     = "ada@example.com"
	hostile = "</p><script>alert(\"1\")</script> & <b>Co</b>\r\n\r\nBcc: eve@example.com\u2028{{.Link}} %s \u202egnihton\u202c\x1b[31m"
)

// pages are where the links of each kind lead to.
var pages = map[notification.Kind]string{
	notification.VerifyEmail:   "/verify-email#token=" + token,
	notification.SignUpAttempt: "/reset-password#token=" + token,
	notification.PasswordReset: "/reset-password#token=" + token, notification.PasswordChanged: "/forgot-password",
}

var tidy = Template{ShopName: "Kettle & Lamp", ShopURL: "https://shop.example"}

func render(t interface{ Fatal(...any) }, shop Template, kind notification.Kind) notification.Message {
	m, err := shop.Render(kind, ada, token)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRender(t *testing.T) {
	for kind, page := range pages {
		for name, shop := range map[string]Template{
			"": tidy, "-hostile": {ShopName: hostile, ShopURL: "https://shop.example/a?b=\"><script>&c='"},
		} {
			t.Run(string(kind)+name, func(t *testing.T) {
				m := render(t, shop, kind)
				mailtexttest.Golden(t, string(kind)+name+".txt", m.Text)
				mailtexttest.Golden(t, string(kind)+name+".html", m.HTML)
				if m.To != ada || m.MailID != "" {
					t.Errorf("got a mail %q to %q", m.MailID, m.To)
				}
				if !strings.Contains(m.Text, "\n"+shop.ShopURL+page+"\n") {
					t.Errorf("the text part has no line with the link:\n%s", m.Text)
				}
			})
		}
	}
}

func TestUnknownKinds(t *testing.T) {
	for _, kind := range []notification.Kind{notification.OrderPlaced, "", "reset"} {
		if m, err := tidy.Render(kind, ada, token); err == nil || m != (notification.Message{}) {
			t.Errorf("%q: got %+v, want an error", kind, m)
		}
	}
}

// TestTheLinkIsTheButton: what the reader sees is where it leads.
func TestTheLinkIsTheButton(t *testing.T) {
	for kind, page := range pages {
		html := render(t, tidy, kind).HTML
		links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(html, -1)
		if want := tidy.ShopURL + page; len(links) != 1 || links[0][1] != want || strings.Count(html, want) != 2 {
			t.Errorf("%s: got the links %q, want %s in the button and below it", kind, links, want)
		}
	}
}

// TestShopNamesKeepTheirPlace: whatever the shop is called, the subject is one line, the text part has its lines, and
// the HTML part its elements.
func TestShopNamesKeepTheirPlace(t *testing.T) {
	elements := regexp.MustCompile(`<[a-zA-Z/!]`)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(slices.Sorted(maps.Keys(pages))).Draw(t, "kind")
		name := "A" + rapid.OneOf(rapid.String(), rapid.Just(hostile)).Draw(t, "name")
		m := render(t, Template{ShopName: name, ShopURL: tidy.ShopURL}, kind)
		if strings.ContainsFunc(m.Subject, unicode.IsControl) || strings.ContainsAny(m.Subject, "\u2028\u2029") {
			t.Fatalf("Subject = %q", m.Subject)
		}
		for line := range strings.SplitSeq(m.Text, "\n") {
			if w := uniseg.StringWidth(line); w > mailtext.Columns && !strings.HasSuffix(line, pages[kind]) {
				t.Fatalf("a line has %d columns: %q", w, line)
			}
		}
		plain := render(t, tidy, kind)
		if got, want := len(elements.FindAllString(m.HTML, -1)),
			len(elements.FindAllString(plain.HTML, -1)); got != want {
			t.Fatalf("%d elements, want %d", got, want)
		}
		if strings.Count(m.Text, pages[kind]) != 1 {
			t.Fatalf("the text part has not one link:\n%s", m.Text)
		}
	})
}

func TestWithoutShopName(t *testing.T) {
	m := render(t, Template{ShopName: " \n", ShopURL: tidy.ShopURL}, notification.PasswordReset)
	if m.Subject != "Set a new password" || !strings.HasPrefix(m.Text, "Set a new password.\n") {
		t.Errorf("got the subject %q and the text %.30q", m.Subject, m.Text)
	}
}

// TestOutlookHasAFixedWidth: Outlook for Windows knows no max-width. For it alone a table of fixed width is around the
// card, opened and closed once.
func TestOutlookHasAFixedWidth(t *testing.T) {
	html := render(t, tidy, notification.VerifyEmail).HTML
	before, card, opened := strings.Cut(html,
		`<!--[if mso]><table role="presentation" width="560" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`)
	card, after, closed := strings.Cut(card, `<!--[if mso]></td></tr></table><![endif]-->`)
	if !opened || !closed || strings.Contains(before+card+after, "mso]") ||
		strings.Contains(before, "max-width:560px") ||
		strings.Count(card, "<table") != strings.Count(card, "</table") || !strings.Contains(card, "max-width:560px") {
		t.Errorf("the fixed width is not around the card, once:\n%s", html)
	}
}
