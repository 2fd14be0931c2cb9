package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/invariants"
)

// restoredTables are the outputs of the tables that only make sense as of one moment, in the order in which they are
// restored.
var restoredTables = []string{"ProductsTable", "StockMovementsTable", "OrdersTable", "MailsTable",
	"StockAlertsTable"}

// restoreCommand is one command line of shop restore.
type restoreCommand struct {
	streams
	target       *target
	suffix, kept string
	yes          bool
}

func newRestore(s streams, t *target) *cobra.Command {
	r := &restoreCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "restore",
		Short: "Copy tables that DynamoDB restored to an earlier moment back into the store's own",
		Long: `restore makes the products, stock movements, orders, mails and requests to be told of a stock what they were
at one moment.

DynamoDB restores a table into a new one (docs/operations.md has the commands). Each of the five must have been
restored to the same moment, under its own name and a suffix. restore compares each with the store's table, says
what it would write and remove, audits the restored tables as "shop audit" does, and changes nothing. With --yes
it writes and removes, and audits the store's tables after it.

Stop the store's functions first, and start them when it is done: what is written meanwhile is not seen.

What was in the store's tables and goes, because it was written after that moment or was spoiled, is kept in the
file --kept, a line an item: {"table":…,"item":…}, the item as "aws dynamodb put-item" takes it. It has personal
data. An interrupted run is finished by another; it adds to the file.

The address of a customer who deleted the account after that moment comes back with an order or a request. restore
says how many there are, and with --yes records their deletions anew, by which the store's functions erase it
again. Who has no account counts as deleted: the table Users must be whole.

It reads all ten tables with consistent reads, and writes what differs. It acts with your AWS credentials. They
need cloudformation:DescribeStacks on the stack; dynamodb:DescribeTable, Scan and BatchGetItem on both tables of
each pair; BatchGetItem on UsersTable; Query and GetItem for the audit; with --yes dynamodb:BatchWriteItem on the
store's own, and PutItem on AccountDeletionsTable.

Exit code: 0 done, and the audit found nothing; 1 failed, or it found something; 130 interrupted.`,
		Example: `  shop --stack shop-production restore --suffix -restored
  shop --stack shop-production restore --suffix -restored --kept removed.jsonl --yes`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return r.run(c.Context()) },
	}
	flags := c.Flags()
	flags.StringVar(&r.suffix, "suffix", "", "what the restored tables' names have after the store's own")
	flags.StringVar(&r.kept, "kept", "", "with --yes: the file for what is written over or removed")
	flags.BoolVar(&r.yes, "yes", false, "do it; else only say what would be done")
	return c
}

func (r *restoreCommand) run(ctx context.Context) error {
	switch {
	case r.suffix == "":
		return errors.New("--suffix says which tables: a restored table has the store's table's name and the suffix")
	case r.yes && r.kept == "":
		return errors.New("--yes needs --kept, a file for what is written over or removed")
	}
	d, err := r.target.find(ctx)
	if err != nil {
		return err
	}
	keep, done, err := r.openKept()
	if err != nil {
		return err
	}
	for _, output := range restoredTables {
		if err := r.copy(ctx, d, output, keep); err != nil {
			return errors.Join(err, done())
		}
	}
	if err := done(); err != nil {
		return err
	}
	if err := r.eraseAgain(ctx, d); err != nil {
		return err
	}
	if !r.yes {
		return r.auditRestored(ctx, d)
	}
	if err := d.audit(ctx, r.streams, invariants.Audit{}); err != nil {
		return err
	}
	say(r.out, `"shop rebuild-sales" counts the sales anew`)
	return nil
}

// openKept returns what keeps an item, and what ends the file safely.
func (r *restoreCommand) openKept() (keep func(string, json.RawMessage) error, done func() error, err error) {
	if !r.yes {
		return nil, func() error { return nil }, nil
	}
	file, err := os.OpenFile(r.kept, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening --kept: %w", err)
	}
	lines := json.NewEncoder(file)
	keep = func(table string, item json.RawMessage) error {
		return lines.Encode(map[string]any{"table": table, "item": item})
	}
	return keep, func() error { return errors.Join(file.Sync(), file.Close()) }, nil
}

func (r *restoreCommand) copy(ctx context.Context, d deployment, output string, keep func(string,
	json.RawMessage) error) error {
	table, err := d.output(output)
	if err != nil {
		return err
	}
	began := time.Now()
	c := &dynamostore.TableCopy{Client: dynamodb.NewFromConfig(d.aws), From: table + r.suffix, To: table,
		Write: r.yes, Keep: keep}
	copied, err := c.Run(ctx)
	if err != nil {
		return fmt.Errorf("restoring %s: %w", table, err)
	}
	say(r.out, "%-20s %d as they were, %d %swritten, %d %sremoved (%s)", output, copied.Same, copied.Written, r.tense(),
		copied.Removed, r.tense(), time.Since(began).Round(time.Millisecond))
	return nil
}

func (r *restoreCommand) tense() string {
	if r.yes {
		return ""
	}
	return "to be "
}

func (r *restoreCommand) eraseAgain(ctx context.Context, d deployment) error {
	users, err := d.output("UsersTable")
	if err != nil {
		return err
	}
	deletions, err := d.output("AccountDeletionsTable")
	if err != nil {
		return err
	}
	n, err := (&dynamostore.ErasuresAgain{
		Client: dynamodb.NewFromConfig(d.aws), Orders: d.outputs["OrdersTable"] + r.suffix,
		StockAlerts: d.outputs["StockAlertsTable"] + r.suffix, Users: users, AccountDeletions: deletions, Write: r.yes,
	}).Run(ctx, clock.Now())
	if err != nil {
		return fmt.Errorf("looking for deleted accounts: %w", err)
	}
	say(r.out, "%-20s %d %swritten: addresses of customers come back whose account was deleted since",
		"AccountDeletions", n, r.tense())
	return nil
}

// auditRestored audits the restored tables, which have all that a store's own have.
func (r *restoreCommand) auditRestored(ctx context.Context, d deployment) error {
	for _, output := range restoredTables {
		d.outputs[output] += r.suffix
	}
	if err := d.audit(ctx, r.streams, invariants.Audit{}); err != nil {
		return fmt.Errorf("the restored tables: %w", err)
	}
	say(r.out, "nothing was changed: --yes restores")
	return nil
}
