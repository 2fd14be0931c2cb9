package notification

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// relayBatch is how many mails are taken in hand at once: what SQS takes in one call.
const relayBatch = 10

// Due is the ledger as the relay sees it.
type Due interface {
	// Due returns the owed mails that were due at now, oldest first, at most max; beside an error those that could be read.
	Due(ctx context.Context, now time.Time, max int) ([]Mail, error)
	// PutOff stores next's step and due time if the mail is still owed and due as before says. It returns ErrLeased when not.
	PutOff(ctx context.Context, before, next Mail) error
}

// Queue takes the events that tell notify of a mail.
type Queue interface {
	// Send sends the event of each mail, at most ten, and returns those that it did not take.
	Send(ctx context.Context, mails []Mail) (unsent []Mail, err error)
}

// Relay sends the events again of the mails that are overdue: those whose first event was lost, or whose delivery failed.
type Relay struct {
	Ledger Due
	Queue  Queue
	Now    func() time.Time
}

// Run relays at most max of the mails that are due, begins nothing after until, and returns how many events it sent. A mail is
// put off before its event is sent, so that it has one event a step whatever happens in between; a mail whose event the
// queue refuses is made due again, and does not hold up the others. A batch of which nothing was sent ends the run: that is
// an outage.
func (r *Relay) Run(ctx context.Context, max int, until time.Time) (int, error) {
	mails, failed := r.Ledger.Due(ctx, r.Now(), max)
	if failed != nil {
		failed = fmt.Errorf("looking for mails that are due: %w", failed)
	}
	sent := 0
	for start := 0; start < len(mails) && r.Now().Before(until); start += relayBatch {
		n, err := r.relay(ctx, mails[start:min(start+relayBatch, len(mails))])
		sent, failed = sent+n, errors.Join(failed, err)
		if err != nil && n == 0 {
			break
		}
	}
	return sent, failed
}

func (r *Relay) relay(ctx context.Context, mails []Mail) (int, error) {
	before := map[string]Mail{}
	var taken []Mail
	for _, mail := range mails {
		next := mail.PutOff(r.Now())
		err := r.Ledger.PutOff(ctx, mail, next)
		if errors.Is(err, ErrLeased) {
			continue
		}
		if err != nil {
			return 0, errors.Join(fmt.Errorf("putting %s off: %w", mail.ID, err), r.putBack(ctx, taken, before))
		}
		before[mail.ID] = mail
		taken = append(taken, next)
	}
	if len(taken) == 0 {
		return 0, nil
	}
	unsent, err := r.Queue.Send(ctx, taken)
	if err != nil {
		err = fmt.Errorf("relaying: %w", err)
	}
	return len(taken) - len(unsent), errors.Join(err, r.putBack(ctx, unsent, before))
}

// putBack makes mails due again as they were.
func (r *Relay) putBack(ctx context.Context, mails []Mail, before map[string]Mail) error {
	var failed error
	for _, mail := range mails {
		if err := r.Ledger.PutOff(ctx, mail, before[mail.ID]); err != nil && !errors.Is(err, ErrLeased) {
			failed = errors.Join(failed, fmt.Errorf("making %s due again: %w", mail.ID, err))
		}
	}
	return failed
}
