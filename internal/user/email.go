package user

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// maxEmail is the longest address SMTP carries (RFC 5321, section 4.5.3.1.3, with errata 1690).
const maxEmail = 254

var errEmail = errors.New("must be an e-mail address")

// NormalizeEmail trims address and lower-cases it as a whole; plus signs and dots count. It refuses what is no address:
// a dot-atom, @ and a host name of two labels or more, all in ASCII. It looks before it lower-cases, because letters outside
// ASCII may become ASCII ones (the Kelvin sign becomes k), and the address another's.
func NormalizeEmail(address string) (string, error) {
	address = strings.TrimSpace(address)
	local, domain, found := strings.Cut(address, "@")
	if !found || len(address) > maxEmail || !isLocalPart(local) || !isDomain(domain) {
		return "", errEmail
	}
	return strings.ToLower(address), nil
}

// AddressHash names an address where the address itself has no place: the SHA-256 of what NormalizeEmail makes of it, or of what
// was given where that is no address, in base64url, 43 characters.
func AddressHash(address string) string {
	if email, err := NormalizeEmail(address); err == nil {
		address = email
	}
	sum := sha256.Sum256([]byte(address))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// isLocalPart accepts a dot-atom (RFC 5322, section 3.2.3) of at most 64 octets.
func isLocalPart(s string) bool {
	if len(s) > 64 {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtomText(r) }) {
			return false
		}
	}
	return true
}

func isAtomText(r rune) bool {
	return isLetterOrDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// isDomain accepts host names (RFC 1123, section 2.1) of two labels or more.
func isDomain(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
		labels++
	}
	return labels >= 2
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !isLetterOrDigit(r) && r != '-' })
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
