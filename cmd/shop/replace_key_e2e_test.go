package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/cmd/shop/internal/rotation"
	"shop/internal/kmssign"
	"shop/internal/token"
	"shop/test/project"
)

// standIns are in the place of the two functions whose changes the command looks at.
const standIns = `
  PublishKeysFunction:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !If [HasStandbyKey, both, one]}
  LogInFunction:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref TokensSignedBy}
`

// partOf returns what template.yaml has from one text to another, without the latter.
func partOf(t *testing.T, template, from, to string) string {
	t.Helper()
	_, after, found := strings.Cut(template, "\n"+from)
	part, _, ends := strings.Cut(after, to)
	if !found || !ends {
		t.Fatalf("template.yaml has nothing from %q to %q", from, to)
	}
	return from + part + "\n"
}

// lastOutput is how the last output of the keys ends.
const lastOutput = ", !GetAtt SigningKey.Arn]"

// keysOnly is a template with the keys of template.yaml, and what decides about them, and nothing else. The issuer is
// the test's.
func keysOnly(t *testing.T, issuer string) string {
	t.Helper()
	text, err := os.ReadFile(templatePath)
	if err != nil {
		t.Fatal(err)
	}
	all := string(text)
	return "Parameters:\n" + partOf(t, all, "  TokensSignedBy:", "\n\n") +
		"Conditions:\n" + partOf(t, all, "  SigningKeySigns:", "\n\n") +
		"Resources:\n" + partOf(t, all, "  SigningKey:\n", "  # ---- The tables") + standIns +
		"Outputs:\n  IssuerUrl: {Value: \"" + issuer + "\"}\n" +
		strings.TrimSuffix(partOf(t, all, "  SigningKeyArn:", lastOutput), "\n") + lastOutput + "\n"
}

// templatePath is found before a test changes its folder.
var templatePath = func() string {
	root, err := project.Root()
	if err != nil {
		panic(err)
	}
	return filepath.Join(root, "template.yaml")
}()

// TestStoreReplacement goes round once on real stacks of a real CloudFormation, with keys of a real KMS: that of the
// store under test. The stack is one of its own, because the store's gateway would not know a new key for two hours.
func TestStoreReplacement(t *testing.T) {
	deployed(t)
	at := &target{stack: "rotation-" + strings.ToLower(unique()), local: true}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { publish(w, r, at) }))
	t.Cleanup(issuer.Close)
	createStack(t, at, keysOnly(t, issuer.URL))
	keys, err := findKeys(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	first := stateOf(t, keys)
	endKeys(t, keys, first.Signing, *first.Standby)

	switched := step(t, at, "done: sign with the standby key")
	if switched.Signing.ID != first.Standby.ID || switched.Standby.ID != first.Signing.ID {
		t.Errorf("after the switch %+v", switched)
	}
	time.Sleep(7 * time.Second) // this test does not wait as its command would, and must not make the keys together
	replaced := step(t, at, "done: replace the standby key with a new one")
	endKeys(t, keys, *replaced.Standby)
	if replaced.Signing.ID != switched.Signing.ID || replaced.Standby.ID == first.Signing.ID ||
		!replaced.Standby.Published {
		t.Errorf("after the replacement %+v and %+v", replaced.Signing, replaced.Standby)
	}
	if keys, err = findKeys(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if old, err := keys.key(t.Context(), first.Signing.ID, firstKey); err != nil || !old.Enabled || old.Published {
		t.Errorf("the old key is now %+v, %v; want it kept, and not published", old, err)
	}
	again := step(t, at, "done: sign with the standby key")
	if again.Signing.ID != replaced.Standby.ID || again.Next().Action != rotation.Replace {
		t.Errorf("after the second switch %+v", again)
	}
}

// publish serves the key set of the stack's keys as they are now.
func publish(w http.ResponseWriter, r *http.Request, at *target) {
	d, err := at.find(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	ids := []string{d.outputs["SigningKeyArn"]}
	if standby := d.outputs["StandbyKeyArn"]; standby != "" {
		ids = append(ids, standby)
	}
	public, err := kmssign.NewRing(kms.NewFromConfig(d.aws), ids).PublicKeys(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(token.JWKS(public))
}

// step runs the command, hours later, and returns where the rotation stands.
func step(t *testing.T, at *target, want string) rotation.State {
	t.Helper()
	var out, errs bytes.Buffer
	command := &rotateCommand{streams: streams{out: &out, err: &errs}, target: at, now: hoursLater}
	if err := command.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	result{exitDone, out.String(), errs.String()}.want(t, exitDone, want)
	keys, err := findKeys(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return stateOf(t, keys)
}

func createStack(t *testing.T, at *target, template string) {
	t.Helper()
	cfg, err := at.config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := cloudformation.NewFromConfig(cfg)
	if _, err := client.CreateStack(
		t.Context(), &cloudformation.CreateStackInput{StackName: &at.stack, TemplateBody: &template},
	); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if _, err := client.DeleteStack(
			context.Background(), &cloudformation.DeleteStackInput{StackName: &at.stack},
		); err != nil {
			t.Error(err)
		}
	})
	waiter := cloudformation.NewStackCreateCompleteWaiter(client,
		func(o *cloudformation.StackCreateCompleteWaiterOptions) { o.MinDelay = updatePoll })
	if err := waiter.Wait(
		t.Context(), &cloudformation.DescribeStacksInput{StackName: &at.stack}, 5*time.Minute,
	); err != nil {
		t.Fatal(err)
	}
}

// endKeys schedules the deletion of keys, which outlive their stack, when the test ends.
func endKeys(t *testing.T, keys *signingKeys, all ...rotation.Key) {
	t.Cleanup(func() {
		for _, key := range all {
			in := &kms.ScheduleKeyDeletionInput{KeyId: &key.ID, PendingWindowInDays: aws.Int32(7)}
			if _, err := keys.kms.ScheduleKeyDeletion(context.Background(), in); err != nil {
				t.Error(err)
			}
		}
	})
}
