package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// request is one request to the store.
type request struct {
	method, path, token, key string
	body                     any
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
	body, err := json.Marshal(r.body)
	if err != nil {
		panic(err) // our own types
	}
	if r.body == nil {
		body = nil
	}
	out, err := http.NewRequestWithContext(ctx, r.method, s.url+r.path, bytes.NewReader(body))
	if err != nil {
		return reply{}
	}
	out.GetBody = nil // else net/http repeats by itself what was lost
	if body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		out.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		out.Header.Set("Idempotency-Key", r.key)
	}
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
	var problem struct {
		Code      string `json:"code"`
		RequestID string `json:"request_id"`
		Detail    string `json:"detail"`
	}
	if a.status >= 400 && json.Unmarshal(content, &problem) == nil {
		a.code, a.id, a.detail = problem.Code, problem.RequestID, problem.Detail
	}
	return a
}

// The shapes of the HTTP contract, as far as they are looked at.
type (
	money struct {
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
	}
	item struct {
		ProductID string `json:"product_id"`
		Quantity  int64  `json:"quantity"`
	}
	basket struct {
		Items         []item `json:"items"`
		ExpectedTotal *money `json:"expected_total,omitempty"`
	}
	line struct {
		ProductID string `json:"product_id"`
		UnitPrice money  `json:"unit_price"`
		Quantity  int64  `json:"quantity"`
		LineTotal money  `json:"line_total"`
	}
	order struct {
		OrderID     string `json:"order_id"`
		UserID      string `json:"user_id"`
		Email       string `json:"email"`
		Items       []line `json:"items"`
		Total       money  `json:"total"`
		PlacedAt    string `json:"placed_at"`
		EmailStatus string `json:"email_status"`
	}
	save struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Price       money  `json:"price"`
		ImageURL    string `json:"image_url"`
		Active      bool   `json:"active"`
		Stock       *int64 `json:"stock,omitempty"`
	}
)

func pounds(amount int64) money { return money{amount, "GBP"} }

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
	a := s.send(ctx, request{method: http.MethodPost, path: "/users", body: map[string]string{
		"email": p.Email, "password": p.Password, "name": "Ada Lovelace",
	}})
	c := &customer{person: p}
	var made struct {
		UserID string `json:"user_id"`
	}
	if err := json.Unmarshal(a.body, &made); err != nil || a.status != http.StatusCreated {
		return nil, fmt.Errorf("signing %s up: %s", p.Email, a)
	}
	c.UserID = made.UserID
	return c, s.logIn(ctx, c)
}

// logIn renews the customer's token. A token lives for 15 minutes.
func (s *client) logIn(ctx context.Context, c *customer) error {
	a := s.send(ctx, request{method: http.MethodPost, path: "/sessions", body: c.person})
	var session struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
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
		a := s.send(ctx, request{method: http.MethodGet, path: path + "?" + query.Encode(), token: token})
		var page struct {
			Items      []order `json:"items"`
			NextCursor *string `json:"next_cursor"`
		}
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
