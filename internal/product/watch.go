package product

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// watchedAtOnce is how many products that are low a run looks at. Where there are more, runs take turns.
	watchedAtOnce = 2000
	// watchedPage is how many products are read together, and watchMails how many mails are made at once.
	watchedPage = 100
	watchMails  = 8
	// waitingPage is of how many customers a product's stock is looked at again.
	waitingPage = 25
)

// ToldAgainAfter is the time between two mails to the shop that tell the same of a product. Without it a customer who
// orders all units and cancels, again and again, would fill the shop's mailbox.
const ToldAgainAfter = time.Hour

// StockAlerts has who is to be told of a product's stock, and what the shop was told.
type StockAlerts interface {
	Reader
	// Pick returns the products with these ids, at most 100, with what lists show of them. What is not there is left
	// out.
	Pick(ctx context.Context, ids []string) ([]Product, error)
	// Awaited returns the ids of the products that customers wait for, without those whose mails are on their way.
	Awaited(ctx context.Context) ([]string, error)
	// Waiting returns customers who wait for the product, sorted by id, from after one, at most limit.
	Waiting(ctx context.Context, productID, after string, limit int) ([]string, error)
	// MailCustomer makes the mail that the product is back, unless the customer does not wait for it any more or one is
	// on its way. It returns whether it made one.
	MailCustomer(ctx context.Context, userID, productID string, now time.Time) (bool, error)
	// Low returns the ids of the products whose stock is low or which are sold out.
	Low(ctx context.Context) ([]string, error)
	// Told returns by product what the shop was told, also of products that are noted as in stock.
	Told(ctx context.Context) (map[string]Told, error)
	// Note replaces the status that the shop was told by the present one and, if the stock fell, makes the mail that
	// tells it. A product of which there is no note counts as told InStock. It returns false if another run was faster.
	Note(ctx context.Context, productID string, told, is StockStatus, fell bool, now time.Time) (bool, error)
}

// Told is what the shop was told of a product's stock. The zero Told is that of a product which it was told nothing of.
type Told struct {
	Status StockStatus               // the last that was noted; empty is InStock
	Mailed map[StockStatus]time.Time // when the last mail was made that tells of a status
}

// status returns the status that was noted last.
func (t Told) status() StockStatus { return cmp.Or(t.Status, InStock) }

// isDue reports whether a status is to be noted now: it is another one than before, and if the stock fell to it, the
// shop was not mailed of the same a short while ago. Else a later run notes it, if it is still so.
func (t Told) isDue(p Product, now time.Time) bool {
	is := p.StockStatus()
	return p.Active && is != t.status() && !(t.fellTo(is) && now.Before(t.Mailed[is].Add(ToldAgainAfter)))
}

// fellTo reports whether a status is lower than the one that was noted last.
func (t Told) fellTo(is StockStatus) bool { return depth[is] > depth[t.status()] }

// Watch makes the mails about stocks. It compares the present stocks with what was told, so a run that comes late,
// twice or beside another one makes no mail twice, and a run that is cut short leaves the rest to the next.
type Watch struct {
	Alerts    StockAlerts
	TellsShop bool // whether the shop is mailed when a stock is low, and when there is none
	Most      int  // how many mails a run makes to the shop, and how many to customers
	Now       func() time.Time
}

// Watched is how many mails a run made.
type Watched struct{ Shop, Customers int }

// Run makes the mails that are due, and begins none after until. What fails of one product does not hold up the others.
func (w *Watch) Run(ctx context.Context, until time.Time) (Watched, error) {
	var done Watched
	var failed error
	if w.TellsShop {
		done.Shop, failed = w.shop(ctx, until)
	}
	made, err := w.customers(ctx, until)
	done.Customers = made
	return done, errors.Join(failed, err)
}

// customers mails who waits for a product that is in stock. No product takes more than its share of the mails.
func (w *Watch) customers(ctx context.Context, until time.Time) (made int, failed error) {
	ids, err := w.Alerts.Awaited(ctx)
	if err != nil {
		return 0, fmt.Errorf("looking for products that are awaited: %w", err)
	}
	var back []string
	for page := range slices.Chunk(ids, watchedPage) {
		products, err := w.Alerts.Pick(ctx, page)
		failed = errors.Join(failed, err)
		for _, p := range products {
			if p.Available() {
				back = append(back, p.ID)
			}
		}
	}
	for i := 0; i < len(back) && made < w.Most; i++ {
		n, err := w.mailWaiting(ctx, back[i], max(1, (w.Most-made)/(len(back)-i)), until)
		made, failed = made+n, errors.Join(failed, err)
	}
	return made, failed
}

// Available reports whether customers can buy the product.
func (p Product) Available() bool { return p.Active && p.Stock > 0 }

// mailWaiting makes at most so many mails that the product is back, and looks at the stock again before each page: it
// may be gone by then.
func (w *Watch) mailWaiting(ctx context.Context, id string, most int, until time.Time) (made int, _ error) {
	for after := ""; made < most && w.Now().Before(until); {
		p, err := w.Alerts.Read(ctx, id)
		if err != nil || !p.Available() {
			return made, err
		}
		waiting, err := w.Alerts.Waiting(ctx, id, after, min(waitingPage, most-made))
		if err != nil || len(waiting) == 0 {
			return made, err
		}
		n, err := w.mailEach(ctx, id, waiting)
		made += n
		if err != nil {
			return made, err
		}
		after = waiting[len(waiting)-1]
	}
	return made, nil
}

func (w *Watch) mailEach(ctx context.Context, id string, waiting []string) (int, error) {
	var made atomic.Int64
	mails, ctx := errgroup.WithContext(ctx)
	mails.SetLimit(watchMails)
	for _, userID := range waiting {
		mails.Go(func() error {
			done, err := w.Alerts.MailCustomer(ctx, userID, id, w.Now())
			if done {
				made.Add(1)
			}
			return err
		})
	}
	err := mails.Wait()
	return int(made.Load()), err
}

// shop tells the shop of each stock that fell, once until it rises.
func (w *Watch) shop(ctx context.Context, until time.Time) (made int, failed error) {
	low, err := w.Alerts.Low(ctx)
	if err != nil {
		return 0, fmt.Errorf("looking for stocks that are low: %w", err)
	}
	told, err := w.Alerts.Told(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading what the shop was told: %w", err)
	}
	for id, of := range told {
		if of.status() != InStock { // one that is in stock is low, or there is nothing to note
			low = append(low, id)
		}
	}
	ids := slices.Compact(slices.Sorted(slices.Values(low)))
	for page := range slices.Chunk(turn(ids, w.Now()), watchedPage) {
		products, err := w.Alerts.Pick(ctx, page)
		failed = errors.Join(failed, err)
		for _, p := range products {
			if made >= w.Most || !w.Now().Before(until) {
				return made, failed
			}
			mailed, err := w.note(ctx, p, told[p.ID])
			failed = errors.Join(failed, err)
			if mailed {
				made++
			}
		}
	}
	return made, failed
}

// turn returns the ids that the run of this minute looks at.
func turn(ids []string, now time.Time) []string {
	turns := (len(ids) + watchedAtOnce - 1) / watchedAtOnce
	if turns < 2 {
		return ids
	}
	from := int(now.Unix()/60%int64(turns)) * watchedAtOnce
	return ids[from:min(from+watchedAtOnce, len(ids))]
}

// note notes a status that the shop was not told yet, and returns whether a mail tells it. What a list says may be a
// moment old, so the product is read again. Inactive products are left out.
func (w *Watch) note(ctx context.Context, p Product, told Told) (mailed bool, err error) {
	if !told.isDue(p, w.Now()) {
		return false, nil
	}
	p, err = w.Alerts.Read(ctx, p.ID)
	if err != nil || !told.isDue(p, w.Now()) {
		return false, err
	}
	is := p.StockStatus()
	noted, err := w.Alerts.Note(ctx, p.ID, told.status(), is, told.fellTo(is), w.Now())
	if err != nil {
		return false, fmt.Errorf("noting that %s is %s: %w", p.ID, is, err)
	}
	return noted && told.fellTo(is), nil
}

// depth orders the statuses by how far a stock fell.
var depth = map[StockStatus]int{InStock: 0, LowStock: 1, OutOfStock: 2}
