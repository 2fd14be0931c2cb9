package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	times := func(n int, each time.Duration) (all []time.Duration) {
		for range n {
			all = append(all, each)
		}
		return all
	}
	ours := append(times(50, 2*time.Millisecond), times(50, 3*time.Millisecond)...)
	rows := []row{
		warmRow("place-order, warm call, p50 (100 calls each)", ours, times(100, 2*time.Millisecond), 0.5, 1.15),
		zipRow("notify", "arm64", 3<<20, 2<<20),
		{what: "one password hash", figure: "38.7 ms"},
	}
	want := "# a machine\n# and more\n" + strings.Repeat("BenchmarkPlaceOrderWarmCallP50 1 1.000 ratio\n", 5) +
		strings.Repeat("BenchmarkPlaceOrderWarmCallP50 1 1.500 ratio\n", 5) +
		"BenchmarkNotifyZipForArm64 1 1.500 ratio\n"
	if got := record(rows, "a machine\nand more"); got != want {
		t.Errorf("the record is\n%s\nwant\n%s", got, want)
	}
}

func TestFewTimesHaveFewSamples(t *testing.T) {
	few := []time.Duration{time.Second, 2 * time.Second}
	if r := (row{}).withSamples(few, few, 0.5); len(r.samples) != 2 {
		t.Errorf("two calls gave %d samples", len(r.samples))
	}
}

func TestRenewedPage(t *testing.T) {
	page := "# Title\n<!-- make bench writes from here -->\nold\n<!-- make bench writes to here -->\nrest\n"
	got, err := renewed(page, []row{{what: "a"}}, "On a machine.")
	want := "# Title\n<!-- make bench writes from here -->\n\nOn a machine.\n\n" + table([]row{{what: "a"}}) +
		"\n<!-- make bench writes to here -->\nrest\n"
	if err != nil || got != want {
		t.Errorf("the page is %q, %v; want %q", got, err, want)
	}
	for _, without := range []string{"", strings.Replace(page, " to ", " till ", 1)} {
		if _, err := renewed(without, nil, ""); err == nil {
			t.Errorf("a page without marks was renewed: %q", without)
		}
	}
}

func TestMachineIsOfThisRepository(t *testing.T) {
	got, err := machine("../..", "0.50", "2.00")
	want := regexp.MustCompile(`go1\.\d+.*, ministack \d+\..* and DynamoDB Local \d+\..*load was 0\.50 .* 2\.00`)
	if err != nil || !want.MatchString(strings.ReplaceAll(got, "\n", " ")) {
		t.Errorf("%v, %s", err, got)
	}
}

func TestMemoryTable(t *testing.T) {
	rows := []row{
		processorRow("place-order", 2*time.Millisecond, 1*time.Millisecond), {what: "place-order, warm call"},
	}
	want := "| place-order | 2.00 ms | 27.6 ms, $0.00007 | 13.8 ms, $0.00010 | 6.9 ms, $0.00015 | 3.5 ms, $0.00025 |"
	if got := memoryTable(rows); !strings.Contains(got, want) || strings.Count(got, "\n") != 3 {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	if got := memoryTable(rows[1:]); got != "" {
		t.Errorf("without a processor time there is a table: %s", got)
	}
}
