package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"shop/cmd/shop/internal/replay"
	"shop/internal/order"
	"shop/internal/user"
)

type itemJSON struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

// orderJSON is an order, as far as tools look at it.
type orderJSON struct {
	ID          string            `json:"order_id"`
	Items       []itemJSON        `json:"items"`
	PlacedAt    time.Time         `json:"placed_at"`
	EmailStatus order.EmailStatus `json:"email_status"`
}

// Checkout places an order. While the store is busy or does not answer, it sends the same request with
// the same key again. The error is a [*replay.Refusal] when the store refused it; after any other error
// it is unknown whether the order was placed.
func (s *Session) Checkout(ctx context.Context, key string, items []order.Item) (replay.Receipt, error) {
	lines := make([]itemJSON, len(items))
	for i, item := range items {
		lines[i] = itemJSON(item)
	}
	body := struct {
		Items []itemJSON `json:"items"`
	}{lines}
	a, err := s.send(ctx, request{method: http.MethodPost, path: "/orders", key: key, body: body})
	if err != nil {
		return replay.Receipt{Repeats: a.repeats}, refusal(err)
	}
	return receipt(a)
}

func refusal(err error) error {
	var said *Problem
	if errors.As(err, &said) && !passing(said) {
		return &replay.Refusal{Reason: said.Reason()}
	}
	return err
}

func receipt(a answer) (replay.Receipt, error) {
	r := replay.Receipt{Replayed: a.replayed, Repeats: a.repeats}
	var o orderJSON
	if err := a.decode(&o); err != nil {
		return r, err
	}
	r.OrderID, r.PlacedAt = o.ID, o.PlacedAt
	for _, item := range o.Items {
		r.Items = append(r.Items, order.Item(item))
	}
	return r, nil
}

// EmailStatus returns how far the confirmation mail of the order got.
func (s *Session) EmailStatus(ctx context.Context, orderID string) (order.EmailStatus, error) {
	a, err := s.send(ctx, request{method: http.MethodGet, path: "/orders/" + url.PathEscape(orderID)})
	if err != nil {
		return "", err
	}
	var o orderJSON
	if err := a.decode(&o); err != nil {
		return "", err
	}
	return o.EmailStatus, nil
}

// Shop is the store as a replay sees it: an admin's session to read the stock, and customers who sign up.
type Shop struct {
	*Session        // an admin's
	Password string // of every customer
}

// Clock returns the time of the store, to the second, as its answers are dated (RFC 9110, section 6.6.1). It asks
// the admin's route, whose answers no cache keeps.
func (s *Shop) Clock(ctx context.Context) (time.Time, error) {
	a, err := s.send(ctx, request{method: http.MethodGet, path: "/admin/products", query: url.Values{"limit": {"1"}}})
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(a.date)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the Date of the store's answer: %w", err)
	}
	return now, nil
}

// Customer signs a customer up and logs in. The address is one of SES's mailbox simulator, which accepts
// every mail and never bounces (AWS: "Using the Amazon SES mailbox simulator").
func (s *Shop) Customer(ctx context.Context, id string) (customer replay.Customer, returning bool, err error) {
	email := "success+" + id + "@simulator.amazonses.com"
	err = s.client.SignUp(ctx, user.Registration{Email: email, Password: s.Password, Name: "Customer " + id})
	if returning = errors.Is(err, user.ErrEmailTaken); err != nil && !returning {
		return nil, false, err
	}
	session, err := s.client.LogIn(ctx, email, s.Password)
	if err != nil {
		return nil, returning, err
	}
	return session, returning, nil
}
