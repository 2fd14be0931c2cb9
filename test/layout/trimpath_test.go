package layout

import (
	"strings"
	"testing"
)

// TestNobodyAsksWhereItWasCompiled: what is built with -trimpath, as the functions and the benchmarks are, gets no path
// of a file from runtime.Caller. Package test/project finds the project's folder.
func TestNobodyAsksWhereItWasCompiled(t *testing.T) {
	const asks = "runtime." + "Caller("
	for path, text := range goFiles(t) {
		if strings.Contains(text, asks) {
			t.Errorf("%s calls %s)", path, asks)
		}
	}
}
