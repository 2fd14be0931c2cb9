package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/picture"
	"shop/internal/user"
	"shop/test/contract"
)

var name = strings.Repeat("0f", 32)

// pictures is an uploader. Calling a nil one panics, and so is answered as internal.
type pictures func(admin user.Caller, d picture.Draft) (*picture.Form, bool, error)

func (p pictures) Begin(_ context.Context, admin user.Caller, d picture.Draft) (*picture.Form, error) {
	form, _, err := p(admin, d)
	return form, err
}

func (p pictures) Finish(_ context.Context, admin user.Caller, name string) (bool, error) {
	_, isNew, err := p(admin, picture.Draft{SHA256: name})
	return isNew, err
}

// finishing is the event of a completion.
func finishing(t *testing.T) httpapitest.Event {
	return httpapitest.ReadEvent(t).To("POST /admin/pictures/{sha256}/completion", map[string]string{"sha256": name}).
		WithBody("")
}

func TestRequestIsTheContracts(t *testing.T) {
	c, err := contract.Load("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckShape("BeginPicture", request{}); err != nil {
		t.Error(err)
	}
}

func TestBegin(t *testing.T) {
	form := &picture.Form{
		URL: "https://uploads.example", Fields: map[string]string{"key": "a"},
		ExpiresAt: time.Date(2026, 3, 14, 15, 24, 26, 535e6, time.UTC),
	}
	for _, c := range []struct {
		form   *picture.Form
		status int
		more   string
	}{
		{form, http.StatusCreated, `,"upload":{"url":"https://uploads.example","fields":{"key":"a"},` +
			`"expires_at":"2026-03-14T15:24:26.535Z"}`},
		{nil, http.StatusOK, ""},
	} {
		want := picture.Draft{SHA256: name, ContentType: "image/png", Size: 1234}
		h := uploadPicture(httpapitest.Guard(), pictures(func(
			by user.Caller, d picture.Draft,
		) (*picture.Form, bool, error) {
			if by != httpapitest.Admin || d != want {
				t.Errorf("%+v begins %+v, want %+v", by, d, want)
			}
			return c.form, false, nil
		}))
		e := httpapitest.ReadEvent(t)
		a := httpapitest.Call(t, h, e)
		a.Check(t, httpapitest.Want{Status: c.status, Body: `{"image_url":"/images/` + name + `"` + c.more + `}`})
		a.CheckAudit(t, e)
	}
}

// TestFinish: a picture that is new is audited.
func TestFinish(t *testing.T) {
	added := observe.Event{Kind: observe.PictureAdded, UserID: httpapitest.Admin.UserID, Subject: name}
	for status, audited := range map[int][]observe.Event{http.StatusCreated: {added}, http.StatusOK: nil} {
		h := uploadPicture(httpapitest.Guard(), pictures(func(
			by user.Caller, d picture.Draft,
		) (*picture.Form, bool, error) {
			if by != httpapitest.Admin || d.SHA256 != name {
				t.Errorf("%+v finishes %q", by, d.SHA256)
			}
			return nil, status == http.StatusCreated, nil
		}))
		e := finishing(t)
		a := httpapitest.Call(t, h, e)
		a.Check(t, httpapitest.Want{Status: status, Body: `{"image_url":"/images/` + name + `"}`})
		a.CheckAudit(t, e, audited...)
	}
}

func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), uploadPicture(httpapitest.Guard(), pictures(nil))
	httpapitest.CheckBody(t, e, h)
	httpapitest.Call(t, h, e.WithBody("{}")).CheckProblem(t, httpapitest.FieldErrors(
		"sha256", "is required", "content_type", "is required", "size", "is required"))
}

func TestRefusals(t *testing.T) {
	for _, e := range []httpapitest.Event{httpapitest.ReadEvent(t), finishing(t)} {
		httpapitest.CheckRefusals(t, e, func(err error) httpapi.Handler {
			return uploadPicture(httpapitest.Guard(), pictures(func(
				user.Caller, picture.Draft,
			) (*picture.Form, bool, error) {
				return nil, false, err
			}))
		})
	}
}

func TestGuard(t *testing.T) {
	for _, e := range []httpapitest.Event{httpapitest.ReadEvent(t), finishing(t)} {
		httpapitest.CheckGuard(t, e, uploadPicture(httpapitest.Guard(), pictures(nil)))
	}
}
