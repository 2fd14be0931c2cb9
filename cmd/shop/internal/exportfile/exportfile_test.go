package exportfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var header = []byte("header\r\n")

var march = Position{Export: "orders of march", From: time.Unix(1, 0).UTC(), To: time.Unix(2, 0).UTC()}

// add writes the records after the position, up to n in all.
func add(t testing.TB, f *File, n int) {
	t.Helper()
	first := 0
	if f.After != "" {
		if _, err := fmt.Sscanf(f.After, "place %d", &first); err != nil {
			t.Fatal(err)
		}
		first++
	}
	for i := first; i < n; i++ {
		record := bytes.Repeat([]byte{'a' + byte(i%26)}, StoreEvery/3)
		if err := f.Add(record, fmt.Sprint("place ", i)); err != nil {
			t.Fatal(err)
		}
	}
}

func create(t testing.TB) (string, *File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "march.csv")
	f, err := Create(path, march, header)
	if err != nil {
		t.Fatal(err)
	}
	return path, f
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestResumeAfterAKill: a writer is killed with any number of records written, and with any part of the next ones on
// the disk. Who goes on ends with the file that one writer would have written.
func TestResumeAfterAKill(t *testing.T) {
	const records = 7
	path, f := create(t)
	add(t, f, records)
	if err := f.Close(true); err != nil {
		t.Fatal(err)
	}
	want := content(t, path)
	if _, err := os.Stat(PositionPath(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a whole file has a position: %v", err)
	}
	for written := range records + 1 {
		for part := range 4 {
			path, killed := create(t)
			add(t, killed, written)
			good := content(t, path)
			torn := (len(want) - len(good)) * part / 3
			if err := os.WriteFile(path, want[:len(good)+torn], 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Resume(path, march.Export, header)
			if err != nil || !f.From.Equal(march.From) || !f.To.Equal(march.To) || f.Bytes != int64(len(good)) {
				t.Fatalf("got %+v, %v, want %d bytes", f, err, len(good))
			}
			add(t, f, records)
			if err := f.Close(true); err != nil || f.Records != records || !bytes.Equal(content(t, path), want) {
				t.Fatalf("got %d records, %v, or other bytes", f.Records, err)
			}
		}
	}
}

// TestResumeAtTheStart: a writer is killed before it made the file, or before the header stands in it.
func TestResumeAtTheStart(t *testing.T) {
	path, whole := create(t)
	add(t, whole, 3)
	if err := whole.Close(true); err != nil {
		t.Fatal(err)
	}
	want := content(t, path)
	for name, leave := range map[string]func(path string) error{
		"no file":       os.Remove,
		"an empty file": func(path string) error { return os.Truncate(path, 0) },
		"half a header": func(path string) error { return os.Truncate(path, 3) },
	} {
		path, killed := create(t)
		killed.Position = march
		if err := errors.Join(killed.store(), leave(path)); err != nil {
			t.Fatal(err)
		}
		f, err := Resume(path, march.Export, header)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		add(t, f, 3)
		if err := f.Close(true); err != nil || !bytes.Equal(content(t, path), want) {
			t.Errorf("%s: got %v, or other bytes", name, err)
		}
	}
}

// TestResumeAfterAFailure: a writer that fails, or is interrupted, leaves all that it wrote.
func TestResumeAfterAFailure(t *testing.T) {
	path, f := create(t)
	add(t, f, 2) // not enough to be stored by itself
	if err := f.Close(false); err != nil {
		t.Fatal(err)
	}
	f, err := Resume(path, march.Export, header)
	if err != nil || f.Records != 2 || f.After != "place 1" {
		t.Fatalf("got %+v, %v, want to go on after the second record", f, err)
	}
	if err := f.Close(true); err != nil {
		t.Fatal(err)
	}
}

// TestPositionIsStoredInTime: a slow export stores its position, too.
func TestPositionIsStoredInTime(t *testing.T) {
	path, f := create(t)
	f.stored = f.stored.Add(-storeAfter)
	add(t, f, 1)
	if again, err := Resume(path, march.Export, header); err != nil || again.Records != 1 {
		t.Errorf("got %+v, %v, want the record", again, err)
	}
}

func TestRefusals(t *testing.T) {
	path, f := create(t)
	add(t, f, 3)
	if _, err := Create(path, march, header); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if _, err := Resume(path, "orders of april", header); !errors.Is(err, ErrOther) {
		t.Errorf("got %v, want ErrOther", err)
	}
	if _, err := Resume(path+"x", march.Export, header); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want os.ErrNotExist", err)
	}
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(path, march.Export, header); !errors.Is(err, ErrShort) {
		t.Errorf("got %v, want ErrShort", err)
	}
	if err := os.WriteFile(PositionPath(path), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(path, march.Export, header); err == nil {
		t.Error("a broken position was taken")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file of its owner alone", info, err)
	}
}
