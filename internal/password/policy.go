package password

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The length of a password in code points, counted after normalization.
const (
	MinLength = 8
	MaxLength = 128
)

// minLocalPart is how long an e-mail address's local part must be, in code points, to be looked for in a password:
// shorter ones occur by chance.
const minLocalPart = 4

// What [Validate] refuses, in words for who chose the password.
var (
	ErrTooShort      = fmt.Errorf("must have at least %d characters", MinLength)
	ErrTooLong       = fmt.Errorf("must have at most %d characters", MaxLength)
	ErrCommon        = errors.New("must not be one of the most common passwords")
	ErrContainsEmail = errors.New("must not contain the name in the e-mail address")
)

// Validate returns nil if the password may be chosen by the owner of the e-mail address, and else [ErrNotUTF8],
// [ErrTooShort], [ErrTooLong], [ErrCommon] or [ErrContainsEmail]. Which characters it is made of is not looked at (ASVS
// 5.0, 6.2.5).
func Validate(password, email string) error {
	normal, err := Normalize(password)
	if err != nil {
		return err
	}
	length := utf8.RuneCountInString(normal)
	switch {
	case length < MinLength:
		return ErrTooShort
	case length > MaxLength:
		return ErrTooLong
	case isCommon(normal):
		return ErrCommon
	case containsLocalPart(normal, email):
		return ErrContainsEmail
	}
	return nil
}

// common holds one password a line; common/README.md tells where they are from. It is searched as it lies in the
// binary, so that no function pays for it at its start.
//
//go:embed common/passwords.txt
var common string

func isCommon(normal string) bool {
	return strings.Contains(common, "\n"+strings.ToLower(normal)+"\n")
}

func containsLocalPart(normal, email string) bool {
	local, _, _ := strings.Cut(norm.NFC.String(email), "@")
	if utf8.RuneCountInString(local) < minLocalPart {
		return false
	}
	return strings.Contains(strings.ToLower(normal), strings.ToLower(local))
}
