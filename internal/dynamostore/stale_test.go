package dynamostore

import (
	"errors"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/token"
	"shop/internal/user"
	"shop/test/awsfault"
)

// staleReads are reads that must see the write before them, each with what goes wrong when it does not. In their store
// every read that is not consistent answers what was there before the last write.
var staleReads = map[string]func(*testing.T, *shop){
	"a link that was just mailed": func(t *testing.T, s *shop) {
		l := s.link(user.SetPassword, opened)
		if _, err := s.resets().Link(t.Context(), l.Hash); err != nil {
			t.Errorf("got %v, want the link", err)
		}
	},
	"a price that was just saved": func(t *testing.T, s *shop) {
		p := s.addProduct("lamp", 6400, 5)
		p.Price, p.Version = gbp(7000), 2
		s.must(s.saver().Update(t.Context(), p))
		goods, err := s.checkout().ReadProducts(t.Context(), []string{"lamp"})
		s.must(err)
		if got := goods["lamp"].Price; got != gbp(7000) {
			t.Errorf("a checkout sees %v, want 7000", got)
		}
	},
	"the order of a mail": func(t *testing.T, s *shop) {
		o := s.ordered()
		if _, err := s.confirmations().ForMail(t.Context(), o.ID, hash); err != nil {
			t.Errorf("got %v, want the order", err)
		}
	},
	"an address that was just suppressed, of an order's mail": func(t *testing.T, s *shop) {
		o := s.ordered()
		s.must(s.suppressions().Add(t.Context(), hash, notification.Complained, opened))
		if _, err := s.confirmations().ForMail(t.Context(), o.ID, hash); !errors.Is(err, notification.ErrSuppressed) {
			t.Errorf("got %v, want ErrSuppressed", err)
		}
	},
	"a stock that is audited": func(t *testing.T, s *shop) {
		s.stocked("lamp", 5)
		s.must(s.checkout().Place(t.Context(), newOrder("usr_1", "k", opened, line("lamp", 1, 1))))
		s.wantDifferences()
	},
	"one's own order, just placed": func(t *testing.T, s *shop) {
		o := s.ordered()
		if _, _, err := s.orderReader().View(t.Context(), usr1, o.ID); err != nil {
			t.Errorf("got %v, want the order", err)
		}
	},
	"how far its mail got": func(t *testing.T, s *shop) {
		o := s.ordered()
		s.must(s.mails(nil).MarkSent(t.Context(), notification.OrderMailID(o.ID), "m", opened))
		if _, status, err := s.orderReader().View(t.Context(), usr1, o.ID); err != nil || status != order.EmailSent {
			t.Errorf("got %s, %v, want sent", status, err)
		}
	},
	"another's order, by an admin who was just demoted": func(t *testing.T, s *shop) {
		o := s.ordered()
		s.demote()
		if _, _, err := s.orderReader().View(t.Context(), s.admin, o.ID); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	},
	"a session that was just renewed": func(t *testing.T, s *shop) {
		s.begin()
		next := renewed(annsSession, "second")
		s.wantRenewed(annsSession.SecretHash, next, next)
	},
	"a session that was just ended": func(t *testing.T, s *shop) {
		s.begin()
		s.must(s.sessions().End(t.Context(), annsSession.ID))
		s.wantNoSession(annsSession.ID)
	},
	"a user who just signed up": func(t *testing.T, s *shop) {
		s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
		if _, err := s.accounts().ByEmail(t.Context(), ann.Email); err != nil {
			t.Errorf("got %v, want the user", err)
		}
	},
	"the user of an account mail": func(t *testing.T, s *shop) {
		s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
		if _, err := s.recipients().ForMail(t.Context(), ann.Email); err != nil {
			t.Errorf("got %v, want the user", err)
		}
	},
	"an address that was just suppressed, of an account mail": func(t *testing.T, s *shop) {
		s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
		s.must(s.endSessions(ann.Email)) // so that an older user is one, too
		s.must(s.suppressions().Add(t.Context(), user.AddressHash(ann.Email), notification.Bounced, opened))
		if _, err := s.recipients().ForMail(t.Context(), ann.Email); !errors.Is(err, notification.ErrSuppressed) {
			t.Errorf("got %v, want ErrSuppressed", err)
		}
	},
	"the role of an admin who was just demoted": func(t *testing.T, s *shop) {
		s.demote()
		if err := s.rights().Require(t.Context(), s.admin, token.ScopeHistory); !errors.Is(err, user.ErrNoRight) {
			t.Errorf("got %v, want ErrNoRight", err)
		}
	},
	"a stock that was just changed": func(t *testing.T, s *shop) {
		s.ordered()
		if left := s.left("lamp"); left != 4 {
			t.Errorf("an admin sees %d, want 4", left)
		}
	},
	"a split stock that was just sold from": func(t *testing.T, s *shop) {
		s.stocked("lamp", 5)
		s.split("lamp", 5)
		s.must(s.buy(t.Context(), "usr_1", "k", order.Item{ProductID: "lamp", Quantity: 1}))
		s.wantShownWhole("lamp", 4)
	},
	"a movement of a split stock that was just made": func(t *testing.T, s *shop) {
		s.addProduct("lamp", 1, 5)
		s.split("lamp", 4)
		m := fiveMore
		m.Keyed = true
		for range 2 {
			_, err := s.inventory().Move(t.Context(), m)
			s.must(err)
		}
	},
	"a movement whose answer was lost": func(t *testing.T, s *shop) {
		s.addProduct("lamp", 1, 5)
		s.faults.On("TransactWriteItems", awsfault.Lost, awsfault.DropRequest, awsfault.DropRequest)
		s.move(s.impatient(), fiveMore)
	},
	"the movements, just after one": func(t *testing.T, s *shop) {
		s.addProduct("lamp", 1, 5)
		s.move(s.inventory(), fiveMore)
		moves, err := s.inventory().Changes(t.Context(), s.admin, "lamp", page.Request{Limit: 10})
		s.must(err)
		if len(moves.Items) != 1 {
			t.Errorf("got %d movements, want 1", len(moves.Items))
		}
	},
	// Without it the answer is the same, and its time tells that the address is known.
	"whether the address of a sign-up is known, in as many calls": func(t *testing.T, s *shop) {
		s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
		other := ann
		other.ID = "usr_2"
		_, err := s.unverified().Add(t.Context(), other, "")
		s.must(err)
		if got := s.faults.Calls("TransactWriteItems"); got != 1 {
			t.Errorf("got %d transactions, want 1", got)
		}
	},
	"the user of a log-in": func(t *testing.T, s *shop) {
		s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
		history, err := s.guesses().Lookup(t.Context(), attempt(ann.Email, "192.0.2.7", opened))
		s.must(err)
		if !history.Found {
			t.Error("the user is not found")
		}
	},
	"the guesses that were just counted": func(t *testing.T, s *shop) {
		a := attempt(ann.Email, "192.0.2.7", opened)
		s.must(s.guesses().Count(t.Context(), a, upTo(1)))
		s.wantTallies(a, [3]int64{1, 1, 1})
	},
}

var (
	usr1     = user.Caller{UserID: "usr_1", Email: "usr_1@example.com"}
	fiveMore = product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 10, Reason: "r", By: "usr_admin", MovedAt: opened.Add(time.Hour),
	}
)

// ordered places an order of one lamp out of five.
func (s *shop) ordered() order.Order {
	s.t.Helper()
	s.addProduct("lamp", 1, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 1, 1))
	s.must(s.checkout().Place(s.t.Context(), o))
	return o
}

// demote makes the admin a customer.
func (s *shop) demote() {
	s.t.Helper()
	_, err := s.operator().SetRole(s.t.Context(), user.RoleChange{
		UserID: s.admin.UserID, Email: s.admin.Email, Role: user.RoleCustomer, By: "arn:operator", At: opened,
	})
	s.must(err)
}

// TestStaleReads: what must see the write before it reads consistently.
func TestStaleReads(t *testing.T) {
	for name, read := range staleReads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.faults.Next = &awsfault.Stale{}
			read(t, s)
		})
	}
}

// TestIndexLag: an index that does not have an order yet leaves it out of lists, a page early or late, and answers no
// error; the order itself is there.
func TestIndexLag(t *testing.T) {
	s := open(t)
	stale := &awsfault.Stale{}
	s.faults.Next = stale
	o := s.ordered()
	mine, err := s.orderHistory().Mine(t.Context(), usr1, page.Request{Limit: 10})
	s.must(err)
	all, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{}, page.Request{Limit: 10})
	s.must(err)
	if len(mine.Items) != 0 || len(all.Items) != 0 || stale.Served() < 2 {
		t.Errorf("got %d and %d orders of an index that lags", len(mine.Items), len(all.Items))
	}
	if _, _, err := s.orderReader().View(t.Context(), usr1, o.ID); err != nil {
		t.Errorf("the order itself: %v", err)
	}
	if due, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 10); err != nil || len(due) != 0 {
		t.Errorf("due mails: got %v, %v, want none yet", due, err)
	}
}
