package apiclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"shop/internal/picture"
)

// uploads is a store, and the bucket that it has pictures uploaded to.
type uploads struct {
	has     bool // the picture, from the start
	deny    func(w http.ResponseWriter, step string) bool
	sent    []byte
	fields  map[string]string
	reached []string
}

func (u *uploads) serve(w http.ResponseWriter, r *http.Request) {
	step := r.Method + " " + r.URL.Path
	u.reached = append(u.reached, step)
	if u.deny != nil && u.deny(w, step) {
		return
	}
	const shown = `{"image_url":"/images/x"`
	switch step {
	case "POST /admin/pictures":
		var in struct {
			SHA256      string
			ContentType string `json:"content_type"`
			Size        int
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		if sum := sha256.Sum256([]byte("picture")); in.SHA256 != hex.EncodeToString(sum[:]) ||
			in.ContentType != "image/png" || in.Size != 7 {
			refuse(w, 400, "invalid_request", "")
			return
		}
		if u.has {
			reply(w, 200, shown+"}")
			return
		}
		reply(w, 201, shown+`,"upload":{"url":"http://`+r.Host+`/bucket","fields":{"key":"k","policy":"p"}}}`)
	case "POST /bucket":
		u.fields = map[string]string{}
		parts, _ := r.MultipartReader()
		for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
			text, _ := io.ReadAll(part)
			if u.sent = text; part.FormName() != "file" {
				u.fields[part.FormName()] = string(text)
			}
		}
		w.WriteHeader(204)
	default:
		reply(w, 201, shown+"}")
	}
}

func (u *uploads) upload(t *testing.T) (string, error) {
	t.Helper()
	s := &Session{client: serve(t, u.serve), token: "t"}
	return s.UploadPicture(context.Background(), []byte("picture"), "image/png")
}

func TestUploadPicture(t *testing.T) {
	u := &uploads{}
	url, err := u.upload(t)
	if err != nil || url != "/images/x" || string(u.sent) != "picture" || u.fields["key"] != "k" ||
		u.fields["policy"] != "p" {
		t.Errorf("got %q, %v; sent %q with %v, the file last", url, err, u.sent, u.fields)
	}
	u = &uploads{has: true}
	if url, err := u.upload(t); err != nil || url != "/images/x" || len(u.reached) != 1 {
		t.Errorf("of a picture that is there: got %q, %v after %q, want one request", url, err, u.reached)
	}
}

// TestUploadPictureRepeats what may pass, at the store and at the bucket.
func TestUploadPictureRepeats(t *testing.T) {
	failed := map[string]bool{}
	u := &uploads{deny: func(w http.ResponseWriter, step string) bool {
		if failed[step] {
			return false
		}
		failed[step] = true
		if bytes.HasPrefix([]byte(step), []byte("POST /bucket")) {
			hangUp(w)
		}
		refuse(w, 503, "busy", "")
		return true
	}}
	if url, err := u.upload(t); err != nil || url != "/images/x" || len(u.reached) != 6 {
		t.Errorf("got %q, %v after %q, want each request twice", url, err, u.reached)
	}
}

func TestUploadPictureRefused(t *testing.T) {
	at := func(refused string, answer func(w http.ResponseWriter)) *uploads {
		return &uploads{deny: func(w http.ResponseWriter, step string) bool {
			if step != refused {
				return false
			}
			answer(w)
			return true
		}}
	}
	u := at("POST /admin/pictures", func(w http.ResponseWriter) { reply(w, 404, `{"message":"Not Found"}`) })
	if _, err := u.upload(t); !errors.Is(err, ErrNoPictures) {
		t.Errorf("without pages: got %v, want ErrNoPictures", err)
	}
	u = at("POST /bucket", func(w http.ResponseWriter) { reply(w, 403, "<Error/>") })
	if _, err := u.upload(t); status(err) != 403 || len(u.reached) != 2 {
		t.Errorf("by the bucket: got %v after %q", err, u.reached)
	}
	sum := sha256.Sum256([]byte("picture"))
	u = at("POST /admin/pictures/"+hex.EncodeToString(sum[:])+"/completion", func(w http.ResponseWriter) {
		refuse(w, 422, "picture_refused", "")
	})
	var refused *picture.RefusedError
	if _, err := u.upload(t); !errors.As(err, &refused) || refused.Reason != "D" {
		t.Errorf("by the check: got %v", err)
	}
}
