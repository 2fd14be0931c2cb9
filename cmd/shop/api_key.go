package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/observe"
	"shop/internal/user"
)

func newAPIKeys(s streams, t *target) *cobra.Command {
	c := &cobra.Command{
		Use:   "api-key",
		Short: "Make, list and revoke the API keys of machines",
		Long: `api-key makes, lists and revokes keys by which machines use the routes of staff. A machine exchanges its key
at POST /machine-sessions for an access token of 15 minutes.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:GetItem,
dynamodb:BatchGetItem, dynamodb:PutItem and dynamodb:UpdateItem on its users table.`,
		Example: `  shop --local api-key create "nightly report" history
  shop --stack shop-production api-key list`,
	}
	c.AddCommand(newAPIKeyCreate(s, t), newAPIKeyList(s, t), newAPIKeyRevoke(s, t))
	return c
}

func newAPIKeyCreate(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "create NAME SCOPE...",
		Short: "Make a key, and print it once",
		Long: `create makes a key with these scopes: inventory, history, orders (see shop grant --help). It prints the key to
standard output, once: the store has only its hash. NAME is for you, and is shown by list.

Who made the key is stored, and printed to standard error as one line of the audit log.`,
		Example: `  shop --local api-key create "nightly report" history
  shop --stack shop-production api-key create warehouse inventory orders >key`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return createAPIKey(c.Context(), s, t, args[0], args[1:])
		},
	}
}

func newAPIKeyList(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys that stand",
		Long: `list prints each key's id, scopes, when it was made, when it was last exchanged (up to an hour late) and its
name. The keys themselves are not stored.`,
		Example: `  shop --local api-key list`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return listAPIKeys(c.Context(), s, t) },
	}
}

func newAPIKeyRevoke(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a key",
		Long: `revoke ends a key, by its id, which is also what stands before the dot in the key. It takes effect at once,
also for access tokens that the key was exchanged for, because every use of a right looks whether the key
still stands. It is printed to standard error as one line of the audit log.`,
		Example: `  shop --local api-key revoke shopkey_4hl5tjn2cwvx3kq7zi6yd2mauo`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return revokeAPIKey(c.Context(), s, t, args[0]) },
	}
}

func findAPIKeys(ctx context.Context, t *target) (deployment, *dynamostore.APIKeys, error) {
	d, table, err := t.findTable(ctx, "UsersTable")
	return d, &dynamostore.APIKeys{Client: dynamodb.NewFromConfig(d.aws), Users: table}, err
}

func createAPIKey(ctx context.Context, s streams, t *target, name string, scopes []string) error {
	if err := checkScopes(scopes); err != nil {
		return err
	}
	if _, _, err := user.NewAPIKey(name, "", time.Time{}, scopes...); err != nil {
		return err // before the store is looked for
	}
	d, keys, err := findAPIKeys(ctx, t)
	if err != nil {
		return err
	}
	by, err := operator(ctx, d)
	if err != nil {
		return err
	}
	k, key, err := user.NewAPIKey(name, by, clock.Now(), scopes...)
	if err != nil {
		return err
	}
	if err := keys.Create(ctx, k); err != nil {
		return err
	}
	auditKey(ctx, s, observe.Event{Kind: observe.APIKeyCreated, UserID: by, Subject: k.ID, After: string(k.Role)})
	say(s.out, "%s", key)
	return nil
}

func listAPIKeys(ctx context.Context, s streams, t *target) error {
	_, store, err := findAPIKeys(ctx, t)
	if err != nil {
		return err
	}
	keys, err := store.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSCOPES\tMADE\tLAST USED\tNAME")
	for _, k := range keys {
		used := "never"
		if !k.LastUsedAt.IsZero() {
			used = k.LastUsedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n",
			k.ID, strings.Join(k.Role.Scopes(), ","), k.CreatedAt.Format(time.RFC3339), used, k.Name)
	}
	return table.Flush()
}

func revokeAPIKey(ctx context.Context, s streams, t *target, id string) error {
	if !user.IsAPIKeyID(id) {
		return fmt.Errorf("%q is no id of an API key: it is shopkey_ and 26 characters", id)
	}
	d, keys, err := findAPIKeys(ctx, t)
	if err != nil {
		return err
	}
	by, err := operator(ctx, d)
	if err != nil {
		return err
	}
	role, err := keys.Revoke(ctx, id, clock.Now())
	if err != nil {
		return fmt.Errorf("revoking %s: %w", id, err)
	}
	auditKey(ctx, s, observe.Event{Kind: observe.APIKeyRevoked, UserID: by, Subject: id, Before: string(role)})
	say(s.out, "%s is revoked", id)
	return nil
}

// auditKey writes the event to standard error as the functions do to their logs.
func auditKey(ctx context.Context, s streams, e observe.Event) {
	observe.Audit(observe.WithLogger(ctx, observe.New(s.err)), e)
}
