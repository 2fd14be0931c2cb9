package queue

import (
	"fmt"

	"shop/internal/notification"
)

// An event names its mail, and an order's event the order, but no personal data. Members that a version does not know
// are ignored, so that a release may add one; a type or version that it does not know is ErrUnknown.
func Example_event() {
	body, err := encode(notification.Mail{ID: "order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3"})
	fmt.Println(body, err)

	id, err := decode(`{"type":"order.placed","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3",` +
		`"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","later":true}`)
	fmt.Println(id, err)

	_, err = decode(`{"type":"order.returned","version":1}`)
	fmt.Println(err)
	// Output:
	// {"type":"order.placed","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"} <nil>
	// order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3 <nil>
	// unknown event: another type
}
