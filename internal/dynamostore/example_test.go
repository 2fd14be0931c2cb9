package dynamostore

import "fmt"

// A cursor says where a list goes on: after the sort key of the last item returned. It belongs to one query of one
// caller; in another query, or altered, it is refused.
func Example_cursor() {
	mine := query{"my-orders", "usr_ada"}
	cursor := mine.cursor("2026-03-14T09:26:53.589Z#ord_7vtcxc6t7ggcx267wchbxpn4v3")

	position, err := mine.position(cursor)
	fmt.Println(position, err)

	_, err = query{"my-orders", "usr_bob"}.position(cursor)
	fmt.Println(err)
	// Output:
	// 2026-03-14T09:26:53.589Z#ord_7vtcxc6t7ggcx267wchbxpn4v3 <nil>
	// invalid cursor
}
