package jwks

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/internal/observe"
	"shop/internal/token"
)

// issuer publishes keys over HTTPS, and counts how often it is asked. Time stands still but for pass.
type issuer struct {
	*httptest.Server

	mu     sync.Mutex
	now    time.Time
	set    []*rsa.PublicKey
	answer http.HandlerFunc // instead of the set, unless nil
	calls  int
}

func newIssuer(t *testing.T, set ...*rsa.PublicKey) *issuer {
	t.Helper()
	i := &issuer{now: time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC), set: set}
	i.Server = httptest.NewUnstartedServer(i)
	i.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that trusts no such certificate is one of the tests
	i.StartTLS()
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.calls++
	set, answer := i.set, i.answer
	i.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case r.URL.Path == "/issuer/.well-known/jwks.json":
		_ = json.NewEncoder(w).Encode(token.JWKS(set))
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) pass(d time.Duration) { i.change(func() { i.now = i.now.Add(d) }) }

func (i *issuer) change(do func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	do()
}

func (i *issuer) Now() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

// wantCalls fails unless the issuer was asked so often by now.
func (i *issuer) wantCalls(t *testing.T, want int) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.calls != want {
		t.Errorf("the issuer was asked %d times, want %d", i.calls, want)
	}
}

// keys are those of the issuer, whose certificate they trust.
func (i *issuer) keys() *Keys {
	k := Of(i.URL + "/issuer")
	k.Now = i.Now
	trusting(k.Client, i.Server)
	return k
}

func trusting(client *http.Client, server *httptest.Server) {
	client.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
}

func down(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

var pair = sync.OnceValue(func() (all [2]*rsa.PublicKey) {
	for n := range all {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[n] = &private.PublicKey
	}
	return all
})

// quiet keeps the log of what fails on purpose out of the test's output.
func quiet(t *testing.T) context.Context {
	return observe.WithLogger(t.Context(), observe.New(io.Discard))
}

func wantKey(t *testing.T, k *Keys, want *rsa.PublicKey) {
	t.Helper()
	got, err := k.PublicKey(quiet(t), token.Thumbprint(want))
	if err != nil || !got.Equal(want) {
		t.Errorf("got %v and %v, want the key", got, err)
	}
}

func wantUnknown(t *testing.T, k *Keys, id string) {
	t.Helper()
	if got, err := k.PublicKey(quiet(t), id); !errors.Is(err, token.ErrUnknownKey) || got != nil {
		t.Errorf("got %v and %v, want %v", got, err, token.ErrUnknownKey)
	}
}

// wantUnavailable wants an error that is answered as busy, and not one that blames the token.
func wantUnavailable(t *testing.T, k *Keys, id string) error {
	t.Helper()
	got, err := k.PublicKey(quiet(t), id)
	var temporary interface{ Temporary() bool }
	if !errors.As(err, &temporary) || !temporary.Temporary() || errors.Is(err, token.ErrUnknownKey) || got != nil {
		t.Errorf("got %v and %v, want a temporary error", got, err)
	}
	return err
}

func TestASetIsReadOnceInTenMinutes(t *testing.T) {
	a, b := pair()[0], pair()[1]
	i := newIssuer(t, a, b)
	k := i.keys()
	i.wantCalls(t, 0)
	wantKey(t, k, a)
	i.pass(10*time.Minute - 1)
	wantKey(t, k, a)
	wantKey(t, k, b)
	i.wantCalls(t, 1)
	i.pass(1)
	wantKey(t, k, a)
	wantKey(t, k, b)
	i.wantCalls(t, 2)
}

// TestAKeyThatIsPublishedNoMore is trusted no longer than the set that had it is fresh.
func TestAKeyThatIsPublishedNoMore(t *testing.T) {
	a, b := pair()[0], pair()[1]
	i := newIssuer(t, a, b)
	k := i.keys()
	wantKey(t, k, b)
	i.change(func() { i.set = []*rsa.PublicKey{a} })
	i.pass(10 * time.Minute)
	wantUnknown(t, k, token.Thumbprint(b))
	wantKey(t, k, a)
}

// TestAnUnknownIDIsLookedForOnceAMinute: a new key is found at once, and made-up ids cost the issuer one call a minute.
func TestAnUnknownIDIsLookedForOnceAMinute(t *testing.T) {
	a, b := pair()[0], pair()[1]
	i := newIssuer(t, a)
	k := i.keys()
	wantKey(t, k, a)
	i.pass(time.Minute - 1)
	wantUnknown(t, k, token.Thumbprint(b))
	i.wantCalls(t, 1)
	i.change(func() { i.set = []*rsa.PublicKey{a, b} })
	i.pass(1)
	wantKey(t, k, b)
	i.wantCalls(t, 2)
	for n := range 100 {
		wantUnknown(t, k, fmt.Sprint("made up ", n))
		i.pass(500 * time.Millisecond)
	}
	i.wantCalls(t, 2)
	i.pass(10 * time.Second)
	wantUnknown(t, k, "made up")
	i.wantCalls(t, 3)
}

// TestTheLastGoodSetOutlivesAnOutage for an hour, with a try at most every five seconds.
func TestTheLastGoodSetOutlivesAnOutage(t *testing.T) {
	a := pair()[0]
	i := newIssuer(t, a)
	k := i.keys()
	wantKey(t, k, a)
	i.change(func() { i.answer = down })
	i.pass(10 * time.Minute)
	wantKey(t, k, a)
	wantKey(t, k, a)
	i.wantCalls(t, 2)
	i.pass(5*time.Second - 1)
	wantKey(t, k, a)
	i.wantCalls(t, 2)
	i.pass(1)
	wantKey(t, k, a)
	i.wantCalls(t, 3)
	i.pass(50*time.Minute - 5*time.Second - 1)
	wantKey(t, k, a)
	i.pass(1)
	wantUnavailable(t, k, token.Thumbprint(a))
	i.change(func() { i.answer = nil })
	i.pass(5 * time.Second)
	wantKey(t, k, a)
}

// TestAnUnknownIDInAnOutage may be that of a new key: nobody can say that the token is invalid. It costs one call a
// minute, too.
func TestAnUnknownIDInAnOutage(t *testing.T) {
	a, b := pair()[0], pair()[1]
	i := newIssuer(t, a)
	k := i.keys()
	wantKey(t, k, a)
	i.change(func() { i.answer = down })
	i.pass(time.Minute)
	wantUnavailable(t, k, token.Thumbprint(b))
	i.pass(time.Minute - 1)
	wantUnavailable(t, k, token.Thumbprint(b))
	wantKey(t, k, a)
	i.wantCalls(t, 2)
	i.change(func() { i.answer, i.set = nil, []*rsa.PublicKey{a, b} })
	i.pass(1)
	wantKey(t, k, b)
}

// TestNoKeysYet: each request tries, because none can be served before.
func TestNoKeysYet(t *testing.T) {
	a := pair()[0]
	i := newIssuer(t, a)
	i.answer = down
	k := i.keys()
	err := wantUnavailable(t, k, token.Thumbprint(a))
	if !strings.Contains(err.Error(), "503") || strings.Count(err.Error(), i.URL) == 0 {
		t.Errorf("got %q, want whose keys and why", err)
	}
	wantUnavailable(t, k, token.Thumbprint(a))
	i.wantCalls(t, 2)
	i.change(func() { i.answer = nil })
	wantKey(t, k, a)
}

func TestManyAtOnceShareOneReading(t *testing.T) {
	a := pair()[0]
	i := newIssuer(t, a)
	asked, all := make(chan struct{}, 100), make(chan struct{})
	i.answer = func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-all
		_ = json.NewEncoder(w).Encode(token.JWKS(i.set))
	}
	k := i.keys()
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() { wantKey(t, k, a) })
	}
	<-asked
	close(all)
	wait.Wait()
	i.wantCalls(t, 1)
}

// TestOneWhoLeavesTakesNothingFromTheOthers: who stops waiting does not end the reading.
func TestOneWhoLeavesTakesNothingFromTheOthers(t *testing.T) {
	a := pair()[0]
	i := newIssuer(t, a)
	asked, left := make(chan struct{}), make(chan struct{})
	i.answer = func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-left
		_ = json.NewEncoder(w).Encode(token.JWKS(i.set))
	}
	k := i.keys()
	ctx, leave := context.WithCancel(quiet(t))
	gone := make(chan error)
	go func() {
		_, err := k.PublicKey(ctx, token.Thumbprint(a))
		gone <- err
	}()
	<-asked
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) || errors.Is(err, token.ErrUnknownKey) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	close(left)
	wantKey(t, k, a)
	i.wantCalls(t, 1)
}

func TestWhatIsNoAnswer(t *testing.T) {
	elsewhere := newIssuer(t, pair()[0])
	good, _ := json.Marshal(token.JWKS([]*rsa.PublicKey{pair()[0]}))
	for name, answer := range map[string]http.HandlerFunc{
		"an error":   down,
		"not found":  http.NotFound,
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"no key":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) },
		"a page":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"a redirect": http.RedirectHandler(elsewhere.URL+
			"/issuer/.well-known/jwks.json", http.StatusFound).ServeHTTP,
		"a redirect to http": http.RedirectHandler("http://127.0.0.1:1/", http.StatusPermanentRedirect).ServeHTTP,
		"more than 64 KiB": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, string(good)+strings.Repeat(" ", maxSize))
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, endless{}) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999")
			_, _ = w.Write(good)
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.answer = answer
			wantUnavailable(t, i.keys(), token.Thumbprint(pair()[0]))
		})
	}
	elsewhere.wantCalls(t, 0)
}

// endless is white space without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for n := range p {
		p[n] = ' '
	}
	return len(p), nil
}

// TestTheLargestAnswer shows that the limit is where it is said to be.
func TestTheLargestAnswer(t *testing.T) {
	i := newIssuer(t)
	good, _ := json.Marshal(token.JWKS([]*rsa.PublicKey{pair()[0]}))
	i.answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, string(good)+strings.Repeat(" ", maxSize-len(good)))
	}
	wantKey(t, i.keys(), pair()[0])
}

func TestASlowIssuerIsNotWaitedFor(t *testing.T) {
	i := newIssuer(t)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	i.answer = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-end
	}
	start := time.Now()
	wantUnavailable(t, i.keys(), "A")
	if took := time.Since(start); took < timeout || took > timeout+30*time.Second {
		t.Errorf("it took %v, want %v", took, timeout)
	}
}

// TestWhoseCertificate: an issuer that cannot prove its name is no issuer.
func TestWhoseCertificate(t *testing.T) {
	i := newIssuer(t, pair()[0])
	k := i.keys()
	k.Client = NewClient()
	wantUnavailable(t, k, token.Thumbprint(pair()[0]))
	i.wantCalls(t, 0)
}

// TestOverPlainHTTP: only an issuer that is itself configured as http, as the local one is, is asked so.
func TestOverPlainHTTP(t *testing.T) {
	server := httptest.NewServer(&issuer{set: []*rsa.PublicKey{pair()[0]}})
	t.Cleanup(server.Close)
	wantKey(t, Of(server.URL+"/issuer"), pair()[0])
	for _, url := range []string{"ftp://127.0.0.1", "file:///etc", "", "127.0.0.1"} {
		wantUnavailable(t, Of(url), "A")
	}
}
