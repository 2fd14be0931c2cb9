package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shop/test/project"
)

// pinned is an action at a commit, with the version that it is: a tag can be moved to other code.
var pinned = regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)

// TestActionsArePinned: each action that a workflow uses is named by its commit, and by the same one everywhere.
func TestActionsArePinned(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.y*ml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("got %v, %v, want the workflows", files, err)
	}
	versions := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, action, uses := strings.Cut(strings.TrimSpace(line), "uses: ")
			if !uses {
				continue
			}
			name, _, _ := strings.Cut(action, "@")
			if !pinned.MatchString(action) || versions[name] != "" && versions[name] != action {
				t.Errorf("%s uses %s, want one commit everywhere, and its version", filepath.Base(file), action)
			}
			versions[name] = action
		}
	}
}
