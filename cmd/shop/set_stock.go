package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/stocktake"
)

// setStockCommand is one command line of shop set-stock.
type setStockCommand struct {
	streams
	target      *target
	file        string
	reason      string
	dryRun      bool
	report      string
	concurrency int
	email       string
	table       tableFlags
}

func newSetStock(s streams, t *target) *cobra.Command {
	k := &setStockCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "set-stock FILE",
		Short: "Set stocks to what was counted",
		Long: `set-stock sets the stock of each product of a file to what was counted. The file is a CSV of
product_id,quantity and, if there, compare_quantity: the stock that the store said when it was counted. Other
columns are left aside. Where the stock is another by now, because units were sold or came back, nothing is
written, and the line is a conflict; without compare_quantity the stock is compared with what it was a moment
before, so that a sale in that moment is not undone.

Every change is recorded with the reason. Use one of its own for each stocktake: a run that was cut short is
finished by running it again, and by the reason it knows what it has done. A line whose change is among the
product's last 100 is not set again, whatever was sold since.

Conflicts and lines that break a rule are written as they were, with their numbers and why, to FILE's name
with .refused.csv added, in the current folder, or to --refused. The rest is done.

Exit code: 0 each line is done; 1 something conflicted, was refused or failed; 130 interrupted.`,
		Example: `  shop --local set-stock counted.csv --reason "stocktake May 2026" --dry-run
  shop --stack shop-production set-stock counted.csv --reason "stocktake May 2026" --email ada@example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			k.file = args[0]
			return k.run(c.Context())
		},
	}
	k.addFlags(c)
	return c
}

func (k *setStockCommand) addFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&k.reason, "reason", "", "why, for the record of each change: 1 to 200 characters")
	flags.BoolVar(&k.dryRun, "dry-run", false, "say what would be done, and set nothing")
	flags.StringVar(&k.report, "refused", "",
		"file for conflicts and refused lines (default: FILE's name with .refused.csv added)")
	flags.IntVar(&k.concurrency, "concurrency", 8, "products in the works at once")
	flags.StringVar(&k.email, "email", "", "address of the admin to act as (SHOP_ADMIN_EMAIL)")
	k.table.addFlags(flags)
}

func (k *setStockCommand) run(ctx context.Context) error {
	options, err := k.table.options()
	switch {
	case err != nil:
		return err
	case k.reason == "":
		return errors.New("--reason says why, for the record of each change")
	case k.concurrency < 1 || k.concurrency > maxConcurrency:
		return fmt.Errorf("--concurrency %d: from 1 to %d", k.concurrency, maxConcurrency)
	}
	file, err := os.Open(k.file)
	if err != nil {
		return err
	}
	defer file.Close()
	counts, err := stocktake.NewReader(file, options)
	if err != nil {
		return fmt.Errorf("reading %s: %w", k.file, err)
	}
	session, _, err := logIn(ctx, k.streams, k.target, k.email, k.concurrency)
	if err != nil {
		return err
	}
	return k.take(ctx, session, counts)
}

// take sets the stocks and reports, however far it got.
func (k *setStockCommand) take(ctx context.Context, store stocktake.Store, counts *stocktake.Reader) error {
	if k.report == "" {
		k.report = refusedPath(k.file)
	}
	refused, err := newRefusedFile(k.report, k.file)
	if err != nil {
		return err
	}
	progress := newBar(k.err, "setting stocks")
	taker := &stocktake.Taker{
		Store: store, Reason: k.reason, DryRun: k.dryRun, Concurrency: k.concurrency, Refused: refused.add,
		Progress: progress.show,
	}
	summary, err := taker.Take(ctx, counts)
	progress.done()
	err = errors.Join(err, refused.close())
	k.say(summary)
	if err != nil {
		return explain(err)
	}
	if n := summary.RefusedTotal(); n > 0 {
		return fmt.Errorf("%d lines are not done", n)
	}
	return nil
}

func (k *setStockCommand) say(s stocktake.Summary) {
	set := "set"
	if k.dryRun {
		set = "would be set"
	}
	table := tabwriter.NewWriter(k.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	count(table, s.Set, set)
	count(table, s.SetBefore, "set by an earlier run")
	count(table, s.Unchanged, "unchanged")
	count(table, s.RefusedTotal(), "refused")
	for _, reason := range slices.Sorted(maps.Keys(s.Refused)) {
		count(table, s.Refused[reason], "  "+string(reason))
	}
	_ = table.Flush()
	if s.RefusedTotal() > 0 {
		say(k.out, "refused lines are in %s", k.report)
	}
}
