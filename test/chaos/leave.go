package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// leaver is a customer of this round alone, who orders goods that nobody else does and then deletes the account.
type leaver struct {
	*customer
	orders  []string
	replies []reply  // to the removal, in their order
	traces  []string // what leads to the customer when the traces were erased
	gone    bool     // there is no user any more
}

const leaversOrders = 3

// arrive has the leaver sign up and order. Nothing goes wrong yet.
func (r *round) arrive(ctx context.Context) error {
	if !slices.ContainsFunc(r.plan.Steps, func(s step) bool { return s.Kind == leave }) {
		return nil
	}
	c, err := r.w.shop.signUp(ctx, person{"success+leaver-" + r.id + "@simulator.amazonses.com", "a password of chaos"})
	if err != nil {
		return err
	}
	r.leaver = &leaver{customer: c}
	good, stock := len(r.plan.Goods), int64(leaversOrders)
	if a := r.w.shop.send(ctx, r.saving(good, 100, true, &stock)); a.status != http.StatusCreated {
		return fmt.Errorf("making the leaver's product: %s", a)
	}
	for i := range leaversOrders {
		a := r.w.shop.send(ctx, request{
			method: http.MethodPost, path: "/orders", token: c.token, key: fmt.Sprint("leaver ", i),
			body: basket{Items: []item{{r.productID(good), 1}}},
		})
		var o order
		if err := json.Unmarshal(a.body, &o); err != nil || a.status != http.StatusCreated {
			return fmt.Errorf("ordering before leaving: %s", a)
		}
		r.leaver.orders = append(r.leaver.orders, o.OrderID)
	}
	return nil
}

// leave deletes the account, and sends the request again as long as it has no definite answer.
func (r *round) leave(ctx context.Context) {
	if r.leaver == nil {
		return
	}
	for range settleTries {
		r.leaver.replies = append(r.leaver.replies, r.w.shop.send(ctx, request{
			method: http.MethodDelete, path: "/users/me", token: r.leaver.token, body: map[string]string{"password": r.leaver.Password},
		}))
		if r.leaver.replies[len(r.leaver.replies)-1].definite() || ctx.Err() != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// readTraces erases what an earlier removal left, as the schedule does, and looks for what leads to the leaver.
func (h *history) readTraces(ctx context.Context) error {
	l := h.round.leaver
	if l == nil {
		return nil
	}
	w := h.round.w
	if _, err := w.invoke(ctx, "EraseTracesFunction", "{}"); err != nil {
		return err
	}
	u, err := w.item(ctx, "UsersTable", "email", l.Email)
	if err != nil {
		return err
	}
	l.gone = u == nil
	for _, id := range l.orders {
		o, err := w.item(ctx, "OrdersTable", "order_id", id)
		if err != nil {
			return err
		}
		m, err := w.item(ctx, "MailsTable", "mail_id", "order-placed#"+id)
		if err != nil {
			return err
		}
		l.traces = append(l.traces, tracesIn(id, o, m)...)
	}
	return nil
}

// tracesIn names what of an order and its mail leads to a person.
func tracesIn(id string, o, m map[string]types.AttributeValue) []string {
	var found []string
	if text(o["email"]) != "" {
		found = append(found, "the address of "+id)
	}
	for _, name := range []string{"address_hash", "email"} {
		if text(m[name]) != "" {
			found = append(found, name+" of the mail of "+id)
		}
	}
	return found
}

// checkLeaver: an account whose removal was answered is gone, and nothing of one that is gone leads to its customer.
func (h *history) checkLeaver(v *verdict) {
	l := h.round.leaver
	if l == nil || len(l.replies) == 0 {
		return
	}
	for _, a := range l.replies {
		v.want(a.status == 0 || a.status == http.StatusNoContent || a.status == http.StatusUnauthorized && len(l.replies) > 1 || unavailable(a),
			lawAnswer, "deleting an account: %s", a)
	}
	v.want(l.replies[len(l.replies)-1].definite(), lawSettled, "deleting an account has no definite answer")
	deleted := slices.ContainsFunc(l.replies, func(a reply) bool { return a.status == http.StatusNoContent })
	v.want(l.gone || !deleted, lawErased, "the account of %s was deleted, and is there", l.UserID)
	v.want(!l.gone || len(l.traces) == 0, lawErased, "%s is gone, and left %v", l.UserID, l.traces)
}

// leavers tells whether the order is the leaver's, which the other laws leave out.
func (h *history) leavers(id string) bool {
	return h.round.leaver != nil && slices.Contains(h.round.leaver.orders, id)
}
