package project

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRoot(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Dir(filepath.Dir(here))
	for _, folder := range []string{here, filepath.Dir(here), want} {
		t.Chdir(folder)
		if got, err := Root(); err != nil || got != want {
			t.Errorf("in %s: got %s, %v, want %s", folder, got, err, want)
		}
	}
	t.Chdir(t.TempDir())
	if got, err := Root(); !errors.Is(err, ErrOutside) {
		t.Errorf("outside: got %s, %v, want %v", got, err, ErrOutside)
	}
}
