package product

import (
	"regexp"
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"shop/internal/validation"
)

// MaxCategories is how many categories a product may have.
const MaxCategories = 5

const maxCategory = 40 // characters

// Categories are those of a product, in the order in which an admin gave them and in NFC. Places without one are empty.
type Categories [MaxCategories]string

// CategoriesOf returns the categories with these names, the first five of them.
func CategoriesOf(names []string) Categories {
	var c Categories
	for i, name := range names[:min(len(names), MaxCategories)] {
		c[i] = norm.NFC.String(name)
	}
	return c
}

// List returns the names, or nil for none.
func (c Categories) List() []string {
	var names []string
	for _, name := range c {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Has reports whether a category is one of them, in whatever case it is written.
func (c Categories) Has(name string) bool {
	return slices.ContainsFunc(c.List(), func(own string) bool { return Fold(own) == Fold(name) })
}

// Fold makes texts the same that differ only in case or in how their characters are composed: Unicode's canonical
// caseless matching (The Unicode Standard, section 3.13.5, D145), in NFC.
func Fold(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFD.String(s))) }

// Words of letters, marks, digits and some punctuation, with one blank between. The first character is a letter or a
// digit: a mark would join what stands before it. docs/openapi.yaml has the same pattern.
const (
	categoryStart = `[\p{L}\p{N}]`
	categoryRest  = `[\p{L}\p{M}\p{N}&'’.,/()+-]`
)

// It is compiled when it is first used: few functions need it, and its classes take half a millisecond of a start.
var category = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^" + categoryStart + categoryRest + "*( " + categoryRest + "+)*$")
})

// ValidCategory reports whether a category may have this name.
func ValidCategory(name string) bool {
	composed := norm.NFC.String(name)
	return max(utf8.RuneCountInString(name), utf8.RuneCountInString(composed)) <= maxCategory &&
		category().MatchString(composed)
}

// CategoryRule says in words which names a category may have.
const CategoryRule = "must have 1 to 40 letters, digits, single blanks and & ' ’ . , / ( ) + -, " +
	"and begin with a letter or a digit"

// checkCategories notes what is wrong with the names of a product's categories.
func checkCategories(problems *validation.Errors, names []string) {
	if len(names) > MaxCategories {
		problems.Add("categories", "must list at most %d categories", MaxCategories)
		return
	}
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case !ValidCategory(name):
			problems.Add("categories", "each %s", CategoryRule)
			return
		case seen[Fold(name)]:
			problems.Add("categories", "must not list a category twice")
			return
		}
		seen[Fold(name)] = true
	}
}
