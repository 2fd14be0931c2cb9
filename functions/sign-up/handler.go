package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type accountCreator interface {
	// Do creates a customer, and reports whether this call did: a repeat returns who was created. It returns
	// validation.Errors and user.ErrEmailTaken.
	Do(ctx context.Context, r user.Registration) (u user.User, created bool, err error)
}

type unverifiedAccounts interface {
	// Do creates a customer who is mailed a link, or mails whoever has the address. It returns validation.Errors.
	Do(ctx context.Context, r user.Registration) error
}

type request struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
}

type account struct {
	UserID    string `json:"user_id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
}

// unknown is what a 503 says of a request that came without a key, where an account is good at once.
const unknown = "The store is busy, and the account may be open already. Repeat the same request; " +
	"if the answer is 409 then, log in. " +
	"With an Idempotency-Key a repeat is answered as the first request."

type handlers struct{ users accountCreator }

// signUp serves POST /users where an account is good at once.
func signUp(users accountCreator) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /users": handlers{users}.signUp})
}

func (h handlers) signUp(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := decode(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	u, isNew, err := h.users.Do(ctx, wanted)
	if err != nil {
		return httpapi.Response{}, storeapi.IfBusyWithoutKey(err, wanted.Key, unknown)
	}
	if isNew {
		observe.Count(observe.SignUps, 1)
	}
	created := account{UserID: u.ID, Email: u.Email, Name: u.Name, CreatedAt: storeapi.Time(u.CreatedAt)}
	return httpapi.Created(created), nil
}

type handlersByMail struct{ users unverifiedAccounts }

// signUpByMail serves POST /users where the address is to be verified first.
func signUpByMail(users unverifiedAccounts) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /users": handlersByMail{users}.signUp})
}

func (h handlersByMail) signUp(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := decode(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	if err := h.users.Do(ctx, wanted); err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.Accepted(), nil
}

func decode(r *httpapi.Request) (user.Registration, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return user.Registration{}, err
	}
	key, err := r.IdempotencyKey()
	return user.Registration{Email: in.Email, Password: in.Password, Name: in.Name, Key: key}, err
}
