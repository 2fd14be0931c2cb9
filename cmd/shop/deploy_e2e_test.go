package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shop/cmd/shop/internal/rotation"
	"shop/internal/rootkeys"
	"shop/test/testenv"
)

// TestStoreDeployment: after a rotation the store is deployed as `make deploy` does it, and tokens are signed by the
// same key still. Then what a deployment ends with is tried on the store. It leaves the store as it was.
func TestStoreDeployment(t *testing.T) {
	d := newDrill(t, deployed(t))
	keys, err := findKeys(t.Context(), &target{stack: "shop", local: true})
	if err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, keys)
	if before.Next().Action != rotation.Switch {
		t.Fatalf("the next step is to %s: was a drill interrupted?", before.Next().Action)
	}
	step(t, &target{stack: "shop", local: true}, "done: sign with the standby key")
	original := filepath.Join(testenv.Env(t, "SHOP_DATA"), "build", "template.yaml")
	t.Cleanup(func() { // not in t's context, which has ended by then
		if err := keys.update(context.Background(), signedBy, keys.params[signedBy]); err != nil {
			t.Error(err)
		}
		inFolder(t, "deploy.py", "local", "--yes", "--no-smoke", "--template", original)
	})

	changed := withMore(t, original)
	inFolder(t, "deploy.py", "local", "--yes", "--no-smoke", "--template", changed)
	d.logsInWith(t, before.Standby.TokenID)
	deployedKeys, err := findKeys(t.Context(), &target{stack: "shop", local: true})
	if err != nil {
		t.Fatal(err)
	}
	if after := stateOf(t, deployedKeys); after.Signing.ID != before.Standby.ID ||
		after.Standby.ID != before.Signing.ID {
		t.Errorf("after the deployment %s signs, want %s still", after.Signing.ID, before.Standby.ID)
	}

	out := inFolder(t, "smoke.py", "shop", "PagesUrl="+testenv.Env(t, "SHOP_PAGES_URL"))
	for _, want := range []string{
		"the shop's and the desk's page", "the catalogue", "2 keys", "log in (key " + before.Standby.TokenID,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the smoke test does not say %q:\n%s", want, out)
		}
	}
}

// withMore writes the built template with a resource more beside it, so that there is something to deploy.
func withMore(t *testing.T, built string) string {
	t.Helper()
	text, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	more := []byte(
		"\nResources:\n  DeploymentDrill:\n    Type: AWS::SSM::Parameter\n    Properties: {Type: String, Value: here}\n",
	)
	with := bytes.Replace(text, []byte("\nResources:\n"), more, 1)
	if len(with) == len(text) {
		t.Fatal("the built template has no Resources")
	}
	path := filepath.Join(filepath.Dir(built), "drill.yaml")
	if err := os.WriteFile(path, with, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
	return path
}

// inFolder runs a program of infra/deploy on the store under test and returns what it wrote.
func inFolder(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	root := filepath.Dir(templatePath)
	testenv.File(t, filepath.Join(root, ".tools/emulator/bin/python"))
	store, err := rootkeys.Read(os.Getenv("SHOP_DATA"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(root, ".tools/emulator/bin/python"),
		append([]string{filepath.Join(root, "infra/deploy", program)}, arguments...)...)
	command.Dir = root
	command.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(root, "infra/local"),
		"AWS_ENDPOINT_URL="+testenv.Env(t, "SHOP_AWS_URL"),
		"AWS_ACCESS_KEY_ID="+store.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+store.SecretAccessKey,
		"AWS_REGION="+localRegion,
		"AWS_DEFAULT_REGION="+localRegion, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, out)
	}
	return string(out)
}
