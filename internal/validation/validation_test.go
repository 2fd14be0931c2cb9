package validation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

const (
	empty  = "must not be empty"
	inLine = "must not contain control characters, bidirectional controls or noncharacters"
	inText = "must not contain control characters or noncharacters"
	length = "must have 1 to 5 characters"
)

func TestLineAndText(t *testing.T) {
	for name, c := range map[string]struct {
		value      string
		line, text string // messages; empty for none
	}{
		"shortest":            {"a", "", ""},
		"longest":             {"abcde", "", ""},
		"too long":            {"abcdef", length, length},
		"code points":         {"äöü漢🦊", "", ""},
		"too many of them":    {"äöü漢🦊!", length, length},
		"empty":               {"", empty, empty},
		"blank":               {" \t\u00a0", empty, empty},
		"blank and too long":  {"         ", empty, empty},
		"blanks around":       {" a b ", "", ""},
		"line feed":           {"a\nb", inLine, ""},
		"carriage return":     {"a\r\nb", inLine, ""},
		"tab":                 {"a\tb", inLine, ""},
		"NUL":                 {"a\x00b", inLine, inText},
		"escape":              {"\x1b[1m", inLine, inText},
		"delete":              {"a\x7f", inLine, inText},
		"next line, C1":       {"a\u0085b", inLine, inText},
		"not UTF-8":           {"a\xffb", inLine, inText},
		"right-to-left":       {"a\u202eb", inLine, ""},
		"joiner":              {"a\u200db", "", ""},
		"replacement, itself": {"a\ufffdb", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var line, text Errors
			line.Line("name", c.value, 1, 5)
			text.Text("name", c.value, 1, 5)
			wantProblem(t, line, "name", c.line)
			wantProblem(t, text, "name", c.text)
		})
	}
}

// TestBidiControls: these and no others; https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt.
func TestBidiControls(t *testing.T) {
	const all = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	for r := range unicode.MaxRune {
		if got, want := IsBidiControl(r), strings.ContainsRune(all, r); got != want {
			t.Errorf("%U: got %v, want %v", r, got, want)
		}
	}
}

func TestTextMayBeEmpty(t *testing.T) {
	for value, want := range map[string]string{"": "", "  ": "", "abcdef": "must have 0 to 5 characters"} {
		var problems Errors
		problems.Text("description", value, 0, 5)
		wantProblem(t, problems, "description", want)
	}
}

func TestInt(t *testing.T) {
	for value, want := range map[int64]string{
		0: "must be a whole number from 1 to 10", 1: "", 10: "", 11: "must be a whole number from 1 to 10",
		-1 << 63: "must be a whole number from 1 to 10", 1<<63 - 1: "must be a whole number from 1 to 10",
	} {
		var problems Errors
		problems.Int("quantity", value, 1, 10)
		wantProblem(t, problems, "quantity", want)
	}
}

func wantProblem(t *testing.T, got Errors, field, message string) {
	t.Helper()
	var want Errors
	if message != "" {
		want = Errors{{Field: field, Message: message}}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestErrIsNilWithoutProblems(t *testing.T) {
	var problems Errors
	if err := problems.Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestErrTellsAllInTheirOrder(t *testing.T) {
	var problems Errors
	problems.Add("items[0].quantity", "must be a whole number from %d to %d", 1, 10)
	problems.Add("", "the body is empty")
	want := "invalid request: must be a whole number from 1 to 10; the body is empty"
	err := fmt.Errorf("placing an order: %w", problems.Err())
	var found Errors
	if !errors.As(err, &found) || found.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got, want := found.Describe(),
		"items[0].quantity: must be a whole number from 1 to 10; : the body is empty"; got != want {
		t.Errorf("described: got %s, want %s", got, want)
	}
}

// TestAcceptedLinesAreLines: what passes as a line can be shown on one, and what passes as a line passes as a text.
func TestAcceptedLinesAreLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c \n\t\x00\x7f]{0,8}`)).Draw(t, "value")
		var line, text Errors
		line.Line("name", value, 1, 8)
		text.Text("name", value, 1, 8)
		if len(line) > 1 || len(text) > 1 {
			t.Fatalf("got %v and %v, want one problem at most", line, text)
		}
		if line == nil && (text != nil || strings.ContainsAny(value, "\n\r\t\x00\x7f") || len([]rune(value)) > 8) {
			t.Fatalf("%q passes as a line", value)
		}
	})
}
