package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"shop/test/testenv"
)

// provokedCodes are the error codes of the contract that a client can cause.
// not_found and internal are shown by the tests of handlers and transport.
var provokedCodes = []string{
	"invalid_request", "invalid_cursor", "idempotency_key_required",
	"unauthenticated", "invalid_credentials", "forbidden",
	"product_not_found", "order_not_found", "upload_not_found", "picture_refused", "email_taken",
	"max_per_order_exceeded", "out_of_stock", "price_changed", "product_changed", "stock_changed", "insufficient_stock",
	"status_changed", "unsupported_media_type", "payload_too_large",
	"idempotency_key_reused", "too_many_requests", "busy",
}

// TestMain runs the tests and then what only holds over a whole run: every
// order had exactly one mail, every error code was provoked, and every
// permission of every function was used.
func TestMain(m *testing.M) {
	code := testenv.Main(m.Run)
	if code == 0 && os.Getenv("SHOP_URL") != "" {
		code = checkRun()
	}
	if toolFolder != "" {
		os.RemoveAll(toolFolder)
	}
	os.Exit(code)
}

func checkRun() int {
	failures := mailFailures(context.Background())
	if wholeRun() {
		failures = append(failures, missingCodes(journal.codes())...)
	}
	if wholeRun() && os.Getenv("ONLY") == "" { // the tests of cmd/shop use some of the permissions
		failures = append(failures, permissionFailures(context.Background())...)
	}
	for _, f := range failures {
		fmt.Printf("--- FAIL: whole run: %s\n", f)
	}
	return min(len(failures), 1)
}

// wholeRun reports whether every test of the package ran. A test that skipped
// for lack of a setting needs no rule here: a skip in CI is a failure already.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

func missingCodes(seen map[string]bool) []string {
	missing := slices.DeleteFunc(slices.Clone(provokedCodes), func(c string) bool { return seen[c] })
	if len(missing) == 0 {
		return nil
	}
	return []string{"no answer carried the codes " + strings.Join(missing, ", ")}
}
