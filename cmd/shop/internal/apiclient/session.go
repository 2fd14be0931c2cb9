package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"shop/internal/user"
)

const pageSize = 100 // the most a page may have

// SignUp makes a customer's account. It returns user.ErrEmailTaken when the address has one, also when it
// was made by this very call, whose first answer was lost.
func (c *Client) SignUp(ctx context.Context, r user.Registration) error {
	body := struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Name     string `json:"name"`
	}{r.Email, r.Password, r.Name}
	_, err := c.send(ctx, request{method: http.MethodPost, path: "/users", body: body}, "")
	var said *Problem
	if errors.As(err, &said) && said.Code == "email_taken" {
		return fmt.Errorf("signing %s up: %w", r.Email, user.ErrEmailTaken)
	}
	return err
}

// Session is a user who is logged in. When the token has run out, the session logs in again. It may be
// used by several goroutines at once.
type Session struct {
	client          *Client
	email, password string

	mu    sync.Mutex
	token string
}

// LogIn starts a session. It returns user.ErrInvalidCredentials for a wrong password or an unknown address.
func (c *Client) LogIn(ctx context.Context, email, password string) (*Session, error) {
	s := &Session{client: c, email: email, password: password}
	if _, err := s.renew(ctx, ""); err != nil {
		return nil, err
	}
	return s, nil
}

// renew returns a token other than the stale one; of several callers with the same stale token one logs in.
func (s *Session) renew(ctx context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != stale {
		return s.token, nil
	}
	body := struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}{s.email, s.password}
	a, err := s.client.send(ctx, request{method: http.MethodPost, path: "/sessions", body: body}, "")
	var said *Problem
	if errors.As(err, &said) && said.Status == http.StatusUnauthorized {
		return "", fmt.Errorf("logging %s in: %w", s.email, user.ErrInvalidCredentials)
	}
	if err != nil {
		return "", fmt.Errorf("logging %s in: %w", s.email, err)
	}
	return s.token, s.keep(a)
}

func (s *Session) keep(a answer) error {
	var answered struct {
		AccessToken string `json:"access_token"`
	}
	if err := a.decode(&answered); err != nil {
		return err
	}
	if answered.AccessToken == "" {
		return errors.New("the store's answer to the log-in has no access_token")
	}
	s.token = answered.AccessToken
	return nil
}

func (s *Session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// send sends a request in the user's name. On 401 it logs in again, once: tokens live 15 minutes.
// A 403 is user.ErrNoRight.
func (s *Session) send(ctx context.Context, r request) (answer, error) {
	token := s.current()
	a, err := s.client.send(ctx, r, token)
	if status(err) == http.StatusUnauthorized {
		repeats := a.repeats
		if token, err = s.renew(ctx, token); err != nil {
			return a, err
		}
		a, err = s.client.send(ctx, r, token)
		a.repeats += repeats
	}
	if status(err) == http.StatusForbidden {
		return a, fmt.Errorf("%w: %w", user.ErrNoRight, err)
	}
	return a, err
}

func status(err error) int {
	var said *Problem
	if errors.As(err, &said) {
		return said.Status
	}
	return 0
}

// page is one page of any list.
type page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// list reads every page of a list.
func list[T any](ctx context.Context, s *Session, path string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for {
		a, err := s.send(ctx, request{method: http.MethodGet, path: path, query: query})
		if err != nil {
			return nil, err
		}
		var p page[T]
		if err := a.decode(&p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.NextCursor == nil {
			return all, nil
		}
		if *p.NextCursor == query.Get("cursor") {
			return nil, fmt.Errorf("listing %s: a page's cursor leads to the same page", path)
		}
		query.Set("cursor", *p.NextCursor)
	}
}
