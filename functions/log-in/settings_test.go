package main

import (
	"slices"
	"testing"

	"github.com/caarlos0/env/v11"

	"shop/internal/password"
)

// TestCostsBefore: the parameter PasswordCostsBefore may be empty, and has a semicolon between costs, which have
// commas.
func TestCostsBefore(t *testing.T) {
	older := password.Params{MemoryKiB: 19456, Iterations: 2, Parallelism: 1}
	newer := password.Params{MemoryKiB: 47104, Iterations: 1, Parallelism: 1}
	for text, want := range map[string][]password.Params{
		"":                                nil,
		"m=19456,t=2,p=1":                 {older},
		"m=19456,t=2,p=1;m=47104,t=1,p=1": {older, newer},
	} {
		var s settings
		_ = env.ParseWithOptions(&s, env.Options{Environment: map[string]string{"HASH_COSTS_BEFORE": text}})
		if !slices.Equal(s.CostsBefore, want) {
			t.Errorf("%q: got %v, want %v", text, s.CostsBefore, want)
		}
	}
}
