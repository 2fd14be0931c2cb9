package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/deadline"
	"shop/internal/dynamostore"
	"shop/internal/export"
	"shop/internal/order"
)

const (
	soldProducts = 50 // different ones, in turn, two an order: each store sells all of them every day
	soldDays     = 366
	writersOnce  = 4
)

// year is a store that sold as many orders in a year, evenly, on DynamoDB Local.
type year struct {
	*archive
	count     int
	analytics *order.Analytics
	open      func() *order.Analytics // as a function does that begins, with no connection
	late      string                  // the cursor of a late page of the history
}

// sales compares a summary and the history of a store that sold much with those of one that sold little in the same
// time.
func sales(ctx context.Context, s *store, e effort) (rows []row, err error) {
	var years [2]*year
	for i, count := range e.sold {
		if years[i], err = s.year(ctx, count, e.soldPage); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, years[i].tables.remove()) }()
	}
	month := fmt.Sprintf("a summary of 31 days of %d orders a year against %d", e.sold[1], e.sold[0])
	whole := fmt.Sprintf("a summary of the year of %d orders against %d", e.sold[1], e.sold[0])
	late := fmt.Sprintf("page %d of the history of %d orders against %d", e.soldPage, e.sold[1], e.sold[0])
	cold := fmt.Sprintf("the same by a client without a connection, of %d orders against %d", e.sold[1], e.sold[0])
	for _, figure := range []struct {
		name    string
		measure func(*year) (time.Duration, error)
	}{
		{month, func(y *year) (time.Duration, error) { return y.summarize(ctx, y.analytics, 31) }},
		{cold, func(y *year) (time.Duration, error) { return y.summarize(ctx, y.open(), 31) }},
		{whole, func(y *year) (time.Duration, error) { return y.summarize(ctx, y.analytics, soldDays) }},
		{fmt.Sprintf("page 1 of the history of %d orders against %d", e.sold[1], e.sold[0]),
			func(y *year) (time.Duration, error) { return y.read(ctx, "") }},
		{late, func(y *year) (time.Duration, error) { return y.read(ctx, y.late) }},
	} {
		few, many, err := inTurn(e,
			func() (time.Duration, error) { return figure.measure(years[0]) },
			func() (time.Duration, error) { return figure.measure(years[1]) })
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("%s, median of %d", figure.name, len(many))
		rows = append(rows, atMost(what, milliseconds(median(many)), milliseconds(median(few)), 1.2, "%.1f ms").
			withSamples(many, few, 0.5))
	}
	exported, err := exports(ctx, years, e)
	return append(rows, exported), err
}

// exports compares how many orders a second are written as CSV, read oldest first as "shop export orders" reads them.
func exports(ctx context.Context, years [2]*year, e effort) (row, error) {
	count := e.sold[0] / 2
	few, many, err := inTurn(e,
		func() (time.Duration, error) { return years[0].export(ctx, count) },
		func() (time.Duration, error) { return years[1].export(ctx, count) })
	if err != nil {
		return row{}, err
	}
	rate := func(times []time.Duration) float64 { return float64(count) / median(times).Seconds() }
	what := fmt.Sprintf("orders exported a second, of %d a year against %d, median of %d", e.sold[1], e.sold[0],
		len(many))
	return atLeast(what, rate(many), rate(few), 0.8, "%.0f/s"), nil
}

// errEnough ends an export that has as many orders as are measured.
var errEnough = errors.New("enough orders")

// export returns the time that the oldest orders took, as many as count.
func (y *year) export(ctx context.Context, count int) (time.Duration, error) {
	var text []byte
	n, start := 0, clock.Now()
	filter := order.Filter{From: start.AddDate(-2, 0, 0), To: start}
	err := y.orders.Oldest(ctx, filter, "", func(o order.Order, _ string) (err error) {
		if n++; n > count {
			return errEnough
		}
		text, err = export.Append(text[:0], export.OrderOf(o, time.UTC), export.CSV)
		return err
	})
	if !errors.Is(err, errEnough) {
		return 0, fmt.Errorf("%d orders were exported: %w", n, err)
	}
	return clock.Now().Sub(start), nil
}

// year makes the orders and counts them.
func (s *store) year(ctx context.Context, count, lastPage int) (*year, error) {
	connect := func() *dynamodb.Client {
		cfg := configuration(s.dynamodb, anybody)
		cfg.HTTPClient = config.HTTPClient(deadline.Call)
		return dynamodb.NewFromConfig(cfg)
	}
	client := connect()
	// Dropping a table of a million orders takes longer than a function's calls may.
	tables, err := s.copyTables(ctx, dynamodb.NewFromConfig(configuration(s.dynamodb, anybody)), "OrdersTable",
		"SalesByDayTable")
	if err != nil {
		return nil, err
	}
	y := &year{count: count, archive: &archive{tables: tables, orders: dynamostore.OrderHistory{
		Client: client, Orders: tables.name("OrdersTable"),
	}}}
	y.open = func() *order.Analytics { return tables.analytics(connect()) }
	y.analytics = tables.analytics(client)
	if err := y.make(ctx, y.analytics.Sales); err != nil {
		return nil, errors.Join(err, tables.remove())
	}
	if y.late, err = y.cursor(ctx, lastPage); err != nil {
		return nil, errors.Join(err, tables.remove())
	}
	return y, nil
}

// analytics are those of the tables, as the function that summarizes orders has them.
func (t *tables) analytics(client *dynamodb.Client) *order.Analytics {
	orders := t.name("OrdersTable")
	return &order.Analytics{
		Feed:     &dynamostore.OrderHistory{Client: client, Orders: orders},
		Sales:    &dynamostore.SalesByDay{Client: client, SalesByDay: t.name("SalesByDayTable"), Orders: orders},
		Currency: lamp.Price.Currency, Zone: time.UTC, Now: clock.Now,
	}
}

func (y *year) make(ctx context.Context, stored order.SalesStore) error {
	began := time.Now()
	if err := y.write(ctx); err != nil {
		return err
	}
	wrote := time.Now()
	counter := &order.Counter{Feed: &y.orders, Sales: stored, Zone: time.UTC, Now: clock.Now, Most: 26 * time.Hour}
	done, err := counter.Run(ctx, time.Now().Add(time.Hour))
	fmt.Fprintf(os.Stderr, "%d orders were written in %s and counted in %s, in %d steps\n", y.count,
		wrote.Sub(began).Round(time.Second), time.Since(wrote).Round(time.Second), done.Steps)
	return err
}

// write puts the orders, evenly over the year that ends half an hour ago.
func (y *year) write(ctx context.Context) error {
	end, part := clock.Now().Add(-30*time.Minute), (y.count+writersOnce-1)/writersOnce
	apart := (soldDays - 2) * 24 * time.Hour / time.Duration(y.count)
	writers, ctx := errgroup.WithContext(ctx)
	for from := 0; from < y.count; from += part {
		writers.Go(func() error {
			for n := from; n < min(from+part, y.count); n += batchSize {
				var puts []types.WriteRequest
				for i := n; i < min(n+batchSize, from+part, y.count); i++ {
					at := end.Add(-time.Duration(i) * apart).Truncate(time.Millisecond)
					puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: soldOrder(i, at)}})
				}
				if err := write(ctx, y.tables.client, y.orders.Orders, puts); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return writers.Wait()
}

// soldOrder is an order of two products, in the shape that the store gives one.
func soldOrder(n int, at time.Time) item {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
	line := func(product, quantity int) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: item{
			"product_id": text(fmt.Sprintf("product-%04d", product%soldProducts)),
			"name":       text("A product of the bench"),
			"price":      number(500), "quantity": number(quantity),
		}}
	}
	id := order.ID("bench", strconv.Itoa(n))
	return item{
		"order_id": text(id), "user_id": text("usr_bench"), "email": text("bench@example.com"),
		"lines":  &types.AttributeValueMemberL{Value: []types.AttributeValue{line(2*n, 1), line(2*n+1, 2)}},
		"amount": number(1500), "currency": text(lamp.Price.Currency), "shard": number(n % shards),
		"placed_key": text(at.Format("2006-01-02T15:04:05.000Z") + "#" + id),
	}
}

// summarize returns the time that a summary of the last days took.
func (y *year) summarize(ctx context.Context, a *order.Analytics, days int) (time.Duration, error) {
	to := a.Today()
	start := time.Now()
	s, err := a.Summarize(ctx, to.AddDate(0, 0, 1-days), to, 10)
	took := time.Since(start)
	if err == nil && days == soldDays && s.Orders != int64(y.count) {
		err = fmt.Errorf("the summary has %d of %d orders", s.Orders, y.count)
	}
	return took, err
}
