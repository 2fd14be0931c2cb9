// Package project finds the project's folder, for tests and for tools that are built for them.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrOutside says that the working folder is not inside the project.
var ErrOutside = errors.New("not inside the project's folder")

// Root returns the folder of go.mod, which is the working folder or above it. The path of a source file, which
// [runtime.Caller] gives, is of no use here: in what is built with -trimpath it begins with the module's name.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", ErrOutside
		}
		folder = above
	}
}
