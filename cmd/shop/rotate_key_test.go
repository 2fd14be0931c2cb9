package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/token"
)

// wantUpdates fails unless the stack was updated so, and in this order.
func (k *fakeKeys) wantUpdates(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(k.updates, want) {
		t.Errorf("the stack was updated with %q, want %q", k.updates, want)
	}
}

func TestKeys(t *testing.T) {
	k := startKeys(t, time.Hour)
	shop(t, "--local", "keys").want(t, exitDone,
		"signs "+token.Thumbprint(k.signing().public), k.signing().arn, "signs since "+instant(k.changed[signer]),
		"standby "+token.Thumbprint(k.standby().public), k.standby().arn, "published since "+instant(k.standby().made),
		"next sign with the standby key: not before "+instant(k.standby().made.Add(135*time.Minute))+", in 1h1")
	k.wantUpdates(t)
}

// TestRotation goes round once: both keys are new in the end.
func TestRotation(t *testing.T) {
	k := startKeys(t, 136*time.Minute)
	first, second := k.signing().arn, k.standby().arn
	shop(t, "--local", "rotate-key", "--dry-run").want(t, exitDone, "next sign with the standby key: at any time")
	k.wantUpdates(t)
	shop(t, "--local", "rotate-key").want(t, exitDone, "done: sign with the standby key",
		"next replace the standby key with a new one: not before", "in 20m0s")
	k.wantUpdates(t, "TokensSignedBy=SecondSigningKey")
	if k.signing().arn != second {
		t.Errorf("%s signs, want %s", k.signing().arn, second)
	}
	shop(t, "--local", "rotate-key").want(t, exitFailed,
		"nothing was changed: too early to replace the standby key with a new one", "in 20m0s")
	k.age(21 * time.Minute)
	replaced := shop(t, "--local", "rotate-key")
	replaced.want(t, exitDone, "done: replace the standby key", "not before", "in 2h15m0s",
		"schedule-key-deletion --key-id "+first)
	if strings.Contains(replaced.out, "NOT PUBLISHED") {
		t.Errorf("the new key is said to be unknown:\n%s", replaced.out)
	}
	k.wantUpdates(t, "TokensSignedBy=SecondSigningKey", "StandbyKey=absent", "StandbyKey=published")
	if third := k.standby().arn; third == first || k.signing().arn != second {
		t.Errorf("%s signs and %s is the standby key, want %s and a new one", k.signing().arn, third, second)
	}
	shop(t, "--local", "rotate-key").want(t, exitFailed, "too early to sign with the standby key")
	k.age(135 * time.Minute)
	shop(t, "--local", "rotate-key").want(t, exitDone, "done: sign with the standby key")
	if got := k.updates[3:]; !slices.Equal(got, []string{"TokensSignedBy=SigningKey"}) {
		t.Errorf("the stack was updated with %q, want the first key's successor to sign", got)
	}
}

// TestKeysMadeTogether: of those the second is to sign next, and the first has signed.
func TestKeysMadeTogether(t *testing.T) {
	k := startKeys(t, 10*time.Hour)
	k.standby().made = k.signing().made.Add(-time.Second)
	shop(t, "--local", "keys").want(t, exitDone, "next sign with the standby key: at any time")
	k.params[signedBy] = secondKey
	shop(t, "--local", "keys").want(t, exitDone, "next replace the standby key with a new one: at any time")
}

// TestRotateKeyRefuses what would end a session, and changes nothing.
func TestRotateKeyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeKeys)
		want   string
	}{
		"a key made a minute too late": {func(k *fakeKeys) {
			k.standby().made = time.Now().Add(-134 * time.Minute)
		}, "too early to sign with the standby key"},
		"a key published a minute ago": {func(k *fakeKeys) {
			k.changed[publisher] = time.Now().Add(-time.Minute)
		}, "too early to sign with the standby key"},
		"a key that the issuer does not have": {func(k *fakeKeys) {
			k.hidden = true
		}, "the issuer does not publish the key that is to sign"},
		"a switch of a minute ago": {func(k *fakeKeys) {
			k.params[signedBy], k.changed[signer] = secondKey, time.Now().Add(-time.Minute)
		}, "too early to replace the standby key"},
		"a replacement while the signing key is disabled": {func(k *fakeKeys) {
			k.params[signedBy] = secondKey
			k.signing().disabled = true
		}, "the key that is to sign is disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			k := startKeys(t, 10*time.Hour)
			c.change(k)
			for _, flag := range [][]string{nil, {"--dry-run"}} {
				shop(t, append([]string{"--local", "rotate-key"}, flag...)...).
					want(t, exitFailed, "nothing was changed: "+c.want)
			}
			k.wantUpdates(t)
		})
	}
}

// TestRotateKeyAfterAnInterruption: a replacement is gone on with where it stopped.
func TestRotateKeyAfterAnInterruption(t *testing.T) {
	k := startKeys(t, 10*time.Hour)
	k.params[signedBy] = secondKey
	k.failing = "StandbyKey=published"
	shop(t, "--local", "rotate-key").want(t, exitFailed, "updating the stack shop with StandbyKey=published")
	if k.standby() != nil {
		t.Fatal("there is a standby key")
	}
	k.failing = ""
	shop(t, "--local", "keys").want(t, exitDone, "next add a standby key: at any time")
	shop(t, "--local", "rotate-key").want(t, exitDone, "done: add a standby key",
		"next sign with the standby key: not before")
	k.wantUpdates(t, "StandbyKey=absent", "StandbyKey=published", "StandbyKey=published")
}

// TestRotateKeyWithACompromisedKey: the operator disables the key that signs once another one does; then it can be
// replaced.
func TestRotateKeyWithACompromisedKey(t *testing.T) {
	k := startKeys(t, 10*time.Hour)
	bad := k.signing()
	bad.disabled = true
	shop(t, "--local", "keys").want(t, exitDone, "signs (disabled)", "IT IS DISABLED",
		"next sign with the standby key: at any time")
	shop(t, "--local", "rotate-key").want(t, exitDone, "done: sign with the standby key", "standby (disabled)")
	k.age(21 * time.Minute)
	shop(t, "--local", "rotate-key").want(t, exitDone, "done: replace the standby key", bad.arn)
}

func TestRotateKeyNeedsItsStack(t *testing.T) {
	k := startKeys(t, 10*time.Hour)
	k.failing = "TokensSignedBy=SecondSigningKey"
	shop(t, "--local", "rotate-key").want(t, exitFailed, "updating the stack shop with TokensSignedBy=SecondSigningKey")
	k.url = "http://127.0.0.1:1"
	shop(t, "--local", "keys").want(t, exitFailed, "the keys of http://127.0.0.1:1/issuer cannot be read")
	delete(k.params, standbyKey)
	for _, command := range []string{"keys", "rotate-key"} {
		shop(t, "--local", command).want(t, exitFailed,
			"the stack shop has no parameters TokensSignedBy and StandbyKey")
	}
}

// TestRotateKeyHasNoWayAround: no flag shortens a wait.
func TestRotateKeyHasNoWayAround(t *testing.T) {
	help := shop(t, "rotate-key", "--help")
	_, flags, _ := strings.Cut(help.out, "\nFlags:\n")
	flags, _, _ = strings.Cut(flags, "\nGlobal Flags:")
	if !strings.Contains(flags, "--dry-run") {
		t.Fatalf("no flags were found in %s", help.out)
	}
	for line := range strings.Lines(flags) {
		if strings.Contains(line, "--") && !strings.Contains(line, "--dry-run") && !strings.Contains(line, "--help") {
			t.Errorf("there is a flag %s", line)
		}
	}
}
