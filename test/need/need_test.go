package need

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
			t.Setenv("NEED_TEST", c.value)
			t.Setenv("CI", c.ci)
			r := &recorder{TB: t}
			if got := Env(r, "NEED_TEST"); got != c.value {
				t.Errorf("got %q, want %q", got, c.value)
			}
			if r.ended != c.want {
				t.Errorf("got the test %q, want %q", r.ended, c.want)
			}
		})
	}
}
