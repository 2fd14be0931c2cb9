package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

const stockAttempts = 30

// Stock is the count of a product after a change.
type Stock struct {
	ProductID string
	Quantity  int64
	UpdatedAt time.Time
}

// StockMover changes stocks.
type StockMover interface {
	// Read returns the product as it stands now. It returns ErrNotFound.
	Read(ctx context.Context, productID string) (Product, error)
	// Move sets the stock from m.Before to m.After and records m, all or nothing, once for an ID and time. It returns the movement
	// as it was recorded: m, or what an earlier call with its ID and time made of it. It returns *StockChangedError when the stock
	// is not m.Before, ErrNotFound, ErrContended and ErrUnsettled.
	Move(ctx context.Context, m Movement) (Movement, error)
}

// Inventory changes stocks. Every change says what the stock was, so none undoes a sale made meanwhile.
type Inventory struct {
	Products StockMover
	NewID    func() string
	Now      func() time.Time
}

// Set makes the stock quantity if it is seen now. It returns *StockChangedError when it is not, validation.Errors,
// ErrNotFound, ErrContended and ErrUnsettled.
func (i *Inventory) Set(ctx context.Context, admin user.Caller, productID string, quantity, seen int64, reason string) (Stock, error) {
	var problems validation.Errors
	problems.Int("quantity", quantity, 0, MaxStock)
	problems.Int("compare_quantity", seen, 0, MaxStock)
	problems.Line("reason", reason, 1, maxReason)
	if err := problems.Err(); err != nil {
		return Stock{}, err
	}
	m := i.movement(admin, productID, reason)
	m.Before, m.After = seen, quantity
	return i.move(ctx, m)
}

// Adjust changes the stock by delta, whatever it is now. It returns ErrInsufficientStock when it would fall below zero,
// validation.Errors, ErrNotFound, ErrContended and ErrUnsettled.
func (i *Inventory) Adjust(ctx context.Context, admin user.Caller, productID string, delta int64, reason string) (Stock, error) {
	if err := checkAdjustment(delta, reason); err != nil {
		return Stock{}, err
	}
	p, err := i.Products.Read(ctx, productID)
	if err != nil {
		return Stock{}, fmt.Errorf("reading product %s: %w", productID, err)
	}
	m := i.movement(admin, productID, reason)
	m.Before = p.Stock
	for attempt := range stockAttempts {
		stock, err := i.adjust(ctx, m, delta)
		var changed *StockChangedError
		if !errors.As(err, &changed) {
			return stock, err
		}
		m.Before = changed.Quantity
		if err := pause(ctx, attempt); err != nil {
			return Stock{}, err
		}
	}
	return Stock{}, ErrContended
}

// movement begins the one movement of a request. All attempts share its ID and time, so that only one of them can be recorded,
// whatever the stock is when a late one arrives.
func (i *Inventory) movement(admin user.Caller, productID, reason string) Movement {
	return Movement{ID: i.NewID(), ProductID: productID, Reason: reason, By: admin.UserID, MovedAt: i.Now()}
}

func (i *Inventory) adjust(ctx context.Context, m Movement, delta int64) (Stock, error) {
	m.After = m.Before + delta
	if m.After < 0 {
		return Stock{}, ErrInsufficientStock
	}
	if m.After > MaxStock {
		var problems validation.Errors
		problems.Add("delta", "would take the stock over %d", MaxStock)
		return Stock{}, problems
	}
	return i.move(ctx, m)
}

func (i *Inventory) move(ctx context.Context, m Movement) (Stock, error) {
	recorded, err := i.Products.Move(ctx, m)
	if err != nil {
		return Stock{}, fmt.Errorf("moving the stock of %s: %w", m.ProductID, err)
	}
	return Stock{ProductID: recorded.ProductID, Quantity: recorded.After, UpdatedAt: recorded.MovedAt}, nil
}

func checkAdjustment(delta int64, reason string) error {
	var problems validation.Errors
	problems.Int("delta", delta, -MaxStock, MaxStock)
	if delta == 0 {
		problems.Add("delta", "must not be 0")
	}
	problems.Line("reason", reason, 1, maxReason)
	return problems.Err()
}
