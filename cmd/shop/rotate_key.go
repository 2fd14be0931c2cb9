package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/rotation"
)

func newKeys(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "keys",
		Short: "Show the keys that sign access tokens, and the next step of their rotation",
		Long: `keys shows the two keys: their name in tokens (kid), their ARN in KMS, since when they are published or
sign, and what "shop rotate-key" will do next and from when on.

The times are the latest that are possible: when KMS made the key, and when CloudFormation last changed the
function that publishes the keys or signs with one, whatever it was changed for.

It needs the permissions cloudformation:DescribeStacks and DescribeStackResource, and kms:DescribeKey and
GetPublicKey of both keys; and it reads the issuer's key set, which is public.`,
		Example: `  shop --local keys
  shop --stack shop-production keys`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return (&rotateCommand{streams: s, target: t, now: time.Now, dryRun: true}).show(c.Context())
		},
	}
}

func newRotateKey(s streams, t *target) *cobra.Command {
	r := &rotateCommand{streams: s, target: t, now: time.Now}
	c := &cobra.Command{
		Use:   "rotate-key",
		Short: "Take the next step of rotating the key that signs access tokens",
		Long: `rotate-key takes the next step of a rotation. Two runs bring a new key into use; no session ends:

  1. sign with the standby key. Refused until it has been published for 2 hours and 15 minutes, because API
     Gateway keeps the keys that it read for 2 hours. The other key becomes the standby key.
  2. replace the standby key with a new one. Refused until 20 minutes after it last signed, when every token
     that it signed has expired. The old key stays in the account; the command says how to delete it.

A step is an update of the stack with the template as it is deployed and one other parameter (TokensSignedBy,
or StandbyKey, twice). Run the command again to finish an interrupted replacement.

It needs the permissions of "shop keys", cloudformation:UpdateStack, and those that the update itself takes.`,
		Example: `  shop --local rotate-key --dry-run
  shop --stack shop-production rotate-key`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return r.run(c.Context()) },
	}
	c.Flags().BoolVar(&r.dryRun, "dry-run", false, "say what would be done, or why not, and do nothing")
	return c
}

// rotateCommand is one command line of shop rotate-key.
type rotateCommand struct {
	streams
	target *target
	now    func() time.Time
	dryRun bool
}

// show tells where the rotation stands.
func (r *rotateCommand) show(ctx context.Context) error {
	keys, err := findKeys(ctx, r.target)
	if err != nil {
		return err
	}
	state, err := keys.state(ctx)
	if err != nil {
		return err
	}
	r.describe(state)
	return nil
}

func (r *rotateCommand) run(ctx context.Context) error {
	keys, err := findKeys(ctx, r.target)
	if err != nil {
		return err
	}
	before, err := keys.state(ctx)
	if err != nil {
		return err
	}
	r.describe(before)
	if err := before.Allow(r.now()); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if r.dryRun {
		return nil
	}
	return r.take(ctx, keys, before)
}

func (r *rotateCommand) take(ctx context.Context, keys *signingKeys, before rotation.State) error {
	step := before.Next()
	if err := keys.take(ctx, step.Action); err != nil {
		return err
	}
	after, err := keys.state(ctx)
	if err != nil {
		return fmt.Errorf("it was done (%s), but now: %w", step.Action, err)
	}
	say(r.out, "\ndone: %s\n", step.Action)
	r.describe(after)
	if step.Action == rotation.Replace {
		say(r.out, "\nthe old key is kept; when nobody needs it any more:")
		say(r.out, "  aws kms schedule-key-deletion --key-id %s", before.Standby.ID)
	}
	return nil
}

func (r *rotateCommand) describe(s rotation.State) {
	r.line("signs", s.Signing, "signs since", s.SignedSince)
	if s.Standby != nil {
		r.line("standby", *s.Standby, "published since", s.StandbyPublishedSince())
	}
	step := s.Next()
	when := "at any time"
	if wait := step.NotBefore.Sub(r.now()); wait > 0 {
		when = fmt.Sprintf("not before %s, in %s", instant(step.NotBefore), wait.Round(time.Second))
	}
	say(r.out, "next     %s: %s", step.Action, when)
}

// line shows one key.
func (r *rotateCommand) line(role string, k rotation.Key, what string, since time.Time) {
	say(r.out, "%-8s %s  made %s, %s %s at the latest%s",
		role, cmp.Or(k.TokenID, "(disabled)"), instant(k.CreatedAt), what, instant(since), trouble(k))
	say(r.out, "         %s", k.ID)
}

func trouble(k rotation.Key) string {
	switch {
	case !k.Enabled:
		return "; IT IS DISABLED"
	case !k.Published:
		return "; IT IS NOT PUBLISHED"
	}
	return ""
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
