// Package password decides which passwords are allowed, hashes them with argon2id and checks them.
//
// A password is text: it is compared in Unicode's normalization form C, in which it is one and the same whether a
// keyboard sends é as one code point or as two. Every function here normalizes what it is given.
package password

import (
	"errors"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ErrNotUTF8 is returned for a password that is not valid UTF-8, in words for who chose it.
var ErrNotUTF8 = errors.New("must be valid UTF-8")

// Normalize returns the password in normalization form C, the one RFC 8265, section 4.2 takes for passwords, or
// [ErrNotUTF8]. Nothing is trimmed: blanks count.
func Normalize(password string) (string, error) {
	if !utf8.ValidString(password) {
		return "", ErrNotUTF8
	}
	return norm.NFC.String(password), nil
}
