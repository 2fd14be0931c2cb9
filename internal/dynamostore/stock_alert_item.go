package dynamostore

import (
	"time"

	"shop/internal/product"
)

// The table StockAlerts has, by who is told of which product, the requests of customers, and what the shop was told. A
// request has waiting and waiting_key, and so is in the index waiting, until a mail is made for it. From then on until
// the mail is sent it has the mail's id, and an expires_at for the case that it is never removed.
const (
	shopRecipient = "shop" // no user id
	waitingIndex  = "waiting"
	waitingMark   = "waiting"
)

func alertKey(recipient, productID string) attributes {
	return attributes{"recipient": text(recipient), "product_id": text(productID)}
}

// waitingKey sorts by product and then by user: # sorts before every character of an id.
func waitingKey(productID, userID string) string { return productID + "#" + userID }

func readRequest(item attributes) (product.StockRequest, error) {
	r := reader{item: item}
	request := product.StockRequest{
		UserID: r.text("recipient"), Email: r.text("email"), ProductID: r.text("product_id"),
		RequestedAt: r.instant("requested_at"),
	}
	return request, r.err
}

// isOver reports whether the time to live of a request has ended, which DynamoDB takes up to some days to act on.
func isOver(item attributes, now time.Time) bool {
	r := reader{item: item}
	return r.has("expires_at") && r.number("expires_at") <= now.Unix()
}
