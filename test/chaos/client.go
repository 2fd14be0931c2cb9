package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"shop/test/storeclient"
	"sync"
	"time"
)

// clientTimeout is how long a client waits: longer than API Gateway would.
const clientTimeout = 35 * time.Second

// client speaks HTTP to the store. It repeats nothing by itself, because each answer is checked.
type client struct {
	url  string
	http *http.Client
}

func newClient(url string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 128
	return &client{url: url, http: &http.Client{Transport: transport, Timeout: clientTimeout}}
}

// reply is the store's answer, or that there was none: status 0.
type reply struct {
	status   int
	code     string // of a problem; empty for what API Gateway answers by itself
	id       string // of the request, in a problem
	detail   string // of a problem
	replayed bool
	retry    string // the header Retry-After
	body     []byte
}

// definite reports whether the answer settles the request: it was carried out, or refused.
func (a reply) definite() bool {
	return a.status >= 200 && a.status < 500 && a.status != http.StatusTooManyRequests
}

func (a reply) String() string {
	if a.status == 0 {
		return "no answer"
	}
	if a.status >= 500 {
		return fmt.Sprintf("%d %s (request %s)", a.status, a.code, a.id)
	}
	return fmt.Sprintf("%d %s", a.status, a.code)
}

func (s *client) send(ctx context.Context, r request) reply {
	out, err := r.HTTP(ctx, s.url)
	if err != nil {
		panic(err) // our own types
	}
	out.GetBody = nil // else net/http repeats by itself what was lost
	resp, err := s.http.Do(out)
	if err != nil {
		return reply{}
	}
	return read(resp)
}

func read(resp *http.Response) reply {
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	a := reply{
		status: resp.StatusCode, replayed: resp.Header.Get("Idempotent-Replayed") == "true",
		retry: resp.Header.Get("Retry-After"), body: content,
	}
	var problem storeclient.Problem
	if a.status >= 400 && json.Unmarshal(content, &problem) == nil {
		a.code, a.id, a.detail = problem.Code, problem.RequestID, problem.Detail
	}
	return a
}

// The requests and shapes of the HTTP contract, by the names that a run has for them.
type (
	request = storeclient.Request
	money   = storeclient.Money
	item    = storeclient.Line
	line    = storeclient.OrderLine
	order   = storeclient.Order
	save    = storeclient.SaveProduct
)

// basket is what a checkout asks for.
type basket storeclient.Checkout

func pounds(amount int64) money { return storeclient.Pounds(amount) }

// customer is somebody who is logged in.
type customer struct {
	person
	UserID string
	token  string
	since  time.Time // of the token

	session sync.Mutex // one refresh at a time
	refresh string     // the refresh token; empty when none is known
}

// signUp makes an account and logs in.
func (s *client) signUp(ctx context.Context, p person) (*customer, error) {
	a := s.send(ctx, request{Method: http.MethodPost, Path: "/users", Body: map[string]string{
		"email": p.Email, "password": p.Password, "name": "Ada Lovelace",
	}})
	c := &customer{person: p}
	var made storeclient.User
	if err := json.Unmarshal(a.body, &made); err != nil || a.status != http.StatusCreated {
		return nil, fmt.Errorf("signing %s up: %s", p.Email, a)
	}
	c.UserID = made.UserID
	return c, s.logIn(ctx, c)
}

// logIn renews the customer's token. A token lives for 15 minutes.
func (s *client) logIn(ctx context.Context, c *customer) error {
	a := s.send(ctx, request{Method: http.MethodPost, Path: "/sessions", Body: c.person})
	var session storeclient.Session
	if err := json.Unmarshal(a.body, &session); err != nil || a.status != http.StatusCreated {
		return fmt.Errorf("logging %s in: %s", c.Email, a)
	}
	c.token, c.since, c.refresh = session.AccessToken, time.Now(), session.RefreshToken
	return nil
}

// list reads every page of a list of orders.
func (s *client) list(ctx context.Context, path, token string, query url.Values) ([]order, error) {
	var all []order
	query.Set("limit", "100")
	for {
		a := s.send(ctx, request{Method: http.MethodGet, Path: path + "?" + query.Encode(), Token: token})
		var page storeclient.Page[order]
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
			return nil, fmt.Errorf("listing %s: %s", path, a)
		}
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all, nil
		}
		if *page.NextCursor == query.Get("cursor") {
			return nil, fmt.Errorf("listing %s: a page's cursor leads to the same page", path)
		}
		query.Set("cursor", *page.NextCursor)
	}
}
