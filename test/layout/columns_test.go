package layout

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is how wide a line may be, a tab counted as four. Neither a comment's address of a page nor a long text at
// the end of a line, such as JSON, is broken.
const maxColumns = 120

func TestLinesAreNotTooWide(t *testing.T) {
	for path, text := range goFiles(t) {
		for _, number := range wide(text) {
			t.Errorf("%s:%d has more than %d columns", path, number, maxColumns)
		}
	}
}

// wide returns the numbers of the lines of a Go file that are too wide.
func wide(text string) (numbers []int) {
	texts := textLines(text)
	for i, line := range strings.Split(text, "\n") {
		if columns(line) > maxColumns && !unbroken(line) && !texts[i+1] {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// unbroken reports whether the line is a comment that is an address or, in the output of an example, JSON.
func unbroken(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "// https://") || strings.HasPrefix(line, `// {"`)
}

func columns(line string) int { return utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")) }

// longText is how wide a text is at least that may make a line too wide, and mostAfter what may follow it.
const longText, mostAfter = 60, 10

// textLines are the lines at whose end a long text stands.
func textLines(text string) map[int]bool {
	found := map[int]bool{}
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, 0)
	lines := strings.Split(text, "\n")
	for {
		at, kind, literal := s.Scan()
		if kind == token.EOF {
			return found
		}
		if kind != token.STRING {
			continue
		}
		for i, part := range strings.Split(literal, "\n") {
			number := file.Line(at) + i
			_, rest, _ := strings.Cut(lines[number-1], part)
			if columns(part) >= longText && len(rest) <= mostAfter {
				found[number] = true
			}
		}
	}
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
