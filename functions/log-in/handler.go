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

type handlers struct {
	users     authenticator
	newDevice func() string
}

// logIn serves POST /sessions and, for the shop's own pages, POST /browser-sessions.
func logIn(users authenticator, newDevice func() string) httpapi.Handler {
	h := handlers{users, newDevice}
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions":         h.client,
		"POST /browser-sessions": httpapi.SameOrigin(h.browser),
	})
}

func (h handlers) client(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	s, err := h.logIn(ctx, r, user.Credentials{})
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.Created(storeapi.SessionOf(s)), nil
}

func (h handlers) browser(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	device := r.Cookie(httpapi.DeviceCookie)
	if !user.IsDevice(device) {
		device = h.newDevice()
	}
	s, err := h.logIn(ctx, r, user.Credentials{Replaces: r.Cookie(httpapi.SessionCookie), Device: device})
	if err != nil {
		return httpapi.Response{}, err
	}
	return storeapi.ForBrowser(http.StatusCreated, s).WithCookie(httpapi.DeviceCookie, device, user.DeviceTTL), nil
}

// logIn adds to c the credentials in the body, and logs in.
func (h handlers) logIn(ctx context.Context, r *httpapi.Request, c user.Credentials) (user.Session, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return user.Session{}, err
	}
	var problems validation.Errors
	problems.Require("email", in.Email != "")
	problems.Require("password", in.Password != "")
	if err := problems.Err(); err != nil {
		return user.Session{}, err
	}
	c.Address, c.Password, c.ClientKey = in.Email, in.Password, r.ClientKey()
	s, err := h.users.Do(ctx, c)
	observe.Audit(ctx, event(in.Email, s, err))
	if err == nil {
		observe.Count(observe.LogIns, 1)
	}
	return s, err
}

// event returns the audit log's event of a log-in. It names the account, or, where no account is known to have the
// address, the hash of the address.
func event(address string, s user.Session, err error) observe.Event {
	if err == nil {
		return observe.Event{Kind: observe.LoggedIn, UserID: s.User.ID}
	}
	e := observe.Event{Kind: observe.LogInFailed, Reason: storeapi.Code(err)}
	var wrong *user.WrongPasswordError
	if errors.As(err, &wrong) {
		e.UserID = wrong.UserID
	} else {
		e.AddressHash = user.RawAddressHash(address)
	}
	return e
}
