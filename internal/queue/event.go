// Package queue sends and receives the events of pending mails over SQS. It answers a batch of received messages, and
// sends dead letters again.
package queue

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"shop/internal/notification"
)

// The types of events: that an order was placed, and its confirmation is pending; and that another mail is pending, of
// an account or of an order's status.
const (
	orderPlaced = "order.placed"
	mailPending = "mail.pending"
)

// maxBody is how many bytes an event has at most. One has about 140; SQS takes messages of 1 MiB.
const maxBody = 4096

// versions are those of the events that are sent, by type. Every version has its golden file,
// testdata/<type>-v<version>.json.
var versions = map[string]int{orderPlaced: 1, mailPending: 1}

// ErrUnknown says that a message is no event that this version understands.
var ErrUnknown = errors.New("unknown event")

// event has no personal data. It is the newest version of both types; only an order's names the order.
type event struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	MailID  string `json:"mail_id"`
	OrderID string `json:"order_id,omitempty"`
}

// eventOf returns the event of a mail, and whether there is one for its kind.
func eventOf(mail notification.Mail) (event, bool) {
	if orderID, ok := mail.OrderID(); ok {
		return event{Type: orderPlaced, Version: versions[orderPlaced], MailID: mail.ID, OrderID: orderID}, true
	}
	e := event{Type: mailPending, Version: versions[mailPending], MailID: mail.ID}
	return e, mail.HasPendingEvent()
}

// encode returns the event that a mail is pending. It returns an error for one that decode would refuse.
func encode(mail notification.Mail) (string, error) {
	e, ok := eventOf(mail)
	if !ok {
		return "", errors.New("there is no event for the mail's kind")
	}
	body, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	if len(body) > maxBody {
		return "", fmt.Errorf("%d bytes are too many", len(body))
	}
	return string(body), nil
}

// decode returns the id of the mail that the event speaks of, or ErrUnknown, which tells nothing of what the body holds
// but its length and version: the rest may be personal.
//
// Of each type the newest version and the one before it are understood: during a deployment, and when messages come
// back from the dead-letter queue, a function meets events of both. Members that a version does not know are left
// aside, so that the next release may add one while functions of this one are still at work; what changes an event's
// meaning needs a new version.
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
	if versions[head.Type] == 0 {
		return "", fmt.Errorf("%w: another type", ErrUnknown)
	}
	switch {
	case head.Type == orderPlaced && head.Version == 1:
		return decodeOrderPlacedV1(body)
	case head.Type == mailPending && head.Version == 1:
		return decodeMailPendingV1(body)
	}
	return "", fmt.Errorf("%w: version %d", ErrUnknown, head.Version)
}

func decodeOrderPlacedV1(body string) (string, error) {
	var e event
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.MailID != notification.OrderMailID(e.OrderID) {
		return "", fmt.Errorf("%w: no mail of its order", ErrUnknown)
	}
	return e.MailID, nil
}

func decodeMailPendingV1(body string) (string, error) {
	var e event
	err := json.Unmarshal([]byte(body), &e)
	if mail := (notification.Mail{ID: e.MailID}); err != nil || !mail.HasPendingEvent() {
		return "", fmt.Errorf("%w: no mail that has this event", ErrUnknown)
	}
	return e.MailID, nil
}
