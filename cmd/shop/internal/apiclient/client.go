// Package apiclient calls a deployed store over its HTTP API, for the operator's tool. If the store is busy or the
// connection fails, it tries again for a while. If the access token has expired, it logs in again.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds the body of an answer, in bytes. Pages are far smaller, but the local mailbox answers with every
// mail at once.
const maxAnswer = 512 << 20

// Client speaks to one store. It may be used by several goroutines at once.
type Client struct {
	BaseURL  string // without a trailing slash
	HTTP     *http.Client
	Patience Patience
}

// New returns a client of the store at baseURL that is ready for that many requests at once.
func New(baseURL string, concurrency int) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = concurrency // else most requests would wait for a new connection
	return &Client{
		BaseURL:  strings.TrimRight(baseURL, "/"),
		HTTP:     &http.Client{Transport: transport, Timeout: requestTimeout},
		Patience: DefaultPatience,
	}
}

// requestTimeout is a little more than API Gateway's own limit of 30 s.
const requestTimeout = 35 * time.Second

// request is one call of the API.
type request struct {
	method string
	path   string // with every segment escaped
	query  url.Values
	key    string // Idempotency-Key, empty for none
	body   any    // nil for none
}

// answer is a successful answer.
type answer struct {
	status   int
	replayed bool   // Idempotent-Replayed: true
	date     string // the Date header
	body     []byte
	repeats  int // times the request was sent again before this answer
}

func (a answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("reading the store's answer: %w", err)
	}
	return nil
}

// send sends the request, again and again as the client's patience allows, until the store answers
// with success or refuses it. The error is a [*Problem] for an answer that says no; then and after
// any other error, the answer's repeats are set.
func (c *Client) send(ctx context.Context, r request, token string) (answer, error) {
	body, err := encode(r.body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	repeats, err := c.Patience.repeat(ctx, func() error {
		a, err = c.sendOnce(ctx, r, body, token)
		return err
	})
	a.repeats = repeats
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return a, nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return encoded, nil
}

func (c *Client) sendOnce(ctx context.Context, r request, body []byte, token string) (answer, error) {
	httpRequest, err := c.httpRequest(ctx, r, body, token)
	if err != nil {
		return answer{}, err
	}
	response, err := c.HTTP.Do(httpRequest)
	if err != nil {
		return answer{}, lost{bare(err)}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, lost{err}
	}
	if response.StatusCode/100 != 2 {
		return answer{}, problem(response, content)
	}
	return answer{
		status:   response.StatusCode,
		replayed: response.Header.Get("Idempotent-Replayed") == "true",
		date:     response.Header.Get("Date"),
		body:     content,
	}, nil
}

// bare takes the method and URL off an error: send says which request it was.
func bare(err error) error {
	var detail *url.Error
	if errors.As(err, &detail) {
		return detail.Err
	}
	return err
}

func (c *Client) httpRequest(ctx context.Context, r request, body []byte, token string) (*http.Request, error) {
	target := c.BaseURL + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	httpRequest, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	if body != nil {
		httpRequest.Header.Set("Content-Type", "application/json")
		httpRequest.GetBody = nil // else net/http repeats lost checkouts itself, and nobody counts
	}
	if token != "" {
		httpRequest.Header.Set("Authorization", "Bearer "+token)
	}
	if r.key != "" {
		httpRequest.Header.Set("Idempotency-Key", r.key)
	}
	return httpRequest, nil
}

// Problem is the answer to a request that failed (RFC 9457). API Gateway's own answers have no code.
type Problem struct {
	Status int    `json:"-"`
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
	RequestID string `json:"request_id"`
	Quantity  int64  `json:"quantity"` // stock_changed: the stock now

	retryAfter time.Duration // 0 when the answer does not say
}

// Error tells status, code and detail in one line.
func (p *Problem) Error() string {
	text := fmt.Sprintf("the store answered %d", p.Status)
	for _, part := range []string{p.Code, p.Detail} {
		if part != "" {
			text += ": " + part
		}
	}
	for _, e := range p.Errors {
		text += "; " + e.Field + ": " + e.Message
	}
	return text
}

// Reason names the problem in one word: its code or, without one, its status.
func (p *Problem) Reason() string {
	if p.Code != "" {
		return p.Code
	}
	return "status " + strconv.Itoa(p.Status)
}

func problem(response *http.Response, content []byte) *Problem {
	p := &Problem{}
	if json.Unmarshal(content, p) != nil {
		p = &Problem{} // not JSON: the status has to do
	}
	p.Status = response.StatusCode
	p.retryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	return p
}

// retryAfter reads the header (RFC 9110, section 10.2.3): seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
