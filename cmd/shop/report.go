package main

import (
	"time"

	"shop/cmd/shop/internal/replay"
)

// jsonReport is a replay's report for machines. Latencies are in milliseconds.
type jsonReport struct {
	Invoices       int            `json:"invoices"`
	MalformedLines int            `json:"malformed_lines"`
	Customers      int            `json:"customers"`
	NewCustomers   int            `json:"new_customers"`
	Accepted       int            `json:"accepted"`
	Units          int64          `json:"units"`
	Earlier        int            `json:"accepted_earlier"`
	Replayed       int            `json:"replayed_answers"`
	Repeats        int            `json:"repeats"`
	Unanswered     int            `json:"unanswered"`
	Refused        map[string]int `json:"refused"`
	DurationMS     float64        `json:"duration_ms"`
	OrdersASecond  float64        `json:"orders_a_second"`
	P50            float64        `json:"p50_ms"`
	P95            float64        `json:"p95_ms"`
	P99            float64        `json:"p99_ms"`
	Max            float64        `json:"max_ms"`
	Checks         []jsonCheck    `json:"checks"`
	Holds          bool           `json:"holds"` // checks were made, and all hold
}

type jsonCheck struct {
	Name   string `json:"name"`
	Holds  bool   `json:"holds"`
	Detail string `json:"detail"`
}

func reportJSON(r replay.Report) jsonReport {
	j := jsonReport{
		Invoices: r.Invoices, MalformedLines: r.Malformed, Customers: r.Customers, NewCustomers: r.NewCustomers,
		Accepted: r.Accepted, Units: r.Units, Earlier: r.Earlier, Replayed: r.Replayed, Repeats: r.Repeats,
		Unanswered: r.Unanswered, Refused: r.Refused, DurationMS: milliseconds(r.Duration), OrdersASecond: r.Rate,
		P50: milliseconds(r.P50), P95: milliseconds(r.P95), P99: milliseconds(r.P99), Max: milliseconds(r.Max),
		Checks: []jsonCheck{}, Holds: !r.Failed(),
	}
	for _, c := range r.Checks {
		j.Checks = append(j.Checks, jsonCheck(c))
	}
	return j
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
