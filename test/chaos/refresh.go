package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// renewal is a refresh of a customer's session: the first request, and its repeats while none was answered.
type refreshed struct {
	step       int
	buyer      int
	begin, end time.Time
	replies    []reply
}

const (
	// refreshTries is how often a client sends a refresh that is not answered, and refreshPause how long it waits between.
	refreshTries = 4
	refreshPause = 100 * time.Millisecond
	// grace is for how long the store answers a refresh token that is sent again as it did before, less what a machine may be late;
	// docs/design.md has it.
	grace = 25 * time.Second
)

// refresh exchanges a customer's refresh token, as a client does: without an answer, or with 503, it sends the same request again.
// A customer whose token is unknown in the end logs in again before a later round.
func (r *round) refresh(ctx context.Context, i, buyer int) {
	c := r.buyers[buyer]
	c.session.Lock()
	defer c.session.Unlock()
	if c.refresh == "" {
		return
	}
	n := refreshed{step: i, buyer: buyer, begin: time.Now()}
	settled := false
	for range refreshTries {
		a := r.env.client.send(ctx, request{method: http.MethodPost, path: "/sessions/refresh", body: map[string]string{"refresh_token": c.refresh}})
		n.replies = append(n.replies, a)
		if settled = a.definite(); settled {
			break
		}
		time.Sleep(refreshPause)
	}
	n.end = time.Now()
	var next struct {
		RefreshToken string `json:"refresh_token"`
	}
	if last := n.replies[len(n.replies)-1]; last.status == http.StatusOK {
		_ = json.Unmarshal(last.body, &next)
	}
	c.refresh = next.RefreshToken // empty where there is none, and then nothing is known of the session any more
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshes = append(r.refreshes, n)
}

// checkRefreshes: a session ends by nothing that a round does: not by an answer that was lost, and not by a repeat within the grace.
func (h *history) checkRefreshes(v *verdict) {
	for _, n := range h.round.refreshes {
		for _, a := range n.replies[:len(n.replies)-1] {
			v.want(a.status == 0 || unavailable(a), invAnswer, "step %d, refreshing: %s", n.step, a)
		}
		last := n.replies[len(n.replies)-1]
		v.want(last.status == http.StatusOK || last.status == 0 || unavailable(last) || n.end.Sub(n.begin) > grace, invSession,
			"step %d: the session of buyer %d was refreshed %d times in %s, and the answer is %s", n.step, n.buyer, len(n.replies), n.end.Sub(n.begin), last)
	}
}
