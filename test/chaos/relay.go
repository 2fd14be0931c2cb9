package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/test/faultproxy"
)

// relayRun is a run of the relay, and what was due then: the orders of mails, and the mails of an unknown kind.
type relayRun struct {
	span
	due    []string
	faults bool // faults were injected meanwhile
}

// unknownMail is a mail of a kind that the store does not know, as a later release leaves behind when it is rolled
// back.
type unknownMail struct {
	id       string
	state    string // when the round was over; empty when the mail was gone
	attempts int64  // how often the relay rescheduled it
}

const (
	// unknownMails is how many there are: the relay takes ten mails at once, and two batches have none of another kind.
	unknownMails = 20
	// unknownKind begins their ids.
	unknownKind = "later-release#"
	// unknownDue is for how long they have been due: longer than all others, so that the relay comes to them first.
	unknownDue = time.Hour
)

func isUnknownMail(id string) bool { return strings.HasPrefix(id, "later_") }

// plantUnknownMails stores mails of an unknown kind.
func (r *round) plantUnknownMails(ctx context.Context) error {
	for i := range unknownMails {
		m := unknownMail{id: fmt.Sprintf("%slater_%s-%d", unknownKind, r.id, i)}
		r.unknown = append(r.unknown, m)
		now := time.Now()
		if _, err := r.env.dynamo.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(r.env.outputs["MailsTable"]), Item: map[string]types.AttributeValue{
				"mail_id": &types.AttributeValueMemberS{Value: m.id},
				"state":   &types.AttributeValueMemberS{Value: string(notification.Pending)},
				"attempt": &types.AttributeValueMemberN{Value: "0"}, "created_at": instant(now),
				"due_at":    instant(now.Add(-unknownDue)),
				"due_shard": &types.AttributeValueMemberN{Value: fmt.Sprint(i % dueShards)},
			},
		}); err != nil {
			return fmt.Errorf("storing a mail of an unknown kind: %w", err)
		}
	}
	return nil
}

// relay makes what is pending due, mails of an unknown kind first, and runs the relay while faults are injected. It
// may fail, but must come to every mail.
func (r *round) relay(ctx context.Context) {
	run := relayRun{span: span{from: time.Now()}, faults: true}
	pending, err := r.env.pendingMails(ctx)
	if err != nil {
		return // the emulator is away
	}
	for _, id := range pending {
		if r.env.makeDue(ctx, id) != nil {
			return
		}
	}
	if r.makeUnknownDue(ctx) != nil {
		return
	}
	run.due = append(r.unknownIDs(), ordersOf(pending)...)
	_, err = r.env.invoke(ctx, "RelayMailFunction", "{}")
	if run.to = time.Now(); err == nil {
		r.env.calls.noteRun(run)
	}
}

func (r *round) makeUnknownDue(ctx context.Context) error {
	for _, m := range r.unknown {
		if err := r.env.makeDueAt(ctx, m.id, time.Now().Add(-unknownDue)); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) unknownIDs() []string {
	var ids []string
	for _, m := range r.unknown {
		ids = append(ids, m.id)
	}
	return ordersOf(ids)
}

// readUnknownMails reads what became of the mails of an unknown kind, and deletes them.
func (h *history) readUnknownMails(ctx context.Context) error {
	e := h.round.env
	for i := range h.round.unknown {
		m := &h.round.unknown[i]
		it, err := e.item(ctx, "MailsTable", "mail_id", m.id)
		if err != nil {
			return err
		}
		m.state, m.attempts = text(it["state"]), number(it["attempt"])
		if _, err := e.dynamo.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: aws.String(e.outputs["MailsTable"]),
			Key:       map[string]types.AttributeValue{"mail_id": &types.AttributeValueMemberS{Value: m.id}},
		}); err != nil {
			return err
		}
	}
	return nil
}

// checkUnknownMails: a mail of an unknown kind stays pending, for the release that knows it.
func (h *history) checkUnknownMails(v *verdict) {
	for _, m := range h.round.unknown {
		v.want(m.state == string(notification.Pending), invUnknown, "%s is %q", m.id, m.state)
	}
}

// relayLimit is for how long a run may take mails in hand: the function's timeout less what the handler keeps to end.
const relayLimit = 40 * time.Second

// checkRelay: each mail that was due is rescheduled and its event sent, or settled meanwhile. While faults are injected
// the relay tries so at least, unless a fault is one that ends or holds up a run.
func (h *history) checkRelay(v *verdict) {
	for _, run := range h.relays {
		if run.faults && h.disturbed(run) {
			continue
		}
		done := map[string]bool{}
		for _, c := range h.during(run.span) {
			if (c.name == rescheduleMail || c.name == markSent || c.name == markFailed) && (c.carried || run.faults) {
				for _, id := range c.orders {
					done[id] = true
				}
			}
		}
		for _, id := range run.due {
			v.want(done[id], invRelay, "the relay left the mail of %s", id)
		}
	}
}

// disturbed reports whether a run need not have come to every mail: the index or the queue failed, a process was
// killed, a mail or a cancellation was held up, or time ran out.
func (h *history) disturbed(run relayRun) bool {
	if run.to.Sub(run.from) > relayLimit {
		return true
	}
	for _, s := range h.round.restarts {
		if s.to.After(run.from) && s.from.Before(run.to) {
			return true
		}
	}
	for _, c := range h.during(run.span) {
		outage := (c.name == "SendMessageBatch" || c.name == "Query") && c.faulty()
		late := c.killed || c.fault == faultproxy.Slow || c.fault == faultproxy.Late
		if outage || late && (c.name == rescheduleMail || c.name == changeStatus || c.name == endCancelling) {
			return true
		}
	}
	return false
}

// during returns the calls that were under way in a span.
func (h *history) during(s span) []call {
	var found []call
	for _, c := range h.calls {
		if c.end.After(s.from) && c.begin.Before(s.to) {
			found = append(found, c)
		}
	}
	return found
}
