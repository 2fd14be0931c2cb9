package notification

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// relayBatch is how many mails are taken in hand at once: what SQS takes in one call.
const relayBatch = 10

// Due is the ledger as the relay sees it.
type Due interface {
	// Due returns the pending mails that were due at now, oldest first, at most max; beside an error those that could
	// be read.
	Due(ctx context.Context, now time.Time, max int) ([]Mail, error)
	// Reschedule stores next's attempt and due time if the mail is still pending and due as before says. It returns
	// ErrLeased when not.
	Reschedule(ctx context.Context, before, next Mail) error
}

// Queue takes the events that tell notify of a mail.
type Queue interface {
	// Send sends the event of each mail, at most ten, and returns those that it did not take.
	Send(ctx context.Context, mails []Mail) (unsent []Mail, err error)
}

// Relay sends the events again of the mails that are overdue: those whose first event was lost, or whose delivery
// failed.
type Relay struct {
	Ledger Due
	Queue  Queue
	Now    func() time.Time
}

// Relayed is what a run of the relay did.
type Relayed struct {
	Sent int // events
	// Unknown is how many due mails are of a kind that this version does not know: a later one stores them, or stored
	// them before it was rolled back. They are rescheduled, and no event is sent.
	Unknown int
	// Oldest is for how long the oldest of the due mails of known kinds has been pending; 0 when none was due.
	Oldest time.Duration
}

// Run relays at most max of the mails that are due, begins nothing after until, and returns what it did. A mail is
// rescheduled before its event is sent, so that it has one event an attempt whatever happens in between; a mail whose
// event the queue refuses is made due again, and does not hold up the others. Nor does one that cannot be rescheduled,
// which stays due, or one of an unknown kind. Account mails go first, and apart from the others, because their queue is
// another one: an outage of one queue does not hold up the mails of the other.
func (r *Relay) Run(ctx context.Context, max int, until time.Time) (Relayed, error) {
	mails, failed := r.Ledger.Due(ctx, r.Now(), max)
	if failed != nil {
		failed = fmt.Errorf("looking for mails that are due: %w", failed)
	}
	done := Relayed{Oldest: oldest(mails, r.Now())}
	var accounts, others []Mail
	for _, mail := range mails {
		if mail.IsAccountMail() {
			accounts = append(accounts, mail)
		} else {
			others = append(others, mail)
		}
	}
	for _, mails := range [][]Mail{accounts, others} {
		failed = errors.Join(failed, r.relay(ctx, mails, until, &done))
	}
	return done, failed
}

// relay relays mails of one queue and adds to done what it did. Only a batch of which the queue took none ends it: that
// is an outage.
func (r *Relay) relay(ctx context.Context, mails []Mail, until time.Time, done *Relayed) error {
	var failed error
	for start := 0; start < len(mails) && r.Now().Before(until); start += relayBatch {
		taken, err := r.take(ctx, mails[start:min(start+relayBatch, len(mails))], until)
		failed = errors.Join(failed, err)
		sent, err := r.send(ctx, taken.known, taken.before)
		failed = errors.Join(failed, err)
		done.Sent, done.Unknown = done.Sent+sent, done.Unknown+taken.unknown
		if err != nil && sent == 0 {
			break
		}
	}
	return failed
}

func oldest(mails []Mail, now time.Time) time.Duration {
	var age time.Duration
	for _, mail := range mails {
		if mail.ofKnownKind() {
			age = max(age, now.Sub(mail.CreatedAt))
		}
	}
	return age
}

// batch is what was rescheduled of some mails.
type batch struct {
	known   []Mail // as they are now
	before  map[string]Mail
	unknown int
}

// take reschedules mails, all at once, and begins none after until. The error is that of the first mail that could not
// be rescheduled.
func (r *Relay) take(ctx context.Context, mails []Mail, until time.Time) (batch, error) {
	next, errs := make([]Mail, len(mails)), make([]error, len(mails))
	var all sync.WaitGroup
	for i, mail := range mails {
		all.Go(func() { next[i], errs[i] = r.reschedule(ctx, mail, until) })
	}
	all.Wait()
	taken := batch{before: map[string]Mail{}}
	var failed error
	for i, mail := range mails {
		switch {
		case errors.Is(errs[i], ErrLeased) || errors.Is(errs[i], errNoTime):
		case errs[i] != nil && failed == nil:
			failed = fmt.Errorf("rescheduling %s: %w", mail.ID, errs[i])
		case errs[i] != nil:
		case !mail.ofKnownKind():
			taken.unknown++
		default:
			taken.before[mail.ID] = mail
			taken.known = append(taken.known, next[i])
		}
	}
	return taken, failed
}

var errNoTime = errors.New("the relay's time is used up")

func (r *Relay) reschedule(ctx context.Context, mail Mail, until time.Time) (Mail, error) {
	now := r.Now()
	if !now.Before(until) {
		return Mail{}, errNoTime
	}
	next := mail.Reschedule(now)
	return next, r.Ledger.Reschedule(ctx, mail, next)
}

// send sends the events of mails that were rescheduled, and makes those due again, as they were before, that the queue
// refused.
func (r *Relay) send(ctx context.Context, taken []Mail, before map[string]Mail) (int, error) {
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
		if err := r.Ledger.Reschedule(ctx, mail, before[mail.ID]); err != nil && !errors.Is(err, ErrLeased) {
			failed = errors.Join(failed, fmt.Errorf("making %s due again: %w", mail.ID, err))
		}
	}
	return failed
}
