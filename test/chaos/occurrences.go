package main

// The things that each run has to have seen, beside the checkouts.
const (
	sawVisits        = "visits: sign-up, log-in, log-out"
	sawVerifications = "addresses verified"
	sawDeletions     = "accounts deleted"
	sawRefreshes     = "sessions refreshed"
	sawEnds          = "sessions ended by a " // and by what
	sawListReads     = "lists read page by page"
	sawChanges       = "an admin's changes and saves"
	sawSplits        = "stocks split or put together"
	sawCancelled     = "orders cancelled"
	sawCancelling    = "orders of many products cancelled in two halves"
	sawPacked        = "orders packed"
	sawTooLate       = "changes of a status that came too late"
	sawAsked         = "customers who asked to be told that a product is back"
	sawWithdrawn     = "customers who withdrew that"
	sawTold          = "mails that a product is back"
	sawWaitAgain     = "customers who wait again because the units were gone before the mail"
	sawRepeats       = "requests repeated after a 503 or no answer: " // and of whom
	sawUnknownMails  = "mails of an unknown kind rescheduled"
	sawRelayRuns     = "relay runs without faults"
	sawFaultyRuns    = "relay runs under faults that had to come to every mail"
)

// occurrences counts what happened in a round, by what it is.
func (h *history) occurrences() map[string]int {
	r := h.round
	n := map[string]int{sawRefreshes: len(r.refreshes), sawListReads: len(r.listReads), sawSplits: int(r.splits.Load())}
	repeated := func(who string, replies []reply) { n[sawRepeats+who] += max(0, len(replies)-1) }
	if r.visitor != nil {
		n[sawVisits]++
		repeated("sign-up", r.visitor.signUps)
		repeated("log-in", r.visitor.logIns)
		repeated("log-out", r.visitor.logOuts)
	}
	if r.verification != nil {
		n[sawVerifications]++
		repeated("verification", r.verification.replies)
		repeated("log-in", r.verification.logIns)
	}
	if r.deletion != nil && len(r.deletion.replies) > 0 {
		n[sawDeletions]++
		repeated("account deletion", r.deletion.replies)
	}
	for _, refresh := range r.refreshes {
		repeated("refresh", refresh.replies)
	}
	for _, g := range r.endings {
		if g.ended {
			n[sawEnds+g.by]++
		}
		if g.by == byReset {
			repeated("reset", g.end)
		}
		repeated("log-in", g.logIns)
		repeated("refresh", append(g.before.replies, g.next.replies...))
	}
	h.countChanges(n)
	h.countStatuses(n)
	h.countRelays(n)
	h.countWaits(n)
	return n
}

func (h *history) countChanges(n map[string]int) {
	steps := map[int]bool{}
	for _, c := range h.round.changes {
		if steps[c.step] {
			n[sawRepeats+"an admin's change"]++
			if c.keyed {
				n[sawRepeats+"an adjustment with a key"]++
			}
			continue
		}
		steps[c.step] = true
		n[sawChanges]++
	}
}

func (h *history) countRelays(n map[string]int) {
	for _, m := range h.round.unknown {
		if m.attempts > 0 {
			n[sawUnknownMails]++
		}
	}
	for _, run := range h.relays {
		switch {
		case !run.faults:
			n[sawRelayRuns]++
		case !h.disturbed(run):
			n[sawFaultyRuns]++
		}
	}
}
