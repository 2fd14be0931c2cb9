package layout

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNobodyAsksWhereItWasCompiled: what is built with -trimpath, as the functions and the benchmarks are, gets no path of a file
// from runtime.Caller. Package test/project finds the project's folder.
func TestNobodyAsksWhereItWasCompiled(t *testing.T) {
	const root, asks = "../..", "runtime." + "Caller("
	files := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".":
			return fs.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if files++; strings.Contains(string(text), asks) {
			t.Errorf("%s calls %s)", path, asks)
		}
		return err
	})
	if err != nil || files < 200 {
		t.Fatalf("read %d Go files, %v", files, err)
	}
}
