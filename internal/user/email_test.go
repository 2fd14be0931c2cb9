package user

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

var (
	// longestEmail has 64 octets before the @ and 254 in all.
	longestEmail = strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." +
		strings.Repeat("d", 58) + ".uk"
	// costly has a label of 21,000 different characters, which takes seconds to become an A-label.
	costly    = "ada@" + differentRunes(21_000) + ".example"
	anAddress = regexp.MustCompile(`^[a-z0-9!#$%&'*+/=?^_{|}~.` + "`" + `-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$`)
)

// differentRunes returns n of them, none of which is ASCII and all of which a domain may have.
func differentRunes(n rune) string {
	var all strings.Builder
	for r := range n {
		all.WriteRune('\u4e00' + r)
	}
	return all.String()
}

func TestNormalizeEmail(t *testing.T) {
	if len(longestEmail) != 254 {
		t.Fatalf("the longest address has %d octets, want 254", len(longestEmail))
	}
	for address, want := range map[string]string{
		"ada@example.com":              "ada@example.com",
		"  Ada@Example.COM\t\r\n":      "ada@example.com",
		"\u00a0ada@example.com\u2003":  "ada@example.com",
		"ADA+Books@EXAMPLE.co.uk":      "ada+books@example.co.uk",
		"a.d.a@example.com":            "a.d.a@example.com",
		"!#$%&'*+-/=?^_`{|}~@mail.org": "!#$%&'*+-/=?^_`{|}~@mail.org",
		"-@a-b.c-d":                    "-@a-b.c-d",
		"1@2.x3":                       "1@2.x3",
		"ada@10.0.0.1.example":         "ada@10.0.0.1.example",
		"ada@xn--bcher-kva.example":    "ada@xn--bcher-kva.example",
		"ada@XN--Bcher-KVA.Example":    "ada@xn--bcher-kva.example",
		"ada@bücher.example":           "ada@xn--bcher-kva.example",
		"Ada@BÜCHER.Example":           "ada@xn--bcher-kva.example",
		"ada@bu\u0308cher.example":     "ada@xn--bcher-kva.example",
		"name@röser.de":                "name@xn--rser-5qa.de",
		"ada@straße.de":                "ada@xn--strae-oqa.de", // not strasse.de, which is another's
		"ada@www.例え.テスト":               "ada@www.xn--r8jz45g.xn--zckzah",
		longestEmail:                   longestEmail,
		strings.ToUpper(longestEmail):  longestEmail,
	} {
		if got, err := NormalizeEmail(address); err != nil || got != want {
			t.Errorf("%q: got %q and error %v, want %q", address, got, err, want)
		}
	}
}

func TestNormalizeEmailRefuses(t *testing.T) {
	for name, address := range map[string]string{
		"empty":                  "",
		"blank":                  "  ",
		"no @":                   "ada.example.com",
		"two @":                  "ada@b@example.com",
		"nothing before @":       "@example.com",
		"nothing after @":        "ada@",
		"one label":              "ada@localhost",
		"dot first":              ".ada@example.com",
		"dot last":               "ada.@example.com",
		"two dots":               "a..da@example.com",
		"blank inside":           "a da@example.com",
		"blank in the domain":    "ada@exam ple.com",
		"quoted":                 `"ada"@example.com`,
		"comment":                "ada(home)@example.com",
		"name and address":       "Ada <ada@example.com>",
		"two addresses":          "ada@example.com,eve@example.com",
		"header injection":       "ada@example.com\r\nBcc: eve@example.com",
		"NUL":                    "ada\x00@example.com",
		"domain's dot first":     "ada@.example.com",
		"domain's dot last":      "ada@example.com.",
		"domain's two dots":      "ada@example..com",
		"hyphen first":           "ada@-example.com",
		"hyphen last":            "ada@example-.com",
		"underscore in domain":   "ada@exa_mple.com",
		"address literal":        "ada@[127.0.0.1]",
		"address of IPv4":        "ada@10.0.0.1",
		"number at the end":      "ada@example.123",
		"number outside ASCII":   "ada@example.１２３",
		"65 octets before @":     strings.Repeat("a", 65) + "@example.com",
		"label of 64":            "ada@" + strings.Repeat("b", 64) + ".com",
		"255 octets":             strings.TrimSuffix(longestEmail, "uk") + "com",
		"umlaut":                 "ädä@example.com",
		"umlaut, one label":      "ada@bücher",
		"A-label that is none":   "ada@xn--0.example",
		"A-label of ASCII":       "ada@xn--example-.com",
		"full-width letters":     "ada@ｅｘａｍｐｌｅ.com",
		"full-width dot":         "ada@example．com",
		"ideographic dot":        "ada@bücher。example",
		"emoji with a joiner":    "ada@a\u200db.example",
		"right to left, mixed":   "ada@aא.example",
		"umlauts, 64 octets":     "ada@" + strings.Repeat("ü", 60) + ".example",
		"Kelvin sign, lower k":   "\u212aelvin@example.com",
		"dotted I, lower i":      "ad\u0130a@example.com",
		"Kelvin in the domain":   "ada@\u212aelvin.com",
		"not UTF-8":              "ada\xff@example.com",
		"full-width @":           "ada＠example.com",
		"zero-width space":       "ada\u200b@example.com",
		"blank after the domain": "ada@example.com\u200b",
		"21,000 characters":      costly,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := NormalizeEmail(address); !errors.Is(err, errEmail) || got != "" {
				t.Errorf("got %q and error %v, want %v", got, err, errEmail)
			}
		})
	}
}

// TestNormalizeEmailRefusesLongOnesAtOnce: making an A-label allocates memory, and so does everything else that is done
// with an address.
func TestNormalizeEmailRefusesLongOnesAtOnce(t *testing.T) {
	const around = len("a@.example")
	for name, address := range map[string]string{
		"many characters":  costly,
		"one too many":     "a@" + strings.Repeat("b", maxGiven-around+1) + ".example",
		"blanks around it": "  a@" + strings.Repeat("b", maxGiven-around+1) + ".example  ",
		"an A-label":       "a@xn--" + strings.Repeat("b", maxGiven) + ".example",
	} {
		if n := testing.AllocsPerRun(1, func() { _, _ = NormalizeEmail(address) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

// FuzzNormalizeEmail: what comes out is an address, has nothing but letter case and blanks around it changed where it
// was ASCII, and comes out the same again.
func FuzzNormalizeEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " Ada@Example.COM ", longestEmail, longestEmail + "m", "a..b@c.d", "a@b", "@", "",
		"\u212a@b.c", "a@b.\u0130", "a@b.c\r\n",
		"a@\xff.c", "a@b@c.d", "a@-b.c", "a@bücher.example", "a@1.2", "a@xn--a.b", "\u00a0a@b.c\u2003",
		"a@" + differentRunes(60) + ".example", costly,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		normal, err := NormalizeEmail(address)
		if err != nil {
			if normal != "" {
				t.Errorf("got %q with error %v, want nothing", normal, err)
			}
			return
		}
		if len(normal) > 254 || !anAddress.MatchString(normal) {
			t.Errorf("got %q, which is no address", normal)
		}
		if given := strings.TrimSpace(address); isASCII(given) && (!strings.EqualFold(normal, given) ||
			len(normal) != len(given)) {
			t.Errorf("got %q from %q, want only its case and the blanks around it changed", normal, address)
		}
		if again, err := NormalizeEmail(normal); err != nil || again != normal {
			t.Errorf("%q again: got %q and error %v, want no change", normal, again, err)
		}
	})
}

func TestAddressHash(t *testing.T) {
	// printf %s ada@example.com | openssl dgst -sha256 -binary | basenc --base64url
	for address, want := range map[string]string{
		"ada@example.com":   "tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI",
		" ADA@Example.com ": "tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI",
		"":                  "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
		" no address ":      "0QdkyFNLPea_73jNJUw7uH7e7e-ErD3GYgOoLC6IcKc",
	} {
		if got := RawAddressHash(address); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}
