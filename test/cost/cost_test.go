package main

import (
	"bytes"
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
		"../../internal/dynamostore/capacity_test.go": {"An order of one line writes 12 units", "m.units > 12"},
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

func TestDollars(t *testing.T) {
	for d, want := range map[float64]string{0: "$0.00", 9.994: "$9.99", 99.9: "$99.90", 1234.5: "$1,234",
		1234567.9: "$1,234,568", 123: "$123"} {
		if got := dollars(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
