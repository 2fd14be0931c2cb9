package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// beginPicture is what an admin announces.
type beginPicture struct {
	SHA256      string `json:"sha256"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
}

// picture is what both steps answer.
type picture struct {
	ImageURL string `json:"image_url"`
	Upload   *form  `json:"upload"`
}

// form is what a file is uploaded by.
type form struct {
	URL       string            `json:"url"`
	Fields    map[string]string `json:"fields"`
	ExpiresAt string            `json:"expires_at"`
}

// newPNG is a picture that the store has not seen.
func newPNG(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		m.Set(i%8, i/8, color.RGBA{uint8(rand.Uint32()), uint8(rand.Uint32()), uint8(rand.Uint32()), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func begin(from caller, b any) call {
	return call{method: "POST", path: "/admin/pictures", from: from, body: b}
}

func beginPNG(from caller, content []byte) call {
	return begin(from, beginPicture{hexSHA256(content), "image/png", len(content)})
}

func finish(from caller, name string) call {
	return call{method: "POST", path: "/admin/pictures/" + name + "/completion", from: from}
}

// begun begins to upload what the store does not have.
func begun(t *testing.T, from caller, content []byte) form {
	t.Helper()
	p := decodeExact[picture](t, send(t, beginPNG(from, content)).want(t, http.StatusCreated))
	if p.Upload == nil || p.ImageURL != "/images/"+hexSHA256(content) {
		t.Fatalf("got %+v, want a form", p)
	}
	return *p.Upload
}

// upload sends the file as a browser does, and returns the status and S3's answer.
func (f form) upload(t *testing.T, content []byte) (int, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range f.Fields {
		_ = w.WriteField(name, value)
	}
	file, err := w.CreateFormFile("file", "lamp.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(content)
	w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// uploaded is a form whose file is uploaded.
func uploaded(t *testing.T, from caller, content []byte) {
	t.Helper()
	if status, text := begun(t, from, content).upload(t, content); status != http.StatusNoContent {
		t.Fatalf("uploading: got %d %s, want 204", status, text)
	}
}

// TestPicture: what was uploaded is shown once it is checked, for good, and a product may have it.
func TestPicture(t *testing.T) {
	t.Parallel()
	boss, content := admin(t), newPNG(t)
	name := hexSHA256(content)
	uploaded(t, boss, content)
	if resp, _ := viewed(t, "GET", "/images/"+name, "", nil); resp.StatusCode != http.StatusNotFound &&
		resp.StatusCode != http.StatusForbidden {
		t.Errorf("before the check: got %d, want no picture", resp.StatusCode)
	}
	for _, status := range []int{http.StatusCreated, http.StatusOK, http.StatusOK} {
		p := decodeExact[picture](t, send(t, finish(boss, name)).want(t, status))
		if p != (picture{ImageURL: "/images/" + name}) {
			t.Errorf("got %+v", p)
		}
	}
	again := decodeExact[picture](t, send(t, beginPNG(boss, content)).want(t, http.StatusOK))
	if again != (picture{ImageURL: "/images/" + name}) {
		t.Errorf("begun again: got %+v, want no form", again)
	}
	resp, shown := viewed(t, "GET", again.ImageURL, "", nil)
	for header, want := range map[string]string{
		"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s = %q, want %q", header, got, want)
		}
	}
	if resp.StatusCode != http.StatusOK || shown != string(content) {
		t.Errorf("got %d and %d bytes, want those that were uploaded", resp.StatusCode, len(shown))
	}
	p := newProduct(t, func(d *saveProduct) { d.ImageURL = again.ImageURL })
	if p.ImageURL != again.ImageURL {
		t.Errorf("the product has %q", p.ImageURL)
	}
}

// TestPictureRefused: nobody finishes the upload of somebody else, and what is refused is gone.
func TestPictureRefused(t *testing.T) {
	t.Parallel()
	boss, other := admin(t), newAdmin(t)
	page := []byte("<!doctype html><script>alert('" + unique() + "')</script>")
	name := hexSHA256(page)
	uploaded(t, boss, page)
	send(t, finish(other, name)).refused(t, http.StatusNotFound, "upload_not_found")
	send(t, finish(boss, name)).refused(t, http.StatusUnprocessableEntity, "picture_refused")
	send(t, finish(boss, name)).refused(t, http.StatusNotFound, "upload_not_found")
	content := newPNG(t)
	f := begun(t, boss, content)
	content[len(content)-20]++ // of the same size
	if status, text := f.upload(t, content); status != http.StatusNoContent {
		t.Fatalf("uploading: got %d %s", status, text)
	}
	send(t, finish(boss, strings.TrimPrefix(f.Fields["key"], "uploads/"+boss.UserID+"/"))).
		refused(t, http.StatusUnprocessableEntity, "picture_refused")
}

// TestPictureForms: a form takes the one file that was announced, until it is signed anew. The emulator checks what S3
// does: the signature, the policy's conditions, and that the form has no other fields.
func TestPictureForms(t *testing.T) {
	t.Parallel()
	boss, content := admin(t), newPNG(t)
	good := begun(t, boss, content)
	with := func(name, value string) form {
		f := form{good.URL, maps.Clone(good.Fields), good.ExpiresAt}
		f.Fields[name] = value
		return f
	}
	policy, err := base64.StdEncoding.DecodeString(good.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	late := strings.Replace(string(policy), `"expiration":"2`, `"expiration":"3`, 1)
	for what, c := range map[string]struct {
		form    form
		content []byte
		status  int
		code    string
	}{
		"a byte more":    {good, append(bytes.Clone(content), 0), 400, "EntityTooLarge"},
		"a byte less":    {good, content[1:], 400, "EntityTooSmall"},
		"another type":   {with("Content-Type", "text/html"), content, 403, "AccessDenied"},
		"another object": {with("key", good.Fields["key"]+"0"), content, 403, "AccessDenied"},
		"a field more":   {with("acl", "public-read"), content, 403, "AccessDenied"},
		"a longer policy": {
			with("policy", base64.StdEncoding.EncodeToString([]byte(late))), content, 403, "SignatureDoesNotMatch",
		},
		"another signature": {
			with("X-Amz-Signature", strings.Repeat("0", 64)), content, 403, "SignatureDoesNotMatch",
		},
	} {
		if status, text := c.form.upload(t, c.content); status != c.status || !strings.Contains(text, c.code) {
			t.Errorf("%s: got %d %s, want %d %s", what, status, text, c.status, c.code)
		}
	}
	send(t, finish(boss, hexSHA256(content))).refused(t, http.StatusNotFound, "upload_not_found")
	if resp, text := plain(t, good.URL+"/"+good.Fields["key"]); resp.StatusCode != http.StatusForbidden {
		t.Errorf("the bucket answers a reader: %d %s", resp.StatusCode, text)
	}
}

// plain asks for a URL without any credentials.
func plain(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}
