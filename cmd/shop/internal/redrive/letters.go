package redrive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"shop/internal/notification"
)

const (
	// hidden is for how long a received letter is invisible to other receivers. Then it becomes visible again by
	// itself, also when a run was killed.
	hidden = time.Minute
	// parting bounds the time for giving letters back, also after an interrupt.
	parting = 10 * time.Second
)

// DeadLetters is the dead-letter queue.
type DeadLetters interface {
	// Receive returns letters, at most ten, each of which nobody else sees for the given time. It returns none when
	// there are no more to be seen.
	Receive(ctx context.Context, hidden time.Duration) ([]notification.DeadLetter, error)
	// Release shows letters, any number, to everybody again. One that it cannot show now shows by itself in time.
	Release(ctx context.Context, letters []notification.DeadLetter) error
	// Resend sends the letter to the mail queue, and only then deletes it here. If it ends in between, the mail gets a
	// second event, which is harmless; the letter is never lost. After an error the letter is still here, and may have
	// been sent.
	Resend(ctx context.Context, letter notification.DeadLetter) error
}

// DeadLetterRun goes through the dead letters.
type DeadLetterRun struct {
	Queue        DeadLetters
	Resend       bool              // send what is understood to the mail queue; else only count
	Unrecognised bool              // with Resend: send what is not understood, too
	Progress     func(letters int) // called with how many were seen; may be nil
}

// Run takes letters until it sees no new one, and gives back all that it did not send, also when ctx or an error cuts
// it short: the report tells what was done until then.
func (p *DeadLetterRun) Run(ctx context.Context) (Letters, error) {
	r := &round{DeadLetterRun: p, kept: map[string]notification.DeadLetter{}}
	err := r.run(ctx)
	return r.report, errors.Join(err, r.giveBack(ctx))
}

// round is one run under way.
type round struct {
	*DeadLetterRun
	report Letters
	kept   map[string]notification.DeadLetter // those taken and not sent, by the message's id, with the latest receipt
}

func (r *round) run(ctx context.Context) error {
	for {
		letters, err := r.Queue.Receive(ctx, hidden)
		if err != nil {
			return fmt.Errorf("reading dead letters: %w", err)
		}
		fresh := r.keep(letters)
		if len(fresh) == 0 {
			return nil
		}
		if err := r.resend(ctx, fresh); err != nil {
			return err
		}
	}
}

// keep notes and counts letters, and returns those that were not seen before: a long run meets what it keeps again.
func (r *round) keep(letters []notification.DeadLetter) (fresh []notification.DeadLetter) {
	for _, letter := range letters {
		if _, seen := r.kept[letter.ID]; !seen {
			fresh = append(fresh, letter)
			r.report.add(letter)
		}
		r.kept[letter.ID] = letter
	}
	if r.Progress != nil {
		r.Progress(r.report.Found())
	}
	return fresh
}

func (r *round) resend(ctx context.Context, letters []notification.DeadLetter) error {
	for _, letter := range letters {
		if !r.Resend || letter.MailID == "" && !r.Unrecognised {
			continue
		}
		if err := r.Queue.Resend(ctx, letter); err != nil {
			return fmt.Errorf("sending dead letter %s again: %w", letter.ID, err)
		}
		delete(r.kept, letter.ID)
		r.report.Resent++
	}
	return nil
}

// giveBack has time of its own, so that an interrupt hides no letter.
func (r *round) giveBack(ctx context.Context) error {
	if len(r.kept) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	if err := r.Queue.Release(ctx, slices.Collect(maps.Values(r.kept))); err != nil {
		return fmt.Errorf("giving dead letters back, which show again within %s: %w", hidden, err)
	}
	return nil
}
