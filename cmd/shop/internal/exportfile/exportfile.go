// Package exportfile writes a long file. If its writer is killed, at any moment, another can resume it.
//
// Beside FILE stands FILE.position: how many bytes of FILE are good, and the place in what is exported from which the
// next bytes come. It is replaced as a whole, after the bytes that it counts are on the disk. To resume cuts off what
// FILE has beyond them.
package exportfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// Errors of a file that cannot be resumed.
var (
	ErrExists = errors.New("the file is there already: resume it with --resume, or remove it")
	ErrOther  = errors.New("it is the position of another export")
	ErrShort  = errors.New("the file is shorter than its position says")
)

// Position is how far an export is written.
type Position struct {
	Export  string    `json:"export"`  // what is exported: one that differs is another export
	From    time.Time `json:"from"`    // its range; zero is no bound
	To      time.Time `json:"to"`      // exclusive
	Bytes   int64     `json:"bytes"`   // of the file that are good
	Records int64     `json:"records"` // that these bytes have
	After   string    `json:"after"`   // the place of the last of them
}

// How much is written, or how much time passes, before the position is stored again.
const (
	StoreEvery = 1 << 20 // bytes
	storeAfter = time.Second
)

// File is an export that is being written.
type File struct {
	Position
	path   string
	file   *os.File
	open   []byte // written to File, not yet to the disk
	after  string // the place of the last record in open
	count  int64  // of records in open
	stored time.Time
}

// PositionPath returns where the position of a file is.
func PositionPath(path string) string { return path + ".position" }

// Create begins a file, which must not be there, with a header. Its owner alone can read it. It returns ErrExists.
//
// The position comes first: a writer that is killed before it has made the file can be resumed, too.
func Create(path string, p Position, header []byte) (*File, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s: %w", path, ErrExists)
	}
	f := &File{Position: p, path: path}
	if err := f.store(); err != nil {
		return nil, err
	}
	return f, f.begin(header, os.O_EXCL)
}

// begin makes the file, with another flag, and writes the header.
func (f *File) begin(header []byte, flag int) (err error) {
	f.file, err = os.OpenFile(f.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|flag, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: %w", f.path, ErrExists)
	}
	if err != nil {
		return err
	}
	f.open = slices.Clone(header) // which f writes over
	if err := f.flush(); err != nil {
		return errors.Join(err, f.file.Close())
	}
	return nil
}

// Resume opens a file to write on; where not even the header is written, it begins it. Its position has the range that
// the export began with. It returns ErrOther, ErrShort, and an error that is os.ErrNotExist where there is no position.
func Resume(path, export string, header []byte) (*File, error) {
	text, err := os.ReadFile(PositionPath(path))
	if err != nil {
		return nil, err
	}
	f := &File{path: path, stored: time.Now()}
	if err := json.Unmarshal(text, &f.Position, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%s: %w", PositionPath(path), err)
	}
	if f.Export != export || f.Bytes < 0 || f.Records < 0 {
		return nil, fmt.Errorf("%s: %w (%s)", PositionPath(path), ErrOther, f.Export)
	}
	if f.Bytes == 0 {
		return f, f.begin(header, 0)
	}
	if f.file, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return nil, err
	}
	return f, f.cut()
}

// cut removes what the file has beyond its position.
func (f *File) cut() error {
	info, err := f.file.Stat()
	if err == nil && info.Size() < f.Bytes {
		err = fmt.Errorf("%s: %w: it has %d bytes, and should have %d", f.path, ErrShort, info.Size(), f.Bytes)
	}
	if err == nil {
		err = f.file.Truncate(f.Bytes)
	}
	if err == nil {
		_, err = f.file.Seek(f.Bytes, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, f.file.Close())
	}
	return nil
}

// Add writes a record, and the place that goes on after it.
func (f *File) Add(record []byte, after string) error {
	f.open = append(f.open, record...)
	f.after = after
	f.count++
	if len(f.open) < StoreEvery && time.Since(f.stored) < storeAfter {
		return nil
	}
	return f.flush()
}

// flush brings what is open to the disk, and then the position.
func (f *File) flush() error {
	if _, err := f.file.Write(f.open); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.Bytes += int64(len(f.open))
	f.Records += f.count
	f.After = f.after
	f.open, f.count, f.stored = f.open[:0], 0, time.Now()
	return f.store()
}

// store replaces the stored position.
func (f *File) store() error {
	text, err := json.Marshal(f.Position)
	if err != nil {
		return err
	}
	next := PositionPath(f.path) + ".next"
	file, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(next, PositionPath(f.path))
}

// Close ends the writing. A file that is whole has no position; that of another is stored, so that it can be
// resumed.
func (f *File) Close(whole bool) error {
	err := errors.Join(f.flush(), f.file.Close())
	if err == nil && whole {
		err = os.Remove(PositionPath(f.path))
	}
	return err
}
