package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// guessesEach is how many refused log-ins are timed at one known address: fewer than those that are free.
const guessesEach = 6

// refusedLogIn compares the times in which the deployed store refuses an unknown address and a wrong password: who
// measures them is not to learn which addresses have accounts. The two are asked in turn, and take turns at being
// first.
func refusedLogIn(ctx context.Context, s *store, e effort) ([]row, error) {
	g := guesser{url: s.url, client: fromElsewhere()}
	var wrong, unknown []time.Duration
	var known string
	for n := range e.refusals {
		if n%guessesEach == 0 {
			var err error
			if known, err = g.customer(ctx); err != nil {
				return nil, err
			}
		}
		sides := []func() error{
			func() error { return g.time(ctx, known, &wrong) },
			func() error { return g.time(ctx, address(), &unknown) },
		}
		if n%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			if err := side(); err != nil {
				return nil, err
			}
		}
	}
	what := fmt.Sprintf("log-in of an unknown address, median of %d; the limit is that of a wrong password", e.refusals)
	return []row{atMost(what, milliseconds(median(unknown)), milliseconds(median(wrong)), 1.1, "%.1f ms").
		withSamples(unknown, wrong, 0.5)}, nil
}

// guesser logs in with wrong passwords.
type guesser struct {
	url    string
	client *http.Client
}

// fromElsewhere is a client at an address of this machine that nobody else calls from, so that its guesses are counted
// apart.
func fromElsewhere() *http.Client {
	source := net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(250)), byte(1+rand.IntN(250)))
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: dialer.DialContext}}
}

func address() string { return "bench-" + uuid.NewString() + "@example.com" }

// customer signs one up, guesses once so that the function is warm, and returns the address.
func (g guesser) customer(ctx context.Context) (string, error) {
	email := address()
	status, err := g.post(ctx, "/users",
		map[string]string{"email": email, "password": "correct horse battery staple", "name": "Bench"})
	if err != nil || status != http.StatusCreated {
		return "", fmt.Errorf("signing up: answered %d, %v", status, err)
	}
	return email, g.time(ctx, email, new([]time.Duration))
}

// time adds how long a wrong log-in took.
func (g guesser) time(ctx context.Context, email string, times *[]time.Duration) error {
	start := time.Now()
	status, err := g.post(ctx, "/sessions",
		map[string]string{"email": email, "password": "a wrong one, and long enough"})
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	if status != http.StatusUnauthorized {
		return fmt.Errorf("a wrong log-in was answered %d", status)
	}
	*times = append(*times, time.Since(start))
	return nil
}

func (g guesser) post(ctx context.Context, path string, body any) (int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := g.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
