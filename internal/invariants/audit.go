package invariants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shop/internal/money"
	"shop/internal/notification"
	"shop/internal/order"
)

const (
	// CommitWindow is how long before a read of a stock an order may have been dated and yet be committed after it: a
	// checkout has ten seconds, and an attempt that hung may be carried out some seconds later.
	CommitWindow = 30 * time.Second
	// clockSkew is by how much the clocks of two functions may differ.
	clockSkew = 10 * time.Second
	// WaitLimit is how long a product that is awaited may be in stock before a mail is made: watch-stock comes every
	// minute, and makes half as many mails as SES takes, for all products together.
	WaitLimit = 24 * time.Hour
	// mostProducts bounds the memory of a pass: some 200 bytes a product.
	mostProducts = 200_000
	// mostSuspects bounds how many differences of a first reading are read again.
	mostSuspects = 1000
)

// Audit reads all tables and compares. It holds some 200,000 products at a time, by their hashes: a store of more costs
// further passes over all tables but the mails, in all 2, 4, 8 … The tables change while they are read, so whatever
// looks wrong is read again, in a transaction, before it is reported.
//
// It cannot find a difference of a stock that is smaller than what was sold of the product in the 30 seconds before the
// stock was read.
type Audit struct {
	Tables Tables
	// StocksOnly leaves out what concerns no stock: the mails, who waits, and the orders but for their units.
	StocksOnly bool
	// Sales are compared with the orders, unless it is nil.
	Sales interface {
		Recount(ctx context.Context, repair bool, report func(order.SalesDifference)) (int, error)
	}
	// MostProducts and CommitWindow are for tests; 0 is the constants.
	MostProducts int
	CommitWindow time.Duration
}

// Summary is what an audit read, and whether more looked wrong than was read again.
type Summary struct {
	Products, Movements, Orders, Mails, Waits int
	Sales                                     int // days and months
	Passes                                    int
	Differences                               int
	Truncated                                 bool
}

// run is one audit under way.
type run struct {
	Audit
	Summary
	report   func(Difference)
	products map[string]bool // suspected
	mails    map[string]bool // suspected, with their orders
}

// Run audits, and calls report for each difference. It returns how far it got with the error of a table that could not
// be read.
func (a Audit) Run(ctx context.Context, report func(Difference)) (Summary, error) {
	if a.MostProducts == 0 {
		a.MostProducts = mostProducts
	}
	if a.CommitWindow == 0 {
		a.CommitWindow = CommitWindow
	}
	r := &run{Audit: a, products: map[string]bool{}, mails: map[string]bool{}}
	r.report = func(d Difference) { r.Differences++; report(d) }
	steps := []func(context.Context) error{
		r.readMails, r.readStocks, r.confirmMails, r.confirmStocks, r.readWaits, r.recountSales,
	}
	if a.StocksOnly {
		steps = []func(context.Context) error{r.readStocks, r.confirmStocks}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return r.Summary, err
		}
	}
	return r.Summary, nil
}

func (r *run) suspect(list map[string]bool, id string) {
	if len(list) >= mostSuspects && !list[id] {
		r.Truncated = true
		return
	}
	list[id] = true
}

func (r *run) readMails(ctx context.Context) error {
	err := r.Tables.EachMail(ctx, func(m Mail) {
		if r.readable(&r.Summary.Mails, true, m.ID, m.Err) && len(ofMail(m)) > 0 {
			r.suspect(r.mails, m.ID)
		}
	})
	return failed("reading mails", err)
}

// readStocks makes as many passes as the products need; the first looks at each order, too.
func (r *run) readStocks(ctx context.Context) error {
	parts := uint32(1)
	for part := uint32(0); part < parts; part++ {
		l := &ledger{entries: map[string]*entry{}, parts: parts, part: part, most: r.MostProducts,
			commitWindow: r.Audit.CommitWindow}
		p := &pass{run: r, ledger: l, first: part == 0, began: time.Now()}
		if err := p.read(ctx); err != nil {
			return err
		}
		for id, e := range l.entries {
			if len(e.differences(id)) > 0 {
				r.suspect(r.products, id)
			}
		}
		parts = l.parts
		r.Passes++
	}
	return nil
}

// pass reads all tables but the mails into a ledger.
type pass struct {
	*run
	ledger *ledger
	first  bool
	began  time.Time
}

// read reads the stocks first, so that whatever they have is in what is read after them.
func (p *pass) read(ctx context.Context) error {
	if err := p.Tables.EachProduct(ctx, p.product); err != nil {
		return failed("reading products", err)
	}
	if err := p.Tables.EachMovement(ctx, p.movement); err != nil {
		return failed("reading stock movements", err)
	}
	return failed("reading orders", p.Tables.EachOrder(ctx, false, p.order))
}

func (p *pass) product(found Product) {
	if !p.readable(&p.Summary.Products, p.first, found.ID, found.Err) {
		return
	}
	if p.first {
		report(p.report, ofItems(found))
	}
	p.ledger.add(found)
}

func (p *pass) movement(m Movement) {
	if p.readable(&p.Summary.Movements, p.first, m.ProductID, m.Err) {
		p.change(m.ProductID, m.Delta, m.At)
		p.ledger.moved(m)
	}
}

func (p *pass) order(o Order) {
	if !p.readable(&p.Summary.Orders, p.first, o.ID, o.Err) {
		return
	}
	if p.first && !p.StocksOnly && len(ofOrder(o)) > 0 {
		p.suspect(p.mails, notification.OrderMailID(o.ID))
	}
	if o.Imported { // its units were never in this stock
		return
	}
	for _, line := range o.Lines {
		p.change(line.ProductID, -line.Quantity, o.PlacedAt)
	}
	p.ledger.cancelled(o)
}

// change enters a change of a stock. One of a product that was not read is suspect, unless the product may have come
// after the products were read.
func (p *pass) change(productID string, delta int64, at time.Time) {
	known := p.ledger.change(productID, delta, at) || !p.ledger.has(productID)
	if !known && at.Before(p.began.Add(-p.Audit.CommitWindow)) {
		p.suspect(p.products, productID)
	}
}

// readable counts an item in the first pass, and reports one that cannot be read.
func (r *run) readable(n *int, first bool, id string, err error) bool {
	if first {
		*n++
		if err != nil {
			r.report(Difference{Unreadable, id, err.Error()})
		}
	}
	return err == nil
}

// confirmMails reads each suspected mail and its order again, both as they are at one instant.
func (r *run) confirmMails(ctx context.Context) error {
	for _, id := range sorted(r.mails) {
		o, m, err := r.Tables.OrderAndMail(ctx, id)
		if err != nil {
			return failed("reading an order and its mail", err)
		}
		if o != nil && o.Err == nil {
			report(r.report, ofOrder(*o))
		}
		if m != nil && m.Err == nil {
			report(r.report, ofMail(*m))
		}
	}
	return nil
}

// confirmStocks reads the suspected products again, with all their movements and orders.
func (r *run) confirmStocks(ctx context.Context) error {
	if len(r.products) == 0 {
		return nil
	}
	l := &ledger{entries: map[string]*entry{}, parts: 1, most: mostSuspects, commitWindow: r.Audit.CommitWindow}
	for _, id := range sorted(r.products) {
		if err := r.readAgain(ctx, l, id); err != nil {
			return err
		}
	}
	err := r.Tables.EachOrder(ctx, true, func(o Order) {
		if o.Err != nil || o.Imported {
			return
		}
		for _, line := range o.Lines {
			l.change(line.ProductID, -line.Quantity, o.PlacedAt)
		}
		l.cancelled(o)
	})
	if err != nil {
		return failed("reading orders", err)
	}
	for _, id := range sorted(r.products) {
		report(r.report, l.entries[id].differences(id))
	}
	return nil
}

// readWaits reads who waits for which product. Each wait is read exactly, so none is read again.
func (r *run) readWaits(ctx context.Context) error {
	err := r.Tables.EachWait(ctx, func(w Wait) {
		if r.readable(&r.Summary.Waits, true, w.ID, w.Err) {
			report(r.report, ofWait(w, time.Now()))
		}
	})
	return failed("reading who waits for products", err)
}

// recountSales compares what is counted of days and months with the orders. What looks wrong is looked at again there.
func (r *run) recountSales(ctx context.Context) (err error) {
	if r.Audit.Sales == nil {
		return nil
	}
	r.Summary.Sales, err = r.Audit.Sales.Recount(ctx, false, func(d order.SalesDifference) {
		r.report(Difference{SalesDiffer, d.Name, d.String()})
	})
	if errors.Is(err, order.ErrOtherZone) {
		r.report(Difference{SalesDiffer, "TimeZone", err.Error()})
		return nil
	}
	return failed("recounting sales", err)
}

func (r *run) readAgain(ctx context.Context, l *ledger, id string) error {
	p, there, err := r.Tables.Product(ctx, id)
	if err != nil {
		return failed("reading a product", err)
	}
	if p.Err != nil { // it was reported as such
		delete(r.products, id)
		return nil
	}
	l.entries[id] = &entry{there: there, stock: p.Stock, from: p.From, to: p.To}
	return failed("reading a product's movements", r.Tables.MovementsOf(ctx, id, func(m Movement) {
		l.change(id, m.Delta, m.At)
		l.moved(m)
	}))
}

// ofItems returns what is wrong with the items of one product. They need not be read again: the stock, the threshold
// and the mark are in one item, and counters are read at one instant.
func ofItems(p Product) []Difference {
	var found []Difference
	if p.Counters != "" {
		found = append(found, Difference{CountersWrong, p.ID, p.Counters})
	}
	if p.Marked != (p.Stock <= p.Threshold) {
		found = append(found, Difference{LowMarkWrong, p.ID, fmt.Sprintf(
			"it has %d units, of which %d are low, and its mark in the index says otherwise", p.Stock, p.Threshold)})
	}
	return found
}

func ofOrder(o Order) []Difference {
	var found []Difference
	if !o.Mailed {
		found = append(found, Difference{OrderWithoutMail, o.ID, "no mail is stored for it"})
	}
	if !o.Listed {
		found = append(found, Difference{OrderNotListed, o.ID,
			"its keys in the lists are not those of its id and time"})
	}
	if !o.Found {
		found = append(found, Difference{NeverCancelled, o.ID, fmt.Sprintf(
			"it is %s, and its key in the index of unfinished orders says otherwise", o.Status)})
	}
	total := money.Money{Currency: o.Total.Currency}
	for _, line := range o.Lines {
		total = total.Plus(line.Total())
	}
	if total.Amount != o.Total.Amount {
		found = append(found, Difference{OrderTotalWrong, o.ID,
			fmt.Sprintf("the total is %d, and the lines add up to %d", o.Total.Amount, total.Amount)})
	}
	return found
}

func ofMail(m Mail) []Difference {
	var found []Difference
	if !m.Ordered {
		found = append(found, Difference{MailWithoutOrder, m.ID, "its order is not there"})
	}
	if m.Ordered && !m.Reached {
		found = append(found, Difference{MailNotReached, m.ID, "its order never was of the status that it tells of"})
	}
	if m.State == notification.Pending && !m.Due {
		found = append(found, Difference{MailNeverDue, m.ID, "it is pending, and the relay cannot find it"})
	}
	return found
}

func ofWait(w Wait, now time.Time) []Difference {
	var found []Difference
	if !w.Account {
		found = append(found, Difference{WaitWithoutAccount, w.ID, "its customer's account is not there"})
	}
	if !w.Product {
		found = append(found, Difference{ProductMissing, w.ProductID, "a customer waits for it, and it is not there"})
	}
	if w.Told && !w.Mailed && w.Account && w.Product { // a mail to nobody, or about nothing, is dropped
		found = append(found, Difference{WaitWithoutMail, w.ID, "its mail is not there, or was dropped"})
	}
	if w.Told == w.Listed {
		found = append(found, Difference{WaitMarkWrong, w.ID, fmt.Sprintf(
			"a mail was made for it: %v, and it is in the index of those that wait: %v", w.Told, w.Listed)})
	}
	if !w.InStockSince.IsZero() && now.Sub(w.InStockSince) > WaitLimit {
		found = append(found, Difference{WaitOverdue, w.ID, fmt.Sprintf(
			"its product is in stock since %s, and no mail was made", w.InStockSince.Format(time.RFC3339))})
	}
	return found
}

func report(to func(Difference), all []Difference) {
	for _, d := range all {
		to(d)
	}
}

func sorted(set map[string]bool) []string {
	all := make([]string, 0, len(set))
	for id := range set {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// failed says what was being done when a table could not be read.
func failed(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
