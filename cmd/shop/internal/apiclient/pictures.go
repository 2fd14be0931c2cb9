package apiclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"shop/internal/picture"
)

// ErrNoPictures says that the store takes none: it has no pages of its own.
var ErrNoPictures = errors.New("the store takes no pictures: it was deployed with Pages=off")

// pictureJSON is what both steps of an upload answer.
type pictureJSON struct {
	ImageURL string      `json:"image_url"`
	Upload   *uploadForm `json:"upload"`
}

// uploadForm is the form to send the file by.
type uploadForm struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

// UploadPicture gives the store a picture, unless it has it, and returns the image_url of it. It returns
// *picture.RefusedError, user.ErrNoRight and ErrNoPictures.
func (s *Session) UploadPicture(ctx context.Context, content []byte, mediaType string) (imageURL string, err error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	body := struct {
		SHA256      string `json:"sha256"`
		ContentType string `json:"content_type"`
		Size        int    `json:"size"`
	}{name, mediaType, len(content)}
	begun, err := s.picture(ctx, request{method: http.MethodPost, path: "/admin/pictures", body: body})
	if err != nil || begun.Upload == nil {
		return begun.ImageURL, err
	}
	if err := s.client.sendForm(ctx, *begun.Upload, content); err != nil {
		return "", fmt.Errorf("uploading: %w", err)
	}
	shown, err := s.picture(ctx, request{method: http.MethodPost, path: "/admin/pictures/" + name + "/completion"})
	return shown.ImageURL, err
}

func (s *Session) picture(ctx context.Context, r request) (p pictureJSON, _ error) {
	a, err := s.send(ctx, r)
	var said *Problem
	switch {
	case errors.As(err, &said) && said.Code == "picture_refused":
		return p, &picture.RefusedError{Reason: said.Detail}
	case errors.As(err, &said) && said.Status == http.StatusNotFound && said.Code == "": // the gateway's: no such route
		return p, fmt.Errorf("%w: %w", ErrNoPictures, err)
	case err != nil:
		return p, err
	}
	return p, a.decode(&p)
}

// sendForm sends the content as a browser does, again and again as the client's patience allows.
func (c *Client) sendForm(ctx context.Context, f uploadForm, content []byte) error {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range f.Fields {
		_ = w.WriteField(name, value) // a Buffer takes all
	}
	file, err := w.CreateFormFile("file", "picture")
	if err != nil {
		return err
	}
	_, _ = file.Write(content)
	_ = w.Close()
	_, err = c.Patience.repeat(ctx, func() error {
		return c.sendFormOnce(ctx, f.URL, w.FormDataContentType(), body.Bytes())
	})
	return err
}

func (c *Client) sendFormOnce(ctx context.Context, url, contentType string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	r.Header.Set("Content-Type", contentType)
	response, err := c.HTTP.Do(r)
	if err != nil {
		return lost{bare(err)}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return lost{err}
	}
	if response.StatusCode/100 != 2 {
		return problem(response, text)
	}
	return nil
}
