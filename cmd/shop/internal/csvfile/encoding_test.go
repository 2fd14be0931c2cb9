package csvfile

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const cafe = "a,b\r\nCafé,2\r\n"

func TestEncodings(t *testing.T) {
	encoded := func(text string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	little := encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(cafe))
	big := encoded(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(cafe))
	windows := encoded(charmap.Windows1252.NewEncoder().String(cafe))
	for name, c := range map[string]struct{ text, given, want string }{
		"UTF-8":                        {cafe, "", UTF8},
		"UTF-8 with a mark":            {"\ufeff" + cafe, "", UTF8},
		"UTF-16, little end first":     {little, "", UTF16LE},
		"UTF-16, big end first":        {big, "", UTF16BE},
		"UTF-16 without a mark, given": {little[2:], UTF16LE, UTF16LE},
		"UTF-16 with a mark, given":    {big, UTF16BE, UTF16BE},
		"Windows-1252":                 {windows, "", Windows1252},
		"Windows-1252, given":          {windows, Windows1252, Windows1252},
	} {
		r, err := NewReader(strings.NewReader(c.text), Options{Encoding: c.given}, ab)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := readAll(t, r, "a"); r.Encoding() != c.want || !slices.Equal(got, []string{"2: Café"}) {
			t.Errorf("%s: got %q in %s, want Café in %s", name, got, r.Encoding(), c.want)
		}
	}
}

func TestNotOfTheEncoding(t *testing.T) {
	r, err := NewReader(strings.NewReader("a,b\n\xff,2\n3,4\n"), Options{Encoding: UTF8}, ab)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, r, "a"); !slices.Equal(got, []string{"2! \xff,2", "3: 3"}) {
		t.Errorf("got %q, want line 2 refused with its own bytes", got)
	}
}

func TestOtherKindsOfFile(t *testing.T) {
	for text, want := range map[string]struct {
		err  error
		hint string
	}{
		"PK\x03\x04\x14\x00\x06\x00":                 {ErrNotCSV, "CSV UTF-8"},
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":           {ErrNotCSV, "CSV UTF-8"},
		"<?xml version=\"1.0\"?><rss></rss>":         {ErrNotCSV, "tab-separated"},
		"%PDF-1.7\n":                                 {ErrNotCSV, "PDF"},
		"a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00": {ErrEncoding, UTF16LE},
	} {
		_, err := NewReader(strings.NewReader(text), Options{}, ab)
		if !errors.Is(err, want.err) || !strings.Contains(err.Error(), want.hint) {
			t.Errorf("%q: got %v, want %v with %q", text, err, want.err, want.hint)
		}
	}
	if _, err := NewReader(strings.NewReader(cafe), Options{Encoding: "latin-9"}, ab); !errors.Is(err, ErrEncoding) {
		t.Errorf("an unknown encoding: got %v, want ErrEncoding", err)
	}
}

func TestDelimiterGiven(t *testing.T) {
	r, err := NewReader(strings.NewReader("a|b\n1|2\n"), Options{Delimiter: '|'}, ab)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, r, "a", "b"); r.Delimiter() != '|' || !slices.Equal(got, []string{"2: 1|2"}) {
		t.Errorf("got %q by %q", got, r.Delimiter())
	}
}
