package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// proxy passes calls on as they are, with their Host, because they are signed, and counts them.
type proxy struct {
	next *httputil.ReverseProxy

	mu     sync.Mutex
	counts map[string]int
}

func newProxy(target *url.URL) *proxy {
	next := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	return &proxy{next: next, counts: map[string]int{}}
}

// ServeHTTP counts the call before it passes it on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, err := operation(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.count(name)
	p.next.ServeHTTP(w, r)
}

func (p *proxy) count(operation string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[operation]++
}

// control answers GET /counts and POST /reset.
func (p *proxy) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p.snapshot())
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		p.reset()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (p *proxy) snapshot() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.counts)
}

// operation names the call: by the header X-Amz-Target in AWS's JSON protocols, by the form's Action in its query protocol.
func operation(r *http.Request) (string, error) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target, nil
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return r.Method + " " + r.URL.Path, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fmt.Errorf("reading a call: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") == "" {
		return r.Method + " " + r.URL.Path, nil
	}
	return form.Get("Action"), nil
}
