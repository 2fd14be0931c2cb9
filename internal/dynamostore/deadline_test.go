package dynamostore

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/password"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
)

// write is one write of the store, and how to see what it did.
type write struct {
	operation string // of DynamoDB
	do        func(ctx context.Context) error
	done      func() bool // whether all of it was done; it fails the test when a part was
	again     error       // what a repeat returns once it was done; nil where that is a success
}

// writes prepares each write method anew.
var writes = map[string]func(*shop) write{
	"Place": func(s *shop) write {
		s.addProduct("lamp", 1, 10)
		o := newOrder("usr_1", "k", opened, line("lamp", 1, 2))
		return write{"TransactWriteItems",
			func(ctx context.Context) error { return standing(s.checkout().Place(ctx, o)) }, func() bool {
				_, err := s.confirmations().ForMail(s.t.Context(), o.ID, user.AddressHash(o.Email))
				return s.together(err == nil, s.left("lamp") == 8, len(s.due()) == 1)
			}, nil}
	},
	"Move": func(s *shop) write {
		s.addProduct("lamp", 1, 10)
		m := product.Movement{
			ID: "m", ProductID: "lamp", Before: 10, After: 7, Reason: "r", By: "usr_admin", MovedAt: opened,
		}
		return write{"TransactWriteItems",
			func(ctx context.Context) error { _, err := s.inventory().Move(ctx, m); return err }, func() bool {
				return s.together(s.left("lamp") == 7, s.moved(m))
			}, nil}
	},
	"Create": func(s *shop) write {
		p := product.Product{
			ID: "lamp", Name: "Lamp", Description: "d", Price: gbp(1), Active: true, Stock: 3, Version: 1,
			CreatedAt: opened, UpdatedAt: opened,
		}
		m := product.Movement{
			ID: "m", ProductID: "lamp", After: 3, Reason: "initial stock", By: "usr_admin", MovedAt: opened,
		}
		return write{"TransactWriteItems", func(ctx context.Context) error { return s.saver().Create(ctx, p, &m) },
			func() bool {
				got, err := s.inventory().Read(s.t.Context(), "lamp")
				return s.together(err == nil, got == p, s.moved(m))
			}, product.ErrContended}
	},
	"Update": func(s *shop) write {
		p := s.addProduct("lamp", 1, 10)
		p.Name, p.Description, p.Version = "Lantern", "other", 2
		return write{"TransactWriteItems", func(ctx context.Context) error { return s.saver().Update(ctx, p) },
			func() bool {
				got, err := s.inventory().Read(s.t.Context(), "lamp")
				s.must(err)
				return s.together(got.Name == p.Name, got.Description == p.Description, got.Version == 2)
			}, product.ErrContended}
	},
	"Claim": func(s *shop) write {
		mail, mails := s.onePending()
		return write{"UpdateItem", func(ctx context.Context) error {
			_, err := mails.Claim(ctx, mail.ID, "lease", opened.Add(time.Minute))
			return err
		}, func() bool { return s.held(mail) }, nil}
	},
	"MarkSent": func(s *shop) write {
		mail, mails := s.onePending()
		return write{"UpdateItem",
			func(ctx context.Context) error { return mails.MarkSent(ctx, mail.ID, "message", opened) },
			func() bool { return s.settled(mail, notification.Sent) }, nil}
	},
	"MarkUndelivered": func(s *shop) write {
		mail, mails := s.onePending()
		s.claim(mail, "lease")
		return write{"UpdateItem", func(ctx context.Context) error {
			return mails.MarkUndelivered(ctx, mail.ID, "lease", notification.Failed, opened)
		},
			func() bool { return s.settled(mail, notification.Failed) }, nil}
	},
	"Release": func(s *shop) write {
		mail, mails := s.onePending()
		s.claim(mail, "lease")
		return write{"UpdateItem", func(ctx context.Context) error { return mails.Release(ctx, mail.ID, "lease", 0) },
			func() bool { return !s.held(mail) }, nil}
	},
	"Reschedule": func(s *shop) write {
		mail, _ := s.onePending()
		next := mail.Reschedule(opened)
		return write{"UpdateItem", func(ctx context.Context) error { return s.dueMails().Reschedule(ctx, mail, next) },
			func() bool { return s.due()[0] == next }, nil}
	},
	"sign up": func(s *shop) write {
		ann := user.User{
			ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"),
			Role: user.RoleCustomer, CreatedAt: opened,
		}
		return write{"PutItem",
			func(ctx context.Context) error { return s.signUp().Create(ctx, ann, user.IdempotencyRecord{}) },
			func() bool {
				got, err := s.accounts().ByEmail(s.t.Context(), ann.Email)
				return s.together(err == nil, got == ann)
			}, nil}
	},
	"count a guess": func(s *shop) write {
		a := attempt("ann@example.com", "192.0.2.7", opened)
		return write{"TransactWriteItems",
			func(ctx context.Context) error { return s.guesses().Count(ctx, a, upTo(1)) }, func() bool {
				tallies := s.tallies(a)
				return s.together(tallies[0] == 1, tallies[1] == 1, tallies[2] == 1)
			}, user.ErrCountsChanged}
	},
	"begin a session": func(s *shop) write {
		a, begun := attempt("ann@example.com", "192.0.2.7", opened), annsSession
		s.must(s.guesses().Count(s.t.Context(), a, upTo(1)))
		return write{"TransactWriteItems", func(ctx context.Context) error { return s.sessions().Start(ctx, begun, a) },
			func() bool {
				_, err := s.sessions().Find(s.t.Context(), begun.ID)
				return s.together(err == nil, s.tallies(a)[0] == 0)
			}, nil}
	},
	"renew a session": func(s *shop) write {
		s.begin()
		next := renewed(annsSession, "second")
		return write{"UpdateItem", func(ctx context.Context) error {
			_, err := s.sessions().Renew(ctx, annsSession.SecretHash, next)
			return err
		}, func() bool {
			got, err := s.sessions().Find(s.t.Context(), annsSession.ID)
			s.must(err)
			return got == next
		}, nil}
	},
	"end a session": func(s *shop) write {
		s.begin()
		return write{"DeleteItem", func(ctx context.Context) error { return s.sessions().End(ctx, "ses_1") },
			func() bool {
				_, err := s.sessions().Find(s.t.Context(), "ses_1")
				return errors.Is(err, user.ErrSessionOver)
			}, nil}
	},
}

// limited is a context whose time is over when the test says so, and not when the clock does.
type limited struct {
	context.Context
	over chan struct{}
}

func (l limited) Done() <-chan struct{} { return l.over }

func (l limited) Err() error {
	select {
	case <-l.over:
		return context.DeadlineExceeded
	default:
		return l.Context.Err()
	}
}

// end has the time be over.
func (l limited) end() { close(l.over) }

// TestWritesWhoseTimeRunsOut: a ctx that ends before a write, while it hangs, or after it was carried out leaves all of
// it or nothing; the error asks for a repeat, or says that the outcome is unknown, and never refuses; and the repeat
// does what is missing.
func TestWritesWhoseTimeRunsOut(t *testing.T) {
	for name, prepare := range writes {
		for when, before := range map[string]awsfault.Fault{
			"before": nil, "while it hangs": awsfault.DropRequest, "afterwards": awsfault.Lost,
		} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				w := prepare(s)
				ctx := limited{t.Context(), make(chan struct{})}
				if before == nil {
					ctx.end()
				} else {
					s.faults.On(w.operation, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
						_, _ = before(next, r)
						ctx.end()
						return awsfault.Timeout(next, r)
					})
				}
				if err := w.do(ctx); !isBusy(err) {
					t.Errorf("got %v, want an error that asks for a repeat", err)
				}
				if done := w.done(); done != (when == "afterwards") {
					t.Errorf("done: %v", done)
				}
				w.repeat(t)
			})
		}
	}
}

// repeat does the write again, and shows that it was done once.
func (w write) repeat(t *testing.T) {
	t.Helper()
	was := w.done()
	err := w.do(t.Context())
	if was && w.again != nil {
		if !errors.Is(err, w.again) {
			t.Errorf("repeated: got %v, want %v", err, w.again)
		}
	} else if err != nil {
		t.Errorf("repeated: %v", err)
	}
	if !w.done() {
		t.Error("repeated, it is not done")
	}
}

// isBusy reports whether a client is answered 503 for err.
func isBusy(err error) bool {
	if errors.Is(err, order.ErrBusy) || errors.Is(err, product.ErrContended) || errors.Is(err, product.ErrUnsettled) {
		return true
	}
	var failure interface{ Temporary() bool }
	return errors.As(err, &failure) && failure.Temporary()
}

// standing takes a repeat that finds its order for a success, as a checkout does.
func standing(err error) error {
	var rejected *order.RejectedError
	if errors.As(err, &rejected) && rejected.Existing != nil {
		return nil
	}
	return err
}

// together reports whether all is so, and fails the test when only a part is.
func (s *shop) together(all ...bool) bool {
	s.t.Helper()
	for _, one := range all {
		if one != all[0] {
			s.t.Fatalf("half done: %v", all)
		}
	}
	return all[0]
}

func (s *shop) moved(m product.Movement) bool {
	s.t.Helper()
	_, found := s.inventory().moved(s.t.Context(), m)
	return found
}

func (s *shop) due() []notification.Mail {
	s.t.Helper()
	due, err := s.dueMails().Due(s.t.Context(), opened.AddDate(0, 0, 1), 10)
	s.must(err)
	return due
}

// onePending returns the one mail that is pending.
func (s *shop) onePending() (notification.Mail, *PendingMails) {
	s.t.Helper()
	s.addProduct("lamp", 1, 10)
	return s.pendingMail("k", opened), s.mails(func() time.Time { return opened })
}

func (s *shop) claim(mail notification.Mail, lease string) {
	s.t.Helper()
	_, err := s.mails(func() time.Time { return opened }).Claim(s.t.Context(), mail.ID, lease, opened.Add(time.Minute))
	s.must(err)
}

// stored returns the mail's item.
func (s *shop) stored(mail notification.Mail) attributes {
	s.t.Helper()
	return s.item("Mails", mailKey(mail.ID))
}

// held reports whether someone has the mail in hand.
func (s *shop) held(mail notification.Mail) bool {
	s.t.Helper()
	item := s.stored(mail)
	return s.together(item["lease_id"] != nil, item["lease_until"] != nil)
}

// settled reports whether the mail has the state, and is due no more.
func (s *shop) settled(mail notification.Mail, state notification.State) bool {
	s.t.Helper()
	item := s.stored(mail)
	r := reader{item: item}
	return s.together(r.text("state") == string(state), item["settled_at"] != nil, len(s.due()) == 0)
}
