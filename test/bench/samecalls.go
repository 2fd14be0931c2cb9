package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// recordedCall is a call that a function made: where it went, the shape of its body, and how many bytes it has.
type recordedCall struct {
	target, shape string
	length        int
}

// largerBy is by which share of its bytes a call may be larger or smaller than the bare one.
const largerBy = 0.03

// sameCalls returns an error unless a function and its bare one make the same calls for one event: in the same order,
// to the same operations, with bodies that differ in nothing but values, and in their lengths hardly.
func (b *sandbox) sameCalls(ctx context.Context, binaries pair, w workload) error {
	ours, err := b.callsOf(ctx, binaries.ours, w)
	if err != nil {
		return err
	}
	bare, err := b.callsOf(ctx, binaries.bare, w)
	if err != nil {
		return err
	}
	if len(ours) != len(bare) {
		return fmt.Errorf("%s made %d AWS calls, and the bare one %d", w.function, len(ours), len(bare))
	}
	for i := range ours {
		if err := ours[i].like(bare[i]); err != nil {
			return fmt.Errorf("call %d of %s is not that of the bare one: %w", i+1, w.function, err)
		}
	}
	return nil
}

// like returns an error that says in what a call differs from the bare function's.
func (c recordedCall) like(bare recordedCall) error {
	if c.target != bare.target || c.shape != bare.shape {
		return fmt.Errorf("%s %s, not %s %s", c.target, c.shape, bare.target, bare.shape)
	}
	if by := float64(c.length)/float64(bare.length) - 1; by > largerBy || by < -largerBy {
		return fmt.Errorf("%s of %d bytes, not %d", c.target, c.length, bare.length)
	}
	return nil
}

// callsOf invokes a function once and returns the AWS calls that it made.
func (b *sandbox) callsOf(ctx context.Context, binary string, w workload) ([]recordedCall, error) {
	target, err := url.Parse(*b.store.aws.BaseEndpoint)
	if err != nil {
		return nil, fmt.Errorf("reading the emulator's address: %w", err)
	}
	seen := &recorder{next: resigning{http.DefaultTransport, b.store.root}}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: seen,
	})
	defer proxy.Close()
	p, err := launch(ctx, b.store, binary, append(slices.Clone(w.environment), "AWS_ENDPOINT_URL="+proxy.URL))
	if err != nil {
		return nil, err
	}
	defer p.end()
	payload, err := w.next(ctx)
	if err != nil {
		return nil, fmt.Errorf("making an event: %w", err)
	}
	if _, err := p.call(ctx, payload, w.want); err != nil {
		return nil, err
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	return seen.calls, seen.err
}

// recorder notes the calls that pass.
type recorder struct {
	next  http.RoundTripper
	mu    sync.Mutex
	calls []recordedCall
	err   error
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	call, err := describe(request.Header.Get("X-Amz-Target"), body)
	r.mu.Lock()
	r.calls, r.err = append(r.calls, call), errors.Join(r.err, err)
	r.mu.Unlock()
	return r.next.RoundTrip(request)
}

// describe reads a call of DynamoDB or SQS, which is JSON, or one of SES, which has no target and is a form.
func describe(target string, body []byte) (recordedCall, error) {
	if target == "" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return recordedCall{}, fmt.Errorf("reading a form: %w", err)
		}
		members := map[string]any{}
		for name := range form {
			members[name] = ""
		}
		return recordedCall{form.Get("Action"), shape(members), len(body)}, nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return recordedCall{}, fmt.Errorf("reading a call of %s: %w", target, err)
	}
	return recordedCall{target, shape(value), len(body)}, nil
}

// shape is a value as text, in which of the texts only expressions and what DynamoDB is to return are told. Members are
// in the order of their names.
func shape(value any) string { return fmt.Sprint(masked("", value)) }

// masked is a copy of a value without the texts that are its own, by the name of the member that it is.
func masked(name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		members := map[string]any{}
		for key, inner := range v {
			members[tableOf(key)] = masked(key, inner)
		}
		return members
	case []any:
		elements := make([]any, len(v))
		for i, inner := range v {
			elements[i] = masked(name, inner)
		}
		return elements
	case string:
		if !strings.HasSuffix(name, "Expression") && !strings.HasPrefix(name, "Return") {
			return "text"
		}
	}
	return value
}

// tableOf is a member's name, or where it is the name of one of the sandbox's tables, the one that it is a copy of.
func tableOf(name string) string {
	if i := strings.LastIndex(name, "-"); i > 0 && strings.HasSuffix(name, "Table") {
		return name[i+1:]
	}
	return name
}
