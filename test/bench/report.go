package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// row is one line of the table. Figure and limit are of the same unit and the same run; a row without a limit has none
// to be compared with.
type row struct {
	what          string
	figure, limit string
	ratio         string
	goal, met     string

	measured float64   // the figure
	exact    float64   // the ratio
	samples  []float64 // the ratios of parts of the measurement, if there are any
}

// atMost is a row whose ratio of figure to limit should be no more than goal.
func atMost(what string, figure, limit, goal float64, format string) row {
	ratio := rounded(figure / limit)
	return row{
		what: what, figure: fmt.Sprintf(format, figure), limit: fmt.Sprintf(format, limit),
		ratio: fmt.Sprintf("%.2f", ratio), goal: fmt.Sprintf("≤ %.2f", goal), met: yesNo(ratio <= goal),
		measured: figure, exact: figure / limit,
	}
}

// atLeast is a row whose ratio of figure to limit should be no less than goal.
func atLeast(what string, figure, limit, goal float64, format string) row {
	r := atMost(what, figure, limit, goal, format)
	r.goal, r.met = fmt.Sprintf("≥ %.2f", goal), yesNo(rounded(figure/limit) >= goal)
	return r
}

// within is a row whose figure and limit should differ by no more than a share of the limit.
func within(what string, figure, limit, by float64, format string) row {
	r := atMost(what, figure, limit, 1+by, format)
	r.goal, r.met = fmt.Sprintf("1 ± %.2f", by), yesNo(math.Abs(rounded(figure/limit)-1) <= by)
	return r
}

// rounded is a number as the table shows it, so that what is shown is what decides.
func rounded(x float64) float64 { return math.Round(x*100) / 100 }

func yesNo(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
}

// table writes the rows in Markdown.
func table(rows []row) string {
	var b strings.Builder
	b.WriteString(
		"| what | figure | limit in this run | ratio | to reach | reached |\n| --- | --- | --- | --- | --- | --- |\n",
	)
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.figure, orDash(r.limit), orDash(r.ratio),
			orDash(r.goal), orDash(r.met))
	}
	return b.String()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// quantile returns the smallest time that at least the share q of the times do not exceed (nearest rank). It needs one.
func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func median(times []time.Duration) time.Duration { return quantile(times, 0.5) }

// milliseconds is a time as the rows show it.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
