package main

import (
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"shop/internal/export"
	"shop/internal/money"
)

func newVerify(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Add an export up, and check that it is right in itself",
		Long: `verify reads what "shop export" wrote, in either format, from the input or from FILE, and adds it up: orders,
and of those that are no cancelled ones the units and the revenue in each currency; or products and the units in
stock; or movements and the units that they added and removed.

It reports each order whose lines do not sum to its total, or are not all there; each line that is not its price
times its quantity; each id that was there before; orders that are not in the order of their times; movements
that do not add up; and whatever is no record at all. It asks no store, and cannot see that whole records are
missing at the end: look at the exit code of the export ("set -o pipefail"), which says how many it wrote.

It holds 16 bytes of each id in memory.

Exit code: 0 no fault was found; 1 one was, or reading failed; 130 interrupted.`,
		Example: `  shop --local export orders --from 2026-03-01 | shop verify
  shop verify march.csv

It takes no store: --stack and --local change nothing.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return verify(s, args) },
	}
}

func verify(s streams, args []string) error {
	var in io.Reader = s.in
	if len(args) > 0 {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	sums, err := export.Verify(in, func(fault error) { say(s.out, "%v", fault) })
	if err != nil {
		return fmt.Errorf("reading an export: %w", err)
	}
	saySums(s.out, sums)
	if sums.Faults > 0 {
		return fmt.Errorf("%d faults", sums.Faults)
	}
	return nil
}

func saySums(w io.Writer, sums export.Sums) {
	switch sums.Kind {
	case export.Orders:
		say(w, "orders     %d, of which %d are cancelled", sums.Records, sums.Cancelled)
		say(w, "units      %s", sums.Units)
		for _, currency := range slices.Sorted(maps.Keys(sums.Revenue)) {
			say(w, "revenue    %s", amount(sums.Revenue[currency], currency))
		}
	case export.Products:
		say(w, "products   %d", sums.Records)
		say(w, "in stock   %s", sums.Units)
	default:
		say(w, "movements  %d", sums.Records)
		say(w, "added      %s", sums.Added)
		say(w, "removed    %s", sums.Removed)
	}
}

// amount writes a sum in minor units, exactly, and as people do where it is an amount of the store.
func amount(sum *big.Int, currency string) string {
	text := fmt.Sprintf("%s %s in minor units", currency, sum)
	if _, err := money.Digits(currency); err == nil && sum.IsInt64() {
		text += ", " + money.Money{Amount: sum.Int64(), Currency: currency}.String()
	}
	return text
}
