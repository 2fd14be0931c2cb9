package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// The deployed architecture, and what a zip for it should be no larger than, in MB of 2^20 bytes, as AWS shows them.
const (
	deployedArchitecture = "arm64"
	maxZip               = 3.9
	megabyte             = 1 << 20
)

// zips compares the deployment packages with that of the bare checkout, which has two of the SDK's clients.
func zips(ctx context.Context, s *store, _ time.Duration) ([]row, error) {
	folder, err := s.built(ctx, deployedArchitecture)
	if err != nil {
		return nil, err
	}
	limit, err := zipped(filepath.Join(folder, bareFolder, "place-order"))
	if err != nil {
		return nil, err
	}
	functions, err := filepath.Glob("functions/*/main.go")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, main := range functions {
		function := filepath.Base(filepath.Dir(main))
		size, err := zipped(filepath.Join(folder, function))
		if err != nil {
			return nil, err
		}
		rows = append(rows, zipRow(function, size, limit))
	}
	return rows, nil
}

func zipRow(function string, size, limit int64) row {
	figure := float64(size) / megabyte
	r := atMost(function+", zip for "+deployedArchitecture, figure, float64(limit)/megabyte, 0, "%.2f MB")
	r.goal, r.met = fmt.Sprintf("≤ %.1f MB", maxZip), yesNo(figure <= maxZip)
	return r
}

// zipped returns the size in bytes of a zip that has the file as Lambda wants it: deflated, named bootstrap.
func zipped(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("zipping: %w", err)
	}
	defer file.Close()
	var size counter
	archive := zip.NewWriter(&size)
	bootstrap, err := archive.Create("bootstrap")
	if err != nil {
		return 0, fmt.Errorf("zipping %s: %w", path, err)
	}
	if _, err := io.Copy(bootstrap, file); err != nil {
		return 0, fmt.Errorf("zipping %s: %w", path, err)
	}
	if err := archive.Close(); err != nil {
		return 0, fmt.Errorf("zipping %s: %w", path, err)
	}
	return int64(size), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
