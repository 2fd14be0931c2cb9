package password

import (
	"errors"
	"testing"
)

func TestParamsAreRead(t *testing.T) {
	for text, want := range map[string]Params{
		"m=19456,t=2,p=1":  {19456, 2, 1},
		"m=65536,t=10,p=4": {65536, 10, 4},
		// the other choices of OWASP
		"m=47104,t=1,p=1": {47104, 1, 1},
		"m=12288,t=3,p=1": {12288, 3, 1},
		"m=9216,t=4,p=1":  {9216, 4, 1},
		"m=7168,t=5,p=1":  {7168, 5, 1},
	} {
		var got Params
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %+v and error %v, want %+v", text, got, err, want)
		}
	}
}

func TestParamsAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "m=19456", "m=19456,t=2", "m=19456,t=2,p=1,", "m=19456,t=2,p=1 ", " m=19456,t=2,p=1", "m=19456, t=2,p=1",
		"t=2,m=19456,p=1",
		"m=019456,t=2,p=1", "m=+19456,t=2,p=1", "m=-19456,t=2,p=1", "m=19456,t=2,p=257", "m=4294986752,t=2,p=1",
		"m=19456,t=2,p=1\n", "19 MiB",
		"m=19456,t=0,p=1", "m=19456,t=2,p=0", "m=19456,t=2,p=5", "m=19456,t=11,p=1", "m=65537,t=2,p=1",
		"m=4194304,t=1,p=1",
		"m=19456,t=1,p=1", "m=7167,t=10,p=1", "m=7168,t=4,p=1", "m=35839,t=1,p=1", "m=8,t=1,p=1", "m=0,t=0,p=0",
	} {
		got := Params{1, 2, 3}
		if err := got.UnmarshalText([]byte(text)); !errors.Is(err, ErrBadParams) || got != (Params{1, 2, 3}) {
			t.Errorf("%q: got %+v and error %v, want %v and nothing changed", text, got, err, ErrBadParams)
		}
	}
}
