package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// write prints the tables that docs/results/chaos.md shows, and the last line.
func (t totals) write(out io.Writer) {
	fmt.Fprintf(out, "\n%d rounds, %d checkouts sent, %d orders, %d mails, %d processes killed\n\n", t.rounds,
		t.checkouts, t.orders, t.mails, t.kills)
	fmt.Fprintln(out, "| call | fault | times injected | violations |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: |")
	for _, name := range slices.SortedFunc(maps.Keys(t.injected), cmp.Compare[string]) {
		if t.injected[name] > 0 {
			call, fault, _ := strings.Cut(name, "|")
			fmt.Fprintf(out, "| %s | %s | %d | %d |\n", call, fault, t.injected[name], t.broken[name])
		}
	}
	fmt.Fprintln(out, "\n| what else happened | times |")
	fmt.Fprintln(out, "| --- | ---: |")
	for _, what := range slices.Sorted(maps.Keys(t.saw)) {
		fmt.Fprintf(out, "| %s | %d |\n", what, t.saw[what])
	}
	fmt.Fprintln(out)
	t.writeInvariants(out)
	if n := len(t.verdict.tolerated); n > 0 {
		fmt.Fprintf(out, "tolerated %d times: a refusal whose own request was under way and was carried out\n", n)
	}
	fmt.Fprintf(out, "%d checks, %d violations\n", t.verdict.checks, len(t.verdict.violations))
}

// writeInvariants says how often each invariant was broken, if one was.
func (t totals) writeInvariants(out io.Writer) {
	counts := map[string]int{}
	for _, v := range t.verdict.violations {
		counts[v.invariant]++
	}
	for _, invariant := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "broken %d times: %s\n", counts[invariant], invariant)
	}
}
