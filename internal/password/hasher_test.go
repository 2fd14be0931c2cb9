package password

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// cheap keeps the tests quick where the cost is not their point.
var cheap = New(Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1})

// usual is the first choice of OWASP, and the template's.
var usual = Params{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1}

func TestHasherValidatesByThePolicy(t *testing.T) {
	if err := New(usual).Validate("password", ""); !errors.Is(err, ErrCommon) {
		t.Errorf("got %v, want %v", err, ErrCommon)
	}
}

func TestHashIsAPHCString(t *testing.T) {
	hash, err := New(usual).Hash("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	// 16 bytes are 22 characters of base64, 32 are 43.
	want := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !want.MatchString(hash.PHC()) {
		t.Errorf("got %q, want it to match %v", hash.PHC(), want)
	}
}

func TestHashIsCheckedByItsPasswordAlone(t *testing.T) {
	for _, password := range []string{
		"correct horse battery staple", " eight  ", "k7\x00#vQp2x", strings.Repeat("🦊", 8),
		strings.Repeat(composed, 128), "",
	} {
		hash, err := cheap.Hash(password)
		if err != nil {
			t.Fatal(err)
		}
		checks(t, hash, password, true)
		for _, other := range []string{
			password + " ", " " + password, password + "\x00", strings.ToUpper(password) + "X", "other",
		} {
			checks(t, hash, other, false)
		}
	}
}

func checks(t *testing.T, hash Hash, password string, want bool) {
	t.Helper()
	got, err := cheap.Check(hash, password)
	if err != nil || got != want {
		t.Errorf("%q: got %v and error %v, want %v", password, got, err, want)
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	one, err := cheap.Hash("k7#vQp2x")
	if err != nil {
		t.Fatal(err)
	}
	two, err := cheap.Hash("k7#vQp2x")
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Errorf("got %q twice", one.PHC())
	}
}

func TestOnePasswordHoweverItIsTyped(t *testing.T) {
	for _, c := range [][2]string{{composed, decomposed}, {decomposed, composed}} {
		hash, err := cheap.Hash("caf" + c[0] + " noir")
		if err != nil {
			t.Fatal(err)
		}
		checks(t, hash, "caf"+c[1]+" noir", true)
		checks(t, hash, "cafe noir", false)
	}
}

func TestNotUTF8(t *testing.T) {
	if hash, err := cheap.Hash("k7#vQp2x\xff"); !errors.Is(err, ErrNotUTF8) || hash != (Hash{}) {
		t.Errorf("got %q and error %v, want %v", hash, err, ErrNotUTF8)
	}
	hash, err := cheap.Hash("k7#vQp2x\ufffd")
	if err != nil {
		t.Fatal(err)
	}
	checks(t, hash, "k7#vQp2x\xff", false)
}

// TestCheckReadsTheHashesOfOthers takes hashes that argon2-cffi 25.1.0, a binding of the reference implementation,
// made.
func TestCheckReadsTheHashesOfOthers(t *testing.T) {
	for _, c := range []struct{ password, hash string }{
		{
			"correct horse battery staple",
			"$argon2id$v=19$m=19456,t=2,p=1$JXoiZjSGv1vWylFWpfgWxQ$koCVaJkJ2lIy+kWewMKS+lB5bp8v0xcVd5gOmEQfArY",
		},
		{
			"Ångstro\u0308m cafe\u0301",
			"$argon2id$v=19$m=19456,t=2,p=1$vE9RbuCO5CTNFdxgVX4tYQ$ykH95pbp0IrF+XlWDqjNphU6XJlHoHmukKgz+3Iy2gQ",
		},
		{
			"🦊🦊🦊🦊🦊🦊🦊🦊",
			"$argon2id$v=19$m=19456,t=2,p=1$NE18A11nkX7xKeY+Vf7k1Q$DP83ElwGtCkyINzd81YCSFj11kkH2WNHaC2LbtkxXVU",
		},
		{
			" eight  ",
			"$argon2id$v=19$m=19456,t=2,p=1$B0cTsrUmfTrmyDGC8CIYSA$B3AcjCT4QPtH0CeKzmsshZy6Ryek5GOMayQqXa6kZhI",
		},
		{
			"default parameters",
			"$argon2id$v=19$m=65536,t=3,p=4$2UOs0ZOlkQiuGgtBxmBVxA$6evCIqtQc4vOhtY7sHays9jAmMKuyg7lh0PjN+a72zo",
		},
	} {
		checks(t, Stored(c.hash), c.password, true)
		checks(t, Stored(c.hash), c.password+"x", false)
	}
}

const (
	testSalt = "JXoiZjSGv1vWylFWpfgWxQ"
	testKey  = "koCVaJkJ2lIy+kWewMKS+lB5bp8v0xcVd5gOmEQfArY"
)

func TestCheckRefusesBadHashes(t *testing.T) {
	with := func(params string) string { return "$argon2id$v=19$" + params + "$" + testSalt + "$" + testKey }
	for name, hash := range map[string]string{
		"empty":                       "",
		"plain text":                  "correct horse battery staple",
		"dollars":                     "$$$$$",
		"bcrypt":                      "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
		"argon2i":                     "$argon2i$v=19$m=65536,t=3,p=4$QX1QDkZicmkAaUl1LIEEbw$0RY5DrzuqaQiTM/W50+1AeaQJAKgcOCFnXy7lfyXWXM",
		"argon2d":                     "$argon2d$v=19$m=19456,t=2,p=1$" + testSalt + "$" + testKey,
		"version 16":                  "$argon2id$v=16$m=19456,t=2,p=1$" + testSalt + "$" + testKey,
		"no version":                  "$argon2id$m=19456,t=2,p=1$" + testSalt + "$" + testKey,
		"no key":                      "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt,
		"key of no bytes":             "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$",
		"key of three bytes":          "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$koCV",
		"key of 96 bytes":             "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$" + strings.Repeat("koCV", 32),
		"key with padding":            with("m=19456,t=2,p=1") + "=",
		"key that is no base64":       "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$!" + testKey[1:],
		"key with stray bits":         "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$" + testKey[:42] + "Z",
		"salt of no bytes":            "$argon2id$v=19$m=19456,t=2,p=1$$" + testKey,
		"salt of 96 bytes":            "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("koCV", 32) + "$" + testKey,
		"one field too many":          with("m=19456,t=2,p=1") + "$x",
		"4 GiB":                       with("m=4194304,t=2,p=1"),
		"the largest memory":          with("m=4294967295,t=2,p=1"),
		"over the largest memory":     with("m=4294967296,t=2,p=1"),
		"64 MiB and one":              with("m=65537,t=2,p=1"),
		"a negative memory":           with("m=-1,t=2,p=1"),
		"no memory":                   with("m=0,t=2,p=1"),
		"less than the lanes need":    with("m=31,t=2,p=4"),
		"no pass":                     with("m=19456,t=0,p=1"),
		"four billion passes":         with("m=19456,t=4294967295,p=1"),
		"eleven passes":               with("m=19456,t=11,p=1"),
		"no lane":                     with("m=19456,t=2,p=0"),
		"255 lanes":                   with("m=19456,t=2,p=255"),
		"256 lanes":                   with("m=19456,t=2,p=256"),
		"parameters in another order": with("t=2,m=19456,p=1"),
	} {
		t.Run(name, func(t *testing.T) {
			match, err := cheap.Check(Stored(hash), "correct horse battery staple")
			if match || !errors.Is(err, ErrBadHash) {
				t.Fatalf("got %v and error %v, want %v", match, err, ErrBadHash)
			}
			if strings.Contains(err.Error(), testKey) {
				t.Errorf("the error %q holds the hash", err)
			}
		})
	}
}

func TestHasherRefusesBadParams(t *testing.T) {
	for name, params := range map[string]Params{
		"none":        {},
		"no pass":     {MemoryKiB: 8, Parallelism: 1},
		"no lane":     {MemoryKiB: 8, Iterations: 1},
		"no memory":   {Iterations: 1, Parallelism: 1},
		"4 GiB":       {MemoryKiB: 4 << 20, Iterations: 1, Parallelism: 1},
		"many passes": {MemoryKiB: 8, Iterations: 1 << 30, Parallelism: 1},
		"many lanes":  {MemoryKiB: 8 << 10, Iterations: 1, Parallelism: 200},
	} {
		t.Run(name, func(t *testing.T) {
			h := New(params)
			if hash, err := h.Hash("k7#vQp2x"); !errors.Is(err, ErrBadParams) || hash != (Hash{}) {
				t.Errorf("Hash: got %q and error %v, want %v", hash, err, ErrBadParams)
			}
			h.CheckDummy("k7#vQp2x") // must return, and soon
		})
	}
}

// TestCheckDummyDoesTheWork tells by the memory that was taken. How much work it is, the next test shows.
func TestCheckDummyDoesTheWork(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	New(usual).CheckDummy("k7#vQp2x")
	runtime.ReadMemStats(&after)
	if got, want := after.TotalAlloc-before.TotalAlloc, uint64(usual.MemoryKiB)<<10; got < want {
		t.Errorf("got %d bytes taken, want %d at least", got, want)
	}
}

func TestDummyCostsWhatAHashCosts(t *testing.T) {
	for _, params := range []Params{usual, {MemoryKiB: 64, Iterations: 3, Parallelism: 2}} {
		hash, err := New(params).Hash("k7#vQp2x")
		if err != nil {
			t.Fatal(err)
		}
		dummy := params.dummy()
		if got, want := costOf(dummy.PHC()), costOf(hash.PHC()); got != want {
			t.Errorf("got a dummy of %q, want %q", got, want)
		}
		if len(dummy.PHC()) != len(hash.PHC()) {
			t.Errorf("got the dummy %q, want the length of %q", dummy.PHC(), hash.PHC())
		}
		for _, password := range []string{"", "k7#vQp2x", "AAAAAAAAAAAAAAAAAAAAAA", "\xff"} {
			match, err := New(params).Check(dummy, password)
			if match || err != nil {
				t.Errorf("%q: got %v and error %v, want no match", password, match, err)
			}
		}
	}
}

// TestChecksCostTheSame tells by the memory that was taken: a check takes a computation at each cost in use, 16 and 24
// MiB, whichever of them the hash has, and so does the check for an address that nobody has.
func TestChecksCostTheSame(t *testing.T) {
	now := Params{MemoryKiB: 16 << 10, Iterations: 1, Parallelism: 1}
	before := Params{MemoryKiB: 24 << 10, Iterations: 1, Parallelism: 1}
	h := New(now, before, before) // one that is given twice is computed once
	newHash, oldHash := hashOf(t, New(now)), hashOf(t, New(before))
	for name, check := range map[string]func(){
		"a new hash":            func() { wantMatch(t, h, newHash) },
		"a hash from before":    func() { wantMatch(t, h, oldHash) },
		"an address nobody has": func() { h.CheckDummy("k7#vQp2x") },
	} {
		if took := memoryOf(check); took != 16+24 {
			t.Errorf("%s: took %d MiB, want 16 and 24", name, took)
		}
	}
}

func hashOf(t *testing.T, h Hasher) Hash {
	t.Helper()
	hash, err := h.Hash("k7#vQp2x")
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func wantMatch(t *testing.T, h Hasher, hash Hash) {
	t.Helper()
	if ok, err := h.Check(hash, "k7#vQp2x"); !ok || err != nil {
		t.Errorf("got %t and error %v", ok, err)
	}
}

// memoryOf returns the MiB that f allocates.
func memoryOf(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int((after.TotalAlloc - before.TotalAlloc) >> 20)
}

// TestOutdated: a hash is made anew when it would now be made otherwise, and only then.
func TestOutdated(t *testing.T) {
	now := New(Params{MemoryKiB: 64, Iterations: 2, Parallelism: 1})
	hash := func(p Params) Hash {
		made, err := New(p).Hash("k7#vQp2x")
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for name, c := range map[string]struct {
		hash Hash
		want bool
	}{
		"the same":         {hash(now.Params), false},
		"less memory":      {hash(Params{32, 2, 1}), true},
		"more memory":      {hash(Params{128, 2, 1}), true},
		"fewer passes":     {hash(Params{64, 1, 1}), true},
		"more lanes":       {hash(Params{64, 2, 2}), true},
		"a short key":      {Stored("$argon2id$v=19$m=64,t=2,p=1$" + testSalt + "$" + testSalt), true},
		"a short salt":     {Stored("$argon2id$v=19$m=64,t=2,p=1$" + strings.Repeat("A", 11) + "$" + testKey), true},
		"no hash":          {Hash{}, false},
		"another function": {Stored("$argon2i$v=19$m=64,t=2,p=1$" + testSalt + "$" + testKey), false},
	} {
		if got := now.Outdated(c.hash); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// costOf is the part of a PHC string before the salt.
func costOf(hash string) string {
	return strings.Join(strings.SplitAfter(hash, "$")[:4], "")
}

// FuzzCheck shows that no stored text makes Check panic, take long, or match without being the password's hash.
func FuzzCheck(f *testing.F) {
	made, err := cheap.Hash("k7#vQp2x")
	if err != nil {
		f.Fatal(err)
	}
	hash := made.PHC()
	for _, seed := range []string{
		hash, "", "$", "$$$$$", hash + "$", hash[:len(hash)-1], cheap.Params.dummy().PHC(),
		"$argon2id$v=19$m=8,t=1,p=0$" + testSalt + "$" + testKey,
		"$argon2id$v=19$m=8,t=0,p=1$" + testSalt + "$" + testKey,
		"$argon2id$v=19$m=4294967295,t=1,p=1$" + testSalt + "$" + testKey,
		"$argon2id$v=19$m=8,t=1,p=1$$",
	} {
		f.Add(seed, "other password")
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		match, err := cheap.Check(Stored(hash), password)
		if err != nil && !errors.Is(err, ErrBadHash) {
			t.Errorf("got %v, want %v", err, ErrBadHash)
		}
		if match {
			t.Errorf("%q matches %q", password, hash)
		}
	})
}

func ExampleHasher() {
	hasher := New(Params{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1})
	hash, err := hasher.Hash("a lighthouse keeper's breakfast")
	if err != nil {
		panic(err)
	}
	match, err := hasher.Check(hash, "a lighthouse keeper's breakfast")
	fmt.Println(match, err)
	// Output: true <nil>
}

func BenchmarkHash(b *testing.B) {
	h := New(usual)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash("k7#vQp2x"); err != nil {
			b.Fatal(err)
		}
	}
}
