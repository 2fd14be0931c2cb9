package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestBrowsingPage: docs/cost.md has what the command prints.
func TestBrowsingPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	writeBrowsing(&table)
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/cost.md is not what go run ./test/cost prints:\n%s", table.String())
	}
}

// TestMissShareIsThatOfACache plays the views that the formula speaks of.
func TestMissShareIsThatOfACache(t *testing.T) {
	for _, products := range []int{1, 50} {
		const perSecond, views = 5.0, 200_000
		chance := rand.New(rand.NewPCG(1, uint64(products)))
		var sums []float64
		sum := 0.0
		for i := 1; i <= products; i++ {
			sum += 1 / float64(i)
			sums = append(sums, sum)
		}
		keptUntil := make([]float64, products)
		now, misses := 0.0, 0
		for range views {
			now += chance.ExpFloat64() / perSecond
			at, which := chance.Float64()*sum, 0
			for sums[which] < at {
				which++
			}
			if now >= keptUntil[which] {
				misses++
				keptUntil[which] = now + keptSeconds
			}
		}
		want := missShare(products, perSecond)
		if got := float64(misses) / views; math.Abs(got-want) > 0.02*want {
			t.Errorf("%d products: %v of the views were questions, the formula says %v", products, got, want)
		}
	}
}

// TestNoRateReachesOneKeyOfTheIndex: all requests that API Gateway lets through, none answered by a cache, read less
// of the index's one key of active products than it bears.
func TestNoRateReachesOneKeyOfTheIndex(t *testing.T) {
	if indexUnits*apiRate > readsOfAKey {
		t.Errorf("%v requests a second read %v units each of a key that bears %v", apiRate, indexUnits, readsOfAKey)
	}
	rate := between(t, "../../template.yaml", "\n  ApiRate:")
	if _, value, _ := strings.Cut(rate, "Default: "); !strings.HasPrefix(value, "2000\n") {
		t.Errorf("ApiRate's default is %.10q, the test says %d", value, apiRate)
	}
}
