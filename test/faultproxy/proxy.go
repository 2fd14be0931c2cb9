// Package faultproxy is a proxy between the store's functions and the AWS endpoint that they call. It counts the calls
// by operation, and injects faults that no emulator produces: it refuses and delays calls, loses and cuts off answers,
// and kills the calling process. The functions' own retries stay on, so that their effect is tested, too.
package faultproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Proxy passes calls on as they are, with their Host, because they are signed.
type Proxy struct {
	// Name tells calls of one operation apart where faults are planned for some of them only; nil means by the
	// operation.
	Name func(*Call) string
	// Watch is told of every call after its end, from several goroutines at once; nil means nobody.
	Watch func(*Call)

	target *url.URL
	next   http.RoundTripper

	mu     sync.Mutex
	counts map[string]int
	rules  []*planned
	// following is what is done to the next attempts of calls, by what the SDK calls all attempts of a call.
	following map[string]*following
	chance    *rand.Rand
	underway  int
	changed   time.Time // when a call last began or ended
}

// New returns a proxy to the AWS endpoint target.
func New(target *url.URL) *Proxy {
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.Proxy = nil
	next.MaxIdleConnsPerHost = 256
	next.DisableCompression = true
	return &Proxy{target: target, next: next, counts: map[string]int{}, changed: time.Now()}
}

// Through has calls that are passed on go through what wrap makes of the way that they went before. It is called before
// the first call.
func (p *Proxy) Through(wrap func(http.RoundTripper) http.RoundTripper) { p.next = wrap(p.next) }

// ServeHTTP passes the call on, or does to it what is planned.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "reading the call: "+err.Error(), http.StatusBadRequest)
		return
	}
	c := read(r, body)
	p.begin(c)
	p.serve(w, r, c)
	p.end(c)
}

func (p *Proxy) begin(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[c.Operation]++
	p.underway++
	p.changed = time.Now()
}

func (p *Proxy) end(c *Call) {
	c.End = time.Now()
	if p.Watch != nil {
		p.Watch(c)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underway--
	p.changed = time.Now()
}

// serve does to the call what its rule says.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, c *Call) {
	rule := p.rule(p.name(c), r.Header.Get(attemptsOfOne))
	c.Fault = rule.Fault
	switch rule.Fault {
	case Refused:
		write(w, c, failure(c))
	case Throttled:
		write(w, c, throttling(c))
	case RateLimited:
		write(w, c, rateLimit(c))
	case Conflict:
		write(w, c, conflict(c))
	case MixedConflict:
		write(w, c, mixedConflict(c))
	case Reset:
		reset(w)
	case Hung:
		<-r.Context().Done()
	case KilledBefore:
		c.kill(r)
		reset(w)
	case Slow:
		wait(r.Context(), rule.Delay)
		p.pass(w, r, c)
	case Doubled:
		p.pass(w, r, c)
		wait(context.WithoutCancel(r.Context()), rule.Delay)
		second := *c
		p.pass(discard{}, r, &second)
	case Late:
		reset(w)
		wait(context.WithoutCancel(r.Context()), rule.Delay)
		p.pass(discard{}, r, c)
	default:
		p.pass(w, r, c)
	}
}

// attemptsOfOne is the header in which the SDK has the same value for all attempts of a call.
const attemptsOfOne = "Amz-Sdk-Invocation-Id"

func (p *Proxy) name(c *Call) string {
	if p.Name == nil {
		return c.Operation
	}
	return p.Name(c)
}

// kill kills the process that called.
func (c *Call) kill(r *http.Request) {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return
	}
	pid, err := kill(r.RemoteAddr, local.String())
	if err != nil {
		slog.Warn("nobody was killed", "operation", c.Operation, "error", err)
		return
	}
	c.Killed = pid
}

// pass has AWS carry the call out, though the function hang up meanwhile, and answers as AWS does, or not.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, c *Call) {
	out, err := p.forward(r, c)
	if err != nil {
		c.Lost = true
		reset(w)
		return
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	c.Carried = out.StatusCode < 300
	if err != nil {
		c.Lost = true
		reset(w)
		return
	}
	p.reply(w, r, c, out, content)
}

func (p *Proxy) reply(w http.ResponseWriter, r *http.Request, c *Call, out *http.Response, content []byte) {
	c.Lost = c.Fault == Lost || c.Fault == Half || c.Fault == Late || c.Fault == KilledAfter
	switch c.Fault {
	case KilledAfter:
		c.kill(r)
		reset(w)
		return
	case Lost:
		reset(w)
		return
	}
	maps.Copy(w.Header(), out.Header)
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.WriteHeader(out.StatusCode)
	if c.Fault == Half {
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
		return
	}
	if _, err := w.Write(content); err != nil || r.Context().Err() != nil {
		c.Lost = true
	}
}

func (p *Proxy) forward(r *http.Request, c *Call) (*http.Response, error) {
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method,
		p.target.JoinPath(r.URL.Path).String(), bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	out.URL.RawQuery, out.Header, out.Host = r.URL.RawQuery, r.Header.Clone(), r.Host
	return p.next.RoundTrip(out)
}

// write answers in AWS's stead.
func write(w http.ResponseWriter, c *Call, a answer) {
	kind := "application/x-amz-json-1.0"
	if c.Service == SES {
		kind = "text/xml"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// reset breaks the connection without a word, as a reset of TCP does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// discard is where an answer goes that nobody waits for.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// Counts returns how many calls of each operation were made since the last Reset.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// Reset makes the counts zero.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.counts)
}

var errNotQuiet = errors.New("the functions went on calling AWS")

// Quiet waits until no call has been under way for so long, at most for patience.
func (p *Proxy) Quiet(ctx context.Context, long, patience time.Duration) error {
	end := time.Now().Add(patience)
	for !p.quietFor(long) {
		if time.Now().After(end) {
			return errNotQuiet
		}
		wait(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (p *Proxy) quietFor(long time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.underway == 0 && time.Since(p.changed) >= long
}
