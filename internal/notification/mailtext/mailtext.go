// Package mailtext formats the text of mails: it turns what people wrote into one harmless line, and wraps lines to a
// width that mail clients show as they are. It also has what all mails share, the layout of their HTML part.
package mailtext

//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

import (
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// Columns is how wide the text part is: what RFC 3676 recommends, and mail clients show without wrapping.
const Columns = 72

// Instant returns a time as people read it, by the shop's clock, with the name of its zone; without a zone, in UTC.
func Instant(t time.Time, in *time.Location) string {
	if in == nil {
		in = time.UTC
	}
	return t.In(in).Format("2 January 2006 at 15:04 MST")
}

// OneLine returns text as one line that neither breaks nor reorders what stands around it: runs of blanks and line
// breaks become one blank, control characters and invisible marks go, those that turn the direction of writing among
// them. The joiners stay, which Persian, the scripts of India and emoji are written with.
func OneLine(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		joiner := r == '\u200C' || r == '\u200D'
		if unicode.Is(unicode.C, r) && !joiner && !unicode.Is(unicode.Co, r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// Wrap breaks a line of text into several of at most the text part's width, all but the first of them indented. It
// breaks at blanks, and inside a word only when the word is longer than a line.
func Wrap(indent int, text string) string {
	room := Columns - indent
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if joined := strings.TrimPrefix(line+" "+word, " "); uniseg.StringWidth(joined) <= room {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		whole, rest := split(word, room)
		lines, line = append(lines, whole...), rest
	}
	return strings.Join(append(lines, line), "\n"+strings.Repeat(" ", indent))
}

// split cuts a word between characters as people see them into pieces of at most the given width, and a rest.
func split(word string, room int) (whole []string, rest string) {
	start, used := 0, 0
	for clusters := uniseg.NewGraphemes(word); clusters.Next(); {
		at, _ := clusters.Positions()
		if used+clusters.Width() > room {
			whole = append(whole, word[start:at])
			start, used = at, 0
		}
		used += clusters.Width()
	}
	return whole, word[start:]
}

// Ends sets left and right at the two ends of a line, after an indent.
func Ends(indent int, left, right string) string {
	gap := max(2, Columns-indent-uniseg.StringWidth(left)-uniseg.StringWidth(right))
	return strings.Repeat(" ", indent) + left + strings.Repeat(" ", gap) + right
}
