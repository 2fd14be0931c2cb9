package main

import (
	"context"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type exchanger interface {
	// Do exchanges the API key. It returns user.ErrInvalidAPIKey, as *user.APIKeyRefusedError where it has a key's
	// form, and *user.TooManyGuessesError.
	Do(ctx context.Context, key, clientKey string) (user.MachineSession, error)
}

type request struct {
	APIKey string `json:"api_key"`
}

type handlers struct{ keys exchanger }

// openMachineSession serves POST /machine-sessions.
func openMachineSession(keys exchanger) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /machine-sessions": handlers{keys}.open})
}

func (h handlers) open(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	var problems validation.Errors
	problems.Require("api_key", in.APIKey != "")
	if err := problems.Err(); err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.keys.Do(ctx, in.APIKey, r.ClientKey())
	observe.Audit(ctx, event(s, err))
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.Created(storeapi.MachineSessionOf(s)), nil
}

// event is the audit log's of an exchange. The key that was tried is its subject where nobody has it: it did nothing.
func event(s user.MachineSession, err error) observe.Event {
	if err == nil {
		return observe.Event{Kind: observe.MachineSessionOpened, UserID: s.KeyID}
	}
	e := observe.Event{Kind: observe.MachineSessionRefused, Reason: storeapi.Code(err)}
	var refused *user.APIKeyRefusedError
	if errors.As(err, &refused) {
		e.Subject = refused.KeyID
		if refused.Known {
			e.UserID = refused.KeyID
		}
	}
	return e
}
