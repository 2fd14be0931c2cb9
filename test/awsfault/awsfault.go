// Package awsfault injects, at the HTTP transport of an AWS client, faults that the emulators cannot produce:
// conflicts, throttling, lost answers. The client's own retries stay on, so that they are tested, too.
package awsfault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// errConnection is what a client sees of a connection that broke.
var errConnection = errors.New("connection reset by peer")

// Fault replaces the passing on of a call.
type Fault func(next http.RoundTripper, r *http.Request) (*http.Response, error)

// Transport passes calls on, and counts them, but for those that a fault is planned for.
type Transport struct {
	// Next carries the calls out; nil means http.DefaultTransport.
	Next http.RoundTripper

	mu    sync.Mutex
	plan  map[string][]Fault
	calls map[string]int
}

// On plans faults for the next calls of an operation, one a call, in this order. After them calls pass again.
func (t *Transport) On(operation string, faults ...Fault) *Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.plan == nil {
		t.plan = map[string][]Fault{}
	}
	t.plan[operation] = append(t.plan[operation], faults...)
	return t
}

// Clear drops what is planned.
func (t *Transport) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.plan)
}

// Calls returns how many calls of an operation were made, those that met a fault included.
func (t *Transport) Calls(operation string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[operation]
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if fault := t.next(operation); fault != nil {
		return fault(carrier(t.Next), r)
	}
	return carrier(t.Next).RoundTrip(r)
}

func (t *Transport) next(operation string) Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls == nil {
		t.calls = map[string]int{}
	}
	t.calls[operation]++
	planned := t.plan[operation]
	if len(planned) == 0 {
		return nil
	}
	t.plan[operation] = planned[1:]
	return planned[0]
}

// Lost carries the call out and loses its answer.
func Lost(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return nil, errConnection
}

// DropRequest breaks the connection before the call is carried out.
func DropRequest(_ http.RoundTripper, _ *http.Request) (*http.Response, error) {
	return nil, errConnection
}

// Timeout never answers, and never carries the call out: its caller gives up.
func Timeout(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TimeoutAfterCommit carries the call out and never answers: its caller gives up.
func TimeoutAfterCommit(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r.Clone(context.WithoutCancel(r.Context())))
	if err == nil {
		_ = resp.Body.Close()
	}
	return Timeout(next, r)
}

// Error answers an error of AWS's JSON protocol: a name such as ThrottlingException. The call is not carried out.
func Error(status int, name string) Fault {
	return Answer(status, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"injected"}`, name))
}

// Canceled answers that a transaction was cancelled for these reasons, one for each action: None, TransactionConflict,
// ConditionalCheckFailed and so on.
func Canceled(reasons ...string) Fault {
	var list []string
	for _, reason := range reasons {
		list = append(list, fmt.Sprintf(`{"Code":%q,"Message":"injected"}`, reason))
	}
	return Answer(http.StatusBadRequest, fmt.Sprintf(
		`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled",`+
			`"CancellationReasons":[%s]}`,
		strings.Join(list, ",")))
}

// Answer answers body as it is. The call is not carried out.
func Answer(status int, body string) Fault {
	return func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"application/x-amz-json-1.0"}}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)),
			Request: r}, nil
	}
}

// Times repeats a fault.
func Times(n int, f Fault) []Fault {
	faults := make([]Fault, n)
	for i := range faults {
		faults[i] = f
	}
	return faults
}
