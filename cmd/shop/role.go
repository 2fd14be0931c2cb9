package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	"shop/internal/token"
	"shop/internal/user"
)

func newGrant(s streams, t *target) *cobra.Command {
	c := roleChange{
		next: user.Role.With, question: "Grant this account %s?",
		done: "%s has the right to %s from the next log-in on",
	}
	return c.command(s, t, &cobra.Command{
		Use:   "grant EMAIL SCOPE...",
		Short: "Make a user of the store staff, with these rights or all",
		Long: `grant gives the user with that address rights of staff. SCOPE is one of

  inventory   products, stock and its movements
  history     all orders, and what was sold
  orders      reading an order by its id, its status, its parcel's number, its cancellation
  admin       all of these; it replaces the others

The user must have signed up, and, where the store verifies addresses, have followed the link. It ends all
sessions of the user, who must log in again. Granting twice changes nothing.

It shows the account's id, name, address, when it was made and its role, and asks: the person who signed up
with an address need not be who you think. Without a terminal it refuses, unless --yes answers for you.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:GetItem and
dynamodb:UpdateItem on its users table. It stores who changed the role and when, and prints that to standard error
as one line of the audit log.`,
		Example: `  shop --local grant ada@example.com inventory history
  shop --stack shop-production grant ada@example.com admin --yes`,
	})
}

func newRevoke(s streams, t *target) *cobra.Command {
	c := roleChange{
		next: user.Role.Without, revokes: true, question: "Take %s from this account?",
		done: "%s has no right to %s",
	}
	return c.command(s, t, &cobra.Command{
		Use:   "revoke EMAIL SCOPE...",
		Short: "Take rights of staff from a user",
		Long: `revoke takes rights of staff, as of grant, from the user with that address, and ends all sessions of the
user. It takes effect at once, also for access tokens issued before, because every use of a right looks it up.
An admin has no single rights that could be taken: revoke admin, then grant what is to stay. Revoking twice
changes nothing. Like grant it shows the account and asks, unless there is --yes.`,
		Example: `  shop --local revoke ada@example.com history
  shop --stack shop-production revoke ada@example.com admin`,
	})
}

// roleChange is a command that changes what accounts may do.
type roleChange struct {
	next     func(user.Role, ...string) user.Role // the role that follows another one
	revokes  bool
	question string // format: the scopes
	done     string // format: the address, the scopes
	yes      bool

	scopes []string
}

func (rc *roleChange) command(s streams, t *target, c *cobra.Command) *cobra.Command {
	c.Args = cobra.MinimumNArgs(2)
	c.Flags().BoolVar(&rc.yes, "yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error {
		rc.scopes = args[1:]
		return rc.run(c.Context(), s, t, args[0])
	}
	return c
}

func (rc *roleChange) run(ctx context.Context, s streams, t *target, address string) error {
	email, err := parseAddress(address)
	if err != nil {
		return err
	}
	if err := checkScopes(rc.scopes); err != nil {
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
	say(s.out, rc.done, email, strings.Join(rc.scopes, ", "))
	return nil
}

// checkScopes refuses what is no scope of staff.
func checkScopes(scopes []string) error {
	for _, scope := range scopes {
		if !slices.Contains(token.StaffScopes(), scope) {
			return fmt.Errorf("%q is no scope: there are %s", scope, strings.Join(token.StaffScopes(), ", "))
		}
	}
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

// errAdmin says that a single right is to be taken from an admin.
var errAdmin = errors.New("an admin has all rights: revoke admin, then grant what is to stay")

// change gives the account that is shown the role that follows its own, if that is another one and the operator agrees.
func (rc *roleChange) change(
	ctx context.Context, s streams, d deployment, users *dynamostore.OperatorAccounts, email string,
) error {
	u, err := users.ByEmail(ctx, email)
	if err != nil {
		return err
	}
	role, err := rc.roleOf(u)
	if err != nil || role == u.Role {
		return err
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
		UserID: u.ID, Generation: u.Generation, Email: email, From: u.Role, Role: role, By: by, At: clock.Now(),
	})
	if err != nil {
		return err
	}
	audit(ctx, s, by, before, role)
	return nil
}

// roleOf returns the role that u is to get, or why it may get none.
func (rc *roleChange) roleOf(u user.User) (user.Role, error) {
	role := rc.next(u.Role, rc.scopes...)
	switch {
	case rc.revokes && u.Role == user.RoleAdmin && role == u.Role:
		return "", errAdmin
	case !rc.revokes && role != u.Role && u.Unverified:
		return "", user.ErrUnverified
	}
	return role, nil
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
	return ask(s, fmt.Sprintf(rc.question, strings.Join(rc.scopes, ", ")))
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
