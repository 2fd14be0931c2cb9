package dynamostore

import (
	"shop/internal/product"
)

// The keys of movements begin with their times; those of the copies of keyed ones sort after all times.
const (
	keyedPrefix = "id#"
	afterTimes  = ":"
)

// returnItem is the record of units that came back with an order. What the stock was is not known: no condition holds
// it.
func returnItem(m product.Movement) attributes {
	return attributes{
		"product_id": text(m.ProductID), "moved_key": text(formatTime(m.MovedAt) + "#" + m.ID),
		"movement_id": text(m.ID), "units": number(m.Units), "order_id": text(m.OrderID),
		"reason": text(m.Reason), "moved_by": text(m.By),
	}
}

func movementItem(m product.Movement) attributes {
	return attributes{
		"product_id": text(m.ProductID), "moved_key": text(formatTime(m.MovedAt) + "#" + m.ID),
		"movement_id": text(m.ID), "before": number(m.Before), "after": number(m.After),
		"reason": text(m.Reason), "moved_by": text(m.By),
	}
}

func movedKey(item attributes) string {
	r := reader{item: item}
	return r.text("moved_key")
}

func readMovement(item attributes) (product.Movement, error) {
	r := reader{item: item}
	key := "moved_key"
	if r.has("recorded_key") {
		key = "recorded_key"
	}
	m := product.Movement{
		ID: r.text("movement_id"), ProductID: r.text("product_id"), Reason: r.text("reason"), By: r.text("moved_by"),
		MovedAt: r.instantOf(key), Keyed: r.has("recorded_key"),
	}
	if r.has("order_id") {
		m.OrderID, m.Units = r.text("order_id"), r.number("units")
	} else {
		m.Before, m.After = r.number("before"), r.number("after")
	}
	return m, r.err
}
