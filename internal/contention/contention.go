// Package contention says when to repeat a call that DynamoDB refused because other transactions held the same item. It
// does not know DynamoDB, so that the simulation in test/bench can use it, too.
package contention

import (
	"context"
	"time"
)

// Policy is a way to repeat: with full jitter, under a cap that doubles.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
type Policy struct {
	First time.Duration // the cap of the first wait
	Most  time.Duration // the cap of every wait
	Limit time.Duration // how long after its beginning a call may be repeated
	Final time.Duration // when so much of the limit is left, the cap is First again
}

// Checkout repeats the transaction of an order. Under a higher cap those who have waited long would try seldom, and
// some would be refused even at nine tenths of what a product can sell; so would a few if those who have waited for a
// second did not try more often than the others (TestBackoff of test/bench/simulate).
var Checkout = Policy{
	First: 20 * time.Millisecond, Most: 50 * time.Millisecond, Limit: 2 * time.Second, Final: time.Second,
}

// Adjusting repeats an admin's change of a stock by a difference. There is one admin and there are many buyers, so it
// tries more often than they do, and for nearly as long as its function runs (TestAdjustmentsInARush of
// test/bench/simulate).
var Adjusting = Policy{First: 5 * time.Millisecond, Most: 5 * time.Millisecond, Limit: 7 * time.Second}

// Once repeats nothing.
var Once = Policy{Limit: -1}

// Since returns the policy with what is left of its limit for a call that began at that time.
func (p Policy) Since(began time.Time) Policy {
	p.Limit -= time.Since(began)
	return p
}

type endKey struct{}

// WithLimit returns a ctx under which all calls together are repeated no longer than limit from now. Unlike a deadline
// it ends no attempt.
func WithLimit(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, endKey{}, time.Now().Add(limit))
}

// Under returns the policy with no more than what is left of the limit of ctx, if ctx has one.
func (p Policy) Under(ctx context.Context) Policy {
	if end, limited := ctx.Value(endKey{}).(time.Time); limited {
		p.Limit = min(p.Limit, time.Until(end))
	}
	return p
}

// Wait returns how long to wait after attempt n, which is 1 for the first, or false if the call is to be given up.
// Since is the time from the beginning of the first attempt to the end of this one. Random returns a duration of at
// least 0 and less than its argument.
func (p Policy) Wait(n int, since time.Duration, random func(time.Duration) time.Duration) (time.Duration, bool) {
	ceiling := p.Most
	if doubled := p.First << min(n-1, 30); doubled < ceiling {
		ceiling = doubled
	}
	if p.Limit-since <= p.Final {
		ceiling = p.First
	}
	if since > p.Limit-ceiling {
		return 0, false
	}
	return random(ceiling), true
}
