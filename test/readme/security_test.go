package readme

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const securityPage = "docs/security.md"

// TestSecurityPage: what the page on security names exists: every file, and every test, in a file that its line names
// if it names any.
func TestSecurityPage(t *testing.T) {
	page, declared := read(t, securityPage), declaredTests(t)
	if n := len(testName.FindAllString(page, -1)); n < 150 {
		t.Errorf("the page names %d tests, too few to be all", n)
	}
	if n := len(pathsOf(page)); n < 150 {
		t.Errorf("the page names %d paths, too few to be all", n)
	}
	for _, failure := range judgePage(page, declared, isThere) {
		t.Error(failure)
	}
	for _, missing := range otherTests(page, func(name string) string { return read(t, name) }) {
		t.Error(missing)
	}
}

// TestOtherTests shows that the check can fail.
func TestOtherTests(t *testing.T) {
	const page = "`web/tests/a.ts`: \"a b\", \"c\"; `infra/local/tests/test_a.py`: test_a, test_b; TestC | \"d\""
	got := otherTests(page, func(string) string { return "it('has a b', …)\ndef test_b(self):" })
	want := []string{`web/tests/a.ts has no test "c"`, "infra/local/tests/test_a.py has no test_a"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestJudgePage shows that the check can fail.
func TestJudgePage(t *testing.T) {
	declared := map[string][]string{"TestA": {"a/a_test.go", "b/b_test.go"}, "FuzzB": {"b/b_test.go"}}
	there := func(name string) bool {
		return slices.Contains([]string{"a/a_test.go", "b/b_test.go", "a", "docs/x.md"}, name)
	}
	for line, want := range map[string]string{
		"`a/a_test.go`: TestA":                       "",
		"`a/a_test.go`: TestA; `b/b_test.go`: FuzzB": "",
		"TestA and FuzzB":                            "",
		"[x](x.md#part), [a](../a), `a`":             "",
		"`GET /orders`, `aws.ses`, `X-Request-Id`":   "",
		"[there](https://example.com/nowhere)":       "",
		"TestC":                                      "TestC is no test",
		"TestAB":                                     "TestAB is no test",
		"`a/a_test.go`: FuzzB":                       "FuzzB is in none of a/a_test.go",
		"`a/c_test.go`":                              "a/c_test.go is not there",
		"`a/nothing`":                                "a/nothing is not there",
		"`nothing.go`":                               "nothing.go is not there",
		"[y](y.md)":                                  "docs/y.md is not there",
		"[c](../c)":                                  "c is not there",
	} {
		if got := strings.Join(judgePage(line, declared, there), "; "); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

var (
	testName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
	linked   = regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)
	// quoted has a folder, or the ending of a file.
	quoted = regexp.MustCompile("`([\\w.-]+(?:/[\\w.-]+)+|[\\w-]+\\.(?:go|md|py|yaml))`")
)

// judgePage names what the page names and is not there. Links go from docs/, quoted paths from the root.
func judgePage(page string, declared map[string][]string, there func(string) bool) []string {
	var failures []string
	for line := range strings.Lines(page) {
		var files []string
		for _, name := range pathsOf(line) {
			if !there(name) {
				failures = append(failures, name+" is not there")
			}
			if strings.HasSuffix(name, "_test.go") {
				files = append(files, name)
			}
		}
		for _, name := range testName.FindAllString(line, -1) {
			switch in := declared[name]; {
			case in == nil:
				failures = append(failures, name+" is no test")
			case files != nil &&
				!slices.ContainsFunc(in, func(file string) bool { return slices.Contains(files, file) }):
				failures = append(failures, fmt.Sprintf("%s is in none of %s", name, strings.Join(files, ", ")))
			}
		}
	}
	return failures
}

var (
	otherTest  = regexp.MustCompile("`((?:web|infra)/[\\w./-]+)`: ([^;|]*)")
	title      = regexp.MustCompile(`"([^"]+)"`)
	pythonTest = regexp.MustCompile(`\btest_\w+`)
)

// otherTests names the tests of the pages, by a part of their title, and of Python that the page names and their files
// do not have.
func otherTests(page string, content func(file string) string) []string {
	var missing []string
	for _, m := range otherTest.FindAllStringSubmatch(page, -1) {
		text := content(m[1])
		for _, t := range title.FindAllStringSubmatch(m[2], -1) {
			if !strings.Contains(text, t[1]) {
				missing = append(missing, fmt.Sprintf("%s has no test %s", m[1], t[0]))
			}
		}
		for _, name := range pythonTest.FindAllString(m[2], -1) {
			if !strings.Contains(text, "def "+name+"(") {
				missing = append(missing, m[1]+" has no "+name)
			}
		}
	}
	return missing
}

func pathsOf(text string) []string {
	var paths []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		paths = append(paths, m[1])
	}
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		paths = append(paths, path.Join(path.Dir(securityPage), m[1]))
	}
	return paths
}

func isThere(name string) bool {
	_, err := os.Stat(filepath.Join(root, name))
	return err == nil
}

var declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)

// declaredTests finds in which files each test of the project is.
func declaredTests(t *testing.T) map[string][]string {
	t.Helper()
	declared := map[string][]string{}
	for _, folder := range []string{"cmd", "functions", "internal", "test"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			name, _ := filepath.Rel(root, file)
			for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
				declared[m[1]] = append(declared[m[1]], filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return declared
}

// makeCommand is one in code: in prose one may make much else.
var makeCommand = regexp.MustCompile("(?m)(?:`|^    )make (?:-s )?([a-z][a-z-]*)")

// TestMakeTargetsOfDocs: every `make` command that a page of docs/ names is a target.
func TestMakeTargetsOfDocs(t *testing.T) {
	pages, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, commands := read(t, "Makefile"), 0
	for _, page := range pages {
		for _, m := range makeCommand.FindAllStringSubmatch(read(t, "docs/"+filepath.Base(page)), -1) {
			if commands++; !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: make %s is no target", page, m[1])
			}
		}
	}
	if commands < 5 {
		t.Errorf("the pages name %d make commands, too few to be all", commands)
	}
}
