package e2e

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"shop/test/testenv"
)

// TestNoWebPageReachesTheMachine: what a page that a developer has open can send to the local store reaches the store's
// routes, as on AWS, and neither AWS's APIs nor the mails.
func TestNoWebPageReachesTheMachine(t *testing.T) {
	t.Parallel()
	endpoint, mails := needAWS(t), testenv.Env(t, "SHOP_MAIL_URL")
	foreign := []http.Header{
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Host": {"evil.example"}},
	}
	for _, url := range []string{endpoint + "/2015-03-31/functions", mails, endpoint + "/_shop/save"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			for _, header := range foreign {
				status, cors := askFrom(t, method, url, header)
				if status != http.StatusForbidden || cors != "" {
					t.Errorf("%s %s of %v: got %d, %q, want 403", method, url, header, status, cors)
				}
			}
		}
	}
	products := os.Getenv("SHOP_URL") + "/products?limit=1"
	for _, header := range foreign[:4] {
		if status, _ := askFrom(t, http.MethodGet, products, header); status != http.StatusOK {
			t.Errorf("GET /products of %v: got %d, want 200", header, status)
		}
	}
	if status, _ := askFrom(t, http.MethodGet, products, foreign[4]); status != http.StatusForbidden {
		t.Errorf("GET /products of %v: got %d, want 403", foreign[4], status)
	}
	if status, cors := askFrom(
		t, http.MethodGet, mails, http.Header{"Sec-Fetch-Site": {"none"}},
	); status != http.StatusOK || cors != "" {
		t.Errorf("the mails at an address that somebody typed: got %d, %q", status, cors)
	}
}

// TestKnownKeysAreNobody: the key that emulators take for root, and an account's number, are refused.
func TestKnownKeysAreNobody(t *testing.T) {
	t.Parallel()
	endpoint := needAWS(t)
	for _, id := range []string{"test", "000000000000", ""} {
		signature := "AWS4-HMAC-SHA256 Credential=" + id +
			"/20260314/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=00"
		status, _ := askFrom(t, http.MethodGet, endpoint+"/2015-03-31/functions",
			http.Header{"Authorization": {signature}})
		if status != http.StatusForbidden {
			t.Errorf("key %q: got %d, want 403", id, status)
		}
	}
}

// askFrom sends a request with a header, Host among it, and returns the answer's status and its CORS headers.
func askFrom(t *testing.T, method, url string, header http.Header) (status int, cors string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header, req.Host = header, header.Get("Host")
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			cors += name + " "
		}
	}
	return resp.StatusCode, cors
}
