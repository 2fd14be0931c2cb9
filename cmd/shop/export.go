package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/exportfile"
	"shop/internal/calendar"
	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/export"
	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/zone"
)

// exportCommand is one command line of shop export.
type exportCommand struct {
	streams
	target   *target
	kind     string
	from, to string
	format   string
	output   string
	resume   bool
}

func newExport(s streams, t *target) *cobra.Command {
	e := &exportCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "export orders|products|movements",
		Short: "Write orders, products or stock movements as CSV or lines of JSON",
		Long: `export writes all orders, products or movements of stocks of some days of the shop's zone, one after the other,
and holds some pages of them in memory, however many there are.

  orders      placed on these days, oldest first; a row of CSV for each line of an order
  products    saved, or their stock changed by an admin, last on these days
  movements   made on these days; those of a product together, oldest first

The last minute is left out: an index follows its table. Amounts of money are integers of minor units (pence,
cents) beside the currency. CSV is that of RFC 4180; a text that a spreadsheet could take for a formula, and one
that begins with an apostrophe, has an apostrophe before it. "shop verify" takes it away.

It writes to the output, or with --output to a file that must not be there yet. If the tool is
interrupted or killed, repeat the command with --resume. FILE.position says how far the file is, and is removed
when the file is whole. The file is then what an uninterrupted export would have been; a record that
changed meanwhile, such as an order that was cancelled, is as it was when it was read.

The file of orders has personal data: addresses, and who bought what. Only its owner can read it.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:Query on
the index feed of OrdersTable, or dynamodb:Scan on ProductsTable or StockMovementsTable (outputs of the stack).
Orders cost half a read unit for each 4 KB of the days; products and movements of the whole table.

Exit code: 0 done; 1 failed; 130 interrupted.`,
		Example: `  shop --stack shop-production export orders --from 2026-03-01 --to 2026-03-31 --output march.csv
  shop --stack shop-production export orders --from 2026-03-01 --to 2026-03-31 --output march.csv --resume
  shop --local export orders --format jsonl | shop verify`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{export.Orders, export.Products, export.Movements},
		RunE: func(c *cobra.Command, args []string) error {
			e.kind = args[0]
			return e.run(c.Context())
		},
	}
	flags := c.Flags()
	flags.StringVar(&e.from, "from", "", "first day, such as 2026-03-01 (default: without a bound)")
	flags.StringVar(&e.to, "to", "", "last day (default: today, up to a minute ago)")
	flags.StringVar(&e.format, "format", export.CSV, "csv or jsonl, an object a line")
	flags.StringVar(&e.output, "output", "", "file to write, which can be resumed (default: the output)")
	flags.BoolVar(&e.resume, "resume", false, "resume the file of --output")
	return c
}

func (e *exportCommand) run(ctx context.Context) error {
	first, last, err := e.days()
	if err != nil {
		return err
	}
	d, err := e.target.find(ctx)
	if err != nil {
		return err
	}
	in, err := d.zone()
	if err != nil {
		return err
	}
	read, table, err := e.reader(d, in)
	if err != nil {
		return err
	}
	p := exportfile.Position{Export: strings.Join([]string{table, e.kind, e.format, e.from, e.to}, " ")}
	p.From, p.To = span(first, last, in)
	n, err := e.write(ctx, read, p)
	if err != nil {
		return fmt.Errorf("exporting %s: %w", e.kind, err)
	}
	say(e.err, "%d %s", n, e.kind)
	return nil
}

// days reads the days that are asked for; a zero one is no bound.
func (e *exportCommand) days() (first, last time.Time, err error) {
	if !slices.Contains([]string{export.CSV, export.JSONL}, e.format) {
		return first, last, fmt.Errorf("--format %s: there are csv and jsonl", e.format)
	}
	if e.resume && e.output == "" {
		return first, last, errors.New("--resume needs --output, the file to resume")
	}
	if first, err = parseDay("--from", e.from); err != nil {
		return first, last, err
	}
	if last, err = parseDay("--to", e.to); err != nil {
		return first, last, err
	}
	if !last.IsZero() && last.Before(first) {
		return first, last, fmt.Errorf("--to %s is before --from %s", e.to, e.from)
	}
	return first, last, nil
}

func parseDay(flag, day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return t, fmt.Errorf("%s %s: is no day such as 2026-03-01", flag, day)
	}
	return t, nil
}

// span returns the instants of the days, up to what an index is expected to have.
func span(first, last time.Time, in *time.Location) (from, to time.Time) {
	to = clock.Now().Add(-order.Settling)
	if !first.IsZero() {
		from = calendar.Start(first, in)
	}
	if !last.IsZero() {
		if end := calendar.Start(calendar.Next(last), in); end.Before(to) {
			to = end
		}
	}
	return from, to
}

// zone returns the zone of the shop's days.
func (d deployment) zone() (*time.Location, error) {
	var in zone.Zone
	if err := in.UnmarshalText([]byte(d.params["TimeZone"])); err != nil {
		return nil, fmt.Errorf("the stack %s: %w", d.stack, err)
	}
	return in.Location, nil
}

// visitRecord gets a record and the position that goes on after it.
type visitRecord = func(r export.Record, position string) error

// readRecords reads what is exported of a range, after a position.
type readRecords = func(ctx context.Context, from, to time.Time, position string, visit visitRecord) error

// reader returns how the kind is read, and from which table.
func (e *exportCommand) reader(d deployment, in *time.Location) (readRecords, string, error) {
	db := dynamodb.NewFromConfig(d.aws)
	table, err := d.output(map[string]string{
		export.Orders: "OrdersTable", export.Products: "ProductsTable", export.Movements: "StockMovementsTable",
	}[e.kind])
	if err != nil {
		return nil, "", err
	}
	stocks := &dynamostore.InventoryExport{
		Client: db, Products: table, Movements: table, Currency: d.params["Currency"],
	}
	orders := &dynamostore.OrderHistory{Client: db, Orders: table}
	return map[string]readRecords{
		export.Orders:    readOrders(orders, in),
		export.Products:  readProducts(stocks),
		export.Movements: readMovements(stocks, in),
	}[e.kind], table, nil
}

func readOrders(s *dynamostore.OrderHistory, in *time.Location) readRecords {
	return func(ctx context.Context, from, to time.Time, position string, visit visitRecord) error {
		return s.Oldest(ctx, order.Filter{From: from, To: to}, position, func(o order.Order, position string) error {
			return visit(export.OrderOf(o, in), position)
		})
	}
}

func readProducts(s *dynamostore.InventoryExport) readRecords {
	return func(ctx context.Context, from, to time.Time, position string, visit visitRecord) error {
		return s.EachProduct(ctx, from, to, position, func(p product.Product, position string) error {
			return visit(export.ProductOf(p), position)
		})
	}
}

func readMovements(s *dynamostore.InventoryExport, in *time.Location) readRecords {
	return func(ctx context.Context, from, to time.Time, position string, visit visitRecord) error {
		return s.EachMovement(ctx, from, to, position, func(m product.Movement, position string) error {
			return visit(export.MovementOf(m, in), position)
		})
	}
}

// write writes what is read to the file or to the output. It returns how many records there are.
func (e *exportCommand) write(ctx context.Context, read readRecords, p exportfile.Position) (n int64, err error) {
	if e.output == "" {
		return e.stream(ctx, read, p)
	}
	file, err := e.open(p)
	if err != nil {
		return 0, err
	}
	var text []byte
	err = read(ctx, file.From, file.To, file.After, func(r export.Record, position string) error {
		var err error
		if text, err = export.Append(text[:0], r, e.format); err != nil {
			return err
		}
		return file.Add(text, position)
	})
	err = errors.Join(err, file.Close(err == nil))
	return file.Records, err
}

func (e *exportCommand) open(p exportfile.Position) (*exportfile.File, error) {
	if !e.resume {
		return exportfile.Create(e.output, p, export.Header(e.kind, e.format))
	}
	file, err := exportfile.Resume(e.output, p.Export, export.Header(e.kind, e.format))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is nothing to resume (%w): a file without a position is whole", err)
	}
	return file, err
}

func (e *exportCommand) stream(ctx context.Context, read readRecords, p exportfile.Position) (n int64, err error) {
	out := bufio.NewWriterSize(e.out, exportfile.StoreEvery)
	if _, err := out.Write(export.Header(e.kind, e.format)); err != nil {
		return 0, err
	}
	var text []byte
	err = read(ctx, p.From, p.To, "", func(r export.Record, _ string) error {
		n++
		if text, err = export.Append(text[:0], r, e.format); err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	})
	return n, errors.Join(err, out.Flush())
}
