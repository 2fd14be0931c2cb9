package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/notification"
)

var errDown = errors.New("the service is down")

// queue is a dead-letter queue beside a mail queue. A letter that was taken is hidden; its handle is that of the last
// receipt.
type queue struct {
	letters  []notification.DeadLetter
	until    map[string]int // when each shows again, in calls of Receive; 0 shows now
	mails    []string       // the bodies that were sent to the mail queue
	takes    int
	longest  int // after how many calls of Receive a letter shows again by itself
	fails    map[string]error
	on       func(call, id string) // before each call, and after a letter was sent
	receipts int
	returned int
}

func newQueue(mailIDs ...string) *queue {
	q := &queue{until: map[string]int{}, fails: map[string]error{}, longest: 1000, on: func(string, string) {}}
	for i, mailID := range mailIDs {
		q.letters = append(q.letters,
			notification.DeadLetter{ID: fmt.Sprint("m", i), Body: fmt.Sprint("body ", i), MailID: mailID})
	}
	return q
}

func (q *queue) Receive(ctx context.Context, hidden time.Duration) ([]notification.DeadLetter, error) {
	q.on("take", "")
	if err := errors.Join(ctx.Err(), q.fails["take"]); err != nil {
		return nil, err
	}
	if hidden <= 0 || hidden > 2*time.Minute {
		return nil, fmt.Errorf("hidden for %s", hidden)
	}
	q.takes++
	var taken []notification.DeadLetter
	for i := range q.letters {
		l := &q.letters[i]
		if q.until[l.ID] > q.takes || len(taken) == 10 {
			continue
		}
		q.receipts++
		l.Handle, q.until[l.ID] = fmt.Sprint("h", q.receipts), q.takes+q.longest
		taken = append(taken, *l)
	}
	return taken, nil
}

func (q *queue) Release(ctx context.Context, letters []notification.DeadLetter) error {
	q.on("give back", "")
	if err := errors.Join(ctx.Err(), q.fails["give back"]); err != nil {
		return err
	}
	for _, l := range letters {
		if slices.Contains(q.letters, l) { // with the handle of its last receipt
			q.until[l.ID] = 0
		}
		q.returned++
	}
	return nil
}

func (q *queue) Resend(ctx context.Context, letter notification.DeadLetter) error {
	q.on("resend", letter.ID)
	if err := errors.Join(ctx.Err(), q.fails["resend "+letter.ID]); err != nil {
		return err
	}
	q.mails = append(q.mails, letter.Body)
	q.letters = slices.DeleteFunc(q.letters, func(l notification.DeadLetter) bool { return l == letter })
	q.on("sent", letter.ID)
	return nil
}

// wantShown wants all letters that are left to be seen by everybody.
func (q *queue) wantShown(t *testing.T) {
	t.Helper()
	for _, l := range q.letters {
		if q.until[l.ID] != 0 {
			t.Errorf("%s is hidden", l.ID)
		}
	}
}
