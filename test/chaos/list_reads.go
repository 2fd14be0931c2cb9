package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// listRead is a list of orders that was read page by page while orders arrived.
type listRead struct {
	buyer      int // whose list it is; -1 means the admin's history
	begin, end time.Time
	ids        []string
	until      time.Time // up to which it says that nothing more is expected; zero if it does not
	failed     reply     // the answer that cut it short, if one did
}

const (
	pageSize = 5  // small, so that orders arrive between pages
	maxPages = 60 // of one reading; what is longer is left unread
)

// readPages reads a list while faults are injected.
func (r *round) readPages(ctx context.Context, buyer int) {
	l := listRead{buyer: buyer, begin: time.Now()}
	path, token := "/admin/orders", r.admin.token
	query := url.Values{"limit": {fmt.Sprint(pageSize)}, "from": {r.begin.UTC().Format(time.RFC3339Nano)}}
	if buyer >= 0 {
		path, token = "/orders", r.buyers[buyer].token
		query.Del("from")
	}
	whole := false
	for range maxPages {
		a := r.env.client.send(ctx, request{Method: http.MethodGet, Path: path + "?" + query.Encode(), Token: token})
		var page struct {
			Items         []order    `json:"items"`
			NextCursor    *string    `json:"next_cursor"`
			CompleteUntil *time.Time `json:"complete_until"`
		}
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
			l.failed = a
			break
		}
		for _, o := range page.Items {
			l.ids = append(l.ids, o.OrderID)
		}
		if page.CompleteUntil != nil && l.until.IsZero() {
			l.until = *page.CompleteUntil
		}
		if whole = page.NextCursor == nil; whole {
			break
		}
		query.Set("cursor", *page.NextCursor)
	}
	l.end = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if whole || l.failed.status != 0 {
		r.listReads = append(r.listReads, l)
	}
}

// checkListReads: a list that is read while orders arrive has none twice, and all that were answered before it began.
func (h *history) checkListReads(v *verdict) {
	for _, l := range h.round.listReads {
		if l.failed.status != 0 {
			v.want(unavailable(l.failed), invAnswer, "reading a list: %s", l.failed)
			continue
		}
		counts := map[string]int{}
		for _, id := range l.ids {
			counts[id]++
			v.want(counts[id] == 1, invPages, "%s stands on two pages", id)
		}
		for _, a := range h.round.attempts {
			if a.reply.status != http.StatusCreated || !a.end.Before(l.begin) || l.buyer >= 0 && l.buyer != a.buyer {
				continue
			}
			v.want(counts[h.orderID(a)] == 1, invPages, "%s was answered before a list was read, and is not in it",
				h.orderID(a))
		}
		h.checkUntil(v, l, counts)
	}
}

// checkUntil: up to the time that the history names, it has all.
func (h *history) checkUntil(v *verdict, l listRead, counts map[string]int) {
	if l.until.IsZero() {
		return
	}
	for id, o := range h.stored {
		if l.buyer < 0 && !o.placed.Before(h.round.begin) && !o.placed.After(l.until) {
			v.want(counts[id] == 1, invPages,
				"%s was placed before the time up to which the history is complete, and is not in it", id)
		}
	}
}

// longest is how long a checkout may take: the function's ten seconds, and what API Gateway and a busy machine add.
const longest = 15 * time.Second

// checkTime: a checkout has its answer in time.
func (h *history) checkTime(v *verdict) {
	if len(h.round.restarts) > 0 {
		return
	}
	for _, a := range h.round.attempts {
		v.want(a.end.Sub(a.begin) <= longest, invTime, "%s, step %d: %s after %s", a.key, a.step, a.reply,
			a.end.Sub(a.begin))
	}
}

// ordersOf are the ids of the orders that the mails are for.
func ordersOf(mails []string) []string { return orders(strings.Join(mails, " ")) }
