package replay

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Report says what a replay did.
type Report struct {
	Invoices     int // checkouts to make
	Malformed    int // lines of the file that could not be understood
	Customers    int
	NewCustomers int // who signed up in this replay

	Accepted   int            // orders placed by this replay
	Earlier    int            // checkouts answered with an order that was there before this replay
	Replayed   int            // answers with an order that an earlier request had placed, this replay's own or not
	Repeats    int            // requests sent again: the store was busy, or the answer was lost
	Unanswered int            // checkouts given up on, whose outcome is unknown
	Refused    map[string]int // by reason: the code of the store's answer
	Units      int64          // of all products, in the orders placed by this replay

	Duration time.Duration // of all checkouts together
	Rate     float64       // orders placed by this replay, a second
	// Latencies of the accepted checkouts, from the first request to the last answer, repeats and waits included.
	P50, P95, P99, Max time.Duration

	Checks []Check
}

// Failed reports whether a check failed, or none was made.
func (r Report) Failed() bool {
	return len(r.Checks) == 0 || slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.Holds })
}

func (r *Report) summarize(latencies []time.Duration) {
	slices.Sort(latencies)
	r.P50, r.P95, r.P99 = percentile(latencies, 50), percentile(latencies, 95), percentile(latencies, 99)
	r.Max = percentile(latencies, 100)
	if r.Duration > 0 {
		r.Rate = float64(r.Accepted) / r.Duration.Seconds()
	}
}

// percentile returns the smallest sample that at least p percent of the samples do not exceed (the
// nearest rank), or 0 when there is none. The samples are sorted, and p is from 1 to 100.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[rank-1]
}

// WriteText writes the report for people, in aligned columns.
func (r Report) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	r.writeCounts(table)
	r.writeTimes(table)
	r.writeChecks(table)
	return table.Flush()
}

func (r Report) writeCounts(w io.Writer) {
	row(w, "invoices", "%d", r.Invoices)
	if r.Malformed > 0 {
		row(w, "malformed lines", "%d", r.Malformed)
	}
	row(w, "customers", "%d (%d new)", r.Customers, r.NewCustomers)
	row(w, "orders accepted", "%d (%d units)", r.Accepted, r.Units)
	row(w, "accepted earlier", "%d", r.Earlier)
	row(w, "replayed answers", "%d", r.Replayed)
	row(w, "requests repeated", "%d", r.Repeats)
	row(w, "unanswered", "%d", r.Unanswered)
	for _, reason := range slices.Sorted(maps.Keys(r.Refused)) {
		row(w, "refused: "+reason, "%d", r.Refused[reason])
	}
}

func (r Report) writeTimes(w io.Writer) {
	row(w, "duration", "%.1f s", r.Duration.Seconds())
	row(w, "orders a second", "%.1f", r.Rate)
	for _, l := range []struct {
		name string
		took time.Duration
	}{{"p50", r.P50}, {"p95", r.P95}, {"p99", r.P99}, {"slowest", r.Max}} {
		row(w, l.name, "%.1f ms", float64(l.took)/float64(time.Millisecond))
	}
}

func (r Report) writeChecks(w io.Writer) {
	if len(r.Checks) == 0 {
		row(w, "checks", "none were made")
	}
	for _, c := range r.Checks {
		verdict := "ok"
		if !c.Holds {
			verdict = "FAILED"
		}
		row(w, c.Name, "%s, %s", verdict, c.Detail)
	}
}

// row writes to a tabwriter, which keeps an error for Flush.
func row(w io.Writer, name, format string, args ...any) {
	_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
}
