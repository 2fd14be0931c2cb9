package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/password"
	"shop/internal/token"
	"shop/internal/user"
	"shop/test/awsfault"
)

// ann is a customer who has not verified her address yet.
var ann = user.User{
	ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("old"), Role: user.RoleCustomer,
	CreatedAt: opened, Unverified: true,
}

func (s *shop) unverified() *UnverifiedAccounts {
	return &UnverifiedAccounts{
		Client: s.client, Users: s.tables.Name("Users"), Mails: s.tables.Name("Mails"),
		AuthState: s.tables.Name("AuthState"),
	}
}

// user is the user with the address, or the zero User.
func (s *shop) user(email string) user.User {
	s.t.Helper()
	u, err := s.accounts().ByEmail(s.t.Context(), email)
	if err != nil && !errors.Is(err, user.ErrNotFound) {
		s.t.Fatal(err)
	}
	return u
}

// mail is a mail as it is stored, or the zero Mail.
func (s *shop) mail(id string) notification.Mail {
	s.t.Helper()
	item := s.item("Mails", mailKey(id))
	if item == nil {
		return notification.Mail{}
	}
	m, err := readMail(item)
	s.must(err)
	return m
}

// calls counts what a sign-up calls, in all.
func (s *shop) calls() int {
	return s.faults.Calls("GetItem") + s.faults.Calls("TransactWriteItems") + s.faults.Calls("PutItem") +
		s.faults.Calls("UpdateItem")
}

// TestUnverifiedAccounts: a new address is stored with the mail that verifies it; one that is taken, verified or not,
// stays as it is, and is told of the attempt. Both cost a read and a transaction.
func TestUnverifiedAccounts(t *testing.T) {
	s := open(t)
	before := s.calls()
	id, err := s.unverified().Add(t.Context(), ann, "")
	s.must(err)
	fresh := s.calls() - before
	if got := s.user(ann.Email); got != ann {
		t.Errorf("stored %+v, want %+v", got, ann)
	}
	if want := notification.NewVerificationMail(ann.ID, ann.Email, opened); id != want.ID || s.mail(id) != want {
		t.Errorf("stored %s: %+v, want %+v", id, s.mail(id), want)
	}

	eve := user.User{
		ID: "usr_2", Email: ann.Email, Name: "Eve", PasswordHash: password.Stored("eve's"), Role: user.RoleCustomer,
		CreatedAt: opened.Add(time.Hour), Unverified: true,
	}
	before = s.calls()
	id, err = s.unverified().Add(t.Context(), eve, "")
	s.must(err)
	if taken := s.calls() - before; taken != fresh || fresh != 2 {
		t.Errorf("%d calls for a new address, %d for one that is taken, want 2 each", fresh, taken)
	}
	if got := s.user(ann.Email); got != ann {
		t.Errorf("the account is %+v now, want it as it was", got)
	}
	if want := notification.NewAddressMail(notification.SignUpAttempt, ann.Email, eve.CreatedAt); id != want.ID ||
		s.mail(id) != want {
		t.Errorf("stored %s: %+v, want %+v", id, s.mail(id), want)
	}
}

// TestMailsOfAnAddressRest: while one is pending, and for a quarter of an hour, an address is pending no other of its
// kind.
func TestMailsOfAnAddressRest(t *testing.T) {
	s := open(t)
	_, err := s.unverified().Add(t.Context(), ann, "")
	s.must(err)
	mails := s.mails(func() time.Time { return opened })
	for kind, ask := range map[notification.Kind]func(at time.Time) (string, error){
		notification.PasswordReset: func(at time.Time) (string, error) {
			return s.resetOutbox().AddResetMail(t.Context(), ann.Email, at)
		},
		notification.SignUpAttempt: func(at time.Time) (string, error) {
			u := ann
			u.CreatedAt = at
			return s.unverified().Add(t.Context(), u, "")
		},
	} {
		wantCreated := func(when string, after, want time.Duration) {
			t.Helper()
			id, err := ask(opened.Add(after))
			s.must(err)
			wanted := notification.NewAddressMail(kind, ann.Email, opened.Add(want))
			if id != wanted.ID || strings.Contains(id, ann.Email) || s.mail(id) != wanted {
				t.Errorf("%s, %s: stored %s %+v, want %+v", kind, when, id, s.mail(id), wanted)
			}
		}
		id := notification.NewAddressMail(kind, ann.Email, opened).ID
		wantCreated("at first", 0, 0)
		wantCreated("at once again", time.Millisecond, 0)
		wantCreated("while it is pending still", 24*time.Hour, 0)
		s.must(mails.MarkSent(t.Context(), id, "message", opened))
		if m := s.mail(id); m.Address != "" || m.State != notification.Sent {
			t.Errorf("%s: sent, the record is %+v, want no address in it", kind, m)
		}
		if id, err := ask(opened.Add(15*time.Minute - time.Millisecond)); err != nil ||
			s.mail(id).State != notification.Sent {
			t.Errorf("%s, too soon after it was sent: %+v, %v, want it settled still", kind, s.mail(id), err)
		}
		wantCreated("later", 15*time.Minute, 15*time.Minute)
	}
}

// TestManyAskAtOnce: whatever arrives at once, one account and one mail of each kind.
func TestManyAskAtOnce(t *testing.T) {
	s := open(t)
	var all sync.WaitGroup
	ids := make(chan string, 20)
	for i := range 20 {
		all.Go(func() {
			u := ann
			u.ID = fmt.Sprint("usr_", i)
			id, err := s.unverified().Add(t.Context(), u, "")
			if err != nil {
				t.Error(err)
			}
			ids <- id
		})
	}
	all.Wait()
	close(ids)
	verifying := 0
	for id := range ids {
		if strings.HasPrefix(id, "verify-email#") {
			verifying++
		}
	}
	if got := s.user(ann.Email); verifying != 1 || s.mail("verify-email#"+got.ID).State != notification.Pending {
		t.Errorf("%d mails to verify, want one, of %s", verifying, got.ID)
	}
}

// TestAccountMails: whom they are for is found with the suppressions in one call; nobody and a suppressed address say
// so.
func TestAccountMails(t *testing.T) {
	s := open(t)
	recipients := s.recipients()
	if _, err := recipients.ForMail(t.Context(), ann.Email); !errors.Is(err, notification.ErrNoRecipient) {
		t.Errorf("an unknown address: got %v, want ErrNoRecipient", err)
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	before := s.faults.Calls("BatchGetItem")
	if got, err := recipients.ForMail(t.Context(), ann.Email); err != nil || got != ann ||
		s.faults.Calls("BatchGetItem") != before+1 {
		t.Errorf("got %+v, %v", got, err)
	}
	s.must(s.suppressions().Add(t.Context(), user.AddressHash(ann.Email), notification.Bounced, opened))
	if _, err := recipients.ForMail(t.Context(), ann.Email); !errors.Is(err, notification.ErrSuppressed) {
		t.Errorf("a suppressed address: got %v, want ErrSuppressed", err)
	}
}

// TestDropped: a mail that is dropped leaves the due index and the address; only who holds the lease drops it; it
// cannot be pending again.
func TestDropped(t *testing.T) {
	s := open(t)
	mails := s.mails(func() time.Time { return opened.Add(time.Hour) })
	id, err := s.resetOutbox().AddResetMail(t.Context(), ann.Email, opened)
	s.must(err)
	_, err = mails.Claim(t.Context(), id, "lease", opened.Add(2*time.Hour))
	s.must(err)
	s.must(mails.MarkUndelivered(t.Context(), id, "another's", notification.Dropped, opened))
	if m := s.mail(id); m.State != notification.Pending || m.Address != ann.Email {
		t.Errorf("got %+v, want it pending still", m)
	}
	s.must(mails.MarkUndelivered(t.Context(), id, "lease", notification.Dropped, opened))
	if m := s.mail(id); m.State != notification.Dropped || m.Address != "" || !m.DueAt.IsZero() {
		t.Errorf("got %+v, want it dropped", m)
	}
	if due, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 10); err != nil || len(due) != 0 {
		t.Errorf("due: %v, %v", due, err)
	}
	if err := s.failedMails().Requeue(
		t.Context(), notification.Requeue(id, opened.Add(time.Hour)),
	); !errors.Is(err, notification.ErrNotFailed) {
		t.Errorf("got %v, want ErrNotFailed", err)
	}
}

// TestRedriveAccountMail: one that failed has its address still, and is kept anew.
func TestRedriveAccountMail(t *testing.T) {
	s := open(t)
	mails := s.mails(func() time.Time { return opened })
	id, err := s.resetOutbox().AddResetMail(t.Context(), ann.Email, opened)
	s.must(err)
	_, err = mails.Claim(t.Context(), id, "lease", opened.Add(time.Hour))
	s.must(err)
	s.must(mails.MarkUndelivered(t.Context(), id, "lease", notification.Failed, opened))
	later := opened.Add(48 * time.Hour)
	s.must(s.failedMails().Requeue(t.Context(), notification.Requeue(id, later)))
	want := notification.NewAddressMail(notification.PasswordReset, ann.Email, later)
	want.DueAt = later
	if got := s.mail(id); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// link stores one for who has ann's address, or for ann.
func (s *shop) link(p user.Purpose, at time.Time) user.Link {
	s.t.Helper()
	_, l := user.NewLink(cmp.Or(s.user(ann.Email), ann), p, at)
	s.must(s.mailedLinks().Save(s.t.Context(), l))
	return l
}

func TestLinks(t *testing.T) {
	s := open(t)
	l := s.link(user.SetPassword, opened)
	if got, err := s.resets().Link(t.Context(), l.Hash); err != nil || got != l {
		t.Errorf("got %+v, %v, want %+v", got, err, l)
	}
	if _, err := s.resets().Link(t.Context(), "no"+l.Hash[2:]); !errors.Is(err, user.ErrInvalidLink) {
		t.Errorf("another: got %v, want ErrInvalidLink", err)
	}
}

// TestVerify: once, in time, and for the account that it was made for, which is as it was otherwise. A lost answer is
// none.
func TestVerify(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	late, twice := s.link(user.VerifyAddress, opened), s.link(user.VerifyAddress, opened)
	if err := s.verifications().Verify(
		t.Context(), late, late.ExpiresAt, user.IdempotencyRecord{},
	); !errors.Is(err, user.ErrInvalidLink) {
		t.Errorf("expired: got %v, want ErrInvalidLink", err)
	}
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.verifications().Verify(t.Context(), late, late.ExpiresAt.Add(-time.Second), user.IdempotencyRecord{}))
	verified := ann
	verified.Unverified = false
	if got := s.user(ann.Email); got != verified {
		t.Errorf("got %+v, want %+v", got, verified)
	}
	for name, l := range map[string]user.Link{"again": late, "the other of a mail sent twice": twice} {
		if err := s.verifications().Verify(
			t.Context(), l, opened, user.IdempotencyRecord{},
		); !errors.Is(err, user.ErrInvalidLink) {
			t.Errorf("%s: got %v, want ErrInvalidLink", name, err)
		}
	}
}

// TestLinkOfAnotherAccount: one that has the address by now is not touched.
func TestLinkOfAnotherAccount(t *testing.T) {
	s := open(t)
	other := ann
	other.ID = "usr_2"
	s.must(s.signUp().Create(t.Context(), other, user.IdempotencyRecord{}))
	verify, set := s.link(user.VerifyAddress, opened), s.link(user.SetPassword, opened)
	verify.UserID, set.UserID = ann.ID, ann.ID
	for _, err := range []error{
		s.verifications().Verify(t.Context(), verify, opened, user.IdempotencyRecord{}),
		s.resets().SetPassword(t.Context(), set, password.Stored("new"), resetAt(opened), user.IdempotencyRecord{}),
	} {
		if !errors.Is(err, user.ErrInvalidLink) {
			t.Errorf("got %v, want ErrInvalidLink", err)
		}
	}
	if got := s.user(ann.Email); got != other {
		t.Errorf("got %+v, want %+v", got, other)
	}
}

// TestSetPassword: sessions end, the address counts as verified, and every other link is void that was made for the
// generation before, whatever its time.
func TestSetPassword(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	now := opened.Add(10 * time.Minute)
	used, other, later, verify := s.link(user.SetPassword, opened), s.link(user.SetPassword, opened),
		s.link(user.SetPassword, now.Add(time.Minute)), s.link(user.VerifyAddress, now)
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.resets().SetPassword(t.Context(), used, password.Stored("new"), resetAt(now), user.IdempotencyRecord{}))
	want := ann
	want.PasswordHash, want.Unverified, want.Generation = password.Stored("new"), false, 1
	if got := s.user(ann.Email); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, l := range map[string]user.Link{
		"used": used, "made with it": other, "made for the old generation": later,
	} {
		if err := s.resets().SetPassword(
			t.Context(), l, password.Stored("eve's"), resetAt(now), user.IdempotencyRecord{},
		); !errors.Is(err, user.ErrInvalidLink) {
			t.Errorf("%s: got %v, want ErrInvalidLink", name, err)
		}
	}
	if err := s.verifications().Verify(
		t.Context(), verify, now, user.IdempotencyRecord{},
	); !errors.Is(err, user.ErrInvalidLink) {
		t.Errorf("verifying: got %v, want ErrInvalidLink", err)
	}
	fresh := s.link(user.SetPassword, now)
	if err := s.resets().SetPassword(
		t.Context(), fresh, password.Stored("x"), resetAt(fresh.ExpiresAt), user.IdempotencyRecord{},
	); !errors.Is(err, user.ErrInvalidLink) {
		t.Errorf("expired: got %v, want ErrInvalidLink", err)
	}
	s.must(s.resets().SetPassword(t.Context(), fresh, password.Stored("newer"), resetAt(now.Add(time.Minute)),
		user.IdempotencyRecord{}))
	if got := s.user(ann.Email); got.PasswordHash != password.Stored("newer") || got.Generation != 2 {
		t.Errorf("got %+v, want the newer password in generation 2", got)
	}
}

// TestLinksOfAnEndedGeneration: whatever ends the sessions makes void the links that were mailed before.
func TestLinksOfAnEndedGeneration(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	verify, set := s.link(user.VerifyAddress, opened), s.link(user.SetPassword, opened)
	s.must(s.endSessions(ann.Email))
	for _, err := range []error{
		s.verifications().Verify(t.Context(), verify, opened, user.IdempotencyRecord{}),
		s.resets().SetPassword(t.Context(), set, password.Stored("new"), resetAt(opened), user.IdempotencyRecord{}),
	} {
		if !errors.Is(err, user.ErrInvalidLink) {
			t.Errorf("got %v, want ErrInvalidLink", err)
		}
	}
	s.must(s.verifications().Verify(t.Context(), s.link(user.VerifyAddress, opened), opened, user.IdempotencyRecord{}))
}

// TestOneOfManyFollows: of many who show one token at once, one sets a password.
func TestOneOfManyFollows(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	l := s.link(user.SetPassword, opened)
	var all sync.WaitGroup
	set := make(chan password.Hash, 20)
	for i := range 20 {
		all.Go(func() {
			hash := password.Stored(fmt.Sprint("hash ", i))
			err := s.resets().SetPassword(t.Context(), l, hash, resetAt(opened.Add(time.Second)),
				user.IdempotencyRecord{})
			if err == nil {
				set <- hash
			} else if !errors.Is(err, user.ErrInvalidLink) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	close(set)
	if len(set) != 1 || s.user(ann.Email).PasswordHash != <-set {
		t.Errorf("%d were set, want one", len(set))
	}
}

// TestContendedLink: a conflict is waited out.
func TestContendedLink(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	s.faults.On("TransactWriteItems", awsfault.Canceled("None", "TransactionConflict"),
		awsfault.Canceled("TransactionConflict", "None"))
	s.must(s.resets().SetPassword(t.Context(), s.link(user.SetPassword, opened), password.Stored("new"),
		resetAt(opened.Add(time.Second)), user.IdempotencyRecord{}))
	s.faults.On("TransactWriteItems", awsfault.Times(1000, awsfault.Canceled("None", "TransactionConflict"))...)
	err := s.resets().SetPassword(briefly(t), s.link(user.SetPassword, opened.Add(time.Minute)), password.Stored("new"),
		resetAt(opened.Add(time.Minute)), user.IdempotencyRecord{})
	var failure interface{ Temporary() bool }
	if errors.Is(err, user.ErrInvalidLink) || !errors.As(err, &failure) || !failure.Temporary() {
		t.Errorf("got %v, want one that says that a repeat may help", err)
	}
}

// placed has orders of ann's placed, and one of another customer's, and returns their ids, the other's last.
func (s *shop) placed(n int) []string {
	s.t.Helper()
	s.addProduct("lamp", 6400, int64(n)+1)
	var ids []string
	for i := range n + 1 {
		o := newOrder(ann.ID, fmt.Sprint("k", i), opened.Add(time.Duration(i)*time.Minute), line("lamp", 6400, 1))
		o.Email = ann.Email
		if i == n {
			o = newOrder("usr_2", "k", opened, line("lamp", 6400, 1))
		}
		s.must(s.checkout().Place(s.t.Context(), o))
		ids = append(ids, o.ID)
	}
	return ids
}

// addressed returns those of the orders that have an address, or whose mail has a hash of one.
func (s *shop) addressed(ids []string) []string {
	s.t.Helper()
	var found []string
	for _, id := range ids {
		r := reader{item: s.item("Orders", orderKey(id))}
		if r.text("email") != "" || s.mail(notification.OrderMailID(id)).AddressHash != "" {
			found = append(found, id)
		}
		s.must(r.err)
	}
	return found
}

// TestDelete: the account goes and the deletion is recorded, once, and only for the account that it was asked for.
func TestDelete(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	other := ann
	other.ID = "usr_2"
	if err := s.deleter().Delete(t.Context(), other, opened); !errors.Is(err, user.ErrNotFound) ||
		s.user(ann.Email) != ann {
		t.Errorf("another account: got %v, left %+v", err, s.user(ann.Email))
	}
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.deleter().Delete(t.Context(), ann, opened))
	if err := s.deleter().Delete(t.Context(), ann, opened); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("again: got %v, want ErrNotFound", err)
	}
	noted, err := s.deletions().Unfinished(t.Context())
	if want := (user.AccountDeletion{UserID: ann.ID, DeletedAt: opened}); err != nil || len(noted) != 1 ||
		noted[0] != want {
		t.Errorf("noted %+v, %v, want %+v", noted, err, want)
	}
	if err := s.rights().Require(
		t.Context(), user.Caller{UserID: ann.ID, Email: ann.Email, Role: user.RoleAdmin}, token.ScopeHistory,
	); !errors.Is(err, user.ErrNoRight) {
		t.Errorf("an admin's token of the account: got %v, want ErrNoRight", err)
	}
	s.must(s.signUp().Create(t.Context(), other, user.IdempotencyRecord{})) // the address is free
	s.must(s.deletions().Finish(t.Context(), ann.ID))
	if noted, err := s.deletions().Unfinished(t.Context()); err != nil || len(noted) != 0 {
		t.Errorf("finished: %v, %v", noted, err)
	}
}

// smallPages makes every page of a query end after seven items.
func smallPages(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("small pages",
		func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if query, ok := in.Parameters.(*dynamodb.QueryInput); ok {
				query.Limit = aws.Int32(7)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
}

// TestErase: all orders of the customer lose the address and nothing else, page by page, and no order of others; the
// lists show them without it; and a repeat writes nothing.
func TestErase(t *testing.T) {
	s := open(t)
	ids := s.placed(25)
	before := s.item("Orders", orderKey(ids[3]))
	data := s.personalData()
	data.Client = s.tables.Client(s.faults,
		func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, smallPages) })
	s.must(data.Erase(t.Context(), ann.ID))
	if got := s.addressed(ids); len(got) != 1 || got[0] != ids[25] {
		t.Errorf("%v have an address still, want the other customer's %s alone", got, ids[25])
	}
	after := s.item("Orders", orderKey(ids[3]))
	before["email"] = text("")
	if fmt.Sprint(readable(after)) != fmt.Sprint(readable(before)) {
		t.Errorf("got %v, want %v", readable(after), readable(before))
	}
	history, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{Customer: ann.ID},
		page.Request{Limit: 50})
	if err != nil || len(history.Items) != 25 || history.Items[0].Email != "" || history.Items[0].UserID != ann.ID {
		t.Errorf("the history has %d orders, error %v", len(history.Items), err)
	}
	writes := s.faults.Calls("UpdateItem")
	s.must(data.Erase(t.Context(), ann.ID))
	if got := s.faults.Calls("UpdateItem"); got != writes {
		t.Errorf("a repeat made %d writes, want none", got-writes)
	}
}

// TestEraseCutShort: what a failure leaves a repeat finishes, whichever write it was.
func TestEraseCutShort(t *testing.T) {
	s := open(t)
	ids := s.placed(20)
	broken := awsfault.Error(400, "AccessDeniedException")
	// Each order takes two writes, and some are under way at once: by the thirtieth write some orders are done.
	s.faults.On("UpdateItem", append(make([]awsfault.Fault, 29), broken)...)
	if err := s.personalData().Erase(t.Context(), ann.ID); err == nil {
		t.Fatal("nothing failed")
	}
	if got := s.addressed(ids); len(got) < 2 || len(got) > 20 {
		t.Errorf("%d orders have an address, want some", len(got))
	}
	s.faults.Clear()
	s.must(s.personalData().Erase(t.Context(), ann.ID))
	if got := s.addressed(ids); len(got) != 1 {
		t.Errorf("%v have an address still", got)
	}
}

// TestMailsOfErasedOrders: they have nobody to go to, also those whose hash an event's claim has read before.
func TestMailsOfErasedOrders(t *testing.T) {
	s := open(t)
	ids := s.placed(1)
	s.must(s.personalData().Erase(t.Context(), ann.ID))
	for _, hash := range []string{"", user.AddressHash(ann.Email)} {
		if _, err := s.confirmations().
			ForMail(t.Context(), ids[0], hash); !errors.Is(err, notification.ErrNoRecipient) {
			t.Errorf("got %v, want ErrNoRecipient", err)
		}
	}
	mails := s.mails(func() time.Time { return opened })
	mail, err := mails.Claim(t.Context(), notification.OrderMailID(ids[0]), "lease", opened.Add(time.Minute))
	s.must(err)
	s.must(mails.MarkUndelivered(t.Context(), mail.ID, "lease", notification.Dropped, opened))
	if _, status, err := s.orderReader().View(t.Context(), user.Caller{UserID: ann.ID}, ids[0]); err != nil ||
		status != order.EmailFailed {
		t.Errorf("the order says %s, %v, want failed", status, err)
	}
}

// readable is an item whose values print as they are.
func readable(item attributes) map[string]any {
	out := map[string]any{}
	for name, v := range item {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			out[name] = v.Value
		case *types.AttributeValueMemberN:
			out[name] = v.Value
		case *types.AttributeValueMemberB:
			out[name] = string(v.Value)
		default:
			out[name] = fmt.Sprintf("%T", v)
		}
	}
	return out
}
