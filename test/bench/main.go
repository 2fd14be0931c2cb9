// Command bench compares the store with the least that the same work can cost: bare functions (in the folder bare)
// that make the same AWS calls and nothing else run side by side with the store's own on the same emulator in the same
// run. It prints one table in Markdown, and fails on errors only, never on time. `make bench` runs it with all that it
// needs around it; docs/benchmarks.md says what each row means.
//
//	bench [-short | -duration 30s] [-only 'warm|start'] [-sold 1000000] [-profile FOLDER] [-record FILE | -renew]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// measurement is one kind of row of the table.
type measurement struct {
	name    string
	measure func(ctx context.Context, s *store, e effort) ([]row, error)
}

var measurements = []measurement{
	{"warm-place-order", warmPlaceOrder},
	{"warm-view-product", warmViewProduct},
	{"warm-notify", warmNotify},
	{"rate-place-order", ratePlaceOrder},
	{"hot", hot},
	{"start", starts},
	{"zip", zips},
	{"history", history},
	{"sales", sales},
	{"local", local},
	{"mails", mails},
	{"password", passwordHash},
	{"refused-log-in", refusedLogIn},
}

func main() {
	duration := flag.Duration("duration", 30*time.Second, "how long each warm time, rate and page is measured")
	brief := flag.Bool("short", false,
		"make every row in some seconds, to see that all of them can be made; its figures mean little")
	only := flag.String("only", "", "measure only what this regular expression matches, such as warm or zip")
	sold := flag.Int("sold", 0, "how many orders the large store of the row sales has; 0 for 100,000, or -short's 1,000")
	profiles := flag.String("profile", "", "write profiles of the warm rows' processes into this folder")
	ratios := flag.String("record", "", "write the ratios into this file, for benchstat")
	renewFiles := flag.Bool("renew", false, "write the table into "+tableFile+" and the ratios into "+recordFile)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := thorough(*duration)
	if *brief {
		e = short()
	}
	if *sold > 0 {
		e.sold[1] = *sold
	}
	began := load()
	rows, err := run(ctx, *only, *profiles, e)
	if err == nil {
		err = keep(rows, began, *ratios, *renewFiles)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// keep writes what the flags ask for.
func keep(rows []row, began, ratios string, renewFiles bool) error {
	if ratios == "" && !renewFiles {
		return nil
	}
	on, err := machine(".", began, load())
	if err != nil {
		return err
	}
	if renewFiles {
		return renew(".", rows, on)
	}
	return os.WriteFile(ratios, []byte(record(rows, on)), 0o644)
}

// run prints the rows that were measured also when a later one failed.
func run(ctx context.Context, only, profiles string, e effort) ([]row, error) {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("reading -only: %w", err)
	}
	s, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.profiles = profiles
	rows, err := measureAll(ctx, s, wanted, e)
	if len(rows) > 0 {
		fmt.Print(table(rows))
	}
	return rows, err
}

func measureAll(ctx context.Context, s *store, wanted *regexp.Regexp, e effort) ([]row, error) {
	var rows []row
	for _, m := range measurements {
		if !wanted.MatchString(m.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", m.name)
		measured, err := m.measure(ctx, s, e)
		rows = append(rows, measured...)
		if err != nil {
			return rows, fmt.Errorf("measuring %s: %w", m.name, err)
		}
	}
	return rows, nil
}
