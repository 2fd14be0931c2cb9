// Package validation collects everything that is wrong with a request, field by field, so that a client can correct it
// all at once.
package validation

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Problem is one thing wrong with one field. Field is its name in the request, a path such as items[0].quantity;
// empty means the request as a whole.
type Problem struct {
	Field   string
	Message string
}

// Errors is everything wrong with a request. It is never empty when it is returned as an error.
type Errors []Problem

// Error lists the problems in one line, for the log: without the fields, because a client may name them as it likes.
func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, p := range e {
		parts[i] = p.Message
	}
	return "invalid request: " + strings.Join(parts, "; ")
}

// Describe lists the problems with their fields, for whoever named the fields.
func (e Errors) Describe() string {
	parts := make([]string, len(e))
	for i, p := range e {
		parts[i] = p.Field + ": " + p.Message
	}
	return strings.Join(parts, "; ")
}

// Add notes one more problem.
func (e *Errors) Add(field, format string, args ...any) {
	*e = append(*e, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Require notes a problem unless the field was given.
func (e *Errors) Require(field string, given bool) {
	if !given {
		e.Add(field, "is required")
	}
}

// Line notes a problem unless value is one line of min to max code points. If min is above 0, at least one of them must
// not be blank. A line has no bidirectional controls: they would change how the text around it is shown.
func (e *Errors) Line(field, value string, min, max int) {
	const without = "must not contain control characters, bidirectional controls or noncharacters"
	e.text(field, value, min, max, without, func(r rune) bool { return isForbidden(r) || IsBidiControl(r) })
}

// Text notes a problem like Line, but value may have line breaks, tabs and bidirectional controls.
func (e *Errors) Text(field, value string, min, max int) {
	const without = "must not contain control characters or noncharacters"
	e.text(field, value, min, max, without, func(r rune) bool {
		return isForbidden(r) && !strings.ContainsRune("\n\r\t", r)
	})
}

// IsBidiControl reports whether r is an invisible character that says in which direction text is shown: the property
// Bidi_Control of the Unicode Character Database (PropList.txt).
func IsBidiControl(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// isForbidden tells control characters and noncharacters: the Unicode Standard keeps the latter out of text that is
// exchanged (section 23.7), and so they are free to mark the end of a range of names.
func isForbidden(r rune) bool {
	return unicode.IsControl(r) || r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
}

func (e *Errors) text(field, value string, min, max int, without string, forbidden func(rune) bool) {
	n := utf8.RuneCountInString(value)
	switch {
	case min > 0 && strings.TrimSpace(value) == "":
		e.Add(field, "must not be empty")
	case n < min || n > max:
		e.Add(field, "must have %d to %d characters", min, max)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, forbidden):
		e.Add(field, "%s", without)
	}
}

// Int notes a problem unless value is from min to max.
func (e *Errors) Int(field string, value, min, max int64) {
	if value < min || value > max {
		e.Add(field, "must be a whole number from %d to %d", min, max)
	}
}

// Err returns the problems as an error, or nil when there are none.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
