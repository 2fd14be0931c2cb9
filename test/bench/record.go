package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode"

	"shop/internal/clock"
)

// Files of the repository that a whole run renews, relative to its root.
const (
	tableFile  = "docs/benchmarks.md"
	recordFile = "docs/results/bench.txt"
)

// parts is into how many parts a measurement is divided. Each gives a ratio of its own, from which benchstat learns how
// much a ratio varies.
const parts = 10

// withSamples adds the ratios of the parts of what was measured, in the order in which it was: the quantile q of the
// figure's times to that of the limit's.
func (r row) withSamples(figure, limit []time.Duration, q float64) row {
	for n := range parts {
		ours, its := part(figure, n), part(limit, n)
		if len(ours) > 0 && len(its) > 0 {
			r.samples = append(r.samples, float64(quantile(ours, q))/float64(quantile(its, q)))
		}
	}
	return r
}

func part(times []time.Duration, n int) []time.Duration {
	return times[n*len(times)/parts : (n+1)*len(times)/parts]
}

// record writes the ratios in the text format of Go benchmarks, which benchstat reads: a line for each part of a
// measurement, or one where it has no parts. Rows without a limit have no ratio.
func record(rows []row, machine string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(machine, "\n", "\n# "))
	for _, r := range rows {
		samples := r.samples
		if len(samples) == 0 && r.limit != "" {
			samples = []float64{r.exact}
		}
		for _, ratio := range samples {
			fmt.Fprintf(&b, "Benchmark%s 1 %.3f ratio\n", r.name(), ratio)
		}
	}
	return b.String()
}

// name is the row's without how often it was measured, as one word: a run's numbers of calls differ.
func (r row) name() string {
	what, _, _ := strings.Cut(r.what, " (")
	what, _, _ = strings.Cut(what, ", median")
	words := strings.FieldsFunc(what, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// renewed returns the page with a new table, and what it was measured on, between the two marks.
func renewed(document string, rows []row, machine string) (string, error) {
	const start, end = "<!-- make bench writes from here -->\n", "<!-- make bench writes to here -->\n"
	before, rest, found := strings.Cut(document, start)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("the page has no line %q with a line %q after it", start, end)
	}
	text := machine + "\n\n" + table(rows) + "\n"
	if memory := memoryTable(rows); memory != "" {
		text += "Memory, from the same run:\n\n" + memory + "\n"
	}
	return before + start + "\n" + text + end + after, nil
}

// renew writes both files anew. It returns an error that says which it could not.
func renew(root string, rows []row, machine string) error {
	path := filepath.Join(root, tableFile)
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	text, err := renewed(string(document), rows, machine)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(path, []byte(text), 0o644),
		os.WriteFile(filepath.Join(root, recordFile), []byte(record(rows, machine)), 0o644),
	)
}

// machine says where and when a run was, and with what. Load is the system's average of the last minute.
func machine(root, before, after string) (string, error) {
	emulator, err := version(filepath.Join(root, "infra/local/requirements.txt"), `(?m)^ministack==(\S+)$`)
	if err != nil {
		return "", err
	}
	database, err := version(filepath.Join(root, "infra/local/dynamodb-local/pom.xml"),
		`(?s)<artifactId>DynamoDBLocal</artifactId>\s*<version>([^<]+)<`)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Printed by `make bench` on %s, on %d processors (%s),\n"+
		"with %s, ministack %s and DynamoDB Local %s. The machine's load was %s at the start and %s at the end.",
		clock.Now().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.Version(), emulator, database,
		before, after), nil
}

func version(path, pattern string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a version: %w", err)
	}
	found := regexp.MustCompile(pattern).FindSubmatch(content)
	if found == nil {
		return "", fmt.Errorf("%s names no version", path)
	}
	return string(found[1]), nil
}

// processor is the model's name where the system says it, as Linux does.
func processor() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(content); found != nil {
		return string(found[1])
	}
	return runtime.GOARCH
}

// load is the number of processes that ran or waited, over the last minute, where the system says it.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(content), " ")
	return first
}
