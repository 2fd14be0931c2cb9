package password

import (
	"fmt"
	"io"
	"unique"
)

// hidden is what a Hash looks like to whoever prints it.
const hidden = "[password hash]"

// Hash is a stored password: a PHC string that nothing prints. fmt, log/slog and encoders of JSON write the same word
// for every Hash, wherever in a value it stands; == reports whether two are the same. Only [Hash.PHC] gives the text
// away, to the store that keeps it (ASVS 5.0, 16.2.5); test/layout holds who calls it. The zero Hash is of no password.
//
// Its text is behind a pointer, because fmt does not ask a value in a field that is not exported how it wants to be
// printed.
type Hash struct {
	phc unique.Handle[string]
}

// Stored returns the Hash that [Hash.PHC] gave its text of. Whether it is one, [Hasher.Check] tells.
func Stored(phc string) Hash { return Hash{phc: unique.Make(phc)} }

// PHC returns the text to store, "$argon2id$v=19$m=…,t=…,p=…$salt$key".
func (h Hash) PHC() string {
	if h == (Hash{}) {
		return ""
	}
	return h.phc.Value()
}

// Format prints the same for every verb.
func (Hash) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText is for what writes values by their texts, JSON and logs among them.
func (Hash) MarshalText() ([]byte, error) { return []byte(hidden), nil }
