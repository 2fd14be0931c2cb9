package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// operator runs the operator's tool on the store: who is an admin has no route.
func operator(t *testing.T, arguments ...string) string {
	t.Helper()
	endpoint := needAWS(t)
	tool, err := operatorsTool()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), tool, append([]string{"--local", "--stack", stackName}, arguments...)...)
	run.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+awsRegion)
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("shop %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// operatorsTool builds the tool once and returns its path. TestMain removes it.
var operatorsTool = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "shop-e2e-")
	if err != nil {
		return "", err
	}
	tool := filepath.Join(folder, "shop")
	if out, err := exec.Command("go", "build", "-o", tool, "../../cmd/shop").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the operator's tool: %w: %s", err, out)
	}
	toolFolder = folder
	return tool, nil
})

// toolFolder is where the tool was built, if it was.
var toolFolder string
