package order

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"shop/internal/user"
)

var (
	opened  = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	errDown = errors.New("the store is down")
)

// shop is a store with the conditions of the real one: an order is placed all or nothing, if none has its id and each
// product is active, costs what the line says, is there and may be ordered in that number. It is also who is told of an
// order. Each call is noted.
type shop struct {
	goods  Products
	orders map[string]Order
	sold   map[string]int64 // units by product
	calls  []string
	fails  map[string]error // by the name of the call; nothing is done then
	lost   error            // what Place answers although it placed the order
	missed []string         // the ids of orders whose announcement failed
	// meanwhile is what others do just before a call, by its name.
	meanwhile map[string]func(*shop)
	seconds   int
}

func newShop(goods Products) *shop {
	return &shop{
		goods: goods, orders: map[string]Order{}, sold: map[string]int64{}, fails: map[string]error{},
		meanwhile: map[string]func(*shop){},
	}
}

func (s *shop) call(name string) error {
	s.calls = append(s.calls, name)
	if do := s.meanwhile[name]; do != nil {
		do(s)
	}
	return s.fails[name]
}

func (s *shop) ReadProducts(_ context.Context, productIDs []string) (Products, error) {
	if err := s.call("goods"); err != nil {
		return nil, err
	}
	found := Products{}
	for _, id := range productIDs {
		if good, exists := s.goods[id]; exists {
			found[id] = good
		}
	}
	return found, nil
}

func (s *shop) Accepted(_ context.Context, orderID string) (Order, error) {
	if err := s.call("accepted"); err != nil {
		return Order{}, err
	}
	o, exists := s.orders[orderID]
	if !exists {
		return Order{}, ErrNotFound
	}
	return o, nil
}

func (s *shop) Place(_ context.Context, o Order, seen Products, now func() time.Time) (Order, error) {
	if err := s.call("place"); err != nil {
		return Order{}, err
	}
	o.PlacedAt = now()
	if existing, exists := s.orders[o.ID]; exists {
		return Order{}, &RejectedError{Existing: &existing}
	}
	if failed := s.failing(o.Lines, seen); len(failed) > 0 {
		return Order{}, &RejectedError{Failed: failed}
	}
	for _, line := range o.Lines {
		stocked(line.ProductID, s.goods[line.ProductID].Stock-line.Quantity)(s.goods)
		s.sold[line.ProductID] += line.Quantity
	}
	s.orders[o.ID] = o
	return o, s.lost
}

func (s *shop) failing(lines []Line, seen Products) map[string]Product {
	failed := map[string]Product{}
	for _, line := range lines {
		if good := s.goods[line.ProductID]; !good.Active || good.Price != line.UnitPrice ||
			good.Stock < line.Quantity ||
			good.MaxPerOrder > 0 && good.MaxPerOrder < line.Quantity ||
			good.LowStockThreshold != seen[line.ProductID].LowStockThreshold ||
			good.IsLowAfter(line.Quantity) != seen[line.ProductID].IsLowAfter(line.Quantity) {
			failed[line.ProductID] = good
		}
	}
	return failed
}

func (s *shop) OrderPlaced(_ context.Context, _ string) error { return s.call("announce") }

// change does to the goods what an admin may.
func (s *shop) change(changes ...func(Products)) {
	for _, change := range changes {
		change(s.goods)
	}
}

func (s *shop) checkout(r Request) (Order, bool, error) {
	c := &Checkout{
		Store: s, Announce: s.OrderPlaced, Currency: "GBP",
		Missed: func(_ context.Context, orderID string, _ error) { s.missed = append(s.missed, orderID) },
		Now:    func() time.Time { s.seconds++; return opened.Add(time.Duration(s.seconds) * time.Second) },
	}
	return c.Do(context.Background(), r)
}

// state is all that a shop remembers.
type state struct {
	goods  Products
	orders map[string]Order
	sold   map[string]int64
}

func (s *shop) state() state {
	return state{maps.Clone(s.goods), maps.Clone(s.orders), maps.Clone(s.sold)}
}

// request is a customer's under a key.
func request(customer, key string, items ...Item) Request {
	return Request{
		Customer: user.Caller{UserID: customer, Email: customer + "@example.com"}, IdempotencyKey: key,
		Items: slices.Clone(items),
	}
}

// adasRequest orders three lamps and a box.
func adasRequest() Request { return request(ada, "536365", threeLampsOneBox...) }
