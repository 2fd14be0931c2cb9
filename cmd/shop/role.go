package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/observe"
	"shop/internal/user"
)

func newGrantAdmin(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "grant-admin EMAIL",
		Short: "Make a user of the store an admin",
		Long: `grant-admin makes the user with that address an admin. The user must have signed up, and must log in
again: the token of a session says what its user could do when it began. Granting twice changes nothing.

It writes to the stack's users table with your AWS credentials, which need dynamodb:UpdateItem there.
Who changed the role and when is kept beside it, and printed to standard error as one line of the
audit log.`,
		Example: `  shop --local grant-admin ada@example.com
  shop --stack shop-production grant-admin ada@example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return setRole(c.Context(), s, t, args[0], user.RoleAdmin, "%s is an admin from the next log-in on")
		},
	}
}

func newRevokeAdmin(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke-admin EMAIL",
		Short: "Take an admin's rights back",
		Long: `revoke-admin makes the user with that address a customer. It holds at once, also for sessions under
way, because every use of an admin's right looks it up. Revoking twice changes nothing.`,
		Example: `  shop --local revoke-admin ada@example.com`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return setRole(c.Context(), s, t, args[0], user.RoleCustomer, "%s is not an admin")
		},
	}
}

func setRole(ctx context.Context, s streams, t *target, address string, role user.Role, done string) error {
	email, err := user.NormalizeEmail(address)
	if err != nil {
		return fmt.Errorf("%q: %w", address, err)
	}
	d, err := t.find(ctx)
	if err != nil {
		return err
	}
	table, err := d.output("UsersTable")
	if err != nil {
		return err
	}
	by, err := operator(ctx, d)
	if err != nil {
		return err
	}
	users := &dynamostore.Users{Client: dynamodb.NewFromConfig(d.aws), Table: table}
	before, err := users.SetRole(ctx, user.RoleChange{Email: email, Role: role, By: by, At: clock.Now()})
	if errors.Is(err, user.ErrNotFound) {
		return fmt.Errorf("nobody has signed up to the stack %s as %s: %w", d.stack, email, err)
	}
	if err != nil {
		return err
	}
	audit(ctx, s, by, before, role)
	say(s.out, done, email)
	return nil
}

// operator returns the ARN of who runs the command. AWS tells it to everyone of himself, whatever his policies.
func operator(ctx context.Context, d deployment) (string, error) {
	me, err := sts.NewFromConfig(d.aws).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking AWS who you are: %w", err)
	}
	return aws.ToString(me.Arn), nil
}

// audit writes the change to standard error as the functions do to their logs. What was so before is no change.
func audit(ctx context.Context, s streams, by string, before user.User, role user.Role) {
	if before.Role == role {
		return
	}
	observe.Audit(observe.Into(ctx, observe.New(s.err)), observe.Event{
		Kind: observe.RoleChanged, UserID: by, Subject: before.ID, Before: string(before.Role), After: string(role),
	})
}
