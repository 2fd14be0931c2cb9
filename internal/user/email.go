package user

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxEmail is the longest address SMTP carries (RFC 5321, section 4.5.3.1.3, with errata 1690).
const maxEmail = 254

// maxGiven is how many octets an address may have as it is given: maxEmail characters of four octets. It is looked at
// before anything else, because making an A-label takes time that is quadratic in the length of the label.
const maxGiven = 4 * maxEmail

// aLabel begins the ASCII form of a label that is not ASCII.
const aLabel = "xn--"

var errEmail = errors.New("must be an e-mail address")

// NormalizeEmail trims address and lower-cases it as a whole; plus signs and dots count. It refuses what is no address:
// a dot-atom in ASCII, @ and a host name of two labels or more, the last one not a number. A domain that is not ASCII
// becomes its A-labels, so that both ways to write it are one address. The part before the @ is looked at before it is
// lower-cased, because letters outside ASCII may become ASCII ones (the Kelvin sign becomes k), and the address
// another's.
func NormalizeEmail(address string) (string, error) {
	address = strings.TrimSpace(address)
	if len(address) > maxGiven {
		return "", errEmail
	}
	local, domain, found := strings.Cut(address, "@")
	domain, ok := asciiDomain(domain)
	email := strings.ToLower(local + "@" + domain)
	if !found || !ok || len(email) > maxEmail || !isLocalPart(local) || !isDomain(domain) {
		return "", errEmail
	}
	return email, nil
}

// asciiDomain returns domain with its labels outside ASCII as A-labels (RFC 5890, section 2.3.2.1), mapped as UTS #46
// says for a lookup, and false for a domain that has none. A label that would become plain ASCII is refused, and so is
// a dot outside ASCII: they are another way to write somebody else's domain.
func asciiDomain(domain string) (string, bool) {
	if isASCII(domain) && !strings.Contains(strings.ToLower(domain), aLabel) {
		return domain, true
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	given, made := strings.Split(domain, "."), strings.Split(ascii, ".")
	if err != nil || len(given) != len(made) || !utf8.ValidString(domain) {
		return "", false
	}
	for i, label := range given {
		if !isASCII(label) && !strings.HasPrefix(made[i], aLabel) {
			return "", false
		}
	}
	return ascii, true
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// AddressHash names a normalised address where the address itself has no place: its SHA-256 in base64url, 43
// characters.
func AddressHash(email string) string {
	sum := sha256.Sum256([]byte(email))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RawAddressHash is the AddressHash of an address as somebody gave it: of what NormalizeEmail makes of it, or of what
// was given where that is no address.
func RawAddressHash(address string) string {
	if email, err := NormalizeEmail(address); err == nil {
		return AddressHash(email)
	}
	return AddressHash(address)
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

// isDomain accepts host names (RFC 1123, section 2.1) of two labels or more. The last one is no number: that would be
// an address of IPv4, or nothing that is delegated (RFC 3696, section 2).
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	return len(labels) >= 2 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
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
