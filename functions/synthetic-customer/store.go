package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// mostBytes of an answer are read.
const mostBytes = 1 << 20

// store is the store's API as a client sees it.
type store struct {
	base   string // without a slash at its end
	client *http.Client
}

// request is one request; a body, a token and an Idempotency-Key are left out where they are empty.
type request struct {
	method, path string
	body         any
	token, key   string
}

// refusal is an answer that is not 2xx.
type refusal struct {
	request string
	status  int
	body    string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s answered %d: %.200s", r.request, r.status, r.body)
}

// ask sends a request and reads the JSON answer into out, unless that is nil. It returns *refusal, and the errors of
// HTTP and JSON.
func (s store) ask(ctx context.Context, r request, out any) error {
	sent, err := s.http(ctx, r)
	if err != nil {
		return err
	}
	answer, err := s.client.Do(sent)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if answer.StatusCode/100 != 2 {
		return &refusal{r.method + " " + r.path, answer.StatusCode, string(text)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return nil
}

func (s store) http(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, s.base+r.path, body)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Authorization": bearer(r.token), "Idempotency-Key": r.key,
	} {
		if value != "" {
			sent.Header.Set(name, value)
		}
	}
	return sent, nil
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}
