package main

import (
	"context"
	"errors"
	"net/http"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type authenticator interface {
	// Do logs in. It returns user.ErrInvalidCredentials, as *user.WrongPasswordError where somebody has the address,
	// and *user.TooManyGuessesError.
	Do(ctx context.Context, c user.Credentials) (user.Session, error)
}

type request struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// logIn serves POST /sessions and, for the shop's own pages, POST /browser-sessions.
func logIn(users authenticator, newDevice func() string) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			s, err := begin(ctx, users, r, user.Credentials{})
			if err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.Created(storeapi.SessionOf(s)), nil
		},
		"POST /browser-sessions": httpapi.OwnPages(func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			device := r.Cookie(httpapi.DeviceCookie)
			if !user.IsDevice(device) {
				device = newDevice()
			}
			s, err := begin(ctx, users, r, user.Credentials{Replaces: r.Cookie(httpapi.SessionCookie), Device: device})
			if err != nil {
				return httpapi.Response{}, err
			}
			return storeapi.ForBrowser(http.StatusCreated, s).WithCookie(httpapi.DeviceCookie, device, user.DeviceLasts), nil
		}),
	})
}

// begin logs in with the credentials in the body, and what else the request brings.
func begin(ctx context.Context, users authenticator, r *httpapi.Request, c user.Credentials) (user.Session, error) {
	var in request
	if err := r.Decode(&in); err != nil {
		return user.Session{}, err
	}
	if err := in.requireMembers(); err != nil {
		return user.Session{}, err
	}
	c.Address, c.Password, c.Source = in.Email, in.Password, r.ClientKey()
	s, err := users.Do(ctx, c)
	observe.Audit(ctx, attempt(in.Email, s, err))
	return s, err
}

// attempt is what is audited of a log-in: whose account it was, or, where nobody is known to have the address, its
// hash.
func attempt(address string, s user.Session, err error) observe.Event {
	if err == nil {
		return observe.Event{Kind: observe.LoggedIn, UserID: s.User.ID}
	}
	e := observe.Event{Kind: observe.LogInFailed, Reason: storeapi.Code(err)}
	var wrong *user.WrongPasswordError
	if errors.As(err, &wrong) {
		e.UserID = wrong.UserID
	} else {
		e.AddressHash = user.GivenAddressHash(address)
	}
	return e
}

func (in request) requireMembers() error {
	var problems validation.Errors
	if in.Email == "" {
		problems.Add("email", "is required")
	}
	if in.Password == "" {
		problems.Add("password", "is required")
	}
	return problems.Err()
}
