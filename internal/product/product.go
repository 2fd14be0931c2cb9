// Package product has the products of the store: what the catalogue shows, and how an admin changes products and stock.
package product

import (
	"errors"
	"fmt"
	"time"

	"shop/internal/money"
)

// Limits of one product, in units.
const (
	// MaxStock is the largest stock.
	MaxStock = 1_000_000_000
	// MaxPerOrder is how many units one order may have of a product that has no lower limit of its own.
	MaxPerOrder = 10_000
	// DefaultLowStockThreshold is that of a product for which no admin chose another, and MaxLowStockThreshold is the
	// highest.
	DefaultLowStockThreshold = 5
	MaxLowStockThreshold     = 1_000_000
	// MaxCounters is how many counters a stock may have. A save writes all of them in one transaction.
	MaxCounters = 32
)

// Errors that callers branch on.
var (
	// ErrNotFound says that there is no such product, or none that the caller may see.
	ErrNotFound = errors.New("product not found")
	// ErrInsufficientStock says that an adjustment would take the stock below zero.
	ErrInsufficientStock = errors.New("insufficient stock")
	// ErrContended says that others changed the product at the same moment, again and again; nothing was done, and the
	// call may be repeated.
	ErrContended = errors.New("product is being changed by others")
	// ErrUnsettled says that it is not known whether the change was made: its answer was lost. A repeat could make it
	// twice.
	ErrUnsettled = errors.New("outcome of a product's change is not known")
)

// ErrKeyReused says that the Idempotency-Key of an adjustment was used for another one of the product.
var ErrKeyReused = errors.New("idempotency key was used for another adjustment")

// ChangedError says that a product is not of the version that the admin saw.
type ChangedError struct {
	Stored Product // as it is now
}

// Error names the stored version.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("product changed to version %d", e.Stored.Version)
}

// StockChangedError says that the stock is not what the admin saw.
type StockChangedError struct {
	Quantity int64 // the stock now
}

// Error names the stored stock.
func (e *StockChangedError) Error() string {
	return fmt.Sprintf("stock changed to %d", e.Quantity)
}

// Product is a good of the store.
type Product struct {
	ID          string // 1 to 64 of A–Z a–z 0–9 . _ -
	Name        string
	Description string // empty in lists
	Price       money.Money
	ImageURL    string
	Active      bool       // customers see and buy only active products
	Stock       int64      // units, 0 to MaxStock
	MaxPerOrder int64      // units that one order may have, 1 to MaxPerOrder; 0 means no limit of its own
	Categories  Categories // none in lists
	// A stock at or below LowStockThreshold, 0 to MaxLowStockThreshold, is low.
	LowStockThreshold int64

	Version   int64 // counts saves, from 1
	CreatedAt time.Time
	UpdatedAt time.Time // the last save or stock change by an admin; a sale does not move it
}

// StockStatus is what customers see of the stock.
type StockStatus string

// The stock statuses.
const (
	InStock    StockStatus = "in_stock"
	LowStock   StockStatus = "low_stock"
	OutOfStock StockStatus = "out_of_stock"
)

// IsLow reports whether few units are left, or none.
func (p Product) IsLow() bool { return p.Stock <= p.LowStockThreshold }

// StockStatus returns what customers see of the stock.
func (p Product) StockStatus() StockStatus {
	switch {
	case p.Stock <= 0:
		return OutOfStock
	case p.IsLow():
		return LowStock
	}
	return InStock
}

// Movement is one change of a stock by an admin, or by an order that was cancelled. Sales are orders, not movements.
//
// What the stock was is known only where the change's condition held it. Then it has Before and After, else Units.
type Movement struct {
	ID        string // a UUIDv7; where Keyed, a UUIDv8
	ProductID string
	Before    int64 // units
	After     int64 // units
	Units     int64 // the difference, where Before and After are not known; else 0
	Reason    string
	By        string // the user id of who made it
	MovedAt   time.Time
	OrderID   string // the order with which Units came back, or empty
	// Keyed says that the ID is made of the request's Idempotency-Key: a product has one movement with it, whenever it
	// is asked for. It is not kept.
	Keyed bool
}

// Delta returns by how many units the stock changed.
func (m Movement) Delta() int64 {
	if !m.IsExact() {
		return m.Units
	}
	return m.After - m.Before
}

// IsExact reports whether Before and After are known.
func (m Movement) IsExact() bool { return m.Units == 0 }

// Relative returns the movement with the difference alone.
func (m Movement) Relative() Movement {
	m.Before, m.After, m.Units = 0, 0, m.Delta()
	return m
}

// NewReturn returns the movement of units that come back because their order was cancelled. Its ID, a UUIDv8, is made
// of the order and the product, whose units come back once.
func NewReturn(productID, orderID string, units int64, by string, now time.Time) Movement {
	return Movement{
		ID: uuidOf(orderID, productID), ProductID: productID, Reason: "order cancelled", By: by, MovedAt: now,
		OrderID: orderID, Units: units,
	}
}

// Filter says which products a list of the inventory has.
type Filter struct {
	Prefix   string // of the name
	LowStock bool   // only those whose stock is low, or none
}
