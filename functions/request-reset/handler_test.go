package main

import (
	"context"
	"net/http"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
)

// mailReset is a resetRequester. Calling a nil one panics, and so is answered as internal.
type mailReset func(address string) error

func (o mailReset) Do(_ context.Context, address string) error { return o(address) }

func TestRequestReset(t *testing.T) {
	for body, want := range map[string]string{
		httpapitest.ReadEvent(t).Body: httpapitest.Email, `{"email":" A@B.CO "}`: " A@B.CO ",
	} {
		asked := 0
		h := requestReset(mailReset(func(got string) error {
			if asked++; got != want {
				t.Errorf("the address is %q, want %q", got, want)
			}
			return nil
		}))
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body))
		if a.Status != http.StatusAccepted || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
			t.Errorf("answered %d %q %v after %d calls, want 202 and nothing else", a.Status, a.Body, a.Header, asked)
		}
	}
}

func TestBody(t *testing.T) {
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), requestReset(mailReset(nil)))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler { return requestReset(mailReset(func(string) error { return err })) })
}
