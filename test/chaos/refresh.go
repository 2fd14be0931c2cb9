package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// refreshed is a refresh of a customer's session: the first request, and its repeats.
type refreshed struct {
	step       int
	buyer      int
	begin, end time.Time
	replies    []reply
}

// grace is for how long the store answers a refresh token that is sent again as it did before, less what a machine may
// be late; docs/sessions-and-keys.md has it.
const grace = 25 * time.Second

// refresh renews a buyer's session. A buyer whose token is unknown in the end logs in again before a later round.
func (r *round) refresh(ctx context.Context, i, buyer int) {
	c := r.buyers[buyer]
	c.session.Lock()
	defer c.session.Unlock()
	if c.refresh == "" {
		return
	}
	n := r.renewSession(ctx, c)
	n.step, n.buyer = i, buyer
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshes = append(r.refreshes, n)
}

// renewSession exchanges a customer's refresh token, as a client does: without an answer, or with 503, it sends the
// same request again.
func (r *round) renewSession(ctx context.Context, c *customer) refreshed {
	if c.refresh == "" {
		return refreshed{}
	}
	n := refreshed{begin: time.Now()}
	n.replies = r.sendUntilDefinite(ctx, refreshRequest(c.refresh))
	n.end = time.Now()
	c.begin(last(n.replies)) // without an answer nothing is known of the session any more
	return n
}

func refreshRequest(token string) request {
	return request{Method: http.MethodPost, Path: "/sessions/refresh", Body: map[string]string{"refresh_token": token}}
}

// begin takes the tokens of an answer, if it has any.
func (c *customer) begin(a reply) {
	var session struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	_ = json.Unmarshal(a.body, &session) // what cannot be read has no tokens
	c.refresh = session.RefreshToken
	if session.AccessToken != "" {
		c.token, c.since = session.AccessToken, time.Now()
	}
}

// checkRefreshes: a session ends by nothing that its own client does: not by an answer that was lost, and not by a
// repeat within the grace.
func (h *history) checkRefreshes(v *verdict) {
	for _, n := range h.round.refreshes {
		checkOpen(v, n, fmt.Sprintf("of buyer %d in step %d", n.buyer, n.step))
	}
}

// checkOpen: a session that nothing ended goes on.
func checkOpen(v *verdict, n refreshed, whose string) {
	if len(n.replies) == 0 {
		return
	}
	for _, a := range n.replies[:len(n.replies)-1] {
		v.want(a.status == 0 || unavailable(a), invAnswer, "the session %s: %s", whose, a)
	}
	a, took := last(n.replies), n.end.Sub(n.begin)
	v.want(a.status == http.StatusOK || a.status == 0 || unavailable(a) || took > grace, invSession,
		"the session %s was refreshed %d times in %s, and the answer is %s", whose, len(n.replies), took, a)
	v.want(a.definite() || took > grace, invSettled, "the session %s: no definite answer to %d refreshes", whose,
		len(n.replies))
}
