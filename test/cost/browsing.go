package main

import (
	"fmt"
	"io"
	"math"
)

// What the distribution keeps of the catalogue, and what an answer that it does not have takes.
const (
	keptSeconds = 10.0 // functions/view-product/handler_test.go: max-age; the same of lists
	viewCalls   = 1.0  // test/e2e/calls_test.go: a product by one Query
	indexUnits  = 1.0  // internal/dynamostore/capacity_test.go: read units for a page of the catalogue, at most
	readsOfAKey = 3000 // a second, of one partition; docs.aws.amazon.com/amazondynamodb, "partition key design"
	apiRate     = 2000 // template.yaml, ApiRate: requests a second, of all clients together
)

// missShare is the share of views that one cache does not answer. The views come at random, perSecond of them, and the
// product of rank i is looked at 1/i as often as the first one (Zipf's law, with the exponent 1).
//
// A cache asks for a product when it has none that is younger than keptSeconds. So a time with one question is
// keptSeconds and, on average, the wait for the next view: of a views a second, a/(1 + a × keptSeconds) are questions.
func missShare(products int, perSecond float64) float64 {
	harmonic := 0.0
	for i := 1; i <= products; i++ {
		harmonic += 1 / float64(i)
	}
	misses := 0.0
	for i := 1; i <= products; i++ {
		views := perSecond / float64(i) / harmonic
		misses += views / (1 + views*keptSeconds)
	}
	return misses / perSecond
}

// writeBrowsing prints what is left to the store of 1,000 views of products, by the rate of the views of one cache.
func writeBrowsing(w io.Writer) {
	fmt.Fprintln(w, "| views a second of one cache | products | answered by the cache | DynamoDB calls per 1,000 views "+
		"| dollars per 1,000 views, without the distribution |")
	fmt.Fprintln(w, "| ---: | ---: | ---: | ---: | ---: |")
	for _, products := range []int{1, 1000} {
		for _, perSecond := range []float64{1, 10, 100, 1000} {
			misses := missShare(products, perSecond)
			price := misses * (apiTiers[0].price + lambdaRequest + browseGBs*lambdaGBSecond + readUnit)
			fmt.Fprintf(w, "| %.0f | %d | %.1f %% | %.0f | $%.5f |\n", perSecond, products, 100*(1-misses),
				math.Round(1000*misses*viewCalls), 1000*price)
		}
	}
}
