package catalogue

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shop/internal/picture"
)

// aPNG is a picture of that width.
func aPNG(t *testing.T, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 1))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// folderOf makes a folder of files.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const pictured = "product_id,name,description,price,currency,stock,image_url\n" +
	"lamp,Lamp,,1.00,GBP,1,https://a.example/lamp.jpg\nmug,Mug,,1.00,GBP,1,https://a.example/mug.jpg\n" +
	"pot,Pot,,1.00,GBP,1,\npan,Pan,,1.00,GBP,1,\ncup,Cup,,1.00,GBP,1,\n"

// importPictured imports the products of pictured with a folder of pictures.
func importPictured(
	t *testing.T, store *fakeStore, files map[string]string,
	upload func(content []byte, mediaType string) (string, error),
) (Summary, []string, *Pictures, error) {
	t.Helper()
	pictures, err := OpenPictures(folderOf(t, files), func(_ context.Context, b []byte, kind string) (string, error) {
		return upload(b, kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	source, err := NewReader(strings.NewReader(pictured), Options{Currency: "GBP"})
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	i := &Importer{Store: store, Concurrency: 2, Pictures: pictures, Refused: func(r *Refusal) error {
		refused = append(refused, r.Error())
		return nil
	}}
	summary, err := i.Import(t.Context(), source)
	slices.Sort(refused)
	return summary, refused, pictures, err
}

// TestPictures: a product has the picture that is named after it, before the file's; one whose picture is none is not
// imported at all; and files of no product are told.
func TestPictures(t *testing.T) {
	store, lamp := newFakeStore(), aPNG(t, 3)
	upload := func(content []byte, mediaType string) (string, error) {
		if mediaType != "image/png" {
			t.Errorf("uploaded as %s", mediaType)
		}
		if string(content) == lamp {
			return "/images/lamp", nil
		}
		return "", &picture.RefusedError{Reason: "Not this one."}
	}
	files := map[string]string{
		"lamp.PNG": lamp, "pot.jpg": "<html>", "pan.png": aPNG(t, 4), "cup.png": lamp, "cup.webp": lamp,
		"lamb.png": lamp, "notes.txt": "notes",
	}
	summary, refused, pictures, err := importPictured(t, store, files, upload)
	if err != nil || summary.Imported != 2 || summary.Refused[BadPicture] != 3 {
		t.Fatalf("got %+v, %v, want 2 imported", summary, err)
	}
	if lamp, mug := store.products["lamp"], store.products["mug"]; lamp.ImageURL != "/images/lamp" ||
		mug.ImageURL != "https://a.example/mug.jpg" || len(store.products) != 2 {
		t.Errorf("got %+v and %+v of %d", lamp, mug, len(store.products))
	}
	want := []string{
		"line 4: no picture: pot: pot.jpg: The file is no JPEG, PNG, WebP or AVIF picture.",
		"line 5: no picture: pan: pan.png: Not this one.",
		"line 6: no picture: cup: there are several: cup.png, cup.webp",
	}
	if !slices.Equal(refused, want) {
		t.Errorf("refused\n%q, want\n%q", refused, want)
	}
	if got := pictures.Unused(); !slices.Equal(got, []string{"lamb.png"}) {
		t.Errorf("left over %q, want lamb.png", got)
	}
}

// TestLargePictures: what is over 5 MB is not even read.
func TestLargePictures(t *testing.T) {
	upload := func([]byte, string) (string, error) { t.Error("uploaded"); return "", nil }
	files := map[string]string{"lamp.png": aPNG(t, 1) + strings.Repeat("a", picture.MaxBytes)}
	_, refused, _, err := importPictured(t, newFakeStore(), files, upload)
	if err != nil || len(refused) != 1 || !strings.HasSuffix(refused[0], "The file is larger than 5 MB.") {
		t.Errorf("got %q, %v", refused, err)
	}
}

// TestPicturesFail: an error that is not the picture's ends the import, before the product is saved.
func TestPicturesFail(t *testing.T) {
	down, store := errors.New("down"), newFakeStore()
	upload := func([]byte, string) (string, error) { return "", down }
	_, _, _, err := importPictured(t, store, map[string]string{"lamp.png": aPNG(t, 1)}, upload)
	if _, saved := store.products["lamp"]; !errors.Is(err, down) || saved {
		t.Errorf("got %v, and the product is saved: %v", err, saved)
	}
	if _, err := OpenPictures(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
}
