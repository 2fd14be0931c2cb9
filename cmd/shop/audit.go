package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/dynamostore"
	"shop/internal/invariants"
)

func newAudit(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "Check the stored data against the store's promises",
		Long: `audit reads the products, stock movements, orders and mails of a store, live or restored, and who waits
for a product, and reports what is wrong: a stock below zero; a stock that is not its recorded changes minus
the units ordered; units returned that are not those of cancelled orders; an order without its mail, and a
mail without its order; a mail of a status that its order never had; a pending mail, or an order being
cancelled, that the relay cannot find; lines that do not add up to the total; an order that its lists cannot
show; a customer who waits and will not be told, or was not told for a day; a wait that a deleted account
left; sales of a day or month that are not those of its orders ("shop rebuild-sales" repairs them); an item
that cannot be read. Whatever looks wrong is read again before it is reported, because customers buy meanwhile.

It reads everything: in read request units, half of one for each 4 KB, half of one for each order and each
mail of an order, and ten for each customer who waits for a product; a million orders cost less than a dollar.
It writes nothing. The function "audit" of the stack does the same every night, for as long as that takes less
than 15 minutes.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:Scan,
BatchGetItem, GetItem and Query on ProductsTable, StockMovementsTable, OrdersTable and its indexes, MailsTable,
SalesByDayTable, StockAlertsTable, UsersTable and AccountDeletionsTable (outputs of the stack).

Exit code: 0 nothing was found; 1 something was, or the audit failed; 130 interrupted.`,
		Example: `  shop --local audit
  shop --stack shop-production audit`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAudit(c.Context(), s, t, false) },
	}
}

func newAuditStock(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "audit-stock",
		Short: "Compute each stock again from its recorded changes and the orders",
		Long: `audit-stock is the part of audit that concerns stocks. For each product it adds up the recorded changes,
subtracts the units ordered, and compares the result with the stock. It also compares the units returned with
those of cancelled orders. It does not check mails. Its memory is bounded, however many products, changes and
orders there are.

It acts with your AWS credentials, which need what audit needs. It writes nothing.

Exit code: 0 nothing was found; 1 something was, or the audit failed; 130 interrupted.`,
		Example: `  shop --local audit-stock
  shop --stack shop-production audit-stock`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAudit(c.Context(), s, t, true) },
	}
}

func runAudit(ctx context.Context, s streams, t *target, stocksOnly bool) error {
	d, err := t.find(ctx)
	if err != nil {
		return err
	}
	counter, err := d.salesCounter()
	if err != nil {
		return err
	}
	return d.audit(ctx, s, invariants.Audit{StocksOnly: stocksOnly, Sales: counter})
}

// audit completes the audit with the store's tables, reports each difference, and returns an error if there is one.
func (d deployment) audit(ctx context.Context, s streams, audit invariants.Audit) error {
	tables, err := d.invariantTables()
	if err != nil {
		return err
	}
	audit.Tables = tables
	read, err := audit.Run(ctx, func(v invariants.Difference) {
		say(s.out, "%s %q: %s", v.Kind, v.Subject, v.Detail)
	})
	if err != nil {
		return fmt.Errorf("auditing: %w", err)
	}
	say(s.out, "audited %d products, %d movements, %d orders, %d mails, %d requests to be told of a stock, and the sales "+
		"of %d days and months", read.Products, read.Movements, read.Orders, read.Mails, read.Waits, read.Sales)
	if read.Truncated {
		say(s.out, "more looked wrong than was read again: mend the cause, and audit once more")
	}
	if read.Differences > 0 {
		return fmt.Errorf("%d differences", read.Differences)
	}
	say(s.out, "no differences")
	return nil
}

func (d deployment) invariantTables() (*dynamostore.InvariantTables, error) {
	names := map[string]string{}
	for _, output := range []string{
		"ProductsTable", "StockMovementsTable", "OrdersTable", "MailsTable", "StockAlertsTable", "UsersTable",
		"AccountDeletionsTable",
	} {
		name, err := d.output(output)
		if err != nil {
			return nil, err
		}
		names[output] = name
	}
	return &dynamostore.InvariantTables{
		Client: dynamodb.NewFromConfig(d.aws), Products: names["ProductsTable"],
		Movements: names["StockMovementsTable"], Orders: names["OrdersTable"], Mails: names["MailsTable"],
		StockAlerts: names["StockAlertsTable"], Users: names["UsersTable"],
		Deletions: names["AccountDeletionsTable"],
	}, nil
}
