package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// statusSteps are the steps that change an order's status: from what, to what, and whether an admin asks for it.
var statusSteps = map[string]struct {
	from, to string
	admin    bool
}{
	cancelOwn:    {"placed", "cancelled", false},
	pack:         {"placed", "packed", true},
	ship:         {"packed", "shipped", true},
	cancelPlaced: {"placed", "cancelled", true},
	cancelPacked: {"packed", "cancelled", true},
}

// statusStep is a request for a status, sent until it had a definite answer.
type statusStep struct {
	step    int
	kind    string
	order   string
	replies []reply
}

func (r *round) changeStatus(ctx context.Context, i int, st step) {
	buyer := r.buyers[r.plan.Steps[st.Of].Buyer]
	s := statusStep{step: i, kind: st.Kind, order: orderOf(buyer.UserID, r.key(st.Of))}
	does := statusSteps[st.Kind]
	q := request{Method: http.MethodPost, Path: "/orders/" + s.order + "/cancellation", Token: buyer.token}
	if does.admin {
		q = request{Method: http.MethodPut, Path: "/admin/orders/" + s.order + "/status", Token: r.admin.token,
			Body: map[string]string{"status": does.to, "compare_status": does.from}}
	}
	s.replies = r.sendUntilDefinite(ctx, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statusSteps = append(r.statusSteps, s)
}

// statusChange is a change of an order's status as the table has it.
type statusChange struct{ from, to string }

// returned is a movement of units that came back with an order.
type returned struct {
	order string
	units int64
}

func readStatusChanges(v types.AttributeValue) []statusChange {
	list, _ := v.(*types.AttributeValueMemberL)
	if list == nil {
		return nil
	}
	var all []statusChange
	for _, v := range list.Value {
		if m, ok := v.(*types.AttributeValueMemberM); ok {
			all = append(all, statusChange{text(m.Value["from"]), text(m.Value["to"])})
		}
	}
	return all
}

// statusMail is the key of the mail that tells that an order is of the status, in the table and in what is noted of
// calls.
func statusMail(status, orderID string) string { return "order-" + status + "#" + orderID }

// toldStatuses are those of which a mail tells.
var toldStatuses = []string{"shipped", "cancelled"}

func (h *history) readStatusMails(ctx context.Context) error {
	for id := range h.stored {
		for _, status := range toldStatuses {
			it, err := h.round.env.item(ctx, "MailsTable", "mail_id", statusMail(status, id))
			if err != nil {
				return err
			}
			if it != nil {
				h.told[statusMail(status, id)] = text(it["state"])
			}
		}
	}
	return nil
}

// cancelling returns the orders whose cancellation is not finished.
func (e *env) cancelling(ctx context.Context) ([]string, error) {
	out, err := e.dynamo.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(e.outputs["OrdersTable"]), IndexName: aws.String("unfinished"),
		KeyConditionExpression: aws.String("unfinished = :mark"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":mark": &types.AttributeValueMemberS{Value: "cancelling"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is being cancelled: %w", err)
	}
	ids := make([]string, len(out.Items))
	for i, it := range out.Items {
		ids[i] = text(it["order_id"])
	}
	return ids, nil
}

// mayFollow is the contract's table of statuses, in words of its own.
var mayFollow = map[statusChange]bool{
	{"placed", "packed"}: true, {"packed", "shipped"}: true,
	{"placed", "cancelled"}: true, {"packed", "cancelled"}: true,
	{"placed", "cancelling"}: true, {"packed", "cancelling"}: true, {"cancelling", "cancelled"}: true,
}

// reached reports whether the order is, or was, of the status.
func (o storedOrder) reached(status string) bool {
	return status == "placed" || slices.ContainsFunc(o.changes, func(c statusChange) bool { return c.to == status })
}

// checkStatuses: the changes of an order's status follow each other as the contract allows, whatever raced for it; what
// was answered is among them; and where the order ended cancelled each of its units came back, once.
func (h *history) checkStatuses(v *verdict) {
	for id, o := range h.stored {
		now := "placed"
		for _, c := range o.changes {
			v.want(c.from == now && mayFollow[c], invLife, "%s went from %s to %s when it was %s", id, c.from, c.to,
				now)
			now = c.to
		}
		v.want(o.status == now, invLife, "%s is %s after changes to %s", id, o.status, now)
		v.want(now != "cancelling", invReturned, "the cancellation of %s never ended", id)
		h.checkReturned(v, id, o)
		h.checkStatusMails(v, id, o)
	}
	for product, all := range h.returned {
		for _, m := range all {
			status := h.stored[m.order].status
			v.want(status == "cancelled", invReturned, "%s has %d units back of %s, which is %q", product, m.units,
				m.order, status)
		}
	}
	for _, s := range h.round.statusSteps {
		h.checkStatusStep(v, s)
	}
}

func (h *history) checkReturned(v *verdict, id string, o storedOrder) {
	if o.status != "cancelled" {
		return
	}
	for _, l := range o.lines {
		var units []int64
		for _, m := range h.returned[l.ProductID] {
			if m.order == id {
				units = append(units, m.units)
			}
		}
		v.want(slices.Equal(units, []int64{l.Quantity}), invReturned, "%s gave back %v of %s, want %d once", id, units,
			l.ProductID, l.Quantity)
	}
}

// checkStatusMails: a status has its mail if the order reached it, and only then.
func (h *history) checkStatusMails(v *verdict, id string, o storedOrder) {
	for _, status := range toldStatuses {
		key := statusMail(status, id)
		sent, marks, unanswered := h.mailCalls(key)
		state := h.told[key]
		if !o.reached(status) {
			v.want(state == "" && len(sent) == 0, invReached, "%s was mailed as %s (%q), and never was", id, status,
				state)
			continue
		}
		given := unanswered >= maxUnanswered && state == "failed"
		v.want(state == "sent" && len(sent) > 0 || given, invMail, "%s is %s, and the state of that mail is %q", id,
			status, state)
		for i, c := range sent {
			v.want(c.to == o.email, invOwner, "%s: the mail that it is %s went to someone else", id, status)
			v.want(i == 0 || h.excused(sent[i-1], c, marks), invMailOnce,
				"%s: mail %d of %d that it is %s, with no fault since the one before", id, i+1, len(sent), status)
		}
	}
}

// mailCalls are the calls that sent a mail, those that marked it sent, and how many sendings had no answer.
func (h *history) mailCalls(key string) (sent, marks []call, unanswered int) {
	for _, c := range h.calls {
		if !slices.Contains(c.orders, key) {
			continue
		}
		if c.unanswered() {
			unanswered++
		}
		switch {
		case c.name == "SendEmail" && c.carried:
			sent = append(sent, c)
		case c.name == markSent:
			marks = append(marks, c)
		}
	}
	return sent, marks, unanswered
}

// checkStatusStep: an answer is one of the contract's, and a success is in the order. A cancellation that raced with a
// packing is answered as one of them: 200 if the order is cancelled.
func (h *history) checkStatusStep(v *verdict, s statusStep) {
	for _, a := range s.replies {
		refused := a.code == "status_changed" || a.code == "order_not_found"
		v.want(a.status == http.StatusOK || a.status == 0 || refused || unavailable(a), invAnswer,
			"step %d, %s of %s: %s", s.step, s.kind, s.order, a)
	}
	end := last(s.replies)
	v.want(end.definite(), invSettled, "step %d, %s of %s, %d times: %s", s.step, s.kind, s.order, len(s.replies), end)
	o := h.stored[s.order]
	switch end.status {
	case http.StatusOK:
		to := statusSteps[s.kind].to
		v.want(o.reached(to), invLife, "%s was answered %s by step %d, %s, and is %q by %v", s.order, to, s.step,
			s.kind, o.status, o.changes)
	case http.StatusConflict:
		var problem struct {
			OrderStatus string `json:"order_status"`
		}
		_ = json.Unmarshal(end.body, &problem) // what cannot be read is no status
		v.want(o.reached(problem.OrderStatus), invLife, "%s was refused as %q by step %d, %s, and is %q by %v", s.order,
			problem.OrderStatus, s.step, s.kind, o.status, o.changes)
	}
}

// countStatuses counts the orders that were cancelled, those of many products among them, and who came too late.
func (h *history) countStatuses(n map[string]int) {
	for _, o := range h.stored {
		if o.status == "cancelled" {
			n[sawCancelled]++
		}
		if o.reached("cancelling") {
			n[sawCancelling]++
		}
		if o.reached("packed") {
			n[sawPacked]++
		}
	}
	for _, s := range h.round.statusSteps {
		n[sawRepeats+"a change of status"] += max(0, len(s.replies)-1)
		if last(s.replies).code == "status_changed" {
			n[sawTooLate]++
		}
	}
}
