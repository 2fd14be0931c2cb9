package product

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestSaveCategories: those that are not given stay, an empty list removes them, and all are stored in NFC.
func TestSaveCategories(t *testing.T) {
	w := newWarehouse()
	for _, c := range []struct{ given, want []string }{
		{nil, nil}, {[]string{"Lamps", "Cafe\u0301"}, []string{"Lamps", "Café"}}, {nil, []string{"Lamps", "Café"}},
		{[]string{"5", "4", "3", "2", "1"}, []string{"5", "4", "3", "2", "1"}}, {[]string{}, nil},
	} {
		d := lampDraft()
		d.Categories = c.given
		got, _, err := w.save(admin, d)
		if err != nil || !slices.Equal(got.Categories.List(), c.want) || w.products["LAMP-1"] != got {
			t.Errorf("%q: got %q, stored %+v, error %v, want %q",
				c.given, got.Categories, w.products["LAMP-1"], err, c.want)
		}
	}
}

func TestSaveRefusesCategories(t *testing.T) {
	for name, given := range map[string][]string{
		"six":               {"a", "b", "c", "d", "e", "f"},
		"three hundred":     make([]string, 300),
		"twice":             {"Lamps", "lamps"},
		"twice, decomposed": {"CAFÉ", "cafe\u0301"},
		"one of two":        {"Lamps", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := lampDraft()
			d.Categories = given
			_, _, err := newWarehouse().save(admin, d)
			wantFields(t, err, "categories")
		})
	}
}

func TestValidCategory(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, " ": false, "a": true, "Home & Garden": true, "Bücher, 2. Wahl (neu)": true,
		"L’été +1/2 - 'x'":      true,
		strings.Repeat("ä", 40): true, strings.Repeat("ä", 41): false, strings.Repeat("a\u0308", 21): false,
		// this character is two in NFC
		strings.Repeat("\u0958", 20): true, strings.Repeat("\u0958", 21): false,
		"\u0301a": false, "a\u0301": true, "کتاب": true, "हिन्दी": true, "書籍": true,
		"\u202ea": false, "a\u200db": false,
		"🦊": false, "a🦊": false, "a  b": false, " a": false, "a ": false, "a\u00a0b": false, "a\tb": false,
		"a\nb": false, "a|b": false, "a;b": false, `a"b`: false, "<b>": false, "&b": false, "a#b": false,
		"a\xff": false,
	} {
		if got := ValidCategory(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// TestCategoryPattern: the contract has the same pattern.
func TestCategoryPattern(t *testing.T) {
	text, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	quoted := "'" + strings.ReplaceAll(category().String(), "'", "''") + "'"
	if !strings.Contains(string(text), quoted) {
		t.Errorf("docs/openapi.yaml has no pattern %s", quoted)
	}
}

// FuzzValidCategory: what is a category's name stays one in NFC, and folds to a text of bounded length.
func FuzzValidCategory(f *testing.F) {
	for _, name := range []string{"Lamps", "Cafe\u0301", "\u0958", "ŉ ΐ", "İ", "ẞ & ﬃ", "a\u0301\u0302\u0303"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !ValidCategory(name) {
			return
		}
		composed := norm.NFC.String(name)
		if !utf8.ValidString(name) || !ValidCategory(composed) || CategoriesOf([]string{name})[0] != composed {
			t.Errorf("%q is stored as %q", name, CategoriesOf([]string{name})[0])
		}
		if folded := Fold(name); folded != Fold(composed) || len(folded) > 260 {
			t.Errorf("%q folds to %q", name, folded)
		}
	})
}
