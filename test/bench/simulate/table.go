package simulate

import (
	"fmt"
	"strings"
	"time"

	"shop/internal/contention"
)

const (
	buyers      = 10_000
	adjustments = 60
	// accountProcesses is how many executions an account's functions may have at once, unless it asks for more.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	accountProcesses = 1000
)

// Table simulates 10,000 buyers for each of some holds and numbers of counters, and writes what came of them in
// Markdown: who come at 0.8 and 0.9 of what the product bears, at twice that, and all in one second to an account that
// has the default quota of processes.
func Table() string {
	var b strings.Builder
	b.WriteString("| hold | counters | 10,000 buyers come | orders a second | p50 | p99 | 503 | attempts an order |" +
		" processes at most | adjustments |\n" + strings.Repeat("| --- ", 10) + "|\n")
	for _, hold := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
		for _, counters := range []int{1, 4, 16, 64} {
			for _, share := range []float64{0.8, 0.9, 2} {
				m := Today(hold, counters)
				m.Rate = share * float64(counters) / hold.Seconds()
				m.Duration = time.Duration(buyers / m.Rate * float64(time.Second))
				m.Adjustments, m.Adjusting = adjustments, contention.Adjusting
				line(&b, m, fmt.Sprintf("%.0f a second, %.1f of the limit", m.Rate, share))
			}
			m := Today(hold, counters)
			m.AtOnce, m.Processes = buyers, accountProcesses
			line(&b, m, "in one second")
		}
	}
	return b.String()
}

func line(b *strings.Builder, m Model, come string) {
	r := Run(m)
	adjusted := "–"
	if m.Adjustments > 0 {
		adjusted = fmt.Sprintf("%d of %d", r.Adjusted, m.Adjustments)
	}
	fmt.Fprintf(b, "| %d ms | %d | %s | %.0f | %d ms | %d ms | %.1f %% | %.1f | %d | %s |\n",
		m.Hold.Milliseconds(), m.Counters, come, r.Goodput(), r.Latency(0.5).Milliseconds(),
		r.Latency(0.99).Milliseconds(), 100*r.Refused(), r.PerOrder(), r.InFlight, adjusted)
}
