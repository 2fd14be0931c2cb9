// Package replay sends the invoices of a sales file to a store as checkouts, many at a time. Afterwards it checks that
// the store kept its promises: nothing oversold, nothing twice, nothing lost, and one mail for each order.
package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shop/internal/order"
	"shop/internal/product"
)

// Shop is the store that sales are replayed to.
type Shop interface {
	// Customer signs the customer with the given id of the sales file up and logs in. One that has
	// signed up before is returning.
	Customer(ctx context.Context, id string) (c Customer, returning bool, err error)
	// Clock returns the time by the store's own clock, to the second.
	Clock(ctx context.Context) (time.Time, error)
	// Products returns every product with its stock.
	Products(ctx context.Context) ([]product.Product, error)
	// Product returns one product with its stock as it stands now.
	Product(ctx context.Context, id string) (product.Product, error)
}

// Customer is a customer of the shop who is logged in.
type Customer interface {
	// Checkout places an order. The error is a *Refusal when the store refused it; after any other
	// error it is unknown whether the order was placed. The receipt's Repeats count in every case.
	Checkout(ctx context.Context, key string, items []order.Item) (Receipt, error)
	// EmailStatus returns how far the order's confirmation mail got.
	EmailStatus(ctx context.Context, orderID string) (order.EmailStatus, error)
}

// Mailbox holds the mails that a local store sent.
type Mailbox interface {
	// Count returns how many mails name each order, by order id.
	Count(ctx context.Context) (map[string]int, error)
}

// Receipt is the answer to an accepted checkout.
type Receipt struct {
	OrderID  string
	Items    []order.Item // as the order holds them
	PlacedAt time.Time    // by the store's clock
	Replayed bool         // the answer says that the order had been accepted by an earlier request
	Repeats  int          // times the request was sent again, because the store was busy or the answer lost
}

// Refusal is the error of a checkout that the store refused.
type Refusal struct{ Reason string }

// Error tells the reason.
func (r *Refusal) Error() string { return "checkout refused: " + r.Reason }

// Phases of a replay, as [Run.Progress] is told of them.
const (
	SigningUp   = "signing customers up"
	CheckingOut = "checking out"
	Mailing     = "waiting for mails"
)

// Run replays invoices to a shop.
type Run struct {
	Shop        Shop
	Mailbox     Mailbox // nil when there is none to look into
	Concurrency int     // requests under way at once, at least 1
	MailWait    time.Duration
	Now         func() time.Time
	Progress    func(phase string, done, total int) // told one call at a time; may be nil
}

// Replay sends every invoice as one checkout and reports. When it is cut short, by ctx or by an error,
// the report tells what was done until then, and makes no checks.
func (r *Run) Replay(ctx context.Context, invoices []Invoice) (Report, error) {
	s := &session{Run: r, invoices: invoices, customers: map[string]Customer{}}
	s.report = Report{Invoices: len(invoices), Refused: map[string]int{}}
	err := s.replay(ctx)
	_, s.report.Units = s.sold()
	s.report.summarize(s.latencies)
	return s.report, err
}

// session is one replay under way.
type session struct {
	*Run
	invoices []Invoice

	mu        sync.Mutex
	customers map[string]Customer
	began     time.Time // before the first checkout, by the store's clock
	accepted  []placed  // in this replay
	known     []placed  // before this replay
	latencies []time.Duration
	// unanswered says of each checkout that was given up on which it was, and why.
	unanswered []string
	report     Report
}

// placed is an order that a checkout was answered with.
type placed struct {
	invoice  Invoice
	customer Customer
	receipt  Receipt
}

func (s *session) replay(ctx context.Context) error {
	if err := s.signUp(ctx); err != nil {
		return err
	}
	var err error
	if s.began, err = s.Shop.Clock(ctx); err != nil {
		return fmt.Errorf("reading the store's clock: %w", err)
	}
	stock, err := s.stock(ctx)
	if err != nil {
		return fmt.Errorf("reading the stock before: %w", err)
	}
	if err := s.checkOut(ctx); err != nil {
		return err
	}
	return s.checkPromises(ctx, stock)
}

// signUp gets every customer of the invoices.
func (s *session) signUp(ctx context.Context) error {
	seen := map[string]bool{}
	var ids []string
	for _, invoice := range s.invoices {
		if !seen[invoice.Customer] {
			ids = append(ids, invoice.Customer)
		}
		seen[invoice.Customer] = true
	}
	s.report.Customers = len(ids)
	return s.each(ctx, SigningUp, len(ids), func(ctx context.Context, i int) error { return s.enter(ctx, ids[i]) })
}

func (s *session) enter(ctx context.Context, id string) error {
	customer, returning, err := s.Shop.Customer(ctx, id)
	if err != nil {
		return fmt.Errorf("signing customer %s up: %w", id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.customers[id] = customer
	if !returning {
		s.report.NewCustomers++
	}
	return nil
}

// stock returns the stock of every product that the invoices name and the store has.
func (s *session) stock(ctx context.Context) (map[string]int64, error) {
	products, err := s.Shop.Products(ctx)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, invoice := range s.invoices {
		for _, item := range invoice.Items {
			named[item.ProductID] = true
		}
	}
	stock := map[string]int64{}
	for _, p := range products {
		if named[p.ID] {
			stock[p.ID] = p.Stock
		}
	}
	return stock, nil
}

func (s *session) checkOut(ctx context.Context) error {
	start := s.Now()
	defer func() { s.report.Duration = s.Now().Sub(start) }()
	return s.each(ctx, CheckingOut, len(s.invoices), func(ctx context.Context, i int) error {
		return s.place(ctx, s.invoices[i])
	})
}

func (s *session) place(ctx context.Context, invoice Invoice) error {
	customer := s.customers[invoice.Customer]
	start := s.Now()
	receipt, err := customer.Checkout(ctx, invoice.Number, invoice.Items)
	took := s.Now().Sub(start)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Repeats += receipt.Repeats
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.refused(invoice, err)
		return nil
	}
	s.latencies = append(s.latencies, took)
	s.took(placed{invoice, customer, receipt})
	return nil
}

func (s *session) refused(invoice Invoice, err error) {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		s.report.Refused[refusal.Reason]++
		return
	}
	s.report.Unanswered++
	s.unanswered = append(s.unanswered, fmt.Sprintf("invoice %s: %v", invoice.Number, err))
}

// took counts an answer of 201.
func (s *session) took(p placed) {
	if p.receipt.Replayed {
		s.report.Replayed++
	}
	if s.earlier(p.receipt) {
		s.known = append(s.known, p)
		s.report.Earlier++
		return
	}
	s.accepted = append(s.accepted, p)
	s.report.Accepted++
}

// earlier reports whether the order was there before this replay. The answer to a first request says so by
// itself. The answer to a repeat may mean this replay's own request, whose answer was lost: then the
// store's clock decides.
func (s *session) earlier(r Receipt) bool {
	return r.Replayed && (r.Repeats == 0 || r.PlacedAt.Before(s.began))
}

// each calls do for 0 to n-1, several at a time, until one fails, and tells the progress.
func (s *session) each(ctx context.Context, phase string, n int, do func(ctx context.Context, i int) error) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.Concurrency))
	done := 0
	var mu sync.Mutex
	for i := range n {
		if groupCtx.Err() != nil {
			break
		}
		group.Go(func() error {
			if groupCtx.Err() != nil {
				return groupCtx.Err()
			}
			err := do(groupCtx, i)
			mu.Lock()
			defer mu.Unlock()
			done++
			s.tell(phase, done, n)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *session) tell(phase string, done, total int) {
	if s.Progress != nil {
		s.Progress(phase, done, total)
	}
}
