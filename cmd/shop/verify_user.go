package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/observe"
	"shop/internal/user"
)

func newVerifyUser(s streams, t *target) *cobra.Command {
	v := &verifyCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "verify-user EMAIL",
		Short: "Verify a user's address without the link in a mail",
		Long: `verify-user lets a user log in who has not followed the link in the mail, in a store that verifies
addresses. It is for users who cannot get the mail: the first admin, while the account is in SES's sandbox and
can mail only verified addresses, and the test account of a deployment. Verifying twice changes nothing.

The person who signed up with an address need not be its owner. So the command shows the account's id, name,
address and when it was made, and asks. Without a terminal it refuses, unless --yes answers for you.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:GetItem and
dynamodb:UpdateItem on its users table. It stores who verified the address and when, and prints that to standard
error as one line of the audit log.`,
		Example: `  shop --local verify-user ada@example.com
  shop --stack shop-production verify-user ada@example.com --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return v.run(c.Context(), args[0]) },
	}
	c.Flags().BoolVar(&v.yes, "yes", false, "do not ask")
	return c
}

// verifyCommand is one command line of shop verify-user.
type verifyCommand struct {
	streams
	target *target
	yes    bool
}

func (v *verifyCommand) run(ctx context.Context, address string) error {
	email, err := parseAddress(address)
	if err != nil {
		return err
	}
	d, users, err := findUsers(ctx, v.target)
	if err != nil {
		return err
	}
	if err := v.verify(ctx, d, users, email); errors.Is(err, user.ErrNotFound) {
		return fmt.Errorf("nobody has signed up to the stack %s as %s, or too long ago: %w", d.stack, email, err)
	} else if err != nil {
		return fmt.Errorf("verifying %s: %w", email, err)
	}
	say(v.out, "%s is verified", email)
	return nil
}

// verify verifies the account that is shown, if it is not verified and the operator agrees.
func (v *verifyCommand) verify(
	ctx context.Context, d deployment, users *dynamostore.OperatorAccounts, email string,
) error {
	u, err := users.ByEmail(ctx, email)
	if err != nil || !u.Unverified {
		return err
	}
	show(v.err, u)
	if !v.yes {
		if err := ask(v.streams, "Verify this address?"); err != nil {
			return err
		}
	}
	by, err := operator(ctx, d)
	if err != nil {
		return err
	}
	if err := users.Verify(ctx, user.Verification{UserID: u.ID, Email: email, By: by, At: clock.Now()}); err != nil {
		return err
	}
	observe.Audit(observe.WithLogger(ctx, observe.New(v.err)), observe.Event{
		Kind: observe.AddressVerified, UserID: by, Subject: u.ID, Before: "unverified", After: "verified",
	})
	return nil
}
