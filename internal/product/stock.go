package product

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

// Stock is the count of a product after a change.
type Stock struct {
	ProductID string
	Quantity  int64
	UpdatedAt time.Time
	Repeated  bool // it was changed by an earlier request with the same Idempotency-Key
	// Later says that Quantity was read after the change, so that it may include later changes.
	Later bool
}

// StockMover changes stocks.
type StockMover interface {
	// Read returns the product as it stands now. It returns ErrNotFound.
	Read(ctx context.Context, productID string) (Product, error)
	// Move sets the stock from m.Before to m.After and records m, all or nothing, once for an ID and time. It returns
	// the movement as it was recorded: m, or what an earlier call with its ID and time made of it. It returns
	// *StockChangedError when the stock is not m.Before, ErrNotFound, ErrContended and ErrUnsettled. Of a keyed
	// movement the time does not count: it is recorded once.
	Move(ctx context.Context, m Movement) (Movement, error)
	// Adjust changes the stock by the difference of m, whatever the stock is by then, and records m as Move does: as it
	// is if the stock is still m.Before, else with its difference alone. The threshold is the product's as it was read.
	// It returns *StockChangedError when the stock would not be within 0 and MaxStock, ErrNotFound and ErrUnsettled.
	Adjust(ctx context.Context, m Movement, threshold int64) (Movement, error)
	// Recorded returns the keyed movement of the product with this ID, or ErrNotFound.
	Recorded(ctx context.Context, productID, id string) (Movement, error)
}

// Inventory changes stocks. Every change says what the stock was, or by how much it changes, so none undoes a sale made
// meanwhile.
type Inventory struct {
	Products StockMover
	NewID    func() string
	Now      func() time.Time
}

// Set makes the stock quantity if it is expected now. It returns *StockChangedError when it is not, validation.Errors,
// ErrNotFound, ErrContended and ErrUnsettled.
func (i *Inventory) Set(
	ctx context.Context, admin user.Caller, productID string, quantity, expected int64, reason string,
) (Stock, error) {
	var problems validation.Errors
	problems.Int("quantity", quantity, 0, MaxStock)
	problems.Int("compare_quantity", expected, 0, MaxStock)
	problems.Line("reason", reason, 1, maxReason)
	if err := problems.Err(); err != nil {
		return Stock{}, err
	}
	m := i.movement(admin, productID, reason)
	m.Before, m.After = expected, quantity
	return i.move(ctx, m)
}

// Adjustment is a change of a stock by a difference.
type Adjustment struct {
	ProductID string
	Delta     int64
	Reason    string
	Key       string // the request's Idempotency-Key; empty: none
}

// Adjust changes the stock by the delta, whatever it is now. It returns ErrInsufficientStock when it would fall below
// zero, validation.Errors, ErrNotFound and ErrUnsettled.
//
// A repeat with the admin's key for the product is answered what was recorded, for good, and ErrKeyReused if that was
// another adjustment.
func (i *Inventory) Adjust(ctx context.Context, admin user.Caller, a Adjustment) (Stock, error) {
	if err := a.validate(); err != nil {
		return Stock{}, err
	}
	p, err := i.Products.Read(ctx, a.ProductID)
	if err != nil {
		return Stock{}, fmt.Errorf("reading product %s: %w", a.ProductID, err)
	}
	m := i.movement(admin, a.ProductID, a.Reason)
	if a.Key != "" {
		m.ID, m.Keyed = a.movementID(admin), true
		// Only after the stock was read: a stock that the first request changed comes with its record.
		recorded, err := i.Products.Recorded(ctx, m.ProductID, m.ID)
		if !errors.Is(err, ErrNotFound) {
			return i.repeated(ctx, a, recorded, err)
		}
	}
	return i.adjust(ctx, m, p, a)
}

// adjust changes the stock from what was seen, or whatever it is by then.
func (i *Inventory) adjust(ctx context.Context, m Movement, seen Product, a Adjustment) (Stock, error) {
	if err := a.checkFrom(seen.Stock); err != nil {
		return Stock{}, err
	}
	m.Before, m.After = seen.Stock, seen.Stock+a.Delta
	recorded, err := i.Products.Adjust(ctx, m, seen.LowStockThreshold)
	var changed *StockChangedError
	if errors.As(err, &changed) {
		if refusal := a.checkFrom(changed.Quantity); refusal != nil {
			return Stock{}, refusal
		}
	}
	if err != nil {
		return Stock{}, fmt.Errorf("adjusting the stock of %s: %w", m.ProductID, err)
	}
	if m.Keyed && !recorded.MovedAt.Equal(m.MovedAt) { // another request with the key was faster
		return i.repeated(ctx, a, recorded, nil)
	}
	return i.after(ctx, recorded)
}

// movement begins the one movement of a request. All attempts share its ID and time, so that only one of them can be
// recorded, whatever the stock is when a late one arrives.
func (i *Inventory) movement(admin user.Caller, productID, reason string) Movement {
	return Movement{ID: i.NewID(), ProductID: productID, Reason: reason, By: admin.UserID, MovedAt: i.Now()}
}

// movementID makes the ID of the admin, the product and the key.
func (a Adjustment) movementID(admin user.Caller) string {
	return uuidOf(admin.UserID, a.ProductID, a.Key)
}

// uuidOf makes a UUID of version 8 (RFC 9562, section 5.8) of texts without 0x00.
func uuidOf(parts ...string) string {
	b := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// repeated answers what was recorded, if it is the same adjustment.
func (i *Inventory) repeated(ctx context.Context, a Adjustment, m Movement, err error) (Stock, error) {
	switch {
	case err != nil:
		return Stock{}, fmt.Errorf("looking for an earlier adjustment: %w", err)
	case m.Delta() != a.Delta || m.Reason != a.Reason:
		return Stock{}, ErrKeyReused
	}
	s, err := i.after(ctx, m)
	s.Repeated = err == nil
	return s, err
}

// checkFrom refuses an adjustment that would take the stock out of its bounds.
func (a Adjustment) checkFrom(before int64) error {
	if before+a.Delta < 0 {
		return ErrInsufficientStock
	}
	if before+a.Delta > MaxStock {
		var problems validation.Errors
		problems.Add("delta", "would take the stock over %d", MaxStock)
		return problems
	}
	return nil
}

// after returns the stock after a movement, and reads it where the movement does not say. The movement is made by then:
// if the stock cannot be read, a client that has no key must not repeat it.
func (i *Inventory) after(ctx context.Context, m Movement) (Stock, error) {
	if m.IsExact() {
		return stockAfter(m), nil
	}
	p, err := i.Products.Read(ctx, m.ProductID)
	if err != nil {
		return Stock{}, fmt.Errorf("%w: reading the stock of %s: %w", ErrUnsettled, m.ProductID, err)
	}
	return Stock{ProductID: m.ProductID, Quantity: p.Stock, UpdatedAt: m.MovedAt, Later: true}, nil
}

func (i *Inventory) move(ctx context.Context, m Movement) (Stock, error) {
	recorded, err := i.Products.Move(ctx, m)
	if err != nil {
		return Stock{}, fmt.Errorf("moving the stock of %s: %w", m.ProductID, err)
	}
	return stockAfter(recorded), nil
}

func stockAfter(m Movement) Stock {
	return Stock{ProductID: m.ProductID, Quantity: m.After, UpdatedAt: m.MovedAt}
}

func (a Adjustment) validate() error {
	var problems validation.Errors
	problems.Int("delta", a.Delta, -MaxStock, MaxStock)
	if a.Delta == 0 {
		problems.Add("delta", "must not be 0")
	}
	problems.Line("reason", a.Reason, 1, maxReason)
	return problems.Err()
}
