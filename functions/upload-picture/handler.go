package main

import (
	"context"
	"net/http"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/picture"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type uploader interface {
	// Begin returns the form to upload by, and nil if the store has the picture. It returns validation.Errors.
	Begin(ctx context.Context, admin user.Caller, d picture.Draft) (*picture.Form, error)
	// Finish checks and shows what was uploaded, and reports whether it is new. It returns validation.Errors,
	// picture.ErrNoUpload and *picture.RefusedError.
	Finish(ctx context.Context, admin user.Caller, name string) (isNew bool, _ error)
}

type request struct {
	SHA256      *string `json:"sha256"`
	ContentType *string `json:"content_type"`
	Size        *int64  `json:"size"`
}

type handlers struct{ pictures uploader }

// uploadPicture serves POST /admin/pictures and POST /admin/pictures/{sha256}/completion.
func uploadPicture(g httpapi.Guard, pictures uploader) httpapi.Handler {
	h := handlers{pictures}
	return g.Routes(map[string]httpapi.CallerHandler{
		"POST /admin/pictures":                     h.begin,
		"POST /admin/pictures/{sha256}/completion": h.finish,
	})
}

func (h handlers) begin(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	draft, err := in.toDraft()
	if err != nil {
		return httpapi.Response{}, err
	}
	form, err := h.pictures.Begin(ctx, caller, draft)
	if err != nil {
		return httpapi.Response{}, err
	}
	body := storeapi.PictureOf(draft.SHA256, form)
	if form == nil {
		return httpapi.OK(body), nil
	}
	return httpapi.Created(body), nil
}

func (in request) toDraft() (picture.Draft, error) {
	var problems validation.Errors
	problems.Require("sha256", in.SHA256 != nil)
	problems.Require("content_type", in.ContentType != nil)
	problems.Require("size", in.Size != nil)
	if err := problems.Err(); err != nil {
		return picture.Draft{}, err
	}
	return picture.Draft{SHA256: *in.SHA256, ContentType: *in.ContentType, Size: *in.Size}, nil
}

func (h handlers) finish(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	name := r.Path("sha256")
	isNew, err := h.pictures.Finish(ctx, caller, name)
	if err != nil {
		return httpapi.Response{}, err
	}
	response := httpapi.Response{Status: http.StatusOK, Body: storeapi.PictureOf(name, nil)}
	if isNew {
		response.Status = http.StatusCreated
		observe.Audit(ctx, observe.Event{Kind: observe.PictureAdded, UserID: caller.UserID, Subject: name})
	}
	return response, nil
}
