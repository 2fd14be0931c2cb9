package dynamostore

import (
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

var hash = user.AddressHash("usr_1@example.com")

// What a mail's order is read with: one call that tells of the suppression, too.
func TestForMail(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	o := newOrder("usr_1", "k", opened, line("lamp", 1, 1))
	s.must(s.checkout().Place(t.Context(), o))
	check := func(when, addressHash string, calls int, want error) {
		t.Helper()
		before := s.faults.Calls("BatchGetItem")
		got, err := s.confirmations().ForMail(t.Context(), o.ID, addressHash)
		if !errors.Is(err, want) || err == nil && !reflect.DeepEqual(got, o) {
			t.Errorf("%s: got %+v, %v, want %v", when, got, err, want)
		}
		if n := s.faults.Calls("BatchGetItem") - before; n != calls {
			t.Errorf("%s: %d calls, want %d", when, n, calls)
		}
	}
	s.must(s.suppressions().Add(t.Context(), user.AddressHash("another@example.com"), notification.Bounced, opened))
	check("nothing against it", hash, 1, nil)
	check("a mail of an earlier version", "", 2, nil)
	s.must(s.suppressions().Add(t.Context(), hash, notification.Bounced, opened))
	check("suppressed", hash, 1, notification.ErrSuppressed)
	check("suppressed, a mail of an earlier version", "", 2, notification.ErrSuppressed)
	s.must(s.suppressions().Lift(t.Context(), hash))
	check("lifted", hash, 1, nil)
	o.ID = order.ID("usr_1", "none")
	check("no such order", hash, 1, order.ErrNotFound)
	s.faults.On("BatchGetItem", awsfault.Error(400, "AccessDeniedException"))
	if _, err := s.confirmations().ForMail(t.Context(), o.ID, hash); err == nil || errors.Is(err, order.ErrNotFound) {
		t.Errorf("a failed read: got %v", err)
	}
}

// A mail that an earlier version wrote has no hash of its address; it is claimed all the same.
func TestClaimOfAnEarlierVersion(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("k", opened)
	_, err := s.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Name("Mails")), Key: mailKey(mail.ID),
		UpdateExpression: aws.String("REMOVE address_hash"),
	})
	s.must(err)
	got, err := s.mails(func() time.Time { return opened }).Claim(t.Context(), mail.ID, "a", opened.Add(time.Minute))
	if err != nil || got != mail {
		t.Errorf("got %+v, %v, want %+v", got, err, mail)
	}
}

// The list holds a hash, why and since when, and no address.
func TestSuppressions(t *testing.T) {
	s := open(t)
	list := s.suppressions()
	s.must(list.Add(t.Context(), hash, notification.Bounced, opened))
	s.must(list.Add(t.Context(), hash, notification.Complained, opened.Add(time.Hour)))
	out, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(list.Suppressed)})
	s.must(err)
	want := []attributes{
		{"address_hash": text(hash), "reason": text("complaint"), "suppressed_at": text("2026-03-01T10:00:00.000Z")},
	}
	if !reflect.DeepEqual(out.Items, want) {
		t.Errorf("got %+v, want %+v", out.Items, want)
	}
	s.must(list.Lift(t.Context(), hash))
	if err := list.Lift(t.Context(), hash); !errors.Is(err, notification.ErrNotSuppressed) {
		t.Errorf("lifted twice: got %v, want ErrNotSuppressed", err)
	}
	for _, call := range []string{"PutItem", "DeleteItem"} {
		s.faults.On(call, awsfault.Error(400, "AccessDeniedException"))
	}
	if list.Add(t.Context(), hash, notification.Bounced, opened) == nil {
		t.Error("an address that could not be added is no error")
	}
	if err := list.Lift(t.Context(), hash); err == nil || errors.Is(err, notification.ErrNotSuppressed) {
		t.Errorf("a suppression that could not be lifted: got %v", err)
	}
}

// lostAt is when the tests below say that a mail was lost.
var lostAt = opened.Add(time.Hour)

// A mail that was sent is failed by the report of that sending, and stays so.
func TestMarkLost(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mails := s.mails(func() time.Time { return opened })
	for i, faults := range [][]awsfault.Fault{
		nil, {awsfault.Lost}, {awsfault.Error(400, "TransactionConflictException")},
	} {
		mail := s.pendingMail(number3(i), opened)
		s.must(mails.MarkSent(t.Context(), mail.ID, "message", opened))
		s.faults.On("UpdateItem", faults...)
		s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message", lostAt))
		s.must(mails.MarkSent(t.Context(), mail.ID, "late", opened))
		s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message", lostAt.Add(time.Hour)))
		s.wantLost(mail.ID, lostAt)
	}
	s.must(s.undeliveredMails().MarkBounced(t.Context(), "order-placed#none", "message", opened))
	if item := s.mailItem("order-placed#none"); item != nil {
		t.Errorf("a mail without a record was made: %v", item)
	}
	s.faults.On("UpdateItem", awsfault.Error(400, "AccessDeniedException"))
	if s.undeliveredMails().MarkBounced(t.Context(), "order-placed#none", "message", opened) == nil {
		t.Error("a mark that could not be written is no error")
	}
}

// A report may be faster than the mark, before and after the lease: then the mark fails the mail. A mark of another
// sending does not.
func TestMarkLostBeforeTheMark(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mails := s.mails(func() time.Time { return opened })
	pending, leased, another := s.pendingMail("a", opened), s.pendingMail("b", opened), s.pendingMail("c", opened)
	_, err := mails.Claim(t.Context(), leased.ID, "lease", opened.Add(time.Minute))
	s.must(err)
	for _, mail := range []notification.Mail{pending, leased, another} {
		s.faults.On("UpdateItem", awsfault.Lost, awsfault.Lost) // of both calls
		s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message", opened))
		s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message", opened))
	}
	if due, err := s.dueMails().Due(t.Context(), lostAt, 10); len(due) != 3 || err != nil {
		t.Errorf("due: got %v, %v, want all three, as they were", due, err)
	}
	s.faults.On("UpdateItem", awsfault.Lost, awsfault.Lost)
	s.must(mails.MarkSent(t.Context(), pending.ID, "message", lostAt))
	s.must(mails.MarkSent(t.Context(), leased.ID, "message", lostAt))
	s.wantLost(pending.ID, lostAt)
	s.wantLost(leased.ID, lostAt)
	s.must(mails.MarkSent(t.Context(), another.ID, "message 2", lostAt))
	s.wantState(another.ID, "sent")
}

// A mail is sent again after it failed. What reports say of the earlier sending, late or doubled, fails no later one.
func TestMarkLostOfAnEarlierSending(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	mails := s.mails(func() time.Time { return opened })
	late := func(state string, sendings ...string) {
		t.Helper()
		for _, sending := range sendings {
			s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, sending, opened))
			s.wantState(mail.ID, state)
		}
	}
	s.must(mails.MarkSent(t.Context(), mail.ID, "message 1", opened))
	s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message 1", opened))
	s.must(s.failedMails().Requeue(t.Context(), notification.Requeue(mail.ID, lostAt)))
	late("pending", "message 1", "message 1")
	s.must(mails.MarkSent(t.Context(), mail.ID, "message 2", lostAt))
	late("sent", "message 1", "")
	s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message 2", lostAt))
	s.must(s.failedMails().Requeue(t.Context(), notification.Requeue(mail.ID, lostAt)))
	late("pending", "message 1", "message 2")
	s.must(mails.MarkSent(t.Context(), mail.ID, "message 3", lostAt))
	late("sent", "message 1", "message 2")
}

// A mail that is marked sent between the two calls of a report is failed by it all the same.
func TestMarkLostMeetsTheMark(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	mail := s.pendingMail("a", opened)
	other := &PendingMails{Client: s.tables.Client(nil), Mails: s.tables.Name("Mails")}
	s.faults.On("UpdateItem", func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		defer func() { s.must(other.MarkSent(t.Context(), mail.ID, "message", opened)) }()
		return next.RoundTrip(r)
	})
	s.must(s.undeliveredMails().MarkBounced(t.Context(), mail.ID, "message", lostAt))
	s.wantLost(mail.ID, lostAt)
}

func (s *shop) mailItem(id string) attributes {
	s.t.Helper()
	out, err := s.client.GetItem(s.t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(s.tables.Name("Mails")), Key: mailKey(id), ConsistentRead: aws.Bool(true),
	})
	s.must(err)
	return out.Item
}

func (s *shop) wantLost(id string, at time.Time) {
	s.t.Helper()
	item := s.mailItem(id)
	r := reader{item: item}
	if state, settled := r.text("state"), r.text("settled_at"); state != "failed" || settled != formatTime(at) ||
		r.has("lease_id") || r.has("due_at") {
		s.t.Errorf("got %v, want it failed at %s, neither leased nor due", item, formatTime(at))
	}
}

func (s *shop) wantState(id, want string) {
	s.t.Helper()
	item := s.mailItem(id)
	r := reader{item: item}
	if state := r.text("state"); state != want {
		s.t.Errorf("got %v, want it %s", item, want)
	}
}
