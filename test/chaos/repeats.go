package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

const (
	repeatTries = 20                      // of a request without a definite answer
	drainTries  = 8                       // of what is pending
	quiet       = 1500 * time.Millisecond // after so long without a call most that was under way is done
	still       = 5 * time.Second         // then no process holds a mail: the SDK waits for up to 4 s between attempts
	quietWithin = 60 * time.Second
	dueShards   = 16
)

// orderOf derives an order's id as docs/checkout.md says: by the customer and the Idempotency-Key.
func orderOf(userID, key string) string {
	sum := sha256.Sum256([]byte(userID + "\x00" + key))
	return "ord_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
}

// repeatOpenCheckouts repeats, after the faults, every checkout that has no definite answer until it has one, and
// one in four of the others.
func (r *round) repeatOpenCheckouts(ctx context.Context) {
	var open []attempt
	for _, group := range r.requests() {
		last := group[len(group)-1]
		definite := slices.ContainsFunc(group, func(a attempt) bool { return a.reply.definite() })
		if !definite || last.step%4 == 0 {
			open = append(open, last)
		}
	}
	var workers sync.WaitGroup
	queue := make(chan attempt)
	for range 8 {
		workers.Go(func() {
			for a := range queue {
				for range repeatTries {
					if r.checkout(ctx, a.step, a.buyer, a.key, a.basket).definite() || ctx.Err() != nil {
						break
					}
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
	for _, a := range open {
		queue <- a
	}
	close(queue)
	workers.Wait()
}

// requests groups the attempts that are the same request, in the order in which the first of each was sent.
func (r *round) requests() [][]attempt {
	groups := map[string][]attempt{}
	var order []string
	for _, a := range r.attempts {
		name := a.key + " " + a.basket.what()
		if groups[name] == nil {
			order = append(order, name)
		}
		groups[name] = append(groups[name], a)
	}
	sorted := make([][]attempt, len(order))
	for i, name := range order {
		sorted[i] = groups[name]
	}
	return sorted
}

// what tells requests under one key apart, by the contract's words: the products with their quantities after merging,
// and the total agreed to.
func (b basket) what() string {
	units := b.units()
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(units)) {
		parts = append(parts, fmt.Sprintf("%s×%d", id, units[id]))
	}
	if b.ExpectedTotal != nil {
		parts = append(parts, fmt.Sprint(*b.ExpectedTotal))
	}
	return strings.Join(parts, " ")
}

func (b basket) units() map[string]int64 {
	units := map[string]int64{}
	for _, it := range b.Items {
		units[it.ProductID] += it.Quantity
	}
	return units
}

var errPending = errors.New("mails are still pending, or orders still cancelling")

// drain has all pending mails sent, and what is being cancelled ended by the relay. Instead of waiting for up to an
// hour it makes mails due and runs the relay. A mail
// that is pending after two runs may be leased by a process that was killed: once no process can hold a mail any more,
// drain ends leases, too.
func (r *round) drain(ctx context.Context) error {
	for i := range cmp.Or(r.plan.Drains, drainTries) {
		r.drains = i + 1
		long, pass := quiet, r.env.makeDue
		if i >= 2 {
			long, pass = still, r.env.passTime
		}
		if err := r.env.proxy.Quiet(ctx, long, quietWithin); err != nil {
			return err
		}
		pending, err := r.env.pendingMails(ctx)
		if err != nil {
			return err
		}
		if open, err := r.env.cancelling(ctx); err != nil || len(pending)+len(open) == 0 {
			return err
		}
		if err := r.relayAll(ctx, pending, pass); err != nil {
			return err
		}
	}
	return errPending
}

// relayAll makes the mails due, and runs the relay.
func (r *round) relayAll(ctx context.Context, mails []string, pass func(context.Context, string) error) error {
	for _, id := range mails {
		if err := pass(ctx, id); err != nil {
			return fmt.Errorf("letting time pass for %s: %w", id, err)
		}
	}
	if err := r.makeUnknownDue(ctx); err != nil {
		return fmt.Errorf("letting time pass: %w", err)
	}
	run := relayRun{span: span{from: time.Now()}, due: append(r.unknownIDs(), ordersOf(mails)...)}
	if out, err := r.env.invoke(ctx, "RelayMailFunction", "{}"); err != nil || strings.Contains(out, "errorMessage") {
		return fmt.Errorf("the relay failed: %s %w", out, err)
	}
	run.to = time.Now()
	r.env.calls.noteRun(run)
	return nil
}

// pendingMails returns the mails that are pending, those of an unknown kind aside: they stay so.
func (e *env) pendingMails(ctx context.Context) ([]string, error) {
	var ids []string
	for shard := range dueShards {
		pages := dynamodb.NewQueryPaginator(e.dynamo, &dynamodb.QueryInput{
			TableName: aws.String(e.outputs["MailsTable"]), IndexName: aws.String("due"),
			KeyConditionExpression: aws.String("due_shard = :shard"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":shard": &types.AttributeValueMemberN{Value: strconv.Itoa(shard)},
			},
		})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("reading what is pending: %w", err)
			}
			for _, it := range out.Items {
				if id := text(it["mail_id"]); !strings.HasPrefix(id, unknownKind) {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids, nil
}

// lease is how long notify holds a mail; template.yaml has it, and test/template holds it there.
const lease = 35 * time.Second

// passTime makes a mail due now, and ends a lease that was taken before all was still: nobody holds it any more.
func (e *env) passTime(ctx context.Context, mailID string) error {
	return e.changeMail(ctx, mailID, "SET due_at = :due REMOVE lease_id, lease_until",
		"#state = :pending AND (attribute_not_exists(lease_until) OR lease_until < :taken)",
		map[string]types.AttributeValue{":due": instant(time.Now().Add(-time.Second)),
			":taken": instant(time.Now().Add(lease - still))})
}

// makeDue makes a mail due now.
func (e *env) makeDue(ctx context.Context, mailID string) error {
	return e.makeDueAt(ctx, mailID, time.Now().Add(-time.Second))
}

// makeDueAt makes a mail due at a time.
func (e *env) makeDueAt(ctx context.Context, mailID string, at time.Time) error {
	return e.changeMail(ctx, mailID, "SET due_at = :due", "#state = :pending",
		map[string]types.AttributeValue{":due": instant(at)})
}

// changeMail changes a mail where the condition holds, and leaves another as it is.
func (e *env) changeMail(ctx context.Context, mailID, change, condition string,
	values map[string]types.AttributeValue) error {
	values[":pending"] = &types.AttributeValueMemberS{Value: string(notification.Pending)}
	_, err := e.dynamo.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           aws.String(e.outputs["MailsTable"]),
		Key:                 map[string]types.AttributeValue{"mail_id": &types.AttributeValueMemberS{Value: mailID}},
		ConditionExpression: &condition, UpdateExpression: &change,
		ExpressionAttributeNames: map[string]string{"#state": "state"}, ExpressionAttributeValues: values,
	})
	var other *types.ConditionalCheckFailedException
	if errors.As(err, &other) {
		return nil
	}
	return err
}

func instant(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberS{Value: t.UTC().Format(timeFormat)}
}

// timeFormat is that of the tables: UTC, milliseconds, of fixed width.
const timeFormat = "2006-01-02T15:04:05.000Z"

func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

func number(v types.AttributeValue) int64 {
	n, _ := strconv.ParseInt(text(v), 10, 64)
	return n
}
