package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"shop/cmd/shop/internal/catalogue"
	"shop/internal/export"
)

// refusedFile is a CSV of what an import refused, with each line as it was.
type refusedFile struct {
	path string
	file *os.File
	csv  *csv.Writer
	rows int
}

// refusedPath returns where the lines refused of the file go unless the operator says.
func refusedPath(file string) string { return filepath.Base(file) + ".refused.csv" }

// newRefusedFile starts the file, in place of an earlier import's. It never overwrites the import's input.
func newRefusedFile(path, input string) (*refusedFile, error) {
	if same(path, input) {
		return nil, fmt.Errorf("%s is the file to import: name another for the refused lines", path)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("making the file for refused lines: %w", err)
	}
	r := &refusedFile{path: path, file: file, csv: csv.NewWriter(file)}
	return r, r.csv.Write([]string{"line", "product_id", "reason", "detail", "record"})
}

func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func (r *refusedFile) add(line *catalogue.Refusal) error {
	r.rows++
	cells := []string{strconv.Itoa(line.Line), line.ProductID, string(line.Reason), line.Detail, line.Text}
	for i, cell := range cells {
		cells[i] = export.Harmless(cell)
	}
	if err := r.csv.Write(cells); err != nil {
		return fmt.Errorf("writing %s: %w", r.path, err)
	}
	return nil
}

// close ends the file; one without a refusal is removed.
func (r *refusedFile) close() error {
	r.csv.Flush()
	err := errors.Join(r.csv.Error(), r.file.Close())
	if err == nil && r.rows == 0 {
		err = os.Remove(r.path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", r.path, err)
	}
	return nil
}
