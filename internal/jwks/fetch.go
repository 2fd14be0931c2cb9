package jwks

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"shop/internal/token"
)

const (
	// timeout bounds a whole reading, from the look-up of the name to the last byte. It is the one that API Gateway has
	// for this:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
	timeout = 1500 * time.Millisecond

	// maxSize of a set in bytes. One of two keys has less than 1 KiB.
	maxSize = 64 << 10
)

var errTooLarge = errors.New("the answer has more than 64 KiB")

// NewClient returns a client for [Keys]: bounded in time, through no proxy, and following no redirect, which could lead
// from https to http or to another host. It keeps no connection, because the next reading is ten minutes away.
func NewClient() *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxSize},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetch reads the set at url.
func fetch(ctx context.Context, client *http.Client, url string) (map[string]*rsa.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s answered %d", url, response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", url, err)
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("GET %s: %w", url, errTooLarge)
	}
	return token.ParseKeySet(text)
}
