package queue

import (
	"context"
	"errors"

	"shop/internal/notification"
)

// Queues are the two mail queues. Account mails have one of their own, so that they do not wait behind a backlog of
// orders' mails: a reset is of use for minutes.
type Queues struct{ Orders, Accounts *Queue }

// Send is [Queue.Send], to the queue of each mail.
func (q *Queues) Send(ctx context.Context, mails []notification.Mail) ([]notification.Mail, error) {
	var ofOrders, ofAccounts []notification.Mail
	for _, mail := range mails {
		if mail.IsAccountMail() {
			ofAccounts = append(ofAccounts, mail)
		} else {
			ofOrders = append(ofOrders, mail)
		}
	}
	unsent, failed := q.Orders.Send(ctx, ofOrders)
	refused, err := q.Accounts.Send(ctx, ofAccounts)
	return append(unsent, refused...), errors.Join(failed, err)
}
