package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The deployed architecture, and what a zip for it should be no larger than, in MB of 2^20 bytes, as AWS shows them.
const (
	deployedArchitecture = "arm64"
	maxZip               = 3.9
	megabyte             = 1 << 20
)

// zips compares the deployment packages with that of the bare checkout, which has two of the SDK's clients.
func zips(ctx context.Context, s *store, e effort) ([]row, error) {
	folder, err := s.built(ctx, e.architecture)
	if err != nil {
		return nil, err
	}
	limit, err := zipped(ctx, filepath.Join(folder, bareFolder, "place-order"))
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
		size, err := zipped(ctx, filepath.Join(folder, function))
		if err != nil {
			return nil, err
		}
		rows = append(rows, zipRow(function, e.architecture, size, limit))
	}
	return rows, nil
}

func zipRow(function, architecture string, size, limit int64) row {
	figure := float64(size) / megabyte
	r := atMost(function+", zip for "+architecture, figure, float64(limit)/megabyte, 0, "%.2f MB")
	r.goal, r.met = fmt.Sprintf("≤ %.2f MB", maxZip), yesNo(rounded(figure) <= maxZip)
	return r
}

// zipped returns the size in bytes of a zip of the file, made by the module of Python that the SAM CLI makes its
// packages with: archive/zip of Go packs some three parts in a hundred less.
func zipped(ctx context.Context, path string) (int64, error) {
	if _, err := os.Stat(path); err != nil { // the module leaves out what is not there
		return 0, fmt.Errorf("zipping: %w", err)
	}
	to := path + ".zip"
	command := exec.CommandContext(ctx, cmp.Or(os.Getenv("PYTHON"), "python3"), "-m", "zipfile", "-c", to, path)
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("zipping %s: %w\n%s", path, err, out)
	}
	made, err := os.Stat(to)
	if err != nil {
		return 0, fmt.Errorf("zipping %s: %w", path, err)
	}
	return made.Size(), nil
}
