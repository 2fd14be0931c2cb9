package dynamostore

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/password"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
)

// throttled has a call refused, which the SDK repeats twice.
var throttled = awsfault.Error(400, "ThrottlingException")

// lostAnswers are what may follow an answer that was lost. Throttled twice more, the SDK gives up, and our own repeat
// comes.
var lostAnswers = map[string]func(conflict awsfault.Fault) []awsfault.Fault{
	"throttled": func(awsfault.Fault) []awsfault.Fault {
		return []awsfault.Fault{awsfault.Lost, throttled, throttled}
	},
	"a conflict": func(conflict awsfault.Fault) []awsfault.Fault { return []awsfault.Fault{awsfault.Lost, conflict} },
	"lost again": func(conflict awsfault.Fault) []awsfault.Fault {
		return []awsfault.Fault{awsfault.Lost, throttled, throttled, conflict, awsfault.Lost, throttled, throttled}
	},
}

// transactions are the writes of several items, with the number of their actions.
var transactions = map[string]struct {
	actions int
	prepare func(*shop) write
}{
	"Place":           {3, writes["Place"]},
	"Move":            {2, writes["Move"]},
	"Create":          {3, writes["Create"]},
	"Update":          {2, writes["Update"]},
	"count a guess":   {3, writes["count a guess"]},
	"begin a session": {6, writes["begin a session"]},
	"sign up by mail": {2, func(s *shop) write {
		return s.applying(notification.NewVerificationMail(ann.ID, ann.Email, opened).ID)
	}},
	"sign up again by mail": {2, func(s *shop) write {
		s.must(s.signUp().Create(s.t.Context(), ann, user.IdempotencyRecord{}))
		return s.applying(notification.NewAddressMail(notification.SignUpAttempt, ann.Email, opened).ID)
	}},
	"verify an address": {2, func(s *shop) write {
		s.must(s.signUp().Create(s.t.Context(), ann, user.IdempotencyRecord{}))
		l := s.link(user.VerifyAddress, opened)
		return s.transaction(func(ctx context.Context) error {
			return s.verifications().Verify(ctx, l, opened, user.IdempotencyRecord{})
		},
			func() bool { return !s.user(ann.Email).Unverified })
	}},
	"set a password": {5, func(s *shop) write {
		s.must(s.signUp().Create(s.t.Context(), ann, user.IdempotencyRecord{}))
		l, hash := s.link(user.SetPassword, opened), password.Stored("new")
		return s.transaction(func(ctx context.Context) error {
			return s.resets().SetPassword(ctx, l, hash, resetAt(opened.Add(time.Minute)), user.IdempotencyRecord{})
		},
			func() bool { return s.user(ann.Email).PasswordHash == hash })
	}},
	"close an account": {2, func(s *shop) write {
		s.must(s.signUp().Create(s.t.Context(), ann, user.IdempotencyRecord{}))
		return s.transaction(func(ctx context.Context) error { return s.deleter().Delete(ctx, ann, opened) },
			func() bool { return s.user(ann.Email).ID == "" })
	}},
}

func (s *shop) transaction(do func(context.Context) error, done func() bool) write {
	return write{operation: "TransactWriteItems", do: do, done: done}
}

// applying is ann's sign-up, after which that mail is pending, and no other.
func (s *shop) applying(mailID string) write {
	return s.transaction(func(ctx context.Context) error { _, err := s.unverified().Add(ctx, ann, ""); return err },
		func() bool {
			due := s.due()
			return len(due) == 1 && due[0].ID == mailID
		})
}

// TestTransactionsWhoseAnswerWasLost: whatever comes between an answer that was lost and the one that arrives, the
// transaction is carried out once and reported as done.
func TestTransactionsWhoseAnswerWasLost(t *testing.T) {
	for name, transaction := range transactions {
		for then, faults := range lostAnswers {
			t.Run(name+", "+then, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				s.hurry()
				w := transaction.prepare(s)
				s.faults.On(w.operation, faults(awsfault.Canceled(slices.Repeat([]string{"TransactionConflict"},
					transaction.actions)...))...)
				s.must(w.do(t.Context()))
				if !w.done() {
					t.Error("it is not done, or done more than once")
				}
			})
		}
	}
}

// TestLogInIsTakenBackOnce: a guess that is taken back twice would pay for another one.
func TestLogInIsTakenBackOnce(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	for range 3 {
		s.must(s.guesses().Count(t.Context(), ann, upTo(9)))
	}
	s.hurry()
	s.faults.On("TransactWriteItems", awsfault.Lost, throttled, throttled)
	s.must(s.sessions().Start(t.Context(), annsSession, ann))
	s.wantTallies(ann, [3]int64{0, 2, 2})
}

// TestSaveIsNotMadeOverAnothers: an admin's save is carried out and its answer lost; another admin saves; our repeat,
// which comes after that, changes nothing.
func TestSaveIsNotMadeOverAnothers(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 5)
	another := func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		saver := s.saver()
		saver.Client = s.tables.Client(nil)
		s.save(saver, "Another admin's lamp")
		return throttled(next, r)
	}
	s.hurry()
	s.faults.On("TransactWriteItems", awsfault.Lost, another, throttled)
	s.save(s.saver(), "The first admin's lamp")
	if p, err := s.inventory().Read(t.Context(), "lamp"); err != nil || p.Name != "Another admin's lamp" ||
		p.Version != 3 {
		t.Errorf("got %+v and error %v, want the later save as version 3", p, err)
	}
}

func (s *shop) save(saver *ProductSaver, name string) {
	s.t.Helper()
	save := product.Save{Products: saver, Currency: "GBP", Now: func() time.Time { return opened }}
	_, _, err := save.Do(s.t.Context(), s.admin, product.Draft{ID: "lamp", Name: name, Price: gbp(100), Active: true})
	s.must(err)
}

// TestOneTokenForOneCall: each attempt of a call carries the call's token; a later call of the same has another one.
func TestOneTokenForOneCall(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	var tokens []string
	s.hurry(func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, noteTokens(&tokens)) })
	conflict := awsfault.Canceled("TransactionConflict", "None", "None")
	for range 2 {
		s.faults.On("TransactWriteItems", conflict, throttled, throttled, throttled, conflict)
		s.must(s.guesses().Count(t.Context(), attempt("ann@example.com", "192.0.2.7", opened), upTo(9)))
	}
	if len(tokens) != 8 || len(slices.Compact(tokens)) != 2 {
		t.Errorf("got the tokens %v, want two, four times each", tokens)
	}
}

// noteTokens notes the token of each call that the SDK is asked for; it repeats them with the same one.
func noteTokens(tokens *[]string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("note tokens",
			func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				if transaction, ok := in.Parameters.(*dynamodb.TransactWriteItemsInput); ok {
					*tokens = append(*tokens, aws.ToString(transaction.ClientRequestToken))
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
	}
}

// TestContentionIsShed: a transaction that stays contended is given up after two seconds, and the caller is asked to
// come back, though the function has more time.
func TestContentionIsShed(t *testing.T) {
	for name, transaction := range transactions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			w := transaction.prepare(s)
			contended := slices.Repeat([]string{"TransactionConflict"}, transaction.actions)
			s.faults.On(w.operation, awsfault.Times(1000, awsfault.Canceled(contended...))...)
			began := time.Now()
			err := w.do(t.Context())
			if took := time.Since(began); !isBusy(err) || took < time.Second || took > 30*time.Second {
				t.Errorf("got %v after %s, want one that asks for a repeat, after about 2 s", err, took)
			}
			if errors.Is(err, product.ErrContended) || errors.Is(err, product.ErrUnsettled) {
				t.Errorf("got %v: the domain would go on, or say that something may have been done", err)
			}
			s.faults.Clear()
			w.repeat(t)
		})
	}
}

// steps is a clock that is at another of the times whenever it is looked at, and stays at the last.
func steps(times ...time.Time) func() time.Time {
	return func() time.Time {
		now := times[0]
		if len(times) > 1 {
			times = times[1:]
		}
		return now
	}
}

// TestSlowCheckoutIsInNoWindowThatWasRead: an order that waits for others is placed when it goes through. So who has
// read up to complete_until meanwhile finds it in the next window.
func TestSlowCheckoutIsInNoWindowThatWasRead(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", time.Time{}, line("lamp", 6400, 2))
	began, done := opened, opened.Add(90*time.Second)
	read := func(from, to time.Time) []order.Order {
		history, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{From: from, To: to},
			page.Request{Limit: 10})
		s.must(err)
		return history.Items
	}
	completeUntil := opened.Add(70 * time.Second).Add(-order.Settling)
	meanwhile := func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if seen := read(began.Add(-time.Hour), completeUntil); len(seen) != 0 {
			t.Errorf("the first window has %+v, want nothing yet", seen)
		}
		return awsfault.Canceled("None", "None", "TransactionConflict")(next, r)
	}
	s.faults.On("TransactWriteItems", awsfault.Canceled("None", "None", "TransactionConflict"), meanwhile)
	placed, err := s.checkout().CheckoutStore.Place(t.Context(), o, s.goodsSeen(),
		steps(began, began.Add(time.Second), done))
	s.must(err)
	later := read(completeUntil, done.Add(time.Hour))
	if len(later) != 1 || !later[0].PlacedAt.Equal(done) || !placed.PlacedAt.Equal(done) {
		t.Errorf("the next window has %+v, and %s was answered, want the order as placed at %s",
			later, placed.PlacedAt, done)
	}
	if mail := s.mail(notification.OrderMailID(o.ID)); !mail.CreatedAt.Equal(done) {
		t.Errorf("its mail is of %s, want %s", mail.CreatedAt, done)
	}
}

// TestPlaceWhoseAnswerWasLost: what may have been carried out is repeated as it was, and answered as a new order.
func TestPlaceWhoseAnswerWasLost(t *testing.T) {
	conflict := awsfault.Canceled("None", "None", "TransactionConflict")
	for then, faults := range lostAnswers {
		t.Run(then, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.hurry()
			s.addProduct("lamp", 6400, 5)
			o := newOrder("usr_1", "k", time.Time{}, line("lamp", 6400, 2))
			s.faults.On("TransactWriteItems", append([]awsfault.Fault{conflict}, faults(conflict)...)...)
			second := opened.Add(time.Second)
			placed, err := s.checkout().CheckoutStore.Place(t.Context(), o, s.goodsSeen(),
				steps(opened, second, opened.Add(time.Hour)))
			s.must(err)
			stored, err := s.checkout().Accepted(t.Context(), o.ID)
			s.must(err)
			if !placed.PlacedAt.Equal(second) || !reflect.DeepEqual(stored, placed) || s.left("lamp") != 3 {
				t.Errorf("answered %+v, stored %+v, %d left, want the order of the second attempt, once",
					placed, stored, s.left("lamp"))
			}
		})
	}
}
