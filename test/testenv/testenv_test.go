package testenv

import (
	"fmt"
	"testing"
)

// recorder is a test that records how it was first ended; unlike a real one it runs on.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

func (r *recorder) end(how string) {
	if r.ended == "" {
		r.ended = how
	}
}

func TestEnv(t *testing.T) {
	for _, c := range []struct{ value, ci, want string }{
		{"http://127.0.0.1", "", ""},
		{"http://127.0.0.1", "true", ""},
		{"", "", "skipped"},
		{"", "false", "skipped"},
		{"", "true", "failed"},
	} {
		t.Run(fmt.Sprintf("value %q, CI %q", c.value, c.ci), func(t *testing.T) {
			t.Setenv("TESTENV_TEST", c.value)
			t.Setenv("CI", c.ci)
			r := &recorder{TB: t}
			if got := Env(r, "TESTENV_TEST"); got != c.value {
				t.Errorf("got %q, want %q", got, c.value)
			}
			if r.ended != c.want {
				t.Errorf("got the test %q, want %q", r.ended, c.want)
			}
		})
	}
}

func TestFile(t *testing.T) {
	for _, c := range []struct{ path, ci, want string }{
		{"testenv.go", "true", ""},
		{"none.go", "", "skipped"},
		{"none.go", "true", "failed"},
	} {
		t.Run(fmt.Sprintf("%s, CI %q", c.path, c.ci), func(t *testing.T) {
			t.Setenv("CI", c.ci)
			r := &recorder{TB: t}
			if got := File(r, c.path); got != c.path || r.ended != c.want {
				t.Errorf("got %q and the test %q, want %q and %q", got, r.ended, c.path, c.want)
			}
		})
	}
}

func TestGiven(t *testing.T) {
	t.Setenv("CI", "true")
	for value, want := range map[string]string{"file.csv": "", "": "skipped"} {
		t.Setenv("TESTENV_TEST", value)
		r := &recorder{TB: t}
		if got := Given(r, "TESTENV_TEST"); got != value || r.ended != want {
			t.Errorf("got %q and the test %q, want %q and %q", got, r.ended, value, want)
		}
	}
}

func TestMainFailsWhereTestsWereSkipped(t *testing.T) {
	before := skipped.Swap(0)
	t.Cleanup(func() { skipped.Store(before) })
	t.Setenv("CI", "")
	skip := func() int { Env(&recorder{TB: t}, "SHOP_TESTENV_UNSET"); return 0 }
	for _, c := range []struct {
		name  string
		run   func() int
		allow string
		want  int
	}{
		{"nothing skipped", func() int { return 0 }, "", 0},
		{"failed", func() int { return 2 }, "", 2},
		{"skipped", skip, "", 1},
		{"skipped and accepted", skip, "true", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			skipped.Store(0)
			t.Setenv("SHOP_ALLOW_SKIPS", c.allow)
			if got := Main(c.run); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
