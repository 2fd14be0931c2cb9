package product

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprint("w", i))
	}
	for name, want := range map[string][]string{
		"": nil, " - 🦊": nil, "Brass desk lamp": {"brass", "desk", "lamp"}, "Lamp, lamp; LAMP": {"lamp"},
		"L’été à Crème-brûlée": {"l", "ete", "a", "creme", "brulee"}, "STRASSE straße": {"strasse"},
		"Cafe\u0301 café": {"cafe"}, "İstanbul": {"istanbul"}, "3.5 mm": {"3", "5", "mm"}, "Ångström": {"angstrom"},
		"סֵפֶר ילדים": {"ספר", "ילדים"}, "\u202eabc\u202c": {"abc"}, "a\u200db": {"a", "b"}, "🦊fox🦊": {"fox"},
		"\u0301": nil, "書籍 한국어": {"書籍", "한국어"}, strings.Join(many, " "): many[:MaxWords], "a\xffb": {"a", "b"},
	} {
		if got := Words(name); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// FuzzParseSearch: what is a search is of bounded words, folded already, and a name that is written as the search is
// found by it.
func FuzzParseSearch(f *testing.F) {
	for _, text := range []string{
		"lam bra", "Cafe\u0301", "ß ﬃ İ", "\u0958", "🦊", "\u202ea", "ΐ\u0301", "a\u0345\u0301", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSearch(text)
		if err != nil {
			return
		}
		if len(s) == 0 || len(s) > maxSearchWords || !slices.Contains(s, s.Lead()) {
			t.Errorf("%q is %q", text, s)
		}
		for _, word := range s {
			if word == "" || !utf8.ValidString(word) || !slices.Equal(Words(word), []string{word}) {
				t.Errorf("%q has the word %q, which as a name has %q", text, word, Words(word))
			}
		}
		if !s.Matches(text) || !s.Matches(strings.ToUpper(text)) && len(Words(strings.ToUpper(text))) == len(s) {
			t.Errorf("%q does not find itself", text)
		}
	})
}
