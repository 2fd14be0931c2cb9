package layout

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHashesStayInTheirPackage: the text of a password's hash is given to the store that keeps it, and to nobody else.
func TestHashesStayInTheirPackage(t *testing.T) {
	callers := map[string]bool{}
	for _, folder := range []string{"internal", "functions", "cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), ".PHC") {
				callers[filepath.ToSlash(strings.TrimPrefix(path, "../../"))] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !callers["internal/dynamostore/user_item.go"] {
		t.Error("the store of users is not found to call it: this test looks for the wrong thing")
	}
	for caller := range callers {
		if folder := filepath.Dir(caller); folder != "internal/password" && folder != "internal/dynamostore" {
			t.Errorf("%s gets the text of a hash", caller)
		}
	}
}
