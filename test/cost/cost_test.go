package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
)

// TestCostPage: docs/cost.md has what the command prints.
func TestCostPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	write(&table)
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/cost.md is not what go run ./test/cost prints:\n%s", table.String())
	}
}

// TestQuantitiesAreHeld: the tests that hold what an order takes still say the numbers that are priced.
func TestQuantitiesAreHeld(t *testing.T) {
	for file, words := range map[string][]string{
		"../../internal/dynamostore/capacity_test.go": {
			"An order of one line writes 12 units", "m.units > 12", "m.reads > 1 ",
		},
		"../../functions/view-product/handler_test.go": {`"public, max-age=10"`},
		"../e2e/log_bytes_test.go":                     {"orderLogBytes    = 2000", "productsLogBytes = 308"},
		"../e2e/calls_test.go": {
			`"TransactWriteItems": 1, "SendMessage": 1, "UpdateItem": 2, "SendEmail": 1`, `"BatchGetItem": 2`,
		},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not say %q: are the quantities still true?", file, word)
			}
		}
	}
}

// TestAccessLogBytes: a line of the access log, as CloudWatch counts it, by the template's format and what API Gateway
// puts into it.
func TestAccessLogBytes(t *testing.T) {
	line, _, _ := strings.Cut(between(t, "../../template.yaml", `Format: >-`), "\n\n")
	for _, v := range [][2]string{
		{"requestTime", "28/Nov/2026:12:24:33 +0000"},
		{"integration.requestId", "79b4f56e-95b1-4643-9700-2807f4e68189"},
		{"requestId", "ABCDEfghIJKLmno="}, {"routeKey", "GET /products"}, {"status", "200"}, {"responseLatency", "12"},
		{"identity.sourceIp", "203.0.113.250"}, {"error.message", "-"}, {"authorizer.error", "-"},
		{"integrationErrorMessage", "-"},
	} {
		line = strings.ReplaceAll(line, "$context."+v[0], v[1])
	}
	if got := len(strings.TrimSpace(line)) + 26; got != accessLogBytes || strings.Contains(line, "$") {
		t.Errorf("%s is %d bytes, priced are %v", line, got, accessLogBytes)
	}
}

// TestAlarmMetrics: CloudWatch charges for each metric of an alarm, and for three where it learns what is usual.
func TestAlarmMetrics(t *testing.T) {
	text := between(t, "../../infra/observability/template.yaml", "Resources:")
	count := func(what string) int { return strings.Count(text, what) }
	alarms := count("Type: AWS::CloudWatch::Alarm")
	metrics := count("MetricStat:") + alarms - count("\n      Metrics:\n") + 2*count("ANOMALY_DETECTION_BAND(")
	if metrics != alarmMetrics {
		t.Errorf("%d alarms look at %d metrics, priced are %d", alarms, metrics, alarmMetrics)
	}
}

// between is what a file has after a text, which it must have.
func between(t *testing.T, file, text string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(content), text)
	if !found {
		t.Fatalf("%s has no %q", file, text)
	}
	return after
}

// TestTiers: each unit costs what its tier says.
func TestTiers(t *testing.T) {
	tiers := []tier{{10, 3}, {20, 2}, {math.Inf(1), 1}}
	for units, want := range map[float64]float64{0: 0, 10: 30, 15: 40, 25: 55} {
		if got := cost(units, tiers); got != want {
			t.Errorf("%v units: got %v, want %v", units, got, want)
		}
	}
	if got := inTiers(5, 10, tiers)(2); got != (60-30)/2.0 {
		t.Errorf("behind others: got %v", got)
	}
}

func TestDollars(t *testing.T) {
	for d, want := range map[float64]string{0: "$0.00", 9.994: "$9.99", 99.9: "$99.90", 1234.5: "$1,234",
		1234567.9: "$1,234,568", 123: "$123"} {
		if got := dollars(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
