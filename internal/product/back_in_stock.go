package product

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shop/internal/user"
)

// MaxAwaited is how many products a customer waits for at once. Requests that come at the same moment may exceed it by
// their number.
const MaxAwaited = 100

var (
	// ErrInStock says that the product for which a customer wants to wait is in stock.
	ErrInStock = errors.New("product is in stock")
	// ErrTooManyAwaited says that a customer waits for MaxAwaited products already.
	ErrTooManyAwaited = errors.New("customer waits for too many products")
)

// StockRequest is a customer's request to be mailed once when a product is back in stock.
type StockRequest struct {
	UserID      string
	Email       string // normalised
	ProductID   string
	RequestedAt time.Time // UTC, to the millisecond
}

// StockRequests has what customers wait for. A request is there until its mail was sent.
type StockRequests interface {
	// Add stores a request, or leaves the time of one that is there, and returns it. A mail that is on its way for an
	// earlier one is not sent then.
	Add(ctx context.Context, r StockRequest) (StockRequest, error)
	// Of returns all that the user waits for, by product.
	Of(ctx context.Context, userID string) ([]StockRequest, error)
	// Find returns the user's request for the product. It returns ErrNotFound when there is none.
	Find(ctx context.Context, userID, productID string) (StockRequest, error)
	// Remove removes the user's request for the product, if there is one.
	Remove(ctx context.Context, userID, productID string) error
}

// Reader reads single products.
type Reader interface {
	// Read returns the product as it stands now, active or not. It returns ErrNotFound.
	Read(ctx context.Context, productID string) (Product, error)
}

// BackInStock lets customers ask for a mail when a product is back in stock.
type BackInStock struct {
	Products Reader
	Requests StockRequests
	Now      func() time.Time
}

// Ask stores the customer's request, and returns it; a repeat changes nothing. It returns ErrNotFound for a product
// that customers do not see, ErrInStock and ErrTooManyAwaited.
func (b *BackInStock) Ask(ctx context.Context, customer user.Caller, productID string) (StockRequest, error) {
	p, err := b.Products.Read(ctx, productID)
	if err != nil {
		return StockRequest{}, fmt.Errorf("reading product %s: %w", productID, err)
	}
	if !p.Active {
		return StockRequest{}, ErrNotFound
	}
	if p.Stock > 0 {
		return StockRequest{}, ErrInStock
	}
	awaited, err := b.Requests.Of(ctx, customer.UserID)
	if err != nil {
		return StockRequest{}, fmt.Errorf("reading what a customer waits for: %w", err)
	}
	isFor := func(r StockRequest) bool { return r.ProductID == productID }
	if len(awaited) >= MaxAwaited && !slices.ContainsFunc(awaited, isFor) {
		return StockRequest{}, ErrTooManyAwaited
	}
	return b.Requests.Add(ctx, StockRequest{
		UserID: customer.UserID, Email: customer.Email, ProductID: productID, RequestedAt: b.Now(),
	})
}

// Find returns the customer's request for the product. It returns ErrNotFound when there is none.
func (b *BackInStock) Find(ctx context.Context, customer user.Caller, productID string) (StockRequest, error) {
	return b.Requests.Find(ctx, customer.UserID, productID)
}

// Withdraw removes the customer's request for the product, if there is one: a mail that was not sent by then is not.
func (b *BackInStock) Withdraw(ctx context.Context, customer user.Caller, productID string) error {
	return b.Requests.Remove(ctx, customer.UserID, productID)
}
