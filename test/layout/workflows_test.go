package layout

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"shop/test/project"
)

// pinned is an action at a commit, with the version that it is: a tag can be moved to other code.
var pinned = regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)

// ciPassed waits until ci has passed for the commit.
const ciPassed = "./.github/workflows/ci-passed.yaml"

// workflows returns the text of each workflow by the name of its file.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.y*ml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("got %v, %v, want the workflows", files, err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	return texts
}

// TestActionsArePinned: each action that a workflow uses is named by its commit, and by the same one everywhere.
func TestActionsArePinned(t *testing.T) {
	versions := map[string]string{}
	for file, text := range workflows(t) {
		for line := range strings.Lines(text) {
			_, action, uses := strings.Cut(strings.TrimSpace(line), "uses: ")
			if !uses || action == ciPassed {
				continue
			}
			name, _, _ := strings.Cut(action, "@")
			if !pinned.MatchString(action) || versions[name] != "" && versions[name] != action {
				t.Errorf("%s uses %s, want one commit everywhere, and its version", file, action)
			}
			versions[name] = action
		}
	}
}

type workflow struct {
	Jobs map[string]struct {
		Needs string
		Uses  string
		Steps []struct{ Run string }
	}
}

// TestNothingIsDeployedBeforeCI: each job of the workflows that deploy or publish comes after the one that waits for
// ci.
func TestNothingIsDeployedBeforeCI(t *testing.T) {
	for _, name := range []string{"deploy.yaml", "release.yaml"} {
		var w workflow
		if err := yaml.Unmarshal([]byte(workflows(t)[name]), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for job, first := range w.Jobs {
			for first.Needs != "" {
				first = w.Jobs[first.Needs]
			}
			if first.Uses != ciPassed {
				t.Errorf("%s: the job %s does not wait for ci", name, job)
			}
		}
	}
}

// TestWaitForCI runs the step that waits, with a gh that answers as the runs of ci go on, and a sleep that takes no
// time. The step ends well only after a run that passed, and needs the last answer.
func TestWaitForCI(t *testing.T) {
	var w workflow
	if err := yaml.Unmarshal([]byte(workflows(t)["ci-passed.yaml"]), &w); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answers []string
		passes  bool
	}{
		{[]string{"completed success"}, true},
		{[]string{"", "", "queued ", "in_progress ", "completed success"}, true},
		{[]string{"in_progress ", "completed failure"}, false},
		{[]string{"completed cancelled"}, false},
		{slices.Repeat([]string{""}, 11), false},
	} {
		bin := t.TempDir()
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		write("answers", strings.Join(c.answers, "\n")+"\n")
		write("sleep", "#!/bin/sh\n")
		write("gh", `#!/bin/sh
case "$*" in "run list --workflow ci.yaml --event push --commit 5ca1ab1e "*) ;; *) exit 2 ;; esac
[ -s "${0%/*}/answers" ] || exit 3
head -n 1 "${0%/*}/answers"; sed -i 1d "${0%/*}/answers"`)
		step := exec.Command("bash", "-e", "-c", w.Jobs["wait"].Steps[0].Run)
		step.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "GITHUB_SHA=5ca1ab1e"}
		said, err := step.CombinedOutput()
		left, _ := os.ReadFile(filepath.Join(bin, "answers"))
		if (err == nil) != c.passes || len(left) > 0 {
			t.Errorf("%q: %v, %q not asked for; it said %s", c.answers, err, left, said)
		}
	}
}
