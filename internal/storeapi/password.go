package storeapi

import (
	"context"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/user"
)

type passwordRequest struct {
	Password string `json:"password"`
}

// Password returns the password by which the body confirms the request. It returns what Decode does, and
// validation.Errors for none.
func Password(r *httpapi.Request) (string, error) {
	in, err := httpapi.Decode[passwordRequest](r)
	if err != nil {
		return "", err
	}
	if in.Password == "" {
		return "", invalid("password", "is required")
	}
	return in.Password, nil
}

// AuditByPassword logs what the caller did by their password, if it is done, or else that somebody guessed at the
// password. It logs nothing when the store failed.
func AuditByPassword(ctx context.Context, caller user.Caller, did observe.Kind, done bool, err error) {
	var tooMany *user.TooManyGuessesError
	switch {
	case done:
		observe.Audit(ctx, observe.Event{Kind: did, UserID: caller.UserID, Subject: caller.UserID})
	case errors.Is(err, user.ErrInvalidCredentials) || errors.As(err, &tooMany):
		observe.Audit(ctx, observe.Event{Kind: observe.LogInFailed, UserID: caller.UserID, Reason: Code(err)})
	}
}
