package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"shop/test/project"
)

// TestMetricsAreListed: the table of docs/deployment.md has the metrics that the code can write and no other.
func TestMetricsAreListed(t *testing.T) {
	code := matches(t, "internal/observe/metrics.go", `Metric = "(\w+)"`)
	listed := matches(t, "docs/deployment.md", `(?m)^\| ([A-Z]\w+) \| (?:count|minor units|milliseconds|seconds) \|`)
	slices.Sort(code)
	slices.Sort(listed)
	if len(code) == 0 || !slices.Equal(code, listed) {
		t.Errorf("the code has %v, docs/deployment.md lists %v", code, listed)
	}
}

// TestMetricsAreNamedOnce: no function invents a metric past internal/observe/metrics.go.
func TestMetricsAreNamedOnce(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	invented := regexp.MustCompile(`observe\.(Count\(|Metric\()"|Metric: "`)
	for _, folder := range []string{"functions/*/*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, folder))
		if err != nil || len(files) == 0 {
			t.Fatal(folder, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := invented.Find(text); found != nil {
				t.Errorf("%s has %s…", file, found)
			}
		}
	}
}

// matches returns what the expression's group matches in a file of the project.
func matches(t *testing.T, path, expression string) []string {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range regexp.MustCompile(expression).FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	return found
}
