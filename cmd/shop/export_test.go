package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shop/cmd/shop/internal/exportfile"
)

// midnight is when the first of March begins in Kathmandu.
var midnight = time.Date(2026, 2, 28, 18, 15, 0, 0, time.UTC)

// TestExportAfterAKill: an export that is killed in between, and gone on with, is the file of an uninterrupted one.
func TestExportAfterAKill(t *testing.T) {
	s := startTables(t)
	s.addProduct("mug", "Mug", midnight)
	const orders = 3000 // two pages of each shard
	s.copyOrder(s.place("ada", "1", "=Mug", midnight), orders-1)
	for _, format := range []string{"csv", "jsonl"} {
		s.before = nil
		whole, killed := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "killed")
		shop(t, "--local", "export", "orders", "--format", format, "--output", whole).want(t, exitDone, "3000 orders")
		s.killInBetween("export", "orders", "--format", format, "--output", killed)
		position := exportfile.Position{}
		if err := json.Unmarshal([]byte(read(t, exportfile.PositionPath(killed))), &position); err != nil {
			t.Fatal(err)
		}
		if position.Records == 0 || position.Records >= orders {
			t.Fatalf("the killed export wrote %d orders, want some", position.Records)
		}
		torn(t, killed)
		shop(t, "--local", "export", "orders", "--format", format, "--output", killed).
			want(t, exitFailed, "resume it with --resume")
		resume := []string{"--local", "export", "orders", "--format", format, "--output", killed, "--resume"}
		shop(t, append(resume, "--from", "2026-03-02")...).want(t, exitFailed, "the position of another export")
		shop(t, resume...).want(t, exitDone, "3000 orders")
		if read(t, killed) != read(t, whole) {
			t.Errorf("%s: the export that was gone on with differs from the whole one", format)
		}
		shop(t, "verify", killed).want(t, exitDone, "orders 3000, of which 0 are cancelled", "units 6000",
			"revenue GBP 4200000 in minor units, £42,000.00")
		shop(t, resume...).want(t, exitFailed, "there is nothing to resume")
	}
}

// killInBetween runs the tool as a process of its own, and kills it when it has stored a position and waits for more.
func (s *tableStore) killInBetween(args ...string) {
	s.t.Helper()
	var queries atomic.Int32
	waits, ended := make(chan struct{}), make(chan struct{})
	s.before = func(string) {
		switch queries.Add(1) {
		case 9: // the second page of a shard comes late, so that what was read before is stored
			time.Sleep(1100 * time.Millisecond)
		case 10:
			close(waits)
			<-ended
		}
	}
	tool := exec.Command(os.Args[0], append([]string{"--local"}, args...)...)
	tool.Env = append(os.Environ(), asTool+"=1")
	tool.Dir, tool.Stderr = folder, os.Stderr
	s.must(tool.Start())
	select {
	case <-waits:
	case <-time.After(time.Minute):
		s.t.Error("the export was never in between")
	}
	s.must(tool.Process.Kill())
	_ = tool.Wait()
	close(ended)
	s.before = nil
}

// torn leaves half a record at the end of a file, as a kill in the middle of a write does.
func torn(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString("half a record")
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestExport: the days are the shop's, both included, and what an export writes adds up.
func TestExport(t *testing.T) {
	s := startTables(t)
	s.addProduct("mug", "Mug", midnight)
	s.place("ada", "1", "Mug", midnight.Add(-time.Millisecond))
	first := s.place("ada", "2", "=Mug", midnight)
	last := s.place("bob", "3", "Mug", midnight.Add(48*time.Hour-time.Millisecond))
	s.place("bob", "4", "Mug", midnight.Add(48*time.Hour))
	days := []string{"--from", "2026-03-01", "--to", "2026-03-02"}
	got := shop(t, append([]string{"--local", "export", "orders"}, days...)...)
	got.want(t, exitDone, "2 orders")
	rows := strings.Split(got.out, "\r\n")
	if len(rows) != 4 || !strings.HasPrefix(rows[1], first.ID+",2026-02-28T18:15:00.000Z,2026-03-01,placed,ada,") ||
		!strings.Contains(rows[1], ",'=Mug,") || !strings.HasPrefix(rows[2], last.ID) {
		t.Errorf("got\n%s", got.out)
	}
	shop(t, "verify", write(t, "orders.csv", got.out)).want(t, exitDone, "orders 2, of which 0 are cancelled",
		"units 4", "revenue GBP 2800 in minor units, £28.00")
	shop(t, "verify", write(t, "orders.csv", strings.Replace(got.out, ",2,1400", ",3,1400", 1))).want(t, exitFailed,
		"line 2: order "+first.ID+": 3 of mug at 700 are not 1400", "orders 2", "1 faults")
	for kind, want := range map[string][]string{
		"products": {"products 1", "in stock 999992"}, "movements": {"movements 1", "added 1000000", "removed 0"},
	} {
		for _, format := range []string{"csv", "jsonl"} {
			all := shop(t, "--local", "export", kind, "--format", format)
			all.want(t, exitDone, "1 "+kind)
			shop(t, "verify", write(t, kind, all.out)).want(t, exitDone, want...)
		}
		empty := shop(t, "--local", "export", kind, "--to", "2026-02-28", "--output", kind+".csv")
		empty.want(t, exitDone, "0 "+kind)
		shop(t, "verify", kind+".csv").want(t, exitDone, kind+" 0")
	}
	shop(t, "verify", write(t, "none", "")).want(t, exitFailed, "there is no header and no record")
}
