package order

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"shop/internal/contention"
	"shop/internal/money"
)

// Product is what checkout needs to know of a product.
type Product struct {
	Name   string
	Price  money.Money
	Stock  int64 // of a split stock known only if Counters are
	Active bool
	// MaxPerOrder is how many units one order may have; 0 means that the product has no limit of its own.
	MaxPerOrder int64
	// A stock at or below LowStockThreshold is low.
	LowStockThreshold int64
	// Split is how many counters the stock has, 0 if it is not split. Counters are the units on each, nil if they were
	// not read.
	Split    int64
	Counters []int64
}

// lacks reports whether there are certainly fewer units.
func (p Product) lacks(units int64) bool {
	return p.Stock < units && (p.Split == 0 || p.Counters != nil)
}

// IsLowAfter reports whether few units are left, or none, once so many are sold.
func (p Product) IsLowAfter(units int64) bool { return p.Stock-units <= p.LowStockThreshold }

// allows reports whether one order may have so many units.
func (p Product) allows(units int64) bool { return p.MaxPerOrder == 0 || units <= p.MaxPerOrder }

// Products are products by id. One that is missing does not exist.
type Products map[string]Product

// with returns the products with some of them as they are now.
func (ps Products) with(now map[string]Product) Products {
	all := maps.Clone(ps)
	maps.Copy(all, now)
	return all
}

// placeAttempts is how often an order is tried while stocks cross the low mark, or the mark moves, between the read and
// the write.
const placeAttempts = 8

// RejectedError says why the store took nothing of an order.
type RejectedError struct {
	Existing *Order             // the order that stands under this id already, or nil
	Failed   map[string]Product // those that were not as expected, as they are now; a zero Product does not exist
}

// Error returns the kind of the rejection.
func (e *RejectedError) Error() string {
	if e.Existing != nil {
		return "order exists"
	}
	return fmt.Sprintf("%d products are not as expected", len(e.Failed))
}

// Store is the database as checkout sees it.
type Store interface {
	// ReadProducts reads the products as they are now.
	ReadProducts(ctx context.Context, productIDs []string) (Products, error)
	// Accepted returns the order with this id, one that is just being committed too, or ErrNotFound.
	Accepted(ctx context.Context, orderID string) (Order, error)
	// Place stores o with its pending mail and takes its units from the stocks, all or nothing, if no order has its id
	// and each product is active, costs the line's unit price, has the units and allows so many in one order. It
	// returns the order with the time at which it was placed, which is that of the attempt that went through;
	// *RejectedError; and ErrBusy when it could not be settled in time. The products are as they were seen: one whose
	// stock would cross the low mark by this order, and would not have by what was seen, or the other way round, is not
	// as expected, either, nor is one of another threshold. Of a split stock it takes from one counter, any that has
	// the units by what was seen, or from several where none has; if they have not, the product is not as expected, and
	// is returned with its counters.
	Place(ctx context.Context, o Order, seen Products, now func() time.Time) (Order, error)
}

// Checkout places orders.
type Checkout struct {
	Store Store
	// Announce sends the event that an order was placed, once, and gives up soon. The mail is pending whether it
	// arrives or not.
	Announce func(ctx context.Context, orderID string) error
	// Missed is called when an announcement failed, to log and count it.
	Missed   func(ctx context.Context, orderID string, err error)
	Currency string
	Now      func() time.Time
	// SyntheticCustomer is the address of the customer that tries the store, or empty. Its orders are synthetic.
	SyntheticCustomer string
}

// Do places an order, or returns the one an earlier request with the same key placed, and whether it did so. It returns
// validation.Errors, *UnknownProductError, *MaxPerOrderExceededError, *OutOfStockError, *PriceChangedError,
// *KeyReusedError and ErrBusy.
func (c *Checkout) Do(ctx context.Context, r Request) (placed Order, replayed bool, err error) {
	items, err := r.validate(c.Currency)
	if err != nil {
		return Order{}, false, err
	}
	ctx = contention.WithLimit(ctx, contention.Checkout.Limit) // of all its transactions together
	draft := Order{
		ID: ID(r.Customer.UserID, r.IdempotencyKey), UserID: r.Customer.UserID, Email: r.Customer.Email,
		Request:   fingerprint(items, r.ExpectedTotal),
		Synthetic: c.SyntheticCustomer != "" && r.Customer.Email == c.SyntheticCustomer,
	}
	of := offer{items: items, expected: r.ExpectedTotal, currency: c.Currency}
	products, err := c.Store.ReadProducts(ctx, productIDs(items))
	if err != nil {
		return Order{}, false, fmt.Errorf("reading products: %w", err)
	}
	lines, total, refusal := of.quote(products, nil)
	if refusal != nil {
		return c.refuse(ctx, draft, refusal)
	}
	draft.Lines, draft.Total = lines, total
	return c.place(ctx, draft, of, products)
}

// place writes the order, or finds out why it is refused. If a stock crossed the low mark since it was read, or the
// mark moved, and there is enough of it, the order is tried again with the present stocks.
func (c *Checkout) place(ctx context.Context, o Order, of offer, products Products) (Order, bool, error) {
	placed, err := c.Store.Place(ctx, o, products, c.Now)
	for attempt := 1; ; attempt++ {
		var rejected *RejectedError
		if !errors.As(err, &rejected) {
			break
		}
		if rejected.Existing != nil {
			return answerRepeat(*rejected.Existing, o.Request)
		}
		seen := products
		products = seen.with(rejected.Failed)
		if _, _, refusal := of.quote(products, seen); refusal != nil {
			return c.refuse(ctx, o, refusal)
		}
		if attempt == placeAttempts {
			return Order{}, false, fmt.Errorf("order %s: %w: %w", o.ID, ErrBusy, err)
		}
		placed, err = c.Store.Place(ctx, o, products, c.Now)
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("placing order %s: %w", o.ID, err)
	}
	if err := c.Announce(ctx, o.ID); err != nil {
		c.Missed(ctx, o.ID, err)
	}
	return placed, false, nil
}

// refuse looks whether the order exists before it refuses: a repeat of an accepted checkout answers its order, though
// the products sold out or changed price since.
func (c *Checkout) refuse(ctx context.Context, o Order, refusal error) (Order, bool, error) {
	existing, err := c.Store.Accepted(ctx, o.ID)
	if errors.Is(err, ErrNotFound) {
		return Order{}, false, refusal
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("looking for order %s: %w", o.ID, err)
	}
	return answerRepeat(existing, o.Request)
}

// answerRepeat answers a repeat: the order it placed, as it was then, if it is the same request.
func answerRepeat(existing Order, request Fingerprint) (Order, bool, error) {
	if existing.Request != request {
		return Order{}, false, &KeyReusedError{OrderID: existing.ID}
	}
	return existing.asPlaced(), true, nil
}

func productIDs(items []Item) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ProductID
	}
	return ids
}
