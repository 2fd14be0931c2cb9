package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/dynamostore"
	"shop/internal/product"
)

func newSplitStock(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "split-stock PRODUCT COUNTERS",
		Short: "Split the stock of a product that many buy at once, or put it together again",
		Long: fmt.Sprintf(`split-stock splits the stock of a product into so many counters, 2 to %d, and with 1 puts it together
again. A checkout takes its units from one counter, so that customers who buy the same product at the same
moment wait for each other less: a product sells about as many times faster as it has counters. The last
units are found on whatever counter they are, and nothing is oversold.

It may run while the product is being sold. If it is interrupted, the product is sold on as it is; run it
again. Of a product that is split, lists show a stock that may be a minute old, and saving the product or
setting its stock writes all counters at once: in a rush that may be answered 503. An adjustment of its stock
leaves before and after out of its movement, which has the difference (delta) alone. So split a product before
a sale, and put it together afterwards. Put all products together before you deploy a version that does not
know this command.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and
dynamodb:BatchGetItem, PutItem, UpdateItem and DeleteItem on ProductsTable (an output of the stack).

Exit code: 0 done; 1 failed; 130 interrupted.`, product.MaxCounters),
		Example: `  shop --local split-stock lamp 16
  shop --stack shop-production split-stock lamp 1`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return splitStock(c.Context(), s, t, args[0], args[1]) },
	}
}

func splitStock(ctx context.Context, s streams, t *target, id, counters string) error {
	wanted, err := strconv.Atoi(counters)
	if err != nil || wanted < 1 || wanted > product.MaxCounters {
		return fmt.Errorf("%q counters: give a number from 1 to %d", counters, product.MaxCounters)
	}
	if !product.ValidID(id) {
		return fmt.Errorf("%q is no product's id", id)
	}
	d, table, err := t.findTable(ctx, "ProductsTable")
	if err != nil {
		return err
	}
	splitter := &dynamostore.StockSplitter{Client: dynamodb.NewFromConfig(d.aws), Products: table}
	units, err := splitter.Split(ctx, id, wanted)
	if errors.Is(err, product.ErrNotFound) {
		return fmt.Errorf("the stack %s has no product %s", d.stack, id)
	}
	if err != nil {
		return err
	}
	say(s.out, "%s", splitSummary(id, units))
	return nil
}

// splitSummary says how the units of a product are spread.
func splitSummary(id string, counters []int64) string {
	var sum int64
	empty := 0
	for _, units := range counters {
		sum += units
		if units == 0 {
			empty++
		}
	}
	text := fmt.Sprintf("%s has %d units on %d counters", id, sum, len(counters))
	switch {
	case len(counters) == 1:
		return fmt.Sprintf("%s has %d units, and its stock is not split", id, sum)
	case empty > 0:
		text += fmt.Sprintf(", of which %d have none", empty)
	}
	return text
}
