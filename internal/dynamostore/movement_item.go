package dynamostore

import (
	"shop/internal/product"
)

// The keys of movements begin with their times; those of the copies of keyed ones sort after all times.
const (
	keyedPrefix = "id#"
	afterTimes  = ":"
)

// movementItem is the record of a movement. One that is not exact has the units alone.
func movementItem(m product.Movement) attributes {
	item := attributes{
		"product_id": text(m.ProductID), "moved_key": text(formatTime(m.MovedAt) + "#" + m.ID),
		"movement_id": text(m.ID), "reason": text(m.Reason), "moved_by": text(m.By),
	}
	if m.IsExact() {
		item["before"], item["after"] = number(m.Before), number(m.After)
	} else {
		item["units"] = number(m.Units)
	}
	if m.OrderID != "" {
		item["order_id"] = text(m.OrderID)
	}
	return item
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
		m.OrderID = r.text("order_id")
	}
	if r.has("units") {
		m.Units = r.number("units")
	} else {
		m.Before, m.After = r.number("before"), r.number("after")
	}
	return m, r.err
}
