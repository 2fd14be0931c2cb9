package replay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shop/internal/clock"
	"shop/internal/order"
)

// Check is one promise of the store, looked at after a replay.
type Check struct {
	Name   string
	Holds  bool
	Detail string
}

// checkPromises looks at everything that the store promises of the checkouts made.
func (s *session) checkPromises(ctx context.Context, before map[string]int64) error {
	s.checkAnswers()
	s.checkOrders()
	if err := s.checkStock(ctx, before); err != nil {
		return fmt.Errorf("reading the stock after: %w", err)
	}
	if err := s.checkMails(ctx); err != nil {
		return fmt.Errorf("looking for the mails: %w", err)
	}
	return s.checkMailbox(ctx)
}

// add adds a check of so many things, of which the faults name those that are wrong.
func (s *session) add(name string, faults []string, of int, noun string) {
	check := Check{Name: name, Holds: len(faults) == 0, Detail: verdict(faults, of, noun)}
	s.report.Checks = append(s.report.Checks, check)
}

func (s *session) checkAnswers() {
	var none []string
	if s.report.Accepted+s.report.Earlier == 0 {
		none = []string{"none was accepted"}
	}
	s.add("a checkout was accepted", none, s.report.Accepted+s.report.Earlier, "orders")
	s.add("every checkout was answered", s.unanswered, s.report.Invoices, "invoices")
}

// checkOrders looks whether each order holds what its invoice asked for, and is that invoice's alone.
func (s *session) checkOrders() {
	ids, all := map[string]bool{}, slices.Concat(s.accepted, s.known)
	var faults []string
	for _, p := range all {
		if ids[p.receipt.OrderID] || !maps.Equal(units(p.invoice.Items), units(p.receipt.Items)) {
			faults = append(faults, "invoice "+p.invoice.Number)
		}
		ids[p.receipt.OrderID] = true
	}
	s.add("every order is one invoice, line by line", faults, len(all), "orders")
}

// sold adds up the units of the orders that this replay placed.
func (s *session) sold() (sold map[string]int64, total int64) {
	sold = map[string]int64{}
	for _, p := range s.accepted {
		for id, n := range units(p.invoice.Items) {
			sold[id] += n
			total += n
		}
	}
	return sold, total
}

// fall is what happened to the stock of one product.
type fall struct{ before, after, sold int64 }

// right reports whether the stock fell by what was sold, and no more was sold than there was.
func (f fall) right() bool { return f.before-f.after == f.sold && f.sold <= f.before }

func (s *session) checkStock(ctx context.Context, before map[string]int64) error {
	falls, err := s.falls(ctx, before)
	if err != nil {
		return err
	}
	var faults []string
	for _, id := range wrong(falls) {
		f := falls[id]
		faults = append(faults, fmt.Sprintf("%s went from %d to %d, sold %d", id, f.before, f.after, f.sold))
	}
	s.add("stock fell by exactly the units accepted", faults, len(falls), "products")
	return nil
}

const (
	looks     = 5
	lookPause = 200 * time.Millisecond
)

// falls compares the stock before with that of now, for every product that the invoices name. Lists may
// lag, so what looks wrong in the list is read again, product by product, before it is believed.
func (s *session) falls(ctx context.Context, before map[string]int64) (map[string]fall, error) {
	after, err := s.stock(ctx)
	if err != nil {
		return nil, err
	}
	sold, _ := s.sold()
	falls := map[string]fall{}
	for id := range before {
		falls[id] = fall{before[id], after[id], sold[id]}
	}
	for id := range sold {
		falls[id] = fall{before[id], after[id], sold[id]}
	}
	for look := 0; look < looks && len(wrong(falls)) > 0; look++ {
		if err := s.lookAgain(ctx, falls); err != nil {
			return nil, err
		}
	}
	return falls, nil
}

// wrong returns the products that are not right.
func wrong(falls map[string]fall) []string {
	ids := slices.Sorted(maps.Keys(falls))
	return slices.DeleteFunc(ids, func(id string) bool { return falls[id].right() })
}

// lookAgain reads the products whose stock looks wrong after a while.
func (s *session) lookAgain(ctx context.Context, falls map[string]fall) error {
	if err := clock.Sleep(ctx, lookPause); err != nil {
		return err
	}
	for _, id := range wrong(falls) {
		p, err := s.Shop.Product(ctx, id)
		if err != nil {
			return err
		}
		falls[id] = fall{falls[id].before, p.Stock, falls[id].sold}
	}
	return nil
}

// checkMails looks at each order until it says that its mail was sent, or until the time is up.
func (s *session) checkMails(ctx context.Context) error {
	deadline := s.Now().Add(s.MailWait)
	statuses := make([]order.EmailStatus, len(s.accepted))
	err := s.each(ctx, Mailing, len(s.accepted), func(ctx context.Context, i int) error {
		var err error
		statuses[i], err = s.settled(ctx, s.accepted[i], deadline)
		return err
	})
	if err != nil {
		return err
	}
	var faults []string
	for i, status := range statuses {
		if status != order.EmailSent {
			faults = append(faults, fmt.Sprintf("%s is %s", s.accepted[i].receipt.OrderID, status))
		}
	}
	s.add("every order says that its mail was sent", faults, len(s.accepted), "orders")
	return nil
}

const (
	firstPoll = 100 * time.Millisecond
	lastPoll  = 5 * time.Second
)

// settled returns the mail's status once it is no longer pending, or at the deadline.
func (s *session) settled(ctx context.Context, p placed, deadline time.Time) (order.EmailStatus, error) {
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		status, err := p.customer.EmailStatus(ctx, p.receipt.OrderID)
		if err != nil || status != order.EmailPending || !s.Now().Add(wait).Before(deadline) {
			return status, err
		}
		if err := clock.Sleep(ctx, wait); err != nil {
			return status, err
		}
	}
}

func (s *session) checkMailbox(ctx context.Context) error {
	if s.Mailbox == nil {
		return nil
	}
	mails, err := s.Mailbox.Count(ctx)
	if err != nil {
		return fmt.Errorf("reading the mailbox: %w", err)
	}
	var faults []string
	for _, p := range s.accepted {
		if n := mails[p.receipt.OrderID]; n != 1 {
			faults = append(faults, fmt.Sprintf("%s has %d", p.receipt.OrderID, n))
		}
	}
	s.add("the mailbox holds exactly one mail an order", faults, len(s.accepted), "orders")
	return nil
}

const shown = 5 // examples of what is wrong

func verdict(faults []string, of int, noun string) string {
	if len(faults) == 0 {
		return fmt.Sprintf("%d %s", of, noun)
	}
	examples := strings.Join(faults[:min(shown, len(faults))], "; ")
	if len(faults) > shown {
		examples += "; …"
	}
	return fmt.Sprintf("%d of %d %s: %s", len(faults), of, noun, examples)
}
