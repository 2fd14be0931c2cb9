package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"shop/internal/product"
)

// Stock returns a product's stock as it is now. It returns product.ErrNotFound and user.ErrNoRight.
func (s *Session) Stock(ctx context.Context, id string) (int64, error) {
	p, err := s.Product(ctx, id)
	return p.Stock, err
}

// SetStock sets a product's stock if it is seen. It returns *product.StockChangedError where it is not, also when the
// request was carried out and its answer was lost, product.ErrNotFound, validation.Errors and user.ErrNoRight.
func (s *Session) SetStock(ctx context.Context, id string, quantity, seen int64, reason string) error {
	body := map[string]any{"quantity": quantity, "compare_quantity": seen, "reason": reason}
	_, err := s.send(ctx, request{method: http.MethodPut, path: productPath(id) + "/stock", body: body})
	var said *Problem
	if !errors.As(err, &said) {
		return err
	}
	switch {
	case said.Code == "stock_changed":
		return &product.StockChangedError{Quantity: said.Quantity}
	case said.Code == "product_not_found":
		return fmt.Errorf("%w: %s", product.ErrNotFound, id)
	case said.Status == http.StatusBadRequest:
		return said.invalid()
	}
	return err
}

// movementJSON is a change of a stock, as far as tools look at it. What came back with an order has no before.
type movementJSON struct {
	Before *int64 `json:"before"`
	After  *int64 `json:"after"`
	Reason string `json:"reason"`
}

// lastChanges is how many changes of a stock are searched for one that an earlier run made.
const lastChanges = "100"

// WasSet reports whether one of the last 100 changes set the stock so, for this reason: from seen, or, where that is
// nil, from whatever it was.
func (s *Session) WasSet(
	ctx context.Context, id string, quantity int64, seen *int64, reason string,
) (bool, error) {
	a, err := s.send(ctx, request{
		method: http.MethodGet, path: productPath(id) + "/stock/movements", query: url.Values{"limit": {lastChanges}},
	})
	if err != nil {
		return false, err
	}
	var page struct {
		Items []movementJSON `json:"items"`
	}
	if err := a.decode(&page); err != nil {
		return false, err
	}
	for _, m := range page.Items {
		isSo := m.Before != nil && m.After != nil && *m.After == quantity && m.Reason == reason
		if isSo && (seen == nil || *m.Before == *seen) {
			return true, nil
		}
	}
	return false, nil
}
