package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, c := range []struct {
		times []time.Duration
		q     float64
		want  time.Duration
	}{
		{hundred, 0.50, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
		{hundred[:3], 0.5, 99}, {hundred[:1], 0.5, 100}, {hundred[:1], 0.99, 100},
	} {
		if got := quantile(c.times, c.q); got != c.want {
			t.Errorf("quantile(%d times, %v) = %d, want %d", len(c.times), c.q, got, c.want)
		}
	}
	if hundred[0] != 100 {
		t.Error("quantile sorted what it was given")
	}
}

func TestRows(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{atMost("a", 11.5, 10, 1.15, "%.1f ms"), "| a | 11.5 ms | 10.0 ms | 1.15 | ≤ 1.15 | yes |"},
		{atMost("a", 11.504, 10, 1.15, "%.1f ms"), "| a | 11.5 ms | 10.0 ms | 1.15 | ≤ 1.15 | yes |"},
		{atMost("a", 11.6, 10, 1.15, "%.1f ms"), "| a | 11.6 ms | 10.0 ms | 1.16 | ≤ 1.15 | **no** |"},
		{atLeast("b", 90, 100, 0.85, "%.0f/s"), "| b | 90/s | 100/s | 0.90 | ≥ 0.85 | yes |"},
		{atLeast("b", 80, 100, 0.85, "%.0f/s"), "| b | 80/s | 100/s | 0.80 | ≥ 0.85 | **no** |"},
		{within("e", 81, 100, 0.2, "%.0f/s"), "| e | 81/s | 100/s | 0.81 | 1 ± 0.20 | yes |"},
		{within("e", 121, 100, 0.2, "%.0f/s"), "| e | 121/s | 100/s | 1.21 | 1 ± 0.20 | **no** |"},
		{zipRow("c", "arm64", 4<<20, 2<<20), "| c, zip for arm64 | 4.00 MB | 2.00 MB | 2.00 | ≤ 3.90 MB | **no** |"},
		{row{what: "d", figure: "1 ms"}, "| d | 1 ms | – | – | – | – |"},
	} {
		lines := strings.Split(strings.TrimSpace(table([]row{c.row})), "\n")
		if got := lines[len(lines)-1]; got != c.want {
			t.Errorf("the row is %s\nwant %s", got, c.want)
		}
	}
}

func TestZipped(t *testing.T) {
	folder := t.TempDir()
	binary := filepath.Join(folder, "function")
	if err := os.WriteFile(binary, []byte(strings.Repeat("instruction ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	size, err := zipped(t.Context(), binary)
	if err != nil || size <= 0 || size > 10_000 {
		t.Errorf("120 kB of one word zip to %d bytes, %v", size, err)
	}
	if _, err := zipped(t.Context(), filepath.Join(folder, "missing")); err == nil {
		t.Error("a missing file was zipped")
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("BENCH_A", "1")
	t.Setenv("BENCH_B", "")
	if _, err := environment("BENCH_A", "BENCH_B", "BENCH_C"); err == nil ||
		!strings.Contains(err.Error(), "not set: BENCH_B, BENCH_C;") {
		t.Errorf("what is missing is told as %v", err)
	}
	if found, err := environment("BENCH_A"); err != nil || found["BENCH_A"] != "1" {
		t.Errorf("environment = %v, %v", found, err)
	}
}
