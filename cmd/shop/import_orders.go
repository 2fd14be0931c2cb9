package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/pastsales"
	"shop/cmd/shop/internal/sales"
	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/export"
)

// importOrdersCommand is one command line of shop import-orders.
type importOrdersCommand struct {
	streams
	target  *target
	file    string
	report  string
	skipBad bool
	dryRun  bool
	table   tableFlags
}

func newImportOrders(s streams, t *target) *cobra.Command {
	k := &importOrdersCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "import-orders FILE",
		Short: "Store past sales as orders, with their own dates",
		Long: `import-orders makes an order of each invoice of the sales file "Online Retail", in either edition, placed when it
was sold and delivered since. Such orders are in the history, in exports and in the figures. They take no units
from stock, send no mail, and belong to no account: each CustomerID becomes a user id and an address of its own
that reach nobody.

Lines that are no sale are left out, and counted: cancellations, lines that are not goods, and lines without a
quantity or a price above 0. A line that cannot be understood, or that an order cannot have, such as a second price
of a product, is bad: it is written as it was, with its number and why, to FILE's name with .refused.csv added, in
the current folder, or to --refused. Where a line is bad nothing is stored; with --skip-bad the invoices of bad
lines are left out as a whole, unless a bad line does not say which invoice is its own.

The same file makes the same orders, so an import that was interrupted is finished by running it again, and one that
was done changes nothing. If an order is stored otherwise, because the file was changed, nothing is stored.

Run "shop rebuild-sales" after it: it counts the orders of days that were counted before.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:BatchGetItem
and BatchWriteItem on OrdersTable (an output of the stack). No route of the API takes a date.

Exit code: 0 done; 1 failed, or a line is bad; 130 interrupted.`,
		Example: `  shop --local import-orders online-retail-sales.csv --dry-run
  shop --local import-orders online-retail-sales.csv --skip-bad`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			k.file = args[0]
			return k.run(c.Context())
		},
	}
	flags := c.Flags()
	flags.StringVar(&k.report, "refused", "", "file for bad lines (default: FILE's name with .refused.csv added)")
	flags.BoolVar(&k.skipBad, "skip-bad", false, "leave out the invoices of bad lines, and import the others")
	flags.BoolVar(&k.dryRun, "dry-run", false, "say what would be stored, and store nothing")
	k.table.addFlags(flags)
	return c
}

func (k *importOrdersCommand) run(ctx context.Context) error {
	d, table, err := k.target.findTable(ctx, "OrdersTable")
	if err != nil {
		return err
	}
	sold, err := k.read(ctx, d.params["Currency"])
	if err != nil {
		return fmt.Errorf("reading %s: %w", k.file, err)
	}
	if err := k.refuse(sold.Bad); err != nil {
		return err
	}
	if len(sold.Bad) > 0 && !k.skipBad {
		return fmt.Errorf("%d lines are bad, and nothing was stored (--skip-bad leaves their %d invoices out): see %s",
			len(sold.Bad), sold.Dropped, k.report)
	}
	if sold.Unknown > 0 {
		return fmt.Errorf("%d bad lines do not say which invoice is theirs, so --skip-bad could store half of one, "+
			"and nothing was stored: see %s", sold.Unknown, k.report)
	}
	return k.store(ctx, &dynamostore.OrderImport{Client: dynamodb.NewFromConfig(d.aws), Orders: table}, sold)
}

func (k *importOrdersCommand) read(ctx context.Context, currency string) (pastsales.Sold, error) {
	options, err := k.table.options()
	if err != nil {
		return pastsales.Sold{}, err
	}
	file, err := os.Open(k.file)
	if err != nil {
		return pastsales.Sold{}, err
	}
	defer file.Close()
	lines, err := sales.NewReader(file, options)
	if err != nil {
		return pastsales.Sold{}, err
	}
	return pastsales.Read(ctx, lines, currency, clock.Now())
}

// refuse writes the bad lines to their file, if there are any.
func (k *importOrdersCommand) refuse(bad []pastsales.Bad) error {
	k.report = cmp.Or(k.report, refusedPath(k.file))
	if len(bad) == 0 {
		return nil
	}
	if same(k.report, k.file) {
		return fmt.Errorf("%s is the file to import: name another for the refused lines", k.report)
	}
	file, err := os.Create(k.report)
	if err != nil {
		return fmt.Errorf("making the file for bad lines: %w", err)
	}
	out := csv.NewWriter(file)
	err = out.Write([]string{"line", "reason", "record"})
	for _, b := range bad {
		row := []string{strconv.Itoa(b.Line), export.Harmless(b.Reason), export.Harmless(b.Text)}
		err = errors.Join(err, out.Write(row))
	}
	out.Flush()
	if err := errors.Join(err, out.Error(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", k.report, err)
	}
	return nil
}

// store stores the orders that are missing, and says what was done.
func (k *importOrdersCommand) store(ctx context.Context, s *dynamostore.OrderImport, sold pastsales.Sold) error {
	missing, err := s.Missing(ctx, sold.Orders)
	if err != nil {
		return fmt.Errorf("looking for orders that are stored: %w", err)
	}
	if !k.dryRun {
		progress := newBar(k.err, "storing orders")
		stored := 0
		err = s.Put(ctx, missing, func(n int) {
			stored += n
			progress.show(float64(stored) / float64(len(missing)))
		})
		progress.done()
		if err != nil {
			return fmt.Errorf("%d of %d orders are stored (run it again to go on): %w", stored, len(missing), err)
		}
	}
	k.say(sold, len(missing))
	return nil
}

func (k *importOrdersCommand) say(sold pastsales.Sold, missing int) {
	stored := "stored"
	if k.dryRun {
		stored = "would be stored"
	}
	table := tabwriter.NewWriter(k.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	count(table, missing, "orders "+stored)
	count(table, len(sold.Orders)-missing, "stored before")
	count(table, sold.Dropped, "invoices with a bad line")
	for _, reason := range slices.Sorted(maps.Keys(sold.LeftOut)) {
		count(table, sold.LeftOut[reason], "lines left out: "+reason)
	}
	_ = table.Flush()
	if missing > 0 && !k.dryRun {
		say(k.out, `"shop rebuild-sales" counts them`)
	}
}
