// Package observetest reads the metrics that functions write in tests.
package observetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Measured returns what use adds to each metric, and only that: lines that are no metrics are left out. A metric with a
// dimension of its own is named with it: "Revenue GBP".
func Measured(t testing.TB, use func()) map[string]int64 {
	t.Helper()
	total := map[string]int64{}
	for line := range strings.Lines(Printed(t, use)) {
		add(t, total, line)
	}
	return total
}

func add(t testing.TB, total map[string]int64, line string) {
	t.Helper()
	var format struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	members := map[string]any{}
	if err := json.Unmarshal([]byte(line), &members); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if err := json.Unmarshal([]byte(line), &format); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	for _, d := range format.AWS.CloudWatchMetrics {
		name, amount := d.Metrics[0].Name, members[d.Metrics[0].Name].(float64)
		if own := d.Dimensions[1][1]; own != "Function" {
			name += " " + members[own].(string)
		}
		total[name] += int64(amount)
	}
}

// Printed returns what use writes to standard output. No other test may run meanwhile.
func Printed(t testing.TB, use func()) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdout")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	use()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
