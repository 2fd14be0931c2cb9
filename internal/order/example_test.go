package order_test

import (
	"fmt"

	"shop/internal/order"
)

// The customer's Idempotency-Key makes the order's id, so a repeated checkout meets the order that it placed before.
// The same key of another customer makes another order.
func ExampleID() {
	first := order.ID("usr_ada", "basket-1")
	again := order.ID("usr_ada", "basket-1")
	anothers := order.ID("usr_bob", "basket-1")
	fmt.Println(first == again, first == anothers, order.ValidID(first))
	// Output:
	// true false true
}
