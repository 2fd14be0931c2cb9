package apiclient

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
)

// Mailbox is where the local emulator keeps the mails that a store "sent".
type Mailbox struct {
	Client *Client // its BaseURL is the emulator's
}

var orderID = regexp.MustCompile(`\bord_[a-z2-7]{26}\b`)

// Count returns how many mails name each order in their text, by order id.
func (m Mailbox) Count(ctx context.Context) (map[string]int, error) {
	a, err := m.Client.send(ctx, request{method: http.MethodGet, path: "/_ministack/ses/messages"}, "")
	if err != nil {
		return nil, err
	}
	var answered struct {
		Messages map[string][]struct{ BodyText string } `json:"messages"` // by account
	}
	if err := a.decode(&answered); err != nil {
		return nil, fmt.Errorf("reading the mailbox: %w", err)
	}
	count := map[string]int{}
	for _, mails := range answered.Messages {
		for _, mail := range mails {
			countIn(mail.BodyText, count)
		}
	}
	return count, nil
}

func countIn(text string, count map[string]int) {
	named := map[string]bool{}
	for _, id := range orderID.FindAllString(text, -1) {
		named[id] = true
	}
	for id := range named {
		count[id]++
	}
}
