// Package picture takes uploaded pictures of products. A picture is uploaded to a place that nobody can read. Only when
// its bytes were checked is it put where the shop's pages show it.
package picture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

// MaxBytes is the size of the largest picture.
const MaxBytes = 5_000_000

// FormLasts is for how long a form may be used. The credentials that signed it may expire earlier.
const FormLasts = 15 * time.Minute

// ErrNoUpload says that nothing was uploaded, or that it is gone.
var ErrNoUpload = errors.New("nothing was uploaded")

// RefusedError says that what was uploaded is no picture that the store shows. Its text goes to the client.
type RefusedError struct{ Reason string }

// Error says what is wrong with the bytes.
func (e *RefusedError) Error() string { return e.Reason }

// Draft is a picture that an admin wants to upload.
type Draft struct {
	SHA256      string // of its bytes, in lower-case hexadecimal; the picture's name
	ContentType string // one of Types
	Size        int64  // bytes, 1 to MaxBytes
}

// Key names an upload. Nobody finishes the upload of somebody else.
type Key struct {
	UserID string
	SHA256 string
}

// Form is what a client sends with the file, as multipart/form-data by POST to URL, before ExpiresAt.
type Form struct {
	URL       string
	Fields    map[string]string
	ExpiresAt time.Time
}

// Uploads keeps what was uploaded and is not checked. All may be called again.
type Uploads interface {
	// Form returns a form that takes a file of the draft's size and media type, once or often, until it expires.
	Form(ctx context.Context, key Key, d Draft) (Form, error)
	// Read returns what was uploaded. It returns ErrNoUpload, and *RefusedError for more than MaxBytes.
	Read(ctx context.Context, key Key) ([]byte, error)
	// Delete removes what was uploaded, if it is there.
	Delete(ctx context.Context, key Key) error
}

// Pictures are those that are shown.
type Pictures interface {
	// Has reports whether there is a picture of the name.
	Has(ctx context.Context, name string) (bool, error)
	// Put stores a picture of the media type under the name.
	Put(ctx context.Context, name, mediaType string, content []byte) error
}

// Upload takes a picture in two steps, between which the client uploads it.
type Upload struct {
	Uploads  Uploads
	Pictures Pictures
	// Kept is told of an upload that could not be removed. The bucket's own rule removes it later.
	Kept func(ctx context.Context, err error)
}

// URL is where the pages' readers find a picture.
func URL(name string) string { return "/images/" + name }

// Begin returns the form to upload the draft by, and nil if the store has the picture already. It returns
// validation.Errors.
func (u *Upload) Begin(ctx context.Context, admin user.Caller, d Draft) (*Form, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	switch has, err := u.Pictures.Has(ctx, d.SHA256); {
	case err != nil:
		return nil, fmt.Errorf("looking for picture %s: %w", d.SHA256, err)
	case has:
		return nil, nil
	}
	form, err := u.Uploads.Form(ctx, Key{admin.UserID, d.SHA256}, d)
	if err != nil {
		return nil, fmt.Errorf("making a form for picture %s: %w", d.SHA256, err)
	}
	return &form, nil
}

// Finish checks what the admin uploaded under the name, shows it, and reports whether it is new. It may be repeated. It
// returns validation.Errors, ErrNoUpload and, having removed the upload, *RefusedError.
func (u *Upload) Finish(ctx context.Context, admin user.Caller, name string) (isNew bool, _ error) {
	if err := checkName(name); err != nil {
		return false, err
	}
	switch has, err := u.Pictures.Has(ctx, name); {
	case err != nil:
		return false, fmt.Errorf("looking for picture %s: %w", name, err)
	case has:
		return false, nil
	}
	key := Key{admin.UserID, name}
	err := u.show(ctx, key)
	if errors.Is(err, ErrNoUpload) {
		return false, u.shownMeanwhile(ctx, name, err)
	}
	if refused := (*RefusedError)(nil); err == nil || errors.As(err, &refused) {
		u.remove(ctx, key)
	}
	return err == nil, err
}

// shownMeanwhile returns nil if there is a picture where there was none a moment ago: a call of the same admin, whose
// answer was lost perhaps, showed it and removed the upload. Else it returns err.
func (u *Upload) shownMeanwhile(ctx context.Context, name string, err error) error {
	switch has, readErr := u.Pictures.Has(ctx, name); {
	case readErr != nil:
		return fmt.Errorf("looking for picture %s again: %w", name, readErr)
	case has:
		return nil
	}
	return err
}

// show puts the bytes that were checked: the form may be used again, so what is uploaded may be other bytes by then.
func (u *Upload) show(ctx context.Context, key Key) error {
	content, err := u.Uploads.Read(ctx, key)
	if err != nil {
		return fmt.Errorf("reading upload %s: %w", key.SHA256, err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != key.SHA256 {
		return &RefusedError{"The file is not the one that was announced: its SHA-256 is another."}
	}
	mediaType, err := Check(content)
	if err != nil {
		return err
	}
	if err := u.Pictures.Put(ctx, key.SHA256, mediaType, content); err != nil {
		return fmt.Errorf("storing picture %s: %w", key.SHA256, err)
	}
	return nil
}

func (u *Upload) remove(ctx context.Context, key Key) {
	if err := u.Uploads.Delete(ctx, key); err != nil {
		u.Kept(ctx, fmt.Errorf("removing upload %s: %w", key.SHA256, err))
	}
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsName reports whether a picture may have the name.
func IsName(name string) bool { return sha256Hex.MatchString(name) }

var inURL = regexp.MustCompile(`/images/([0-9a-f]{64})(?:[?#].*)?$`)

// NameIn returns the name of the uploaded picture that a product's URL leads to, on whatever host; empty for any other
// URL.
func NameIn(url string) string {
	if found := inURL.FindStringSubmatch(url); found != nil {
		return found[1]
	}
	return ""
}

func addName(problems *validation.Errors, name string) {
	if !IsName(name) {
		problems.Add("sha256", "must be a SHA-256 in 64 lower-case hexadecimal digits")
	}
}

func checkName(name string) error {
	var problems validation.Errors
	addName(&problems, name)
	return problems.Err()
}

func (d Draft) check() error {
	var problems validation.Errors
	addName(&problems, d.SHA256)
	if !slices.Contains(Types(), d.ContentType) {
		problems.Add("content_type", "must be %s", strings.Join(Types(), ", "))
	}
	problems.Int("size", d.Size, 1, MaxBytes)
	return problems.Err()
}
