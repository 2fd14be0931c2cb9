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
	// Failed returns some of the mails that failed at since or later, in no order, and the place after which to look for more,
	// which is empty at the end. There may be more though it returns none. It may miss what happened within the last second.
	Failed(ctx context.Context, since time.Time, after string) (mails []Mail, next string, err error)
	// OweAgain stores a mail that failed as it is given, owed. It returns notification.ErrNotFailed when it is not failed now.
	OweAgain(ctx context.Context, mail notification.Mail) error
}

// Outbox goes through the mails that failed for good.
type Outbox struct {
	Ledger   Ledger
	Since    time.Time // those that failed earlier are left alone; the zero time leaves none
	Owe      bool      // make them owed again; else only count
	Now      func() time.Time
	Progress func(mails int) // told how many were found; may be nil
}

// Run looks at the whole record, page by page. When ctx or an error cuts it short, the report tells what was done until then.
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
		owed, err := o.owe(ctx, failed)
		report.Owed += owed
		if err != nil || next == "" {
			return report, err
		}
		after = next
	}
}

// owe makes mails owed again, and returns how many it made so.
func (o *Outbox) owe(ctx context.Context, failed []Mail) (owed int, err error) {
	if !o.Owe {
		return 0, nil
	}
	for _, mail := range failed {
		err := o.Ledger.OweAgain(ctx, notification.OweAgain(mail.ID, o.Now()))
		if errors.Is(err, notification.ErrNotFailed) {
			continue
		}
		if err != nil {
			return owed, fmt.Errorf("making mail %s owed again: %w", mail.ID, err)
		}
		owed++
	}
	return owed, nil
}
