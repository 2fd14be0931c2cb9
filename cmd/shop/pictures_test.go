package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bucket is a bucket of S3, by names of objects.
type bucket map[string]object

type object struct {
	content []byte
	at      time.Time
}

func (b bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/pages/")
	switch {
	case r.URL.Query().Get("list-type") == "2":
		fmt.Fprint(w, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><LastModified>%s</LastModified></Contents>", name,
					len(b[name].content), b[name].at.UTC().Format(time.RFC3339))
			}
		}
		fmt.Fprint(w, "</ListBucketResult>")
	case r.Method == http.MethodPut:
		content, _ := io.ReadAll(r.Body)
		b[name] = object{content, time.Now()}
	case r.Method == http.MethodDelete:
		delete(b, name)
	default:
		_, _ = w.Write(b[name].content)
	}
}

// add stores a picture that was uploaded so long ago, and returns its name.
func (b bucket) add(t *testing.T, width int, ago time.Duration) string {
	t.Helper()
	var content bytes.Buffer
	if err := png.Encode(&content, image.NewGray(image.Rect(0, 0, width, 1))); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content.Bytes())
	name := hex.EncodeToString(sum[:])
	b["images/"+name] = object{content.Bytes(), time.Now().Add(-ago)}
	return name
}

// TestPictures: what no product has is removed and kept, unless it is new; what a product has by then is put back.
func TestPictures(t *testing.T) {
	const month = 30 * 24 * time.Hour
	s := startTables(t)
	files := bucket{"images/lamp.svg": {[]byte("of the pages"), time.Now().Add(-month)}}
	s.files = files
	named, hosted := files.add(t, 1, month), files.add(t, 2, month)
	unnamed, fresh := files.add(t, 3, month), files.add(t, 4, 6*24*time.Hour)
	s.addPictured("mug", "/images/"+named)
	s.addPictured("vase", "https://shop.example.com/images/"+hosted)
	s.addPictured("rug", "https://elsewhere.example.com/rug.jpg")
	all := maps.Clone(files)
	wantFiles := func(without ...string) {
		t.Helper()
		want := maps.Clone(all)
		for _, name := range without {
			delete(want, "images/"+name)
		}
		if got, want := slices.Sorted(maps.Keys(files)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
			t.Errorf("in the bucket are\n%q, want\n%q", got, want)
		}
	}

	shop(t, "--local", "pictures").want(t, exitDone, unnamed+" no product has it, of",
		fresh+" no product has it; it is new", "1 of 4 pictures would be removed", "nothing was changed")
	wantFiles()
	apply := []string{"--local", "pictures", "--kept", "attic", "--yes"}
	for range 2 {
		shop(t, apply...).want(t, exitDone, "they are in attic")
		wantFiles(unnamed)
	}
	kept, err := os.ReadFile(filepath.Join("attic", unnamed))
	if err != nil || !bytes.Equal(kept, all["images/"+unnamed].content) {
		t.Errorf("the removed picture is not kept: %v", err)
	}

	s.addPictured("saved-later", "/images/"+unnamed)
	shop(t, "--local", "pictures").want(t, exitFailed, unnamed+" is not there, and the product saved-later has it")
	shop(t, apply...).want(t, exitDone, unnamed+" put back: the product saved-later has it")
	wantFiles()
	delete(files, "images/"+named)
	shop(t, apply...).want(t, exitFailed, "the product mug has it", "1 pictures of products are not there")
}

// TestPictureOfAProductSavedMeanwhile: a picture that a product gets while it is removed is put back by the same run.
func TestPictureOfAProductSavedMeanwhile(t *testing.T) {
	s := startTables(t)
	files := bucket{}
	s.files = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			s.addPictured("mug", r.URL.Path[len("/pages"):])
		}
		files.ServeHTTP(w, r)
	})
	name := files.add(t, 1, 30*24*time.Hour)
	shop(t, "--local", "pictures", "--kept", "attic", "--yes").want(t, exitDone,
		name+" put back: the product mug has it")
	if len(files) != 1 {
		t.Errorf("in the bucket is %v, want the picture", files)
	}
}
