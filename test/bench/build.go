package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// bareFolder is where, beside the functions, a build has the bare ones.
const bareFolder = "bare"

// built builds every function and every bare one for an architecture, once, and returns the folder. The flags are those
// of the deployed functions: `make bench` has them in GOFLAGS.
func (s *store) built(ctx context.Context, architecture string) (string, error) {
	if folder, ok := s.builds[architecture]; ok {
		return folder, nil
	}
	folder := filepath.Join(s.folder, architecture)
	for to, packages := range map[string]string{
		folder: "./functions/...", filepath.Join(folder, bareFolder): "./test/bench/bare/...",
	} {
		command := exec.CommandContext(ctx, "go", "build", "-o", to+"/", packages)
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
		if out, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", packages, err, out)
		}
	}
	s.builds[architecture] = folder
	return folder, nil
}

// pair is a function and the bare one that is its limit, as files for this machine.
type pair struct{ ours, bare string }

func (s *store) pair(ctx context.Context, function string) (pair, error) {
	folder, err := s.built(ctx, runtime.GOARCH)
	return pair{ours: filepath.Join(folder, function), bare: filepath.Join(folder, bareFolder, function)}, err
}
