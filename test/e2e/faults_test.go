package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"shop/test/faultproxy"
	"shop/test/storelock"
	"shop/test/testenv"
)

// hang has AWS never answer the operations, whoever calls them, until the
// returned function is called or the test ends. The tests of other packages
// wait meanwhile; beside one of this package it must not be called.
func hang(t *testing.T, operations ...string) (release func()) {
	t.Helper()
	var rules []faultproxy.Rule
	for _, operation := range operations {
		rules = append(rules, faultproxy.Rule{Operation: operation, Fault: faultproxy.Hung, Share: 1})
	}
	return faulty(t, rules...)
}

// faulty has calls fail by the rules until release is called, or the test ends.
func faulty(t *testing.T, rules ...faultproxy.Rule) (release func()) {
	t.Helper()
	testenv.Env(t, "SHOP_PROXY_URL")
	end := storelock.Exclusive(t)
	release = sync.OnceFunc(func() {
		defer end()
		if err := planFaults(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	if err := planFaults(rules...); err != nil {
		t.Fatal(err)
	}
	return release
}

// planFaults does not take a test's context: it is called when that has ended,
// too.
func planFaults(rules ...faultproxy.Rule) error {
	body, err := json.Marshal(map[string]any{"seed": 1, "rules": rules})
	if err != nil {
		return err
	}
	url := strings.TrimSuffix(os.Getenv("SHOP_PROXY_URL"), "/") + "/faults"
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := transport.Do(req)
	if err != nil {
		return fmt.Errorf("planning faults: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("planning faults: the proxy answered %d", resp.StatusCode)
	}
	return nil
}
