package config

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"shop/internal/deadline"
)

// ask sends a request and reads the answer.
func ask(ctx context.Context, timeout time.Duration, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := HTTPClient(timeout).Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// TestAttemptsEnd: an attempt ends after its timeout, whether the answer does not begin or does not end, and by itself
// where the caller's own time is over first.
func TestAttemptsEnd(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begins" {
			_, _ = io.WriteString(w, "half of ")
			_ = http.NewResponseController(w).Flush()
		}
		<-over
	}))
	defer server.Close()
	defer close(over)
	for _, path := range []string{"/hangs", "/begins"} {
		text, err := ask(t.Context(), 50*time.Millisecond, server.URL+path)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %q, %v", path, text, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if text, err := ask(ctx, time.Hour, server.URL+path); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, for an impatient caller: got %q, %v", path, text, err)
		}
		cancel()
	}
}

// TestAnswersArePlain: an answer is taken as it is. Nothing is asked to be compressed, and no redirect is followed.
func TestAnswersArePlain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, r.URL.Path+r.Header.Get("Accept-Encoding"))
	}))
	defer server.Close()
	if text, err := ask(t.Context(), time.Minute, server.URL+"/here"); err != nil || text != "/here" {
		t.Errorf("got %q, %v", text, err)
	}
}

// TestConnections: a connection is used again, and given up when nobody used it for deadline.Idle.
func TestConnections(t *testing.T) {
	c := HTTPClient(time.Minute).(client)
	if c.transport.IdleConnTimeout != deadline.Idle {
		t.Errorf("kept for %s", c.transport.IdleConnTimeout)
	}
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	for range 3 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}
