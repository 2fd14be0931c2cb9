package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type authenticator interface {
	// Do logs in. It returns user.ErrInvalidCredentials and *user.TooManyGuessesError.
	Do(ctx context.Context, c user.Credentials) (user.Session, error)
}

type request struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// logIn serves POST /sessions.
func logIn(users authenticator, front httpapi.Front) httpapi.Handler {
	return func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if err := in.check(); err != nil {
			return httpapi.Response{}, err
		}
		s, err := users.Do(ctx, user.Credentials{Address: in.Email, Password: in.Password, Source: front.Source(r)})
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.Created(httpapi.SessionOf(s)), nil
	}
}

func (in request) check() error {
	var problems validation.Errors
	if in.Email == "" {
		problems.Add("email", "is required")
	}
	if in.Password == "" {
		problems.Add("password", "is required")
	}
	return problems.Err()
}
