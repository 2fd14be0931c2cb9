package picture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"shop/internal/user"
	"shop/internal/validation"
)

// shelf is Uploads and Pictures.
type shelf struct {
	uploads  map[Key][]byte
	pictures map[string]string // name → media type
	failing  error             // of all but Has
	kept     int
	onRead   func()
}

func (s *shelf) Form(_ context.Context, k Key, d Draft) (Form, error) {
	return Form{URL: k.UserID + d.ContentType}, s.failing
}

func (s *shelf) Read(_ context.Context, k Key) ([]byte, error) {
	if s.onRead != nil {
		s.onRead()
	}
	b, found := s.uploads[k]
	if !found {
		return nil, ErrNoUpload
	}
	return b, nil
}

func (s *shelf) Delete(_ context.Context, k Key) error {
	if s.failing != nil {
		return s.failing
	}
	delete(s.uploads, k)
	return nil
}

func (s *shelf) Has(_ context.Context, name string) (bool, error) { return s.pictures[name] != "", nil }

func (s *shelf) Put(_ context.Context, name, mediaType string, _ []byte) error {
	if s.failing == nil {
		s.pictures[name] = mediaType
	}
	return s.failing
}

func (s *shelf) upload() *Upload {
	return &Upload{Uploads: s, Pictures: s, Kept: func(context.Context, error) { s.kept++ }}
}

func nameOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

var (
	ann = user.Caller{UserID: "usr_ann"}
	bob = user.Caller{UserID: "usr_bob"}
)

func TestBegin(t *testing.T) {
	name := nameOf([]byte("lamp"))
	s := &shelf{pictures: map[string]string{}}
	form, err := s.upload().Begin(t.Context(), ann, Draft{name, "image/png", MaxBytes})
	if err != nil || form == nil || form.URL != "usr_annimage/png" {
		t.Fatalf("got %+v, %v", form, err)
	}
	s.pictures[name] = "image/png"
	if form, err := s.upload().Begin(t.Context(), bob, Draft{name, "image/png", 1}); err != nil || form != nil {
		t.Errorf("of a picture that is there: got %+v, %v, want no form", form, err)
	}
}

func TestBeginRefuses(t *testing.T) {
	good := Draft{nameOf(nil), "image/png", 1}
	for name, c := range map[string]struct {
		spoil func(*Draft)
		field string
	}{
		"no name":              {func(d *Draft) { d.SHA256 = "" }, "sha256"},
		"a short name":         {func(d *Draft) { d.SHA256 = good.SHA256[1:] }, "sha256"},
		"a path":               {func(d *Draft) { d.SHA256 = "../" + good.SHA256[3:] }, "sha256"},
		"upper case":           {func(d *Draft) { d.SHA256 = "A" + good.SHA256[1:] }, "sha256"},
		"a line more":          {func(d *Draft) { d.SHA256 += "\n" }, "sha256"},
		"SVG":                  {func(d *Draft) { d.ContentType = "image/svg+xml" }, "content_type"},
		"a type in capitals":   {func(d *Draft) { d.ContentType = "IMAGE/PNG" }, "content_type"},
		"no bytes":             {func(d *Draft) { d.Size = 0 }, "size"},
		"a byte over 5 MB":     {func(d *Draft) { d.Size = MaxBytes + 1 }, "size"},
		"less than no bytes":   {func(d *Draft) { d.Size = -1 }, "size"},
		"a type and a charset": {func(d *Draft) { d.ContentType = "image/png; charset=utf-8" }, "content_type"},
	} {
		d := good
		c.spoil(&d)
		_, err := (&shelf{}).upload().Begin(t.Context(), ann, d)
		var problems validation.Errors
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != c.field {
			t.Errorf("%s: got %v, want a problem of %s", name, err, c.field)
		}
	}
}

// TestFinish: what was uploaded is shown and removed; a repeat, whoever asks, changes nothing.
func TestFinish(t *testing.T) {
	b := file(t, "plain.avif")
	name := nameOf(b)
	s := &shelf{uploads: map[Key][]byte{{"usr_ann", name}: b}, pictures: map[string]string{}}
	if _, err := s.upload().Finish(t.Context(), bob, name); !errors.Is(err, ErrNoUpload) || len(s.pictures) > 0 {
		t.Fatalf("another admin: got %v and %v, want ErrNoUpload", err, s.pictures)
	}
	for i, caller := range []user.Caller{ann, ann, bob} {
		isNew, err := s.upload().Finish(t.Context(), caller, name)
		if err != nil || isNew != (i == 0) || len(s.uploads) > 0 ||
			!maps.Equal(s.pictures, map[string]string{name: "image/avif"}) {
			t.Errorf("call %d: new %v, %v; left %v, %v", i, isNew, err, s.uploads, s.pictures)
		}
	}
}

// TestFinishTwiceAtOnce: a repeat that finds no picture yet, and no upload any more, is answered as the first call was.
func TestFinishTwiceAtOnce(t *testing.T) {
	b := file(t, "plain.avif")
	name := nameOf(b)
	s := &shelf{uploads: map[Key][]byte{{"usr_ann", name}: b}, pictures: map[string]string{}}
	s.onRead = func() {
		s.onRead = nil
		if isNew, err := s.upload().Finish(t.Context(), ann, name); err != nil || !isNew {
			t.Errorf("the first call: new %v, %v", isNew, err)
		}
	}
	if isNew, err := s.upload().Finish(t.Context(), ann, name); err != nil || isNew {
		t.Errorf("the repeat: new %v, %v", isNew, err)
	}
}

// TestFinishRefuses: what is refused is removed, and nothing is shown.
func TestFinishRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		content []byte
		name    string
	}{
		"a page":      {[]byte("<html>"), nameOf([]byte("<html>"))},
		"other bytes": {file(t, "plain.avif"), nameOf([]byte("other"))},
	} {
		s := &shelf{uploads: map[Key][]byte{{"usr_ann", c.name}: c.content}, pictures: map[string]string{}}
		_, err := s.upload().Finish(t.Context(), ann, c.name)
		var refused *RefusedError
		if !errors.As(err, &refused) || len(s.uploads)+len(s.pictures) > 0 {
			t.Errorf("%s: got %v; left %v, %v", what, err, s.uploads, s.pictures)
		}
	}
	var problems validation.Errors
	if _, err := (&shelf{}).upload().Finish(t.Context(), ann, "../a"); !errors.As(err, &problems) {
		t.Errorf("a path: got %v, want validation.Errors", err)
	}
}

// TestFinishFails: an upload stays while it cannot be stored, and one that cannot be removed fails nothing.
func TestFinishFails(t *testing.T) {
	b := file(t, "lossy.webp")
	key := Key{"usr_ann", nameOf(b)}
	s := &shelf{uploads: map[Key][]byte{key: b}, pictures: map[string]string{}, failing: errors.New("down")}
	if _, err := s.upload().Finish(t.Context(), ann, key.SHA256); !errors.Is(err, s.failing) || len(s.uploads) != 1 {
		t.Errorf("not stored: got %v, left %v", err, s.uploads)
	}
	s = &shelf{uploads: map[Key][]byte{key: []byte("text")}, failing: errors.New("down")}
	s.uploads = map[Key][]byte{{"usr_ann", nameOf([]byte("text"))}: []byte("text")}
	_, err := s.upload().Finish(t.Context(), ann, nameOf([]byte("text")))
	if refused := (*RefusedError)(nil); !errors.As(err, &refused) || s.kept != 1 {
		t.Errorf("not removed: got %v, told %d times, want a refusal and once", err, s.kept)
	}
}

func TestTypes(t *testing.T) {
	want := slices.Sorted(maps.Values(typesByExtension))
	if got := slices.Sorted(slices.Values(Types())); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
