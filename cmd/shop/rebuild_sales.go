package main

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/order"
)

const (
	// countedAtOnce is how much time the operator's tool counts at once, where a function is held to less.
	countedAtOnce = 26 * time.Hour
	// indexesFollow is how long what looks wrong is left alone before it is looked at again.
	indexesFollow = 2 * time.Second
)

func newRebuildSales(s streams, t *target) *cobra.Command {
	anew := false
	c := &cobra.Command{
		Use:   "rebuild-sales",
		Short: "Compare the sales of each day and month with the orders, and mend them",
		Long: `rebuild-sales counts the orders that are due, as the function "count-sales" does every minute, adds each
counted day up again from the orders and each month from its days, and stores what differs as it should be. In
a healthy store it changes nothing, and it may run at any time. It holds the products of one day or month in
memory.

It is needed after tables were restored, and after TimeZone was changed: until then days stay those of the zone
before. Then, and with --anew, it counts all orders anew; meanwhile a summary reads the orders themselves, and
may be slow.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack; dynamodb:Query on the
indexes of OrdersTable, BatchGetItem and UpdateItem on OrdersTable, and GetItem, Query, PutItem and DeleteItem on
SalesByDayTable (outputs of the stack).

Exit code: 0 done, whether anything was mended or not; 1 failed; 130 interrupted.`,
		Example: `  shop --local rebuild-sales
  shop --stack shop-production rebuild-sales`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return rebuildSales(c.Context(), s, t, anew) },
	}
	c.Flags().BoolVar(&anew, "anew", false, "count all orders anew, whatever was counted")
	return c
}

func rebuildSales(ctx context.Context, s streams, t *target, anew bool) error {
	d, err := t.find(ctx)
	if err != nil {
		return err
	}
	counter, err := d.salesCounter()
	if err != nil {
		return err
	}
	if err := countAnew(ctx, s, counter, anew); err != nil {
		return err
	}
	if err := countAll(ctx, counter); err != nil {
		return err
	}
	mended := 0
	n, err := counter.Recount(ctx, true, func(v order.SalesDifference) {
		mended++
		say(s.out, "mended %s: %s", v.Name, v)
	})
	if err != nil {
		return err
	}
	say(s.out, "%d days and months, of which %d were mended", n, mended)
	return nil
}

// countAnew begins anew where that is asked for, or the zone is another one.
func countAnew(ctx context.Context, s streams, counter *order.Counter, anew bool) error {
	was, err := counter.Sales.Counted(ctx)
	if err != nil || was.Epoch == 0 || was.Zone == counter.Zone.String() && !anew {
		return err
	}
	if _, err := counter.Restart(ctx, was); err != nil {
		return err
	}
	say(s.out, "counting all orders anew, by the days of %s", counter.Zone)
	return nil
}

// countAll counts until nothing is due. Somebody else who counts at the same time is no hindrance.
func countAll(ctx context.Context, counter *order.Counter) error {
	for {
		done, err := counter.Run(ctx, counter.Now().Add(time.Minute))
		if errors.Is(err, order.ErrSalesMoved) {
			if err := clock.Sleep(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		if err != nil || done.Steps == 0 && done.Corrected == 0 {
			return err
		}
	}
}

// salesCounter counts the sales of the deployment, in its zone.
func (d deployment) salesCounter() (*order.Counter, error) {
	orders, err := d.output("OrdersTable")
	if err != nil {
		return nil, err
	}
	sales, err := d.output("SalesByDayTable")
	if err != nil {
		return nil, err
	}
	in, err := d.zone()
	if err != nil {
		return nil, err
	}
	db := dynamodb.NewFromConfig(d.aws)
	return &order.Counter{
		Feed:  &dynamostore.OrderHistory{Client: db, Orders: orders},
		Sales: &dynamostore.SalesByDay{Client: db, SalesByDay: sales, Orders: orders},
		Zone:  in, Now: clock.Now, Most: countedAtOnce, Pause: indexesFollow,
	}, nil
}
