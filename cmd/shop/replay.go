package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/apiclient"
	"shop/cmd/shop/internal/replay"
	"shop/cmd/shop/internal/sales"
	"shop/internal/user"
)

// replayCommand is one command line of shop replay.
type replayCommand struct {
	streams
	target      *target
	file        string
	orders      int
	concurrency int
	password    string
	email       string
	mailWait    time.Duration
	json        string
	table       tableFlags
}

func newReplay(s streams, t *target) *cobra.Command {
	r := &replayCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Send past sales to the store as checkouts, and check that it kept its promises",
		Long: `replay takes the first invoices of the sales file "Online Retail", in either edition, that are no
cancellation and have a customer and goods, signs a customer up for each CustomerID, and sends each invoice
as one checkout, with its InvoiceNo as Idempotency-Key. While the store is busy or does not answer it
repeats the same request.
A replay of what was replayed before is answered with the orders of that time and sells nothing.

It ends with a report of orders accepted and refused, orders a second and latencies, and with checks:
the stock of every product fell by exactly the units accepted; every order holds what its invoice asked
for; every order says that its mail was sent; and, with --local, the mailbox holds exactly one mail for
each order. The stock can only be checked while nobody else buys the same goods or changes their stock.

Import the goods first (shop import --format online-retail). Customers' addresses are of the Amazon SES
mailbox simulator, so that a store on AWS never mails a stranger and never sees a bounce.

Exit code: 0 every check holds; 1 one failed, or the replay did; 130 interrupted.`,
		Example: `  shop --local replay online-retail-sales.csv --orders 2000 --concurrency 16
  shop --stack shop-staging replay online-retail-sales.csv --orders 500 --json report.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r.file = args[0]
			return r.run(c.Context())
		},
	}
	r.addFlags(c)
	return c
}

func (r *replayCommand) addFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&r.orders, "orders", 100, "how many invoices to replay")
	flags.IntVar(&r.concurrency, "concurrency", 8, "requests under way at once")
	flags.StringVar(&r.password, "password", "",
		"password of every customer (default: a new random one, which is printed)")
	flags.StringVar(&r.email, "email", "", "address of the admin who reads the stock (SHOP_ADMIN_EMAIL)")
	flags.DurationVar(&r.mailWait, "mail-wait", 5*time.Minute, "how long to wait for the mails")
	r.table.addFlags(flags)
	flags.StringVar(&r.json, "json", "", "file to write the report to as JSON, too")
}

func (r *replayCommand) run(ctx context.Context) error {
	if err := r.checkOptions(); err != nil {
		return err
	}
	invoices, malformed, err := r.invoices(ctx)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.file, err)
	}
	admin, d, err := logIn(ctx, r.streams, r.target, r.email, r.concurrency)
	if err != nil {
		return err
	}
	r.choosePassword()
	report, err := r.replay(ctx, admin, d, invoices)
	report.Malformed = malformed
	if err == nil || report.Duration > 0 { // else nothing was sent
		err = errors.Join(err, r.write(report))
	}
	if err != nil {
		return r.explain(err)
	}
	if report.Failed() {
		return errors.New("a check failed")
	}
	return nil
}

func (r *replayCommand) checkOptions() error {
	if _, err := r.table.options(); err != nil {
		return err
	}
	switch {
	case r.orders < 1:
		return fmt.Errorf("--orders %d: at least 1", r.orders)
	case r.concurrency < 1 || r.concurrency > maxConcurrency:
		return fmt.Errorf("--concurrency %d: from 1 to %d", r.concurrency, maxConcurrency)
	case r.mailWait < 0:
		return fmt.Errorf("--mail-wait %s: not below 0", r.mailWait)
	}
	return nil
}

func (r *replayCommand) invoices(ctx context.Context) (invoices []replay.Invoice, malformed int, err error) {
	file, err := os.Open(r.file)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	options, err := r.table.options()
	if err != nil {
		return nil, 0, err
	}
	lines, err := sales.NewReader(file, options)
	if err != nil {
		return nil, 0, err
	}
	invoices, malformed, err = replay.Invoices(ctx, lines, r.orders)
	if err == nil && len(invoices) == 0 {
		err = errors.New("no invoice has a customer and goods")
	}
	return invoices, malformed, err
}

func (r *replayCommand) choosePassword() {
	if r.password == "" {
		r.password = rand.Text()
		say(r.err, "the customers' password is %s (give it with --password to replay as the same customers)",
			r.password)
	}
}

func (r *replayCommand) replay(
	ctx context.Context, admin *apiclient.Session, d deployment, invoices []replay.Invoice,
) (replay.Report, error) {
	progress := newBar(r.err, replay.SigningUp)
	defer progress.done()
	run := &replay.Run{
		Shop:        &apiclient.Shop{Session: admin, Password: r.password},
		Concurrency: r.concurrency,
		MailWait:    r.mailWait,
		Now:         time.Now,
		Progress: func(phase string, done, total int) {
			progress.describe(phase)
			progress.show(float64(done) / float64(total))
		},
	}
	if d.mailURL != "" {
		run.Mailbox = apiclient.Mailbox{Client: apiclient.New(d.mailURL, 1)}
	}
	return run.Replay(ctx, invoices)
}

func (r *replayCommand) explain(err error) error {
	if errors.Is(err, user.ErrInvalidCredentials) {
		return fmt.Errorf("%w: a customer of an earlier replay has its password; give it with --password", err)
	}
	return explain(err)
}

// write writes the report to the output and, if asked for, to a JSON file.
func (r *replayCommand) write(report replay.Report) error {
	if err := report.WriteText(r.out); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if r.json == "" {
		return nil
	}
	content, err := json.MarshalIndent(reportJSON(report), "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	if err := os.WriteFile(r.json, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
