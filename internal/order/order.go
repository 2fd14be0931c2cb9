// Package order has checkout, the life of an order after it, and what customers and admins read of orders.
package order

import (
	"errors"
	"time"

	"shop/internal/money"
	"shop/internal/product"
)

// Limits of an order.
const (
	// MaxProducts is how many distinct products an order may have: a DynamoDB transaction takes 100 actions, and two of
	// them are the order and its mail.
	MaxProducts = 98
	// MaxQuantity is how many units of one product an order may have.
	MaxQuantity = product.MaxPerOrder
)

// Settling is how old an order is at the least when a list is expected to have it: a checkout takes up to 10 s from its
// time of placement to its commit, and an index then follows its table, mostly within a second, though AWS gives no
// bound for that.
const Settling = time.Minute

// Errors that callers branch on.
var (
	// ErrNotFound says that there is no such order, or that it is someone else's.
	ErrNotFound = errors.New("order not found")
	// ErrKeyReused says that the Idempotency-Key was used for another accepted checkout.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrBusy says that a checkout could not be settled in time, whichever way it went; a repeat with the same key
	// settles it.
	ErrBusy = errors.New("checkout could not be settled in time")
)

// KeyReusedError is [ErrKeyReused], and has the order that was placed under the key.
type KeyReusedError struct {
	OrderID string
}

// Error says what it says without the order.
func (e *KeyReusedError) Error() string { return ErrKeyReused.Error() }

// Unwrap returns ErrKeyReused.
func (e *KeyReusedError) Unwrap() error { return ErrKeyReused }

// Excess is a line with more units than one order may have of its product.
type Excess struct {
	ProductID string
	Requested int64
	Allowed   int64
}

// MaxPerOrderExceededError lists every line that has too many units.
type MaxPerOrderExceededError struct {
	Items []Excess
}

// Error is the same for all excesses; Items has the rest.
func (e *MaxPerOrderExceededError) Error() string { return "too many units of a product for one order" }

// Shortage is a product of which less is there than was asked for.
type Shortage struct {
	ProductID string
	Requested int64
	Available int64
}

// OutOfStockError lists every line that falls short.
type OutOfStockError struct {
	Items []Shortage
}

// Error is the same for all shortages; Items has the rest.
func (e *OutOfStockError) Error() string { return "out of stock" }

// Price is what a product costs now.
type Price struct {
	ProductID string
	Price     money.Money
}

// PriceChangedError lists the lines whose price moved, all lines if only the total differs from the one agreed to.
type PriceChangedError struct {
	Items []Price
}

// Error is the same for all price changes; Items has the rest.
func (e *PriceChangedError) Error() string { return "price changed" }

// UnknownProductError names a product that does not exist or is not for sale.
type UnknownProductError struct {
	ProductID string
}

// Error names the product.
func (e *UnknownProductError) Error() string { return "no product " + e.ProductID }

// Line is one product of an order, at the price it was sold for.
type Line struct {
	ProductID string
	Name      string
	UnitPrice money.Money
	Quantity  int64
}

// Total returns the price of the whole line.
func (l Line) Total() money.Money { return l.UnitPrice.Times(l.Quantity) }

// EmailStatus is how far the order's confirmation mail got.
type EmailStatus string

// The e-mail statuses.
const (
	EmailPending EmailStatus = "pending"
	EmailSent    EmailStatus = "sent"
	EmailFailed  EmailStatus = "failed"
)

// Order is an accepted checkout.
type Order struct {
	ID       string // ord_ and 26 base32 characters, derived from the customer and the Idempotency-Key
	UserID   string
	Email    string
	Lines    []Line // in the order in which the request first named the products
	Total    money.Money
	PlacedAt time.Time   // UTC, whole milliseconds
	Request  Fingerprint // of the request that placed it; not read by lists
	Status   Status
	Changes  []Change // of the status, oldest first; not read by lists
	Tracking string   // of the parcel, where an admin gave it; not read by lists
	// Synthetic: it was placed to try the store, and is in no admin's list and no figure; not read by lists.
	Synthetic bool
	// Imported: it was placed and delivered elsewhere. It took no units from stock here, and has no mail; not read by
	// lists.
	Imported bool
}

// Filter narrows the history of orders.
type Filter struct {
	From, To time.Time // placed from From (inclusive) to To (exclusive); zero means unbounded
	Customer string    // a user id; empty means all
	Status   Status    // Placed means all: no index has the orders whose status nobody has changed
}
