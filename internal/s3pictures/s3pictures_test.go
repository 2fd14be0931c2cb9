package s3pictures

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"shop/internal/picture"
)

var key = picture.Key{UserID: "usr_ann", SHA256: strings.Repeat("a", 64)}

// configured is the configuration of a function whose S3 is at the endpoint; empty for AWS's own.
func configured(endpoint string) aws.Config {
	signing := credentials.NewStaticCredentialsProvider("AKIA", "secret", "token")
	c := aws.Config{Region: "eu-west-1", Credentials: signing}
	if endpoint != "" {
		c.BaseEndpoint = &endpoint
	}
	return c
}

// TestForm: the policy holds the form to one object, one type and one size, and ends with the form. Every field that
// is sent is in it: S3 refuses others.
func TestForm(t *testing.T) {
	now := time.Now()
	u := &Uploads{
		Client: NewClient(configured("")), Bucket: "uploads-1", URL: "https://uploads-1.example",
		Now: func() time.Time { return now },
	}
	form, err := u.Form(t.Context(), key, picture.Draft{SHA256: key.SHA256, ContentType: "image/png", Size: 1234})
	if err != nil {
		t.Fatal(err)
	}
	if form.URL != u.URL || !form.ExpiresAt.Equal(now.Add(15*time.Minute)) ||
		form.Fields["Content-Type"] != "image/png" {
		t.Errorf("got %+v", form)
	}
	text, err := base64.StdEncoding.DecodeString(form.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Expiration time.Time
		Conditions []any
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	if late := policy.Expiration.Sub(form.ExpiresAt); late > 2*time.Second || late < -2*time.Second {
		t.Errorf("the policy ends %s after the form", late)
	}
	exact, rest := map[string]any{}, []any{}
	for _, condition := range policy.Conditions {
		pair, ok := condition.(map[string]any)
		if !ok {
			rest = append(rest, condition)
		}
		for name, value := range pair {
			exact[name] = value
		}
	}
	if want := []any{[]any{"content-length-range", 1234.0, 1234.0}}; !reflect.DeepEqual(rest, want) {
		t.Errorf("conditions %v, want %v", rest, want)
	}
	want := map[string]any{"bucket": "uploads-1", "key": "uploads/usr_ann/" + key.SHA256}
	for name, value := range form.Fields {
		if name != "policy" && name != "X-Amz-Signature" {
			want[name] = value
		}
	}
	if !reflect.DeepEqual(exact, want) || exact["X-Amz-Security-Token"] != "token" {
		t.Errorf("conditions %v, want %v", exact, want)
	}
}

// answering is S3 that answers each request alike.
func answering(t *testing.T, answer http.HandlerFunc) *s3.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := configured(server.URL)
	c.RetryMaxAttempts = 1
	return NewClient(c)
}

const listed = `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents><Key>%s</Key>` +
	`<Size>%d</Size></Contents></ListBucketResult>`

// TestNeighbours: a longer name that begins alike is another object.
func TestNeighbours(t *testing.T) {
	for name, want := range map[string]bool{key.SHA256: true, key.SHA256 + "0": false} {
		client := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, listed, "images/"+name, 3)
		})
		if has, err := (&Pictures{client, "pages"}).Has(t.Context(), key.SHA256); err != nil || has != want {
			t.Errorf("%s: got %v, %v, want %v", name, has, err, want)
		}
	}
}

// TestLargeUploads: what is larger than the form allows is not read.
func TestLargeUploads(t *testing.T) {
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("list-type") != "2" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		fmt.Fprintf(w, listed, objectOf(key), picture.MaxBytes+1)
	})
	_, err := (&Uploads{Client: client, Bucket: "uploads-1"}).Read(t.Context(), key)
	if refused := (*picture.RefusedError)(nil); !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
	}
}

// TestRemovedMeanwhile: an upload that is listed and gone when it is read is none.
func TestRemovedMeanwhile(t *testing.T) {
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("list-type") == "2" {
			fmt.Fprintf(w, listed, objectOf(key), 3)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
	})
	_, err := (&Uploads{Client: client, Bucket: "uploads-1"}).Read(t.Context(), key)
	if !errors.Is(err, picture.ErrNoUpload) {
		t.Errorf("got %v, want ErrNoUpload", err)
	}
}

// TestPut: a picture is kept for good, under its media type.
func TestPut(t *testing.T) {
	client := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPut || r.URL.Path != "/pages/images/lamp" ||
			string(body) != "content" || r.Header.Get("Content-Type") != "image/png" ||
			r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s %s %v: %q, %v", r.Method, r.URL, r.Header, body, err)
		}
	})
	if err := (&Pictures{client, "pages"}).Put(t.Context(), "lamp", "image/png", []byte("content")); err != nil {
		t.Error(err)
	}
}

// TestReadOfAnother: a picture whose content is not that of its name is not read as it.
func TestReadOfAnother(t *testing.T) {
	client := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "content") })
	const name = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
	files := &Pictures{client, "pages"}
	if content, err := files.Read(t.Context(), name); err != nil || string(content) != "content" {
		t.Errorf("got %q, %v, want the content", content, err)
	}
	if content, err := files.Read(t.Context(), key.SHA256); err == nil {
		t.Errorf("got %q, want an error", content)
	}
}

// TestFailures: the client is asked to repeat what S3 failed at, and not what it refused.
func TestFailures(t *testing.T) {
	for status, want := range map[int]bool{500: true, 503: true, 429: true, 403: false, 400: false} {
		client := answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := (&Pictures{client, "pages"}).Has(t.Context(), key.SHA256)
		var failed interface{ Temporary() bool }
		if !errors.As(err, &failed) || failed.Temporary() != want {
			t.Errorf("%d: got %v, want a failure, temporary %v", status, err, want)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := configured(server.URL)
	c.RetryMaxAttempts = 1
	err := (&Uploads{Client: NewClient(c), Bucket: "uploads-1"}).Delete(t.Context(), key)
	if failed := (interface{ Temporary() bool })(nil); !errors.As(err, &failed) || !failed.Temporary() {
		t.Errorf("no answer: got %v, want a temporary failure", err)
	}
}
