package dynamostore

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

// pendingMail places an order and returns its pending mail, as the relay sees it.
func (s *shop) pendingMail(key string, at time.Time) notification.Mail {
	s.t.Helper()
	o := newOrder("usr_1", key, at, line("lamp", 1, 1))
	s.must(s.checkout().Place(s.t.Context(), o))
	return relayed(o)
}

// relayed is the mail of o as the index shows it: without the hash of the address.
func relayed(o order.Order) notification.Mail {
	mail := notification.NewOrderMail(o.ID, o.Email, o.PlacedAt)
	mail.AddressHash = ""
	return mail
}

func TestClaim(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("k", opened)
	now := opened
	mails := s.mails(func() time.Time { return now })
	claim := func(lease string) error {
		got, err := mails.Claim(t.Context(), mail.ID, lease, now.Add(35*time.Second))
		want := mail
		want.AddressHash = user.AddressHash("usr_1@example.com")
		if err == nil && got != want {
			t.Errorf("lease %s: got %+v, want %+v", lease, got, want)
		}
		return err
	}
	check := func(when, lease string, want error) {
		t.Helper()
		if err := claim(lease); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	check("a mail nobody holds", "a", nil)
	check("again, by the same attempt", "a", nil)
	check("while another holds it", "b", notification.ErrLeased)
	now = now.Add(36 * time.Second)
	check("after the lease ended", "b", nil)
	s.faults.On("UpdateItem", awsfault.Lost)
	now = now.Add(36 * time.Second)
	check("with the answer lost", "c", nil)
	s.faults.On("UpdateItem", awsfault.Error(400, "TransactionConflictException"))
	check("in a conflict", "c", nil)
	s.must(mails.MarkSent(t.Context(), mail.ID, "message", now))
	check("once it was sent", "d", notification.ErrNotPending)
	if _, err := mails.Claim(
		t.Context(), notification.OrderMailID(order.ID("usr_1", "none")), "a", now,
	); !errors.Is(err, notification.ErrNotFound) {
		t.Errorf("a mail without a record: got %v, want ErrNotFound", err)
	}
}

// Once settled, a mail is due no more, and stays as it was settled first.
func TestSettledMails(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	later := opened.Add(100 * time.Hour)
	mails := s.mails(func() time.Time { return opened })
	due := func(want int) {
		t.Helper()
		found, err := s.dueMails().Due(t.Context(), later, 10)
		s.must(err)
		if len(found) != want {
			t.Errorf("due: got %d, want %d", len(found), want)
		}
	}
	sent, failed := s.pendingMail("a", opened), s.pendingMail("b", opened)
	due(2)
	s.faults.On("UpdateItem", awsfault.Lost, awsfault.Error(500, "InternalServerError"))
	s.must(mails.MarkSent(t.Context(), sent.ID, "message", opened))
	due(1)
	if _, err := mails.Claim(t.Context(), failed.ID, "lease", opened.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	s.must(mails.MarkUndelivered(t.Context(), failed.ID, "another's", notification.Failed, opened))
	due(1) // only who holds the lease gives a mail up
	s.must(mails.MarkUndelivered(t.Context(), failed.ID, "lease", notification.Failed, opened))
	due(0)
	s.must(mails.MarkSent(t.Context(), failed.ID, "message", opened))
	if _, err := mails.Claim(t.Context(), failed.ID, "x", opened); !errors.Is(err, notification.ErrNotPending) {
		t.Errorf("got %v, want ErrNotOwed", err)
	}
}

// A mark that cannot be written is tried until the time is used up: every error but a settled mail.
func TestMarkSentIsRepeatedWhateverTheError(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	s.faults.On("UpdateItem", awsfault.Times(4, awsfault.Error(400, "AccessDeniedException"))...)
	s.must(s.mails(nil).MarkSent(t.Context(), mail.ID, "message", opened))
	if got := s.faults.Calls("UpdateItem"); got != 5 {
		t.Errorf("calls: got %d, want 5", got)
	}
	s.faults.On("UpdateItem", awsfault.Times(1000, awsfault.Error(400, "AccessDeniedException"))...)
	if err := s.mails(nil).MarkSent(soon(t), mail.ID, "message", opened); err == nil {
		t.Error("a mark that could not be written is no error")
	}
}

func TestRelease(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	mails := s.mails(func() time.Time { return opened })
	if _, err := mails.Claim(t.Context(), mail.ID, "lease", opened.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	s.must(mails.Release(t.Context(), mail.ID, "another's", 0))
	if _, err := mails.Claim(
		t.Context(), mail.ID, "b", opened.Add(time.Minute),
	); !errors.Is(err, notification.ErrLeased) {
		t.Errorf("released by who did not hold it: got %v, want ErrLeased", err)
	}
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(mails.Release(t.Context(), mail.ID, "lease", 0))
	found, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 10)
	s.must(err)
	if len(found) != 1 || found[0] != mail {
		t.Errorf("due: got %+v, want %+v as it was", found, mail)
	}
	if _, err := mails.Claim(t.Context(), mail.ID, "b", opened.Add(time.Minute)); err != nil {
		t.Errorf("after its release: %v", err)
	}
}

// A release stores how many calls to send the mail were never answered; the next claim returns that, and a redrive
// begins anew.
func TestReleaseUnanswered(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	mails := s.mails(func() time.Time { return opened })
	claim := func(want int) {
		t.Helper()
		got, err := mails.Claim(t.Context(), mail.ID, "lease", opened.Add(time.Minute))
		if err != nil || got.Unanswered != want {
			t.Errorf("got %d, %v, want %d", got.Unanswered, err, want)
		}
	}
	claim(0)
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(mails.Release(t.Context(), mail.ID, "lease", 1))
	claim(1)
	s.must(mails.Release(t.Context(), mail.ID, "another's", 7))
	s.must(mails.Release(t.Context(), mail.ID, "lease", 2))
	claim(2)
	s.must(mails.Release(t.Context(), mail.ID, "lease", 2))
	s.failAt(mail, opened)
	s.must(s.failedMails().Requeue(t.Context(), notification.Requeue(mail.ID, opened)))
	claim(0)
}

func TestDueIsOldestFirst(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 100)
	var want []notification.Mail
	for i := range 20 {
		want = append(want, s.pendingMail(number3(i), opened.Add(time.Duration(i)*time.Second)))
	}
	found, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 100)
	s.must(err)
	if !reflect.DeepEqual(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
	found, err = s.dueMails().Due(t.Context(), want[4].DueAt, 3)
	s.must(err)
	if !reflect.DeepEqual(found, want[:3]) {
		t.Errorf("the oldest three: got %v, want %v", found, want[:3])
	}
	if found, _ := s.dueMails().Due(t.Context(), want[0].DueAt.Add(-time.Millisecond), 10); len(found) != 0 {
		t.Errorf("before any is due: got %v", found)
	}
}

// Of two relays that put a mail off, one gets it.
func TestReschedule(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	next := mail.Reschedule(opened.Add(3 * time.Minute))
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(s.dueMails().Reschedule(t.Context(), mail, next))
	other := mail.Reschedule(opened.Add(4 * time.Minute))
	if err := s.dueMails().Reschedule(t.Context(), mail, other); !errors.Is(err, notification.ErrLeased) {
		t.Errorf("reschedule a second time: got %v, want ErrLeased", err)
	}
	s.must(s.dueMails().Reschedule(t.Context(), next, mail)) // put back
	s.must(s.mails(nil).MarkSent(t.Context(), mail.ID, "m", opened))
	if err := s.dueMails().Reschedule(t.Context(), mail, next); !errors.Is(err, notification.ErrLeased) {
		t.Errorf("once sent: got %v, want ErrLeased", err)
	}
}

// One mail that cannot be read does not hold up the others.
func TestDueLeavesOutWhatCannotBeRead(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	_, err := s.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(s.tables.Name("Mails")),
		Item: attributes{
			"mail_id": text("broken"), "due_shard": number(0), "due_at": instant(opened), "state": text("pending"),
		}})
	s.must(err)
	found, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 1) // the broken one is the oldest
	if err == nil || !strings.Contains(err.Error(), "broken") || len(found) != 1 || found[0] != mail {
		t.Errorf("got %+v, %v, want %+v and an error that names the other", found, err, mail)
	}
}

// failAt gives the mail up.
func (s *shop) failAt(mail notification.Mail, at time.Time) {
	s.t.Helper()
	mails := s.mails(func() time.Time { return at })
	_, err := mails.Claim(s.t.Context(), mail.ID, "lease", at.Add(time.Minute))
	s.must(err)
	s.must(mails.MarkUndelivered(s.t.Context(), mail.ID, "lease", notification.Failed, at))
}

// A mail that is pending again is stored as one that has never failed: due, and for 72 hours from now.
func TestRequeue(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	before := s.item("Mails", mailKey(mail.ID))
	s.must(s.dueMails().Reschedule(t.Context(), mail, mail.Reschedule(opened)))
	s.failAt(mail, opened.Add(time.Hour))
	now := opened.Add(100 * time.Hour)
	again := notification.Requeue(mail.ID, now)
	s.faults.On("UpdateItem", awsfault.Error(400, "TransactionConflictException"), awsfault.Lost)
	s.must(s.failedMails().Requeue(t.Context(), again))
	before["created_at"], before["due_at"] = instant(now), instant(now)
	if got := s.item("Mails", mailKey(mail.ID)); !reflect.DeepEqual(got, before) {
		t.Errorf("got %v, want %v", got, before)
	}
	found, err := s.dueMails().Due(t.Context(), now, 10)
	s.must(err)
	if len(found) != 1 || found[0] != again {
		t.Errorf("due: got %+v, want %+v", found, again)
	}
	claimed, err := s.mails(func() time.Time { return now }).Claim(t.Context(), mail.ID, "a", now.Add(time.Minute))
	if err != nil || claimed.Expired(now.Add(72*time.Hour)) {
		t.Errorf("claimed %+v, %v, want what is pending for 72 hours from now", claimed, err)
	}
}

// Only what has failed is pending again, whatever it became meanwhile: nothing is sent twice because of it.
func TestRequeueOnlyWhatFailed(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	pending, leased, sent, failed := s.pendingMail("a", opened), s.pendingMail("b", opened), s.pendingMail("c", opened),
		s.pendingMail("d", opened)
	_, err := s.mails(func() time.Time { return opened }).Claim(t.Context(), leased.ID, "a", opened.Add(time.Minute))
	s.must(err)
	s.must(s.mails(nil).MarkSent(t.Context(), sent.ID, "message", opened))
	s.failAt(failed, opened)
	now := opened.Add(time.Hour)
	s.must(s.failedMails().Requeue(t.Context(), notification.Requeue(failed.ID, now)))
	for _, id := range []string{pending.ID, leased.ID, sent.ID, failed.ID, "order-placed#ord_nobodys"} {
		before := s.item("Mails", mailKey(id))
		if err := s.failedMails().Requeue(
			t.Context(), notification.Requeue(id, now.Add(time.Minute)),
		); !errors.Is(err, notification.ErrNotFailed) {
			t.Errorf("%s: got %v, want ErrNotFailed", id, err)
		}
		if after := s.item("Mails", mailKey(id)); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: got %v, want %v as it was", id, after, before)
		}
	}
	s.faults.On("UpdateItem", awsfault.Error(400, "AccessDeniedException"))
	if err := s.failedMails().Requeue(t.Context(), notification.Requeue(failed.ID, now)); err == nil ||
		errors.Is(err, notification.ErrNotFailed) {
		t.Errorf("denied: got %v", err)
	}
}

// The mails that failed are found page by page, and by when they failed.
func TestFailed(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	sent := s.pendingMail("sent", opened)
	s.pendingMail("pending", opened)
	s.must(s.mails(nil).MarkSent(t.Context(), sent.ID, "message", opened.Add(time.Hour)))
	want := map[string]time.Time{}
	for i := range 3 {
		mail, at := s.pendingMail(number3(i), opened), opened.Add(time.Duration(i)*time.Hour)
		s.failAt(mail, at)
		want[mail.ID] = at
	}
	found := s.allFailed(time.Time{})
	if !maps.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
	maps.DeleteFunc(want, func(_ string, at time.Time) bool { return at.Equal(opened) })
	if found := s.allFailed(opened.Add(time.Hour)); !maps.Equal(found, want) {
		t.Errorf("since the second: got %v, want %v", found, want)
	}
}

// allFailed reads every page, each made of one item.
func (s *shop) allFailed(since time.Time) map[string]time.Time {
	s.t.Helper()
	found := map[string]time.Time{}
	mails := &FailedMails{Client: s.tables.Client(nil, onePerPage), Mails: s.tables.Name("Mails")}
	pages := 0
	for after := ""; ; pages++ {
		page, next, err := mails.Failed(s.t.Context(), since, after)
		s.must(err)
		for _, mail := range page {
			found[mail.ID] = mail.FailedAt
		}
		if next == "" {
			break
		}
		after = next
	}
	if pages < 5 {
		s.t.Errorf("%d pages, want one for each mail at least", pages)
	}
	return found
}

// onePerPage limits scans to one item a page, as a large table does to a megabyte.
func onePerPage(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("one per page",
			func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				if scan, ok := in.Parameters.(*dynamodb.ScanInput); ok {
					scan.Limit = aws.Int32(1)
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
	})
}

func TestFailedTellsWhatCannotBeRead(t *testing.T) {
	s := open(t)
	s.faults.On("Scan", awsfault.Error(400, "AccessDeniedException"))
	if _, _, err := s.failedMails().Failed(t.Context(), time.Time{}, ""); err == nil ||
		!strings.Contains(err.Error(), "scanning mails") {
		t.Errorf("denied: got %v", err)
	}
	_, err := s.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(s.tables.Name("Mails")),
		Item: attributes{
			"mail_id": text("broken"), "state": text("failed"), "settled_at": text("yesterday"),
		}})
	s.must(err)
	if _, _, err := s.failedMails().Failed(t.Context(), time.Time{}, ""); err == nil {
		t.Error("a time that is none is no error")
	}
}
