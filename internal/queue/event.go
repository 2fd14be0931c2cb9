// Package queue speaks of mails over SQS: the event that a mail is owed, how it is sent, how a batch of received ones is
// answered, and how dead ones are sent again.
package queue

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"shop/internal/notification"
)

const (
	orderPlaced = "order.placed"
	// version is that of the events that are sent. Every version has its golden file, testdata/event-v<version>.json.
	version = 1
	// maxBody is how many bytes an event has at most. One has about 140; SQS takes messages of 1 MiB.
	maxBody = 4096
)

// ErrUnknown says that a message is no event that this version understands.
var ErrUnknown = errors.New("unknown event")

// event has no personal data. It is the newest version.
type event struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	MailID  string `json:"mail_id"`
	OrderID string `json:"order_id"`
}

// encode returns the event that an order's confirmation is owed. It returns an error for one that decode would refuse.
func encode(orderID string) (string, error) {
	body, err := json.Marshal(event{
		Type: orderPlaced, Version: version, MailID: notification.OrderMailID(orderID), OrderID: orderID,
	})
	if err != nil {
		return "", err
	}
	if len(body) > maxBody {
		return "", fmt.Errorf("%d bytes are too many", len(body))
	}
	return string(body), nil
}

// decode returns the id of the mail that the event speaks of, or ErrUnknown, which tells nothing of what the body holds but
// its length and version: the rest may be personal.
//
// The newest version and the one before it are understood: during a deployment, and when messages come back from the
// dead-letter queue, a function meets events of both. Members that a version does not know are left aside, so that the next
// release may add one while functions of this one are still at work; what changes an event's meaning needs a new version.
func decode(body string) (string, error) {
	if len(body) > maxBody {
		return "", fmt.Errorf("%w: %d bytes", ErrUnknown, len(body))
	}
	var head struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal([]byte(body), &head); err != nil {
		return "", fmt.Errorf("%w: not an event's JSON", ErrUnknown)
	}
	if head.Type != orderPlaced {
		return "", fmt.Errorf("%w: another type", ErrUnknown)
	}
	switch head.Version {
	case 1:
		return decodeV1(body)
	}
	return "", fmt.Errorf("%w: version %d", ErrUnknown, head.Version)
}

func decodeV1(body string) (string, error) {
	var e event
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.MailID != notification.OrderMailID(e.OrderID) {
		return "", fmt.Errorf("%w: no mail of its order", ErrUnknown)
	}
	return e.MailID, nil
}
