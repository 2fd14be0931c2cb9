package product

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/unicode/norm"

	"shop/internal/validation"
)

// MaxWords is how many words of a name a search finds it by: its first ones, each counted once.
const MaxWords = 20

// The limits of a search.
const (
	maxSearch      = 100 // characters
	maxSearchWords = 5
)

// Words returns the words of a name that a search looks at: the first MaxWords different ones, folded and without
// diacritics. A word is a run of letters and digits.
func Words(name string) []string {
	bare := runes.Remove(runes.In(unicode.Mn)).String(norm.NFD.String(Fold(name)))
	all := strings.FieldsFunc(norm.NFC.String(bare), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
	var words []string
	for _, word := range all {
		if len(words) < MaxWords && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// Search is what a customer searches for: words, as Words has them, of which each begins a word of the name.
type Search []string

// Matches reports whether each word of the search begins a word of the name.
func (s Search) Matches(name string) bool {
	words := Words(name)
	for _, sought := range s {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, sought) }) {
			return false
		}
	}
	return true
}

// Lead returns the longest word of the search, which the fewest words begin with.
func (s Search) Lead() string {
	return slices.MaxFunc(s, func(a, b string) int { return len(a) - len(b) })
}

// Selection says which products a list for customers has: all of what is given holds for each of them. Only one of
// Prefix and the others is given.
type Selection struct {
	Prefix   string // of the name
	Search   Search
	Category string // its name in any case; empty for all
	InStock  bool   // only those of which there are units
}

// ParseSearch reads what a customer searches for. It returns validation.Errors.
func ParseSearch(text string) (Search, error) {
	var problems validation.Errors
	if utf8.RuneCountInString(text) > maxSearch || !utf8.ValidString(text) {
		problems.Add("search", "must have at most %d characters", maxSearch)
		return nil, problems
	}
	words := Words(text)
	if len(words) == 0 || len(words) > maxSearchWords {
		problems.Add("search", "must have 1 to %d words of letters or digits", maxSearchWords)
	}
	return words, problems.Err()
}
