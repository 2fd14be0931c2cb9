package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	strict "github.com/go-json-experiment/json"

	"shop/test/contract"
	"shop/test/storeclient"
)

// clientRequestID is sent with every request; the store must not take it over.
const clientRequestID = "chosen-by-the-client"

// call is one request to the store.
type call struct {
	method, path string
	query        url.Values
	from         caller // whose token is sent; the zero caller sends none
	key          string // Idempotency-Key, sent when not empty
	header       http.Header
	body         any  // a string or []byte is sent as it is, all else as JSON
	mayBeBusy    bool // 503 busy is an answer, not a failure
	base         string
	localAddr    string // the local address to call from; empty for the usual one
}

// answer is what came back, already checked against the contract.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var transport = &http.Client{
	Timeout:       2 * time.Minute, // more than the longest function that is waited for
	Transport:     &http.Transport{MaxIdleConnsPerHost: 256},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// clients are those that call from an address of their own.
var clients sync.Map

// client returns the client that calls from the local address of the call. This machine
// has all addresses that begin with 127.
func (c call) client() *http.Client {
	if c.localAddr == "" {
		return transport
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.localAddr)}}
	found, _ := clients.LoadOrStore(c.localAddr, &http.Client{
		Timeout:       transport.Timeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8, DialContext: dialer.DialContext},
		CheckRedirect: transport.CheckRedirect,
	})
	return found.(*http.Client)
}

// callingFrom returns the call as made from another local address.
func (c call) callingFrom(localAddr string) call {
	c.localAddr = localAddr
	return c
}

// send does the call and fails the test when the answer breaks the contract,
// whatever the test itself goes on to ask of it.
func send(t *testing.T, c call) answer {
	t.Helper()
	a, err := c.exchange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// exchange does the call and reports an answer that breaks the contract.
func (c call) exchange(ctx context.Context) (answer, error) {
	req, err := c.request(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", c.method, c.path, err)
	}
	a, err := roundTrip(req, c)
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", c.method, req.URL, err)
	}
	return a, nil
}

// untilNotBusy repeats the call while the store says that it is busy, as a customer
// would: with the same key.
func (c call) untilNotBusy(ctx context.Context) (answer, error) {
	c.mayBeBusy = true
	for range 100 {
		started := time.Now()
		a, err := c.exchange(ctx)
		if err != nil && !(c.key != "" && a.timedOut(time.Since(started))) {
			return a, err
		}
		if err == nil && a.status != http.StatusServiceUnavailable {
			return a, nil
		}
		time.Sleep(time.Duration(50+rand.IntN(200)) * time.Millisecond)
	}
	return answer{}, errors.New("still busy after 100 attempts")
}

// timedOut reports whether the gateway gave up waiting for a function: on a
// machine with too much to do a function may get no turn within its ten
// seconds. What became of the checkout is then unknown, and its repeat tells.
func (a answer) timedOut(after time.Duration) bool {
	return a.status >= http.StatusInternalServerError && !a.isProblem() && after > 9*time.Second
}

func (c call) request(ctx context.Context) (*http.Request, error) {
	base, header := c.base, c.header.Clone()
	if base == "" {
		base = os.Getenv("SHOP_URL")
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("X-Request-Id", clientRequestID)
	return storeclient.Request{
		Method: c.method, Path: c.path, Query: c.query, Token: c.from.token, Key: c.key, Header: header, Body: c.body,
	}.HTTP(ctx, base)
}

func roundTrip(req *http.Request, c call) (answer, error) {
	resp, err := c.client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the body: %w", err)
	}
	a := answer{resp.StatusCode, resp.Header, body}
	if a.status >= 500 && !(c.mayBeBusy && a.status == http.StatusServiceUnavailable) {
		return a, fmt.Errorf("answered %d: %s", a.status, clip(body))
	}
	if err := a.checkContract(req, resp); err != nil {
		return a, fmt.Errorf("%w\nin the answer %d: %s", err, a.status, clip(body))
	}
	a.note()
	return a, nil
}

// note keeps what the whole run is judged by.
func (a answer) note() {
	if a.status == http.StatusCreated && a.header.Get("Idempotent-Replayed") == "" {
		if o := (order{}); json.Unmarshal(a.body, &o) == nil && strings.HasPrefix(o.OrderID, "ord_") {
			journal.placed(o)
		}
	}
	if p := (problem{}); a.isProblem() && json.Unmarshal(a.body, &p) == nil {
		journal.code(p.Code)
	}
}

var theContract = sync.OnceValues(func() (*contract.Contract, error) {
	c, err := contract.Load("../../docs/openapi.yaml")
	if err != nil {
		return nil, err
	}
	return c.Under(os.Getenv("SHOP_URL"), os.Getenv("SHOP_ISSUER_URL"))
})

// want fails the test unless the answer has the status.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status = %d, want %d: %s", a.status, status, clip(a.body))
	}
	return a
}

// refused fails the test unless the answer is a problem with the status and
// the code, and returns the problem.
func (a answer) refused(t *testing.T, status int, code string) problem {
	t.Helper()
	p, err := a.problem()
	if err != nil {
		t.Fatal(err)
	}
	if a.status != status || p.Code != code {
		t.Fatalf("answer = %d %s, want %d %s: %s", a.status, p.Code, status, code, clip(a.body))
	}
	return p
}

func (a answer) problem() (problem, error) {
	var p problem
	if !a.isProblem() {
		return p, fmt.Errorf("answer %d is no problem: %s", a.status, clip(a.body))
	}
	return p, strict.Unmarshal(a.body, &p)
}

// decode reads the answer's body, whose member names count to the letter.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := strict.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("decoding %s: %v", clip(a.body), err)
	}
	return v
}

// decodeExact is decode for a shape that must have no other members.
func decodeExact[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := strict.Unmarshal(a.body, &v, strict.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("decoding %s: %v", clip(a.body), err)
	}
	return v
}

func clip(b []byte) string {
	if len(b) > 600 {
		return string(b[:600]) + "…"
	}
	return string(b)
}
