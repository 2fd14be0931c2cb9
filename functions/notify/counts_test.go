package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/notification"
	"shop/internal/observe"
	"shop/internal/observe/observetest"
	"shop/internal/order"
	"shop/internal/queue"
)

var now = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

// shop is all that a delivery works with, for one mail. Each of its errors is what the call of that name answers.
type shop struct {
	age                                               time.Duration // for how long the mail has been
	claim, read, send, mark, markUndelivered, release error
	crash                                             bool
	unanswered                                        int // calls before this one
}

func (s shop) Claim(context.Context, string, string, time.Time) (notification.Mail, error) {
	return notification.Mail{
		ID: mailID, State: notification.Pending, CreatedAt: now.Add(-s.age), Unanswered: s.unanswered,
	}, s.claim
}

func (s shop) MarkSent(context.Context, string, string, time.Time) error { return s.mark }

func (s shop) MarkUndelivered(context.Context, string, string, notification.State, time.Time) error {
	return s.markUndelivered
}

func (s shop) Release(context.Context, string, string, int) error { return s.release }

func (s shop) ForMail(context.Context, string, string) (order.Order, error) {
	return order.Order{}, s.read
}

func (s shop) Render(order.Order) notification.Message {
	if s.crash {
		panic("no template")
	}
	return notification.Message{}
}

func (s shop) Send(context.Context, notification.Message) (string, error) { return "message", s.send }

func (s shop) delivery() *notification.Delivery {
	return &notification.Delivery{
		Ledger: s, Orders: s, Mailer: s, Confirmation: s, Sent: sent,
		Pace:  func(context.Context, notification.Mail) error { return nil },
		NewID: func() string { return "lease" }, Now: func() time.Time { return now },
	}
}

// TestCounts: the metrics that alarms look at count each way in which a mail fails for good or is rescheduled, and each
// message that cannot be understood, once; and nothing else. A mail that was sent counts, and for how long it was
// pending.
func TestCounts(t *testing.T) {
	const (
		good    = `{"type":"order.placed","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"}`
		tooLong = 72*time.Hour + time.Millisecond
	)
	down, refused := errors.New("down"), fmt.Errorf("at SES: %w", notification.ErrRefused)
	silent := fmt.Errorf("at SES: %w", notification.ErrNoAnswer)
	unanswered := map[string]int64{"MailsFailed": 1, "MailsFailedUnanswered": 1}
	failed, postponed, foreign := map[string]int64{"MailsFailed": 1}, map[string]int64{"MailsPostponed": 1},
		map[string]int64{"MessagesNotUnderstood": 1}
	for name, c := range map[string]struct {
		shop shop
		body string
		want map[string]int64
	}{
		"sent": {
			shop{age: 1500 * time.Microsecond}, good, map[string]int64{"MailsSent": 1, "MailDelay": 1},
		},
		"sent after 72 hours": {
			shop{age: tooLong}, good, map[string]int64{"MailsSent": 1, "MailDelay": 72*3600*1000 + 1},
		},
		"settled before": {shop{claim: notification.ErrNotPending}, good, nil},
		"in other hands": {shop{claim: notification.ErrLeased}, good, nil},
		"refused":        {shop{send: refused}, good, failed},
		"nobody to mail": {shop{read: notification.ErrNoRecipient}, good, nil},
		"dropping not noted": {
			shop{read: notification.ErrNoRecipient, markUndelivered: down}, good, postponed,
		},
		"suppressed":                  {shop{read: fmt.Errorf("read: %w", notification.ErrSuppressed)}, good, failed},
		"refused after 72 hours":      {shop{send: refused, age: tooLong}, good, failed},
		"SES down for 72 hours":       {shop{send: down, age: tooLong}, good, failed},
		"no order for 72 hours":       {shop{read: order.ErrNotFound, age: tooLong}, good, failed},
		"unreadable for 72 hours":     {shop{read: down, age: tooLong}, good, failed},
		"no answer":                   {shop{send: silent}, good, postponed},
		"no answer, a second time":    {shop{send: silent, unanswered: 1}, good, postponed},
		"no answer, a third time":     {shop{send: silent, unanswered: 2}, good, unanswered},
		"that failure not noted":      {shop{send: silent, unanswered: 2, markUndelivered: down}, good, postponed},
		"down after two unanswered":   {shop{send: down, unanswered: 2}, good, postponed},
		"no answer for 72 hours":      {shop{send: silent, age: tooLong}, good, failed},
		"SES down":                    {shop{send: down, age: tooLong - time.Millisecond}, good, postponed},
		"no order":                    {shop{read: order.ErrNotFound}, good, postponed},
		"not claimed":                 {shop{claim: down}, good, postponed},
		"failure not noted":           {shop{send: refused, markUndelivered: down}, good, postponed},
		"not released":                {shop{send: down, release: down}, good, postponed},
		"not marked":                  {shop{mark: down}, good, postponed},
		"no record":                   {shop{claim: notification.ErrNotFound}, good, foreign},
		"crash":                       {shop{crash: true}, good, foreign},
		"malformed":                   {shop{}, "{", foreign},
		"foreign":                     {shop{}, `{"Service":"Amazon S3","Event":"s3:TestEvent"}`, foreign},
		"unknown version":             {shop{}, strings.Replace(good, `"version":1`, `"version":1000`, 1), foreign},
		"huge":                        {shop{}, good + strings.Repeat(" ", 1<<20-len(good)), foreign},
		"another's mail of its order": {shop{}, strings.Replace(good, "#ord_7", "#ord_8", 1), foreign},
	} {
		t.Run(name, func(t *testing.T) {
			if got := counts(t, c.shop, c.body); !maps.Equal(got, c.want) {
				t.Errorf("counted %v, want %v", got, c.want)
			}
		})
	}
}

// counts returns what is measured when the function is given a message.
func counts(t *testing.T, s shop, body string) map[string]int64 {
	t.Helper()
	ctx := observe.WithLogger(t.Context(), observe.New(t.Output()))
	return observetest.Measured(t, func() {
		if _, err := queue.Receive(s.delivery())(
			ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: body}}},
		); err != nil {
			t.Error(err)
		}
	})
}
