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

// Mover changes stocks.
type Mover interface {
	// RequireAdmin returns user.ErrNotAdmin unless admin is one now.
	RequireAdmin(ctx context.Context, admin user.Caller) error
	// Read returns the product as it stands now, after checking that admin is one. It returns user.ErrNotAdmin and ErrNotFound.
	Read(ctx context.Context, admin user.Caller, productID string) (Product, error)
	// Move sets the stock from m.Before to m.After and records m, all or nothing. It returns *StockChangedError when the
	// stock is not m.Before, ErrNotFound, ErrContended and ErrUnsettled.
	Move(ctx context.Context, m Movement) error
}

// Inventory changes stocks. Every change says what the stock was, so none undoes a sale made meanwhile.
type Inventory struct {
	Products Mover
	NewID    func() string
	Now      func() time.Time
}

// Set makes the stock quantity if it is seen now. It returns *StockChangedError when it is not, validation.Errors,
// user.ErrNotAdmin, ErrNotFound, ErrContended and ErrUnsettled.
func (i *Inventory) Set(ctx context.Context, admin user.Caller, productID string, quantity, seen int64, reason string) (Stock, error) {
	var problems validation.Errors
	problems.Int("quantity", quantity, 0, MaxStock)
	problems.Int("compare_quantity", seen, 0, MaxStock)
	problems.Line("reason", reason, 1, maxReason)
	if err := problems.Err(); err != nil {
		return Stock{}, err
	}
	if err := i.Products.RequireAdmin(ctx, admin); err != nil {
		return Stock{}, fmt.Errorf("setting a stock: %w", err)
	}
	return i.move(ctx, Movement{ProductID: productID, Before: seen, After: quantity, Reason: reason, By: admin.UserID})
}

// Adjust changes the stock by delta, whatever it is now. It returns ErrInsufficientStock when it would fall below zero,
// validation.Errors, user.ErrNotAdmin, ErrNotFound, ErrContended and ErrUnsettled.
func (i *Inventory) Adjust(ctx context.Context, admin user.Caller, productID string, delta int64, reason string) (Stock, error) {
	if err := checkAdjustment(delta, reason); err != nil {
		return Stock{}, err
	}
	p, err := i.Products.Read(ctx, admin, productID)
	if err != nil {
		return Stock{}, fmt.Errorf("reading product %s: %w", productID, err)
	}
	before := p.Stock
	for attempt := range stockAttempts {
		stock, err := i.adjust(ctx, admin, productID, before, delta, reason)
		var changed *StockChangedError
		if !errors.As(err, &changed) {
			return stock, err
		}
		before = changed.Quantity
		if err := pause(ctx, attempt); err != nil {
			return Stock{}, err
		}
	}
	return Stock{}, ErrContended
}

func (i *Inventory) adjust(ctx context.Context, admin user.Caller, productID string, before, delta int64, reason string) (Stock, error) {
	after := before + delta
	if after < 0 {
		return Stock{}, ErrInsufficientStock
	}
	if after > MaxStock {
		var problems validation.Errors
		problems.Add("delta", "would take the stock over %d", MaxStock)
		return Stock{}, problems
	}
	return i.move(ctx, Movement{ProductID: productID, Before: before, After: after, Reason: reason, By: admin.UserID})
}

func (i *Inventory) move(ctx context.Context, m Movement) (Stock, error) {
	m.ID, m.MovedAt = i.NewID(), i.Now()
	if err := i.Products.Move(ctx, m); err != nil {
		return Stock{}, fmt.Errorf("moving the stock of %s: %w", m.ProductID, err)
	}
	return Stock{ProductID: m.ProductID, Quantity: m.After, UpdatedAt: m.MovedAt}, nil
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
