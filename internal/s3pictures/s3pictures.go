// Package s3pictures keeps pictures in S3: uploads in a bucket that nothing serves, and those that were checked in the
// pages' bucket, below images/. All fields of an adapter are required.
package s3pictures

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"shop/internal/picture"
)

// NewClient returns a client of S3. An endpoint that is not AWS's own has the bucket in the path, not in the host's
// name. That an object has no checksum of S3's is logged nowhere: a picture's name is one.
func NewClient(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) {
		o.UsePathStyle = c.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// Uploads is picture.Uploads.
type Uploads struct {
	Client *s3.Client
	Bucket string
	URL    string // of the bucket, as browsers reach it
	Now    func() time.Time
}

var _ picture.Uploads = (*Uploads)(nil)

func objectOf(k picture.Key) string { return "uploads/" + k.UserID + "/" + k.SHA256 }

// Form signs a policy with the credentials of the function's role, and calls nobody.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func (u *Uploads) Form(ctx context.Context, key picture.Key, d picture.Draft) (picture.Form, error) {
	object := objectOf(key)
	expires := u.Now().Add(picture.FormLasts)
	signed, err := s3.NewPresignClient(u.Client).PresignPostObject(ctx,
		&s3.PutObjectInput{Bucket: &u.Bucket, Key: &object},
		func(o *s3.PresignPostOptions) {
			o.Expires = picture.FormLasts
			o.Conditions = []any{
				map[string]string{"Content-Type": d.ContentType},
				[]any{"content-length-range", d.Size, d.Size},
			}
		})
	if err != nil {
		return picture.Form{}, fmt.Errorf("signing a policy: %w", err)
	}
	signed.Values["Content-Type"] = d.ContentType
	return picture.Form{URL: u.URL, Fields: signed.Values, ExpiresAt: expires}, nil
}

// Read looks for the object first: who asks S3 for one that is not there gets 403 or 404, as the role has it.
func (u *Uploads) Read(ctx context.Context, key picture.Key) ([]byte, error) {
	object := objectOf(key)
	size, found, err := find(ctx, u.Client, u.Bucket, object)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, picture.ErrNoUpload
	case size > picture.MaxBytes:
		return nil, &picture.RefusedError{Reason: "The file is larger than 5 MB."}
	}
	out, err := u.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &u.Bucket, Key: &object})
	if gone := (*types.NoSuchKey)(nil); errors.As(err, &gone) { // removed since
		return nil, picture.ErrNoUpload
	}
	if err != nil {
		return nil, failed("reading", object, err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(io.LimitReader(out.Body, picture.MaxBytes))
	if err != nil {
		return nil, failed("reading", object, err)
	}
	return content, nil
}

// Delete succeeds for an object that is not there, as S3 does.
func (u *Uploads) Delete(ctx context.Context, key picture.Key) error {
	object := objectOf(key)
	if _, err := u.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &u.Bucket, Key: &object}); err != nil {
		return failed("deleting", object, err)
	}
	return nil
}

// Pictures is picture.Pictures.
type Pictures struct {
	Client *s3.Client
	Bucket string
}

var _ picture.Pictures = (*Pictures)(nil)

// Has asks for the list of objects that begin with the name: it is strongly consistent.
func (p *Pictures) Has(ctx context.Context, name string) (bool, error) {
	_, found, err := find(ctx, p.Client, p.Bucket, "images/"+name)
	return found, err
}

// Put stores the picture for good: its name never means another content.
func (p *Pictures) Put(ctx context.Context, name, mediaType string, content []byte) error {
	object := "images/" + name
	_, err := p.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.Bucket, Key: &object, Body: bytes.NewReader(content), ContentType: &mediaType,
		CacheControl: aws.String("public, max-age=31536000, immutable"),
	})
	if err != nil {
		return failed("storing", object, err)
	}
	return nil
}

// Stored is a picture in the bucket.
type Stored struct {
	Name  string // 64 hexadecimal digits
	Bytes int64
	At    time.Time // when it was put there last
}

// Each calls visit for each picture that was uploaded. Other files below images/ belong to the pages.
func (p *Pictures) Each(ctx context.Context, visit func(Stored)) error {
	pages := s3.NewListObjectsV2Paginator(p.Client, &s3.ListObjectsV2Input{
		Bucket: &p.Bucket, Prefix: aws.String("images/"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed("listing", "images/", err)
		}
		for _, o := range page.Contents {
			name := strings.TrimPrefix(aws.ToString(o.Key), "images/")
			if picture.IsName(name) {
				visit(Stored{name, aws.ToInt64(o.Size), aws.ToTime(o.LastModified)})
			}
		}
	}
	return nil
}

// Read returns a picture, or an error if it is not the one of its name.
func (p *Pictures) Read(ctx context.Context, name string) ([]byte, error) {
	object := "images/" + name
	out, err := p.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.Bucket, Key: &object})
	if err != nil {
		return nil, failed("reading", object, err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, failed("reading", object, err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != name {
		return nil, fmt.Errorf("%s is not the picture of this name", object)
	}
	return content, nil
}

// Delete removes a picture.
func (p *Pictures) Delete(ctx context.Context, name string) error {
	object := "images/" + name
	if _, err := p.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &p.Bucket, Key: &object}); err != nil {
		return failed("deleting", object, err)
	}
	return nil
}

// find returns the size of an object, and whether it is there.
func find(ctx context.Context, client *s3.Client, bucket, object string) (size int64, found bool, _ error) {
	out, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &bucket, Prefix: &object, MaxKeys: aws.Int32(1),
	})
	if err != nil {
		return 0, false, failed("looking for", object, err)
	}
	for _, each := range out.Contents {
		if aws.ToString(each.Key) == object {
			return aws.ToInt64(each.Size), true, nil
		}
	}
	return 0, false, nil
}

// failure is an error of S3. All that is asked of it may be repeated.
type failure struct {
	error
	temporary bool
}

// Unwrap returns the SDK's error.
func (f failure) Unwrap() error { return f.error }

// Temporary reports whether a repeat may help: S3 failed, throttled or did not answer.
func (f failure) Temporary() bool { return f.temporary }

func failed(doing, object string, err error) error {
	status := 0
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	temporary := status < http.StatusBadRequest || status >= http.StatusInternalServerError ||
		status == http.StatusTooManyRequests
	return failure{fmt.Errorf("%s %s: %w", doing, object, err), temporary}
}
