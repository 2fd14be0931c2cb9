// Command mutants puts defects into today's sources, one at a time, and requires that the tests find each. A test that
// passes with the defect in it shows nothing.
//
//	make mutants
//	make mutants ONLY=cursor       # those whose name has the word
//
// A mutant is one text of one file that is replaced (mutants.go); the test is built with `go test -overlay`, so no file
// changes. The consistent reads of the DynamoDB adapter are collected from its sources: each of them without
// ConsistentRead is a mutant. A mutant fails the run if all tests pass with it, if it cannot be built, or if only the
// time limit ends its test.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// limit is how long a mutant's tests may take: one that is found by a time limit alone would cost everybody that time.
const limit = "5m"

// mutant is a defect, and the tests that find it.
type mutant struct {
	name     string
	file     string // of the checkout
	from, to string // the text there, and what it becomes
	nth      int    // which of the places where the text stands, from 0; a mutant of mutants.go has one
	places   int    // how many there are; 0 means one
	pkg, run string // the package whose tests find it, and the pattern of their names
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	all, err := allMutants(".")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !strings.Contains(m.name, os.Getenv("ONLY")) })
	folder, err := os.MkdirTemp("", "shop-mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Println("| mutant | found by | seconds |\n| --- | --- | ---: |")
	survived := 0
	for _, m := range all {
		began := time.Now()
		by, err := m.try(ctx, ".", folder)
		if err != nil {
			survived++
			by = "**" + err.Error() + "**"
		}
		fmt.Printf("| %s | %s | %.0f |\n", m.name, by, time.Since(began).Seconds())
	}
	fmt.Printf("%d mutants, %d survived\n", len(all), survived)
	if survived > 0 {
		return errors.New("the tests pass a defect")
	}
	return ctx.Err()
}

// allMutants are those of mutants.go, and one for each consistent read in the checkout at root.
func allMutants(root string) ([]mutant, error) {
	reads, err := consistentReads(root)
	return append(reads, mutants...), err
}

var consistentRead = regexp.MustCompile(`ConsistentRead: +aws\.Bool\(true\)`)

// consistentReads finds the reads that are consistent: each becomes one that is not.
func consistentReads(root string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "dynamostore", "*.go"))
	if err != nil {
		return nil, err
	}
	var found []mutant
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file := "internal/dynamostore/" + filepath.Base(path)
		places := map[string]int{}
		begin := len(found)
		for _, at := range consistentRead.FindAllIndex(content, -1) {
			from := string(content[at[0]:at[1]])
			name := fmt.Sprintf("a read of %s is not consistent: line %d", filepath.Base(path),
				1+strings.Count(string(content[:at[0]]), "\n"))
			found = append(found, mutant{
				name: name, file: file, from: from, to: strings.Replace(from, "true", "false", 1), nth: places[from],
				pkg: store, run: "TestStaleReads",
			})
			places[from]++
		}
		for i := range found[begin:] {
			found[begin+i].places = places[found[begin+i].from]
		}
	}
	return found, nil
}

// patched is the file with the defect.
func (m mutant) patched(root string) (string, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	parts := strings.Split(string(content), m.from)
	if len(parts)-1 != max(1, m.places) {
		return "", fmt.Errorf("%q stands in %s %d times, want %d: has the code moved on?", m.from, m.file, len(parts)-1,
			max(1, m.places))
	}
	return strings.Join(parts[:m.nth+1], m.from) + m.to + strings.Join(parts[m.nth+1:], m.from), nil
}

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// try runs the tests on the mutant, and returns the names of those that found it. It returns an error when none did.
func (m mutant) try(ctx context.Context, root, folder string) (string, error) {
	overlay, err := m.overlay(root, folder)
	if err != nil {
		return "", err
	}
	test := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-count=1", "-timeout", limit, "-run", m.run,
		m.pkg)
	test.Dir = root
	out, err := test.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", errors.New("survived")
	case !errors.As(err, &exit):
		return "", err
	case strings.Contains(string(out), "panic: test timed out"):
		return "", errors.New("only the time limit ended it")
	}
	var names []string
	for _, found := range failedTest.FindAllStringSubmatch(string(out), -1) {
		names = append(names, found[1])
	}
	if len(names) == 0 {
		return "", fmt.Errorf("no test ran: %s", strings.ReplaceAll(string(out[:min(400, len(out))]), "\n", " "))
	}
	return strings.Join(names, ", "), nil
}

// overlay writes what `go test -overlay` takes.
func (m mutant) overlay(root, folder string) (string, error) {
	content, err := m.patched(root)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	patched, overlay := filepath.Join(folder, "patched.go"), filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(patched, []byte(content), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: patched}})
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, replace, 0o600)
}
