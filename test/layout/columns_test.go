package layout

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is how wide a line may be, a tab counted as four. A comment's address of a page is not broken.
const maxColumns = 120

// wideLines are the folders that had wider lines when the rule was made, and how many each may still have. The numbers
// only fall, and a folder without any is taken off the list. Test code, wherever it is, counts as one folder.
var wideLines = map[string]int{
	testCode: 1850,
}

func TestLinesAreNotTooWide(t *testing.T) {
	found := map[string][]string{}
	for path, text := range goFiles(t) {
		for number, line := range strings.Split(text, "\n") {
			columns := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
			if columns > maxColumns && !strings.HasPrefix(strings.TrimSpace(line), "// https://") {
				folder := folderOf(path)
				found[folder] = append(found[folder], fmt.Sprintf("%s:%d", path, number+1))
			}
		}
	}
	for folder, lines := range found {
		if most := wideLines[folder]; len(lines) > most {
			t.Errorf("%s: %d lines have more than %d columns, want at most %d:\n%s",
				folder, len(lines), maxColumns, most, strings.Join(lines, "\n"))
		}
	}
}

const testCode = "test code"

func folderOf(path string) string {
	folder, file := filepath.Split(filepath.ToSlash(path))
	if strings.HasPrefix(folder, "test/") || strings.HasSuffix(folder, "test/") || strings.HasSuffix(file, "_test.go") {
		return testCode
	}
	return strings.TrimSuffix(folder, "/")
}

// goFiles returns the text of every Go file of the project that people write, by its path.
func goFiles(t *testing.T) map[string]string {
	t.Helper()
	const root = "../.."
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != "." || entry.Name() == "node_modules"):
			return fs.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if !strings.HasPrefix(string(text), "// Code generated ") {
			files[path] = string(text)
		}
		return err
	})
	if err != nil || len(files) < 200 {
		t.Fatalf("read %d Go files, %v", len(files), err)
	}
	return files
}
