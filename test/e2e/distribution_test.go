package e2e

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shop/test/testenv"
)

// viewed asks the distribution for a path, with headers that the caller chooses.
func viewed(t *testing.T, method, path, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, testenv.Env(t, "SHOP_PAGES_URL")+path,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(content)
}

// TestTheDistributionAnswersForTheAPI: pages and API are one origin, and what the API answers passes as it is.
func TestTheDistributionAnswersForTheAPI(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	resp, content := viewed(t, "GET", "/api/products/"+p.ProductID, "", nil)
	var shown struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(content), &shown); err != nil || resp.StatusCode != http.StatusOK ||
		shown.Name != p.Name {
		t.Errorf("GET a product: got %d, %q, want 200 and %q", resp.StatusCode, content, p.Name)
	}
	if got, want := resp.Header.Get("Content-Security-Policy"),
		"default-src 'none'; frame-ancestors 'none'"; got != want {
		t.Errorf("Content-Security-Policy of the API: got %q, want %q", got, want)
	}
	resp, content = viewed(t, "GET", "/api/products/no-such-product", "", nil)
	if resp.StatusCode != http.StatusNotFound || !strings.Contains(content, `"product_not_found"`) {
		t.Errorf("GET no product: got %d, %q, want the API's own 404", resp.StatusCode, content)
	}
	resp, content = viewed(t, "GET", "/api/orders", "",
		http.Header{"Authorization": {"Bearer " + newCustomer(t).token}})
	if resp.StatusCode != http.StatusOK || !strings.Contains(content, `"items"`) {
		t.Errorf("GET orders with a token: got %d, %q, want 200", resp.StatusCode, content)
	}
}

// TestPagesAreServed: the first page, a deep link and the desk are pages under a strict policy.
func TestPagesAreServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/products/brass-desk-lamp", "/orders/ord_1", "/admin/", "/admin/orders"} {
		resp, content := viewed(t, "GET", path, "", nil)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") ||
			!strings.Contains(content, "<html") {
			t.Errorf("GET %s: got %d, %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "script-src 'self'", "Cache-Control": "no-cache",
			"X-Content-Type-Options":    "nosniff",
			"Strict-Transport-Security": "max-age=31536000", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := resp.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("GET %s: got %s %q, want %q in it", path, name, got, want)
			}
		}
	}
}

// TestAForgedViewerAddressIsNotBelieved: guesses that come through the distribution are counted by the address that it
// saw.
func TestAForgedViewerAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"Content-Type":              {"application/json"},
		"Cloudfront-Viewer-Address": {"198.51.100.7:1"},
		"X-Forwarded-For":           {"198.51.100.7"},
		"X-Origin-Proof":            {"guessed"},
	}
	body := `{"email":"` + unique() + `@example.com","password":"a wrong password"}`
	resp, content := viewed(t, "POST", "/api/sessions", body, header)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("logging in: got %d, %s, want 401", resp.StatusCode, content)
	}
	var refused struct {
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(content), &refused); err != nil {
		t.Fatal(err)
	}
	var audited string
	eventually(t, time.Minute, "the failed log-in is audited", func() bool {
		audited = failedLogIn(t, refused.RequestID)
		return audited != ""
	})
	if !strings.Contains(audited, `"source_ip":"127.0.0.1"`) {
		t.Errorf("audited %s, want it from 127.0.0.1", audited)
	}
}

// failedLogIn is the line of the functions' log that audits the request's failed log-in, or empty while there is none.
func failedLogIn(t *testing.T, requestID string) string {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"event":"log_in_failed"`) && strings.Contains(line, requestID) {
			return line
		}
	}
	return ""
}
