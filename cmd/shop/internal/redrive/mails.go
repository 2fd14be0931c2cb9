package redrive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/notification"
)

// Ledger is the record of mails.
type Ledger interface {
	// Failed returns some of the mails that failed at since or later, in no order, and the place after which to look
	// for more, which is empty at the end. There may be more though it returns none. It may miss what happened within
	// the last second.
	Failed(ctx context.Context, since time.Time, after string) (mails []notification.FailedMail, next string, err error)
	// Requeue stores a mail that failed as it is given, pending. It returns notification.ErrNotFailed when it is not
	// failed now.
	Requeue(ctx context.Context, mail notification.Mail) error
}

// Outbox goes through the mails that failed for good.
type Outbox struct {
	Ledger   Ledger
	Since    time.Time // those that failed earlier are left alone; the zero time leaves none
	Requeue  bool      // make them requeued; else only count
	Now      func() time.Time
	Progress func(mails int) // called with how many were found; may be nil
}

// Run looks at the whole record, page by page. When ctx or an error cuts it short, the report tells what was done until
// then.
func (o *Outbox) Run(ctx context.Context) (report Mails, err error) {
	for after := ""; ; {
		failed, next, err := o.Ledger.Failed(ctx, o.Since, after)
		if err != nil {
			return report, fmt.Errorf("looking for failed mails: %w", err)
		}
		report.add(failed)
		if o.Progress != nil {
			o.Progress(report.Found)
		}
		requeued, err := o.requeue(ctx, failed)
		report.Requeued += requeued
		if err != nil || next == "" {
			return report, err
		}
		after = next
	}
}

// requeue requeues mails, and returns how many.
func (o *Outbox) requeue(ctx context.Context, failed []notification.FailedMail) (requeued int, err error) {
	if !o.Requeue {
		return 0, nil
	}
	for _, mail := range failed {
		err := o.Ledger.Requeue(ctx, notification.Requeue(mail.ID, o.Now()))
		if errors.Is(err, notification.ErrNotFailed) {
			continue
		}
		if err != nil {
			return requeued, fmt.Errorf("making mail %s requeued: %w", mail.ID, err)
		}
		requeued++
	}
	return requeued, nil
}
