package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"shop/test/project"
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
		arguments := []string{"build", "-o", to + "/", packages}
		if s.profiles != "" {
			overlay, err := s.profiled()
			if err != nil {
				return "", err
			}
			arguments = slices.Insert(arguments, 1, "-overlay="+overlay)
		}
		command := exec.CommandContext(ctx, "go", arguments...)
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
		if out, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", packages, err, out)
		}
	}
	s.builds[architecture] = folder
	return folder, nil
}

// profiled returns the path of an overlay that adds package profiling to every function and every bare one.
func (s *store) profiled() (string, error) {
	start := s.file("go")
	text := "package main\n\nimport \"shop/test/bench/profiling\"\n\nfunc init() { profiling.Start() }\n"
	if err := os.WriteFile(start, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("adding profiles: %w", err)
	}
	root, err := project.Root()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, folder := range []string{"functions", "test/bench/bare"} {
		mains, err := filepath.Glob(filepath.Join(root, folder, "*", "main.go"))
		if err != nil {
			return "", fmt.Errorf("adding profiles: %w", err)
		}
		for _, main := range mains {
			replace[filepath.Join(filepath.Dir(main), "profile_of_bench.go")] = start
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("adding profiles: %w", err)
	}
	path := s.file("json")
	return path, os.WriteFile(path, overlay, 0o600)
}

// pair is a function and the bare one that is its limit, as files for this machine.
type pair struct{ ours, bare string }

func (s *store) pair(ctx context.Context, function string) (pair, error) {
	folder, err := s.built(ctx, runtime.GOARCH)
	return pair{ours: filepath.Join(folder, function), bare: filepath.Join(folder, bareFolder, function)}, err
}
