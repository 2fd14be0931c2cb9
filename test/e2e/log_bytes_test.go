package e2e

import (
	"net/http"
	"strings"
	"testing"

	"shop/test/storelock"
)

// What the functions log of an order and its mail, and of a page of products, as
// CloudWatch counts it; test/cost prices them.
const (
	orderLogBytes    = 2000
	productsLogBytes = 308
)

// perEvent is what CloudWatch adds to each line.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const perEvent = 26

// TestLogBytes: the functions log as much as is priced, within a twentieth. One
// order is waited for before the next, so that each mail is a message of its own.
func TestLogBytes(t *testing.T) {
	const runs = 10
	c, product := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	newOrder(t, c, one(product)) // starts the functions
	defer storelock.Exclusive(t)()
	ordered := logBytes(t, func() {
		for range runs {
			o := newOrder(t, c, one(product))
			awaitStatus(t, c, o, "sent")
		}
	}, "PlaceOrderFunction", "NotifyFunction") / runs
	listed := logBytes(t, func() {
		for range runs {
			send(t, call{method: "GET", path: "/products"}).want(t, http.StatusOK)
		}
	}, "BrowseProductsFunction") / runs
	for what, sizes := range map[string][2]int{
		"an order": {ordered, orderLogBytes}, "a page of products": {listed, productsLogBytes},
	} {
		if got, priced := sizes[0], sizes[1]; got*20 < priced*19 || got*20 > priced*21 {
			t.Errorf("%s is %d bytes of logs, priced are %d", what, got, priced)
		}
	}
}

// logBytes counts what functions log while play runs.
func logBytes(t *testing.T, play func(), functions ...string) int {
	t.Helper()
	sum := 0
	for _, line := range linesWhile(t, play) {
		for _, function := range functions {
			if name, text, _ := strings.Cut(line, " "); strings.Contains(name, "-"+function+"-") {
				sum += len(text) + perEvent
			}
		}
	}
	return sum
}
