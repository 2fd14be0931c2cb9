package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/observe"
	"shop/internal/user"
)

func newGrantAdmin(s streams, t *target) *cobra.Command {
	c := roleChange{
		role: user.RoleAdmin, question: "Make this account an admin's?", done: "%s is an admin from the next log-in on",
	}
	return c.command(s, t, &cobra.Command{
		Use:   "grant-admin EMAIL",
		Short: "Make a user of the store an admin",
		Long: `grant-admin makes the user with that address an admin. The user must have signed up, and, where the
store verifies addresses, have followed the link. It ends all sessions of the user, who must log in again.
Granting twice changes nothing.

It shows the account's id, name, address and when it was made, and asks: the person who signed up with an
address need not be who you think. Without a terminal it refuses, unless --yes answers for you.

It reads and writes the stack's users table with your AWS credentials, which need dynamodb:GetItem and
dynamodb:UpdateItem there. It stores who changed the role and when, and prints that to standard error as
one line of the audit log.`,
		Example: `  shop --local grant-admin ada@example.com
  shop --stack shop-production grant-admin ada@example.com --yes`,
	})
}

func newRevokeAdmin(s streams, t *target) *cobra.Command {
	c := roleChange{role: user.RoleCustomer, question: "Make this account a customer's?", done: "%s is not an admin"}
	return c.command(s, t, &cobra.Command{
		Use:   "revoke-admin EMAIL",
		Short: "Make an admin a customer again",
		Long: `revoke-admin makes the user with that address a customer, and ends all sessions of the user. It takes
effect at once, also for access tokens issued before, because every use of an admin's right looks it up.
Revoking twice changes nothing. Like grant-admin it shows the account and asks, unless there is --yes.`,
		Example: `  shop --local revoke-admin ada@example.com`,
	})
}

// roleChange is a command that gives accounts a role.
type roleChange struct {
	role     user.Role
	question string
	done     string // format: the address
	yes      bool
}

func (rc *roleChange) command(s streams, t *target, c *cobra.Command) *cobra.Command {
	c.Args = cobra.ExactArgs(1)
	c.Flags().BoolVar(&rc.yes, "yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error { return rc.run(c.Context(), s, t, args[0]) }
	return c
}

func (rc *roleChange) run(ctx context.Context, s streams, t *target, address string) error {
	email, err := parseAddress(address)
	if err != nil {
		return err
	}
	d, users, err := findUsers(ctx, t)
	if err != nil {
		return err
	}
	if err := rc.change(ctx, s, d, users, email); errors.Is(err, user.ErrNotFound) {
		return fmt.Errorf("nobody has signed up to the stack %s as %s: %w", d.stack, email, err)
	} else if err != nil {
		return fmt.Errorf("changing the role of %s: %w", email, err)
	}
	say(s.out, rc.done, email)
	return nil
}

// parseAddress returns an address that is a command's argument as the store keeps it.
func parseAddress(argument string) (string, error) {
	email, err := user.NormalizeEmail(argument)
	if err != nil {
		return "", fmt.Errorf("%q: %w", argument, err)
	}
	return email, nil
}

// findUsers finds the store and its accounts.
func findUsers(ctx context.Context, t *target) (deployment, *dynamostore.OperatorAccounts, error) {
	d, table, err := t.findTable(ctx, "UsersTable")
	return d, &dynamostore.OperatorAccounts{Client: dynamodb.NewFromConfig(d.aws), Users: table}, err
}

// change gives the account that is shown the role, if it has another one and the operator agrees.
func (rc *roleChange) change(
	ctx context.Context, s streams, d deployment, users *dynamostore.OperatorAccounts, email string,
) error {
	u, err := users.ByEmail(ctx, email)
	if err != nil || u.Role == rc.role {
		return err
	}
	if u.Unverified && rc.role == user.RoleAdmin {
		return user.ErrUnverified
	}
	show(s.err, u)
	if err := rc.agree(s); err != nil {
		return err
	}
	by, err := operator(ctx, d)
	if err != nil {
		return err
	}
	before, err := users.SetRole(ctx, user.RoleChange{
		UserID: u.ID, Generation: u.Generation, Email: email, Role: rc.role, By: by, At: clock.Now(),
	})
	if err != nil {
		return err
	}
	audit(ctx, s, by, before, rc.role)
	return nil
}

// show prints what the operator decides by. A name is anybody's words, hence the quotes.
func show(to io.Writer, u user.User) {
	fmt.Fprintf(to, "account  %s\nname     %q\naddress  %s\nmade     %s\nrole     %s\n",
		u.ID, u.Name, u.Email, u.CreatedAt.Format(time.RFC3339), u.Role)
}

// agree asks the operator, or returns why the role is not to be changed.
func (rc *roleChange) agree(s streams) error {
	if rc.yes {
		return nil
	}
	return ask(s, rc.question)
}

// ask returns nil when the operator says yes, on a terminal.
func ask(s streams, question string) error {
	if s.in == nil || !term.IsTerminal(int(s.in.Fd())) {
		return errors.New("there is no terminal to ask on: run the command again with --yes")
	}
	return confirm(s.in, s.err, question)
}

// confirm returns nil when the answer to the question is y or yes.
func confirm(in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question, " [y/N] ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
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
	observe.Audit(observe.WithLogger(ctx, observe.New(s.err)), observe.Event{
		Kind: observe.RoleChanged, UserID: by, Subject: before.ID, Before: string(before.Role), After: string(role),
	})
}
