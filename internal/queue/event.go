// Package queue speaks of mails over SQS: the event that a mail is owed, how it is sent, and how a batch of received ones is
// answered.
package queue

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"shop/internal/notification"
)

// The present event. A function understands its own version and the one before; there is none before the first.
const (
	orderPlaced = "order.placed"
	version     = 1
)

// ErrUnknown says that a message is no event that this version understands.
var ErrUnknown = errors.New("unknown event")

// event has no personal data.
type event struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	MailID  string `json:"mail_id"`
	OrderID string `json:"order_id"`
}

// encode returns the event that an order's confirmation is owed.
func encode(orderID string) (string, error) {
	body, err := json.Marshal(event{
		Type: orderPlaced, Version: version, MailID: notification.OrderMailID(orderID), OrderID: orderID,
	})
	return string(body), err
}

// decode returns the id of the mail that the event speaks of, or ErrUnknown.
func decode(body string) (string, error) {
	var e event
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return "", fmt.Errorf("%w: not the event's JSON", ErrUnknown)
	}
	if e.Type != orderPlaced || e.Version != version || e.MailID != notification.OrderMailID(e.OrderID) {
		return "", fmt.Errorf("%w: type %q, version %d", ErrUnknown, e.Type, e.Version)
	}
	return e.MailID, nil
}
