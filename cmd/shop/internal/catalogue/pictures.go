package catalogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"shop/internal/picture"
)

// pictureEndings are those of files that may be a picture. What is in a file decides what it is.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".webp", ".avif"}

// Pictures is a folder of pictures, each named after its product: lamp.jpg is the picture of lamp.
type Pictures struct {
	folder string
	// upload gives the store a picture, unless it has it, and returns its image_url. It returns *picture.RefusedError.
	upload func(ctx context.Context, content []byte, mediaType string) (imageURL string, err error)

	mu    sync.Mutex
	files map[string][]string // product id → names of files; of products that were not asked for yet
}

// OpenPictures lists the folder. Its other files are ignored.
func OpenPictures(
	folder string, upload func(ctx context.Context, content []byte, mediaType string) (string, error),
) (*Pictures, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	p := &Pictures{folder: folder, upload: upload, files: map[string][]string{}}
	for _, entry := range entries {
		ending := filepath.Ext(entry.Name())
		if !entry.IsDir() && slices.Contains(pictureEndings, strings.ToLower(ending)) {
			id := strings.TrimSuffix(entry.Name(), ending)
			p.files[id] = append(p.files[id], entry.Name())
		}
	}
	return p, nil
}

// Unused returns the names of the files of which no product was asked for, sorted.
func (p *Pictures) Unused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, files := range p.files {
		names = append(names, files...)
	}
	slices.Sort(names)
	return names
}

func (p *Pictures) take(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	files := p.files[id]
	delete(p.files, id)
	return files
}

// give uploads the product's picture, if the folder has one, and returns the item with it. It returns a *Refusal for
// what is no picture.
func (p *Pictures) give(ctx context.Context, item Item) (Item, error) {
	files := p.take(item.Draft.ID)
	if len(files) == 0 {
		return item, nil
	}
	if len(files) > 1 {
		return item, item.refuse(BadPicture, "there are several: "+strings.Join(files, ", "))
	}
	url, err := p.send(ctx, files[0])
	var refused *picture.RefusedError
	if errors.As(err, &refused) {
		return item, item.refuse(BadPicture, files[0]+": "+refused.Reason)
	}
	if err != nil {
		return item, fmt.Errorf("picture %s: %w", files[0], err)
	}
	item.Draft.ImageURL, item.Given.ImageURL = url, true
	return item, nil
}

// send checks the file as the store does, so that nothing is sent that is known to come back.
func (p *Pictures) send(ctx context.Context, name string) (string, error) {
	path := filepath.Join(p.folder, name)
	about, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if about.Size() > picture.MaxBytes {
		return "", &picture.RefusedError{Reason: "The file is larger than 5 MB."}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	mediaType, err := picture.Check(content)
	if err != nil {
		return "", err
	}
	return p.upload(ctx, content, mediaType)
}
