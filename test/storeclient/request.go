// Package storeclient has the requests and shapes of the HTTP contract as the end-to-end tests and the chaos runs send
// and read them. Shapes that may gain members have only those that the tests look at.
package storeclient

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Request is a request to the store.
type Request struct {
	Method, Path string
	Query        url.Values
	Token, Key   string      // the access token and the Idempotency-Key, sent when not empty
	Header       http.Header // instead of what the request has by itself; nil values remove it
	Body         any         // a string or []byte is sent as it is, all else as JSON
}

// HTTP returns the request to the store whose API is at base.
func (r Request) HTTP(ctx context.Context, base string) (*http.Request, error) {
	body, err := r.EncodedBody()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.url(base), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Authorization": bearer(r.Token), "Idempotency-Key": r.Key} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.Header {
		req.Header.Del(name)
		if values != nil {
			req.Header[name] = values
		}
	}
	return req, nil
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

func (r Request) url(base string) string {
	u := strings.TrimSuffix(base, "/") + r.Path
	if len(r.Query) > 0 {
		u += "?" + r.Query.Encode()
	}
	return u
}

// EncodedBody returns the body as it is sent.
func (r Request) EncodedBody() ([]byte, error) {
	switch b := r.Body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(b), nil
	case []byte:
		return b, nil
	default:
		return json.Marshal(b)
	}
}
