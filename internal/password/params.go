package password

import (
	"fmt"
)

// Params is what a hash costs. Its zero value is not valid. Its text is that of a PHC string, "m=19456,t=2,p=1"; the
// value in use has its home in template.yaml (PasswordCost).
type Params struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// The least that new hashes may cost: OWASP's five choices for argon2id trade memory for passes, and the product is
// never less than that of the last, 7 MiB and 5 passes.
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
const (
	leastMemoryKiB = 7 << 10
	leastWork      = 5 * leastMemoryKiB // KiB times passes
)

// UnmarshalText reads "m=19456,t=2,p=1". It returns [ErrBadParams] for any other text, for less than OWASP asks for,
// and for more than a function should spend on one log-in: 64 MiB, ten passes, four lanes.
func (p *Params) UnmarshalText(text []byte) error {
	var read Params
	_, err := fmt.Sscanf(string(text), "m=%d,t=%d,p=%d", &read.MemoryKiB, &read.Iterations, &read.Parallelism)
	if err != nil || read.String() != string(text) {
		return fmt.Errorf("%w: %q is not of the form m=19456,t=2,p=1", ErrBadParams, text)
	}
	if !inBounds(read.library()) || read.MemoryKiB < leastMemoryKiB || read.Work() < leastWork {
		return fmt.Errorf("%w: %q", ErrBadParams, text)
	}
	*p = read
	return nil
}

// String returns the text that a PHC string has.
func (p Params) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Iterations, p.Parallelism)
}

// Work is how much there is to compute, in KiB times passes: the time of a hash goes by it.
func (p Params) Work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Iterations) }
