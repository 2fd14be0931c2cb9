package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"shop/internal/notification"
	"shop/internal/notification/stockmail"
	"shop/internal/password"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
)

const shopAddress = "stock@example.com"

func newID() string { return uuid.NewString() }

func (s *shop) stockRequests() *StockRequests {
	return &StockRequests{
		Client: s.client, StockAlerts: s.tables.Name("StockAlerts"), Now: func() time.Time { return opened },
	}
}

func (s *shop) backInStock() *product.BackInStock {
	return &product.BackInStock{
		Products: s.adminCatalogue(), Requests: s.stockRequests(), Now: func() time.Time { return opened },
	}
}

func (s *shop) stockAlerts() *StockAlerts {
	return &StockAlerts{
		Client: s.client, StockAlerts: s.tables.Name("StockAlerts"), Products: s.tables.Name("Products"),
		Mails: s.tables.Name("Mails"), ShopAddress: shopAddress, NewID: newID,
	}
}

// watches runs the watch once, and fails the test where it fails.
func (s *shop) watches() product.Watched {
	s.t.Helper()
	return s.watchesAt(time.Now())
}

func (s *shop) watchesAt(at time.Time) product.Watched {
	s.t.Helper()
	w := s.watch()
	w.Now = func() time.Time { return at }
	made, err := w.Run(s.t.Context(), at.Add(time.Minute))
	s.must(err)
	return made
}

func (s *shop) watch() *product.Watch {
	return &product.Watch{Alerts: s.stockAlerts(), TellsShop: true, Most: 1000, Now: time.Now}
}

// letterbox is an e-mail provider that keeps what it gets.
type letterbox struct {
	sync.Mutex
	mails []string // address and subject
}

func (b *letterbox) Send(_ context.Context, m notification.Message) (string, error) {
	b.Lock()
	defer b.Unlock()
	b.mails = append(b.mails, m.To+": "+m.Subject)
	return newID(), nil
}

func (b *letterbox) sorted() []string {
	b.Lock()
	defer b.Unlock()
	return slices.Sorted(slices.Values(b.mails))
}

func (s *shop) delivery(to notification.Mailer) *notification.Delivery {
	return &notification.Delivery{
		Ledger: s.mails(time.Now), Mailer: to,
		Stocks: &StockMails{
			Client: s.client, StockAlerts: s.tables.Name("StockAlerts"), Products: s.tables.Name("Products"),
			Users: s.tables.Name("Users"), Suppressed: s.tables.Name("SuppressedAddresses"),
		},
		StockMail: stockmail.Template{ShopURL: "https://shop.example.com"},
		Pace:      func(context.Context, notification.Mail) error { return nil },
		Lease:     35 * time.Second, NewID: newID, Now: time.Now,
	}
}

// delivers sends what is due, each mail by two events at once, as SQS may bring one twice.
func (s *shop) delivers(to notification.Mailer) []notification.Outcome {
	s.t.Helper()
	due, err := s.dueMails().Due(s.t.Context(), time.Now(), 1000)
	s.must(err)
	outcomes := make([]notification.Outcome, 2*len(due))
	var all sync.WaitGroup
	for i := range outcomes {
		all.Go(func() {
			var err error
			outcomes[i], err = s.delivery(to).Deliver(s.t.Context(), due[i/2].ID)
			if err != nil && !errors.Is(err, notification.ErrSuppressed) {
				s.t.Error(err)
			}
		})
	}
	all.Wait()
	return outcomes
}

// customer signs somebody up.
func (s *shop) customer(name string) user.Caller {
	s.t.Helper()
	u := user.User{
		ID: "usr_" + name, Email: name + "@example.com", Name: name, PasswordHash: password.Stored("x"),
		Role: user.RoleCustomer, CreatedAt: opened,
	}
	s.must(s.signUp().Create(s.t.Context(), u, user.IdempotencyRecord{}))
	return user.Caller{UserID: u.ID, Email: u.Email, Role: u.Role}
}

func (s *shop) asks(c user.Caller, id string) {
	s.t.Helper()
	_, err := s.backInStock().Ask(s.t.Context(), c, id)
	s.must(err)
}

// awaits reports whether the customer's request is there.
func (s *shop) awaits(c user.Caller, id string) bool {
	s.t.Helper()
	_, err := s.backInStock().Find(s.t.Context(), c, id)
	if err != nil && !errors.Is(err, product.ErrNotFound) {
		s.t.Fatal(err)
	}
	return err == nil
}

// counts makes the stock what an admin counted.
func (s *shop) counts(id string, units int64) {
	s.t.Helper()
	_, err := s.inventory().Move(s.t.Context(), product.Movement{
		ID: newID(), ProductID: id, Before: s.left(id), After: units, Reason: "counted", By: s.admin.UserID,
		MovedAt: time.Now(),
	})
	s.must(err)
}

func (s *shop) wantMails(b *letterbox, want ...string) {
	s.t.Helper()
	if got := b.sorted(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		s.t.Errorf("got the mails\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTwentyWait: of twenty customers who wait for a product that is restocked each gets one mail, whatever comes twice
// and at once; then nobody waits any more.
func TestTwentyWait(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 0)
	s.addProduct("lamp-2", 100, 0)
	other := s.customer("other")
	s.asks(other, "lamp-2")
	var waiting []user.Caller
	var want []string
	for i := range 20 {
		c := s.customer(fmt.Sprintf("c%02d", i))
		s.asks(c, "lamp")
		waiting, want = append(waiting, c), append(want, c.Email+": The lamp is back in stock")
	}
	w := s.watch()
	w.TellsShop = false
	if made, err := w.Run(t.Context(), time.Now().Add(time.Minute)); err != nil || made.Customers != 0 {
		t.Errorf("before it is back: %d mails, error %v", made.Customers, err)
	}
	s.counts("lamp", 3)
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() {
			if _, err := w.Run(t.Context(), time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	var box letterbox
	s.delivers(&box)
	s.delivers(&box)
	if made, err := w.Run(t.Context(), time.Now().Add(time.Minute)); err != nil || made.Customers != 0 {
		t.Errorf("afterwards: %d mails, error %v", made.Customers, err)
	}
	s.wantMails(&box, want...)
	for _, c := range waiting {
		if s.awaits(c, "lamp") {
			t.Errorf("%s still waits", c.UserID)
		}
	}
	if !s.awaits(other, "lamp-2") {
		t.Error("who waits for another product does not any more")
	}
}

// TestUnitsGoAgain: the units are gone before the mail is sent. Nothing untrue is sent, and the request waits on: the
// customer gets one mail when there are units when it is sent.
func TestUnitsGoAgain(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 0)
	c := s.customer("ada")
	s.asks(c, "lamp")
	s.counts("lamp", 1)
	s.watches()
	s.counts("lamp", 0)
	var box letterbox
	s.delivers(&box)
	s.wantMails(&box)
	if !s.awaits(c, "lamp") {
		t.Fatal("the request is lost")
	}
	s.counts("lamp", 1)
	if made := s.watches(); made.Customers != 1 {
		t.Errorf("made %d mails, want 1", made.Customers)
	}
	s.delivers(&box)
	want := c.Email + ": The lamp is back in stock"
	if mails := box.sorted(); !slices.Contains(mails, want) || s.awaits(c, "lamp") {
		t.Errorf("got %q, want %q and no request", mails, want)
	}
}

// TestNotToBeMailed: who withdrew, or asked anew, after the mail was made, whose account is gone, and whose address is
// suppressed.
func TestNotToBeMailed(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(s *shop, ada user.Caller)
		awaits    bool
	}{
		"withdrawn": {meanwhile: func(s *shop, ada user.Caller) {
			s.must(s.backInStock().Withdraw(s.t.Context(), ada, "lamp"))
		}},
		"asked anew": {awaits: true, meanwhile: func(s *shop, ada user.Caller) {
			_, err := s.stockRequests().Add(s.t.Context(), product.StockRequest{
				UserID: ada.UserID, Email: ada.Email, ProductID: "lamp", RequestedAt: opened,
			})
			s.must(err)
		}},
		"deleted": {meanwhile: func(s *shop, ada user.Caller) {
			s.must(s.deleter().Delete(s.t.Context(), user.User{ID: ada.UserID, Email: ada.Email}, opened))
			s.must(s.personalData().Erase(s.t.Context(), ada.UserID))
		}},
		"deleted, and nothing erased yet": {awaits: true, meanwhile: func(s *shop, ada user.Caller) {
			s.must(s.deleter().Delete(s.t.Context(), user.User{ID: ada.UserID, Email: ada.Email}, opened))
		}},
		"suppressed": {awaits: true, meanwhile: func(s *shop, ada user.Caller) {
			s.must(s.suppressions().Add(s.t.Context(), user.AddressHash(ada.Email), notification.Bounced, opened))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.addProduct("lamp", 100, 0)
			ada := s.customer("ada")
			s.asks(ada, "lamp")
			s.counts("lamp", 100)
			s.watches()
			c.meanwhile(s, ada)
			var box letterbox
			s.delivers(&box)
			s.wantMails(&box)
			if got := s.awaits(ada, "lamp"); got != c.awaits {
				t.Errorf("there is a request: %t, want %t", got, c.awaits)
			}
		})
	}
}

// TestRequests: asking twice is one request; of what cannot be waited for there is none; and with 100 there is room for
// no other product.
func TestRequests(t *testing.T) {
	s := open(t)
	ada, b := s.customer("ada"), s.backInStock()
	s.addProduct("lamp", 100, 0)
	s.addProduct("rug", 100, 1)
	hidden := s.addProduct("hidden", 100, 0)
	hidden.Active, hidden.Version = false, 2
	s.must(s.saver().Update(t.Context(), hidden))
	for id, want := range map[string]error{
		"rug": product.ErrInStock, "hidden": product.ErrNotFound, "none": product.ErrNotFound,
	} {
		if _, err := b.Ask(t.Context(), ada, id); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", id, err, want)
		}
	}
	s.asks(ada, "lamp")
	b.Now = func() time.Time { return opened.Add(time.Hour) }
	again, err := b.Ask(t.Context(), ada, "lamp")
	want := product.StockRequest{UserID: ada.UserID, Email: ada.Email, ProductID: "lamp", RequestedAt: opened}
	if err != nil || again != want {
		t.Errorf("again: got %+v, %v, want %+v", again, err, want)
	}
	for i := range product.MaxAwaited - 1 {
		_, err := s.stockRequests().Add(t.Context(), product.StockRequest{
			UserID: ada.UserID, Email: ada.Email, ProductID: fmt.Sprint("p", i), RequestedAt: opened,
		})
		s.must(err)
	}
	s.addProduct("vase", 100, 0)
	if _, err := b.Ask(t.Context(), ada, "vase"); !errors.Is(err, product.ErrTooManyAwaited) {
		t.Errorf("one more: got %v, want %v", err, product.ErrTooManyAwaited)
	}
	if _, err := b.Ask(t.Context(), ada, "lamp"); err != nil {
		t.Errorf("again, with 100: %v", err)
	}
	for range 2 {
		s.must(b.Withdraw(t.Context(), ada, "lamp"))
	}
	s.asks(ada, "vase")
	if all, err := s.stockRequests().Of(t.Context(), ada.UserID); err != nil || len(all) != product.MaxAwaited {
		t.Errorf("%d requests, %v, want %d", len(all), err, product.MaxAwaited)
	}
	s.must(s.personalData().Erase(t.Context(), ada.UserID))
	if all, err := s.stockRequests().Of(t.Context(), ada.UserID); err != nil || len(all) != 0 {
		t.Errorf("erased: %d requests, %v, want none", len(all), err)
	}
}

// TestRequestsExpire: a request whose mail was made and that nobody removed is none any more when its time is over.
func TestRequestsExpire(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 0)
	ada := s.customer("ada")
	s.asks(ada, "lamp")
	if made, err := s.stockAlerts().MailCustomer(t.Context(), ada.UserID, "lamp", opened); err != nil || !made {
		t.Fatal(made, err)
	}
	later := s.stockRequests()
	later.Now = func() time.Time { return opened.Add(requestKept) }
	_, err := later.Find(t.Context(), ada.UserID, "lamp")
	all, listed := later.Of(t.Context(), ada.UserID)
	if !errors.Is(err, product.ErrNotFound) || listed != nil || len(all) != 0 {
		t.Errorf("got %v, %v and %v, want neither", err, all, listed)
	}
	if !s.awaits(ada, "lamp") {
		t.Error("it is none before its time")
	}
}

// TestAwaited: a product is found once, however many wait for it, and the next one, too.
func TestAwaited(t *testing.T) {
	s := open(t)
	wait := func(id string, customers int) {
		for i := range customers {
			_, err := s.stockRequests().Add(t.Context(), product.StockRequest{
				UserID: fmt.Sprintf("usr_%04d", i), Email: "x@example.com", ProductID: id, RequestedAt: opened,
			})
			s.must(err)
		}
	}
	wait("a", awaitedPage+5)
	wait("a-b", 2)
	wait("b", 1)
	got, err := s.stockAlerts().Awaited(t.Context())
	if want := []string{"a", "a-b", "b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestShopIsTold: one mail for each fall, also of a stock that was told before, but not twice the same in an hour; none
// for what rises.
func TestShopIsTold(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 6)
	low := func(n int) string { return fmt.Sprintf("%s: The lamp: %d units are left", shopAddress, n) }
	const out = shopAddress + ": The lamp is sold out"
	var box letterbox
	var want []string
	now := time.Now().Add(-24 * time.Hour)
	for _, step := range []struct {
		after time.Duration
		units int64
		told  []string
	}{
		{0, 6, nil}, {0, 5, []string{low(5)}}, {0, 4, nil}, {0, 0, []string{out}}, {0, 3, nil}, {0, 0, nil},
		{product.ToldAgainAfter, 0, []string{out}}, {0, 7, nil},
		{product.ToldAgainAfter, 0, []string{out}}, {0, 9, nil}, {0, 2, []string{low(2)}},
		{0, 9, nil}, {product.ToldAgainAfter - time.Second, 2, nil}, {time.Second, 2, []string{low(2)}},
	} {
		now = now.Add(step.after)
		if s.left("lamp") != step.units {
			s.counts("lamp", step.units)
		}
		for range 2 {
			s.watchesAt(now)
			s.delivers(&box)
		}
		want = append(want, step.told...)
		s.wantMails(&box, want...)
	}
}

// TestShopIsToldWhatIsSo: the stock changed between the mail's making and its sending.
func TestShopIsToldWhatIsSo(t *testing.T) {
	for name, c := range map[string]struct {
		made, sent int64
		want       []string
	}{
		"low, then lower":        {5, 2, []string{shopAddress + ": The lamp: 2 units are left"}},
		"low, then restocked":    {5, 50, nil},
		"low, then sold out":     {5, 0, []string{shopAddress + ": The lamp is sold out"}},
		"sold out, then a few":   {0, 1, []string{shopAddress + ": The lamp: one unit is left"}},
		"sold out, then stocked": {0, 50, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.addProduct("lamp", 100, 100)
			s.counts("lamp", c.made)
			s.watches()
			s.counts("lamp", c.sent)
			var box letterbox
			s.delivers(&box)
			s.watches()
			s.delivers(&box)
			s.wantMails(&box, c.want...)
		})
	}
}

// TestWatchIsCutShort: calls fail, before and after DynamoDB carried them out, and runs meet. Each fall is told once,
// and each customer, too.
func TestWatchIsCutShort(t *testing.T) {
	s := open(t)
	s.hurry()
	var want []string
	for i := range 8 {
		id := fmt.Sprint("p", i)
		s.addProduct(id, 100, 0)
		want = append(want, fmt.Sprintf("%s: The %s is sold out", shopAddress, id))
	}
	s.addProduct("lamp", 100, 0)
	for i := range 8 {
		c := s.customer(fmt.Sprint("c", i))
		s.asks(c, "lamp")
		want = append(want, c.Email+": The lamp is back in stock")
	}
	s.counts("lamp", 100)
	s.faults.On("TransactWriteItems", awsfault.Lost, awsfault.TimeoutAfterCommit, awsfault.DropRequest,
		awsfault.Error(500, "InternalServerError"), awsfault.Lost, awsfault.Lost, awsfault.Lost)
	s.faults.On("Query", awsfault.Times(3, awsfault.Error(500, "InternalServerError"))...)
	for range 3 {
		var runs sync.WaitGroup
		for range 2 {
			runs.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // what hangs is cut off
				defer cancel()
				_, _ = s.watch().Run(ctx, time.Now().Add(time.Minute))
			})
		}
		runs.Wait()
	}
	s.faults.Clear()
	s.watches() // what a run that was cut off has left
	if made := s.watches(); made != (product.Watched{}) {
		t.Errorf("afterwards made %+v, want nothing", made)
	}
	var box letterbox
	s.delivers(&box)
	s.wantMails(&box, want...)
}

// TestSalesAndWatch: buyers take the units one by one while the watch runs on. The shop is told that few are left once
// at most, and that none are exactly once.
func TestSalesAndWatch(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 12)
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.watch().Run(t.Context(), time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 12 {
		s.must(s.checkout().Place(t.Context(), newOrder("usr_1", fmt.Sprint("k", i), opened, line("lamp", 100, 1))))
	}
	cancel()
	watching.Wait()
	s.watches()
	kinds := map[string]int{}
	due, err := s.dueMails().Due(t.Context(), time.Now(), 100)
	s.must(err)
	for _, mail := range due {
		kind, _ := notification.CutMailID(mail.ID)
		kinds[kind]++
	}
	if kinds["sold-out"] != 1 || kinds["stock-low"] > 1 {
		t.Errorf("got %v, want one sold-out and one stock-low at most", kinds)
	}
	if got := s.left("lamp"); got != 0 {
		t.Errorf("%d units are left, want none", got)
	}
}
