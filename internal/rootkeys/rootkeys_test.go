package rootkeys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestRead(t *testing.T) {
	folder := write(t, `{"access_key_id":"SHOPROOTA","secret_access_key":"secret"}`)
	got, err := Of(folder).Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "SHOPROOTA" || got.SecretAccessKey != "secret" || got.CanExpire {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNoKeys(t *testing.T) {
	if _, err := Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: got %v, want %v", err, fs.ErrNotExist)
	}
	for _, text := range []string{"", "[]", "{}", `{"access_key_id":"SHOPROOTA"}`, `{"secret_access_key":"secret"}`} {
		folder := write(t, text)
		if _, err := Read(folder); err == nil || !strings.Contains(err.Error(), filepath.Join(folder, File)) {
			t.Errorf("%q: got %v, want an error that names the file", text, err)
		}
	}
}
