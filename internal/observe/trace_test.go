package observe

import (
	"strings"
	"testing"
)

func TestTraceID(t *testing.T) {
	for header, want := range map[string]string{
		"Root=" + traced + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0": traced,
		"Root=" + traced: traced,
		"Self=1-67891234-12456789abcdef012345678;Root=" + traced: traced,
		"Parent=53995c3f42cd8ad8; Root=" + traced:                traced,
		"":                                      "",
		"Parent=53995c3f42cd8ad8":               "",
		"Root=":                                 "",
		"Root=2" + traced[1:]:                   "",
		"Root=" + traced + "0":                  "",
		"Root=" + traced[:len(traced)-1] + "g":  "",
		"Root=" + traced[:len(traced)-1] + "\n": "",
		"Root=1-5759e988":                       "",
		traced:                                  "",
	} {
		if got := TraceID(header); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}

func FuzzTraceID(f *testing.F) {
	f.Add("Root=" + traced + ";Parent=53995c3f42cd8ad8;Sampled=1")
	f.Add("Root=1-5759e988-;=;;")
	f.Fuzz(func(t *testing.T, header string) {
		id := TraceID(header)
		if id == "" {
			return
		}
		if len(id) != len(traced) || !strings.Contains(header, "Root="+id) ||
			strings.Trim(id, "-0123456789abcdef") != "" {
			t.Errorf("%q names the trace %q", header, id)
		}
	})
}
