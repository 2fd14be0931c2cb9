package dynamostore

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"shop/internal/access"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

func TestPlaceStoresAllAtOnce(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 10)
	s.addProduct("mug", 950, 10)
	o := newOrder("usr_1", "k1", opened, line("lamp", 6400, 2), line("mug", 950, 3))
	s.must(s.checkout().Place(t.Context(), o))

	got, err := s.confirmations().ForMail(t.Context(), o.ID, user.AddressHash(o.Email))
	s.must(err)
	if !reflect.DeepEqual(got, o) {
		t.Errorf("stored order:\n got %+v\nwant %+v", got, o)
	}
	if lamps, mugs := s.left("lamp"), s.left("mug"); lamps != 8 || mugs != 7 {
		t.Errorf("stock: got %d lamps and %d mugs, want 8 and 7", lamps, mugs)
	}
	due, err := s.dueMails().Due(t.Context(), opened.AddDate(0, 0, 1), 10)
	s.must(err)
	if want := []notification.Mail{relayed(o)}; !reflect.DeepEqual(due, want) {
		t.Errorf("due mails: got %+v, want %+v", due, want)
	}
}

// What the store answers when an order cannot be placed, and that it leaves nothing behind.
func TestPlaceRejects(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	s.addProduct("mug", 950, 10)
	retired := s.addProduct("clock", 100, 10)
	retired.Active, retired.Version = false, 2
	s.must(s.saver().Update(t.Context(), retired))
	few := s.addProduct("vase", 200, 10)
	few.MaxPerOrder, few.Version = 2, 2
	s.must(s.saver().Update(t.Context(), few))
	vase := order.Product{
		Name: "The vase", Price: gbp(200), Stock: 10, Active: true, MaxPerOrder: 2, LowStockThreshold: 5,
	}
	lamp, clock := order.Product{Name: "The lamp", Price: gbp(6400), Stock: 5, Active: true, LowStockThreshold: 5},
		order.Product{Name: "The clock", Price: gbp(100), Stock: 10, LowStockThreshold: 5}
	tests := []struct {
		name  string
		lines []order.Line
		want  map[string]order.Product
	}{
		{
			"more than there is", []order.Line{line("lamp", 6400, 6), line("mug", 950, 1)},
			map[string]order.Product{"lamp": lamp},
		},
		{"another price", []order.Line{
			line("mug", 950, 1), line("lamp", 6300, 1),
		}, map[string]order.Product{"lamp": lamp}},
		{"not for sale", []order.Line{line("clock", 100, 1)}, map[string]order.Product{"clock": clock}},
		{
			"more than one order may have", []order.Line{line("vase", 200, 3), line("mug", 950, 1)},
			map[string]order.Product{"vase": vase},
		},
		{"no such product", []order.Line{line("ghost", 1, 1)}, map[string]order.Product{"ghost": {}}},
		{
			"several at once", []order.Line{line("lamp", 6400, 6), line("mug", 950, 1), line("ghost", 1, 1)},
			map[string]order.Product{"lamp": lamp, "ghost": {}},
		},
	}
	for _, test := range tests {
		o := newOrder("usr_1", test.name, opened, test.lines...)
		var rejected *order.RejectedError
		if err := s.checkout().Place(t.Context(), o); !errors.As(err, &rejected) {
			t.Errorf("%s: got %v, want a RejectedError", test.name, err)
		} else if !reflect.DeepEqual(rejected.Failed, test.want) || rejected.Existing != nil {
			t.Errorf("%s: got %+v, want %+v", test.name, rejected, test.want)
		}
		if _, err := s.confirmations().ForMail(t.Context(), o.ID, ""); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("%s: order: got %v, want ErrNotFound", test.name, err)
		}
	}
	if lamps, mugs := s.left("lamp"), s.left("mug"); lamps != 5 || mugs != 10 {
		t.Errorf("stock: got %d lamps and %d mugs, want 5 and 10", lamps, mugs)
	}
	s.must(s.checkout().Place(t.Context(),
		newOrder("usr_2", "as many as one order may have", opened.AddDate(0, 0, 2), line("vase", 200, 2))))
	if due, _ := s.dueMails().Due(t.Context(), opened.AddDate(0, 0, 1), 10); len(due) != 0 {
		t.Errorf("due mails: got %v, want none", due)
	}
}

func TestPlaceAgainAnswersTheOrderThatStands(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 2)
	first := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	s.must(s.checkout().Place(t.Context(), first))
	again := first
	again.PlacedAt = opened.AddDate(0, 0, 1)
	var rejected *order.RejectedError
	if err := s.checkout().Place(t.Context(), again); !errors.As(err, &rejected) || rejected.Existing == nil {
		t.Fatalf("got %v, want the existing order", err)
	}
	if !reflect.DeepEqual(*rejected.Existing, first) {
		t.Errorf("got %+v, want %+v", *rejected.Existing, first)
	}
	accepted, err := s.checkout().Accepted(t.Context(), first.ID)
	s.must(err)
	if !reflect.DeepEqual(accepted, first) {
		t.Errorf("accepted: got %+v, want %+v", accepted, first)
	}
}

func TestTenBuyersOneLamp(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 1)
	var sold, soldOut atomic.Int32
	var buyers sync.WaitGroup
	for i := range 10 {
		buyers.Go(func() {
			err := s.checkout().Place(t.Context(), newOrder("usr_"+number3(i), "k", opened, line("lamp", 6400, 1)))
			var rejected *order.RejectedError
			switch {
			case err == nil:
				sold.Add(1)
			case errors.As(err, &rejected) && rejected.Failed["lamp"].Stock == 0:
				soldOut.Add(1)
			default:
				t.Errorf("buyer %d: %v", i, err)
			}
		})
	}
	buyers.Wait()
	if sold.Load() != 1 || soldOut.Load() != 9 || s.left("lamp") != 0 {
		t.Errorf("got %d sold, %d sold out, %d left, want 1, 9 and 0", sold.Load(), soldOut.Load(), s.left("lamp"))
	}
}

// An order of 98 products is the most a transaction takes, beside the order and its mail.
func TestLargestOrder(t *testing.T) {
	s := open(t)
	var lines []order.Line
	for i := range order.MaxProducts {
		s.addProduct("p"+number3(i), 100, 1)
		lines = append(lines, line("p"+number3(i), 100, 1))
	}
	o := newOrder("usr_1", "k", opened, lines...)
	s.must(s.checkout().Place(t.Context(), o))
	var ids []string
	for _, l := range lines {
		ids = append(ids, l.ProductID)
	}
	goods, err := s.checkout().ReadProducts(t.Context(), ids)
	s.must(err)
	for id, good := range goods {
		if good.Stock != 0 {
			t.Errorf("%s: %d left, want 0", id, good.Stock)
		}
	}
	if len(goods) != order.MaxProducts {
		t.Errorf("got %d goods, want %d", len(goods), order.MaxProducts)
	}
}

// What happens to a checkout under each fault of the transaction. In every case but the last ones it goes through,
// once.
func TestPlaceUnderFaults(t *testing.T) {
	conflict, throttled, none, failed := "TransactionConflict", "ThrottlingError", "None", "ConditionalCheckFailed"
	always := 1000
	tests := []struct {
		name   string
		faults []awsfault.Fault
		calls  int // at least
		want   error
	}{
		{"a product is contended", []awsfault.Fault{awsfault.Canceled(none, none, conflict)}, 2, nil},
		{"the order is contended", []awsfault.Fault{awsfault.Canceled(conflict, none, none)}, 2, nil},
		{"throttled inside", []awsfault.Fault{awsfault.Canceled(none, none, throttled)}, 2, nil},
		{
			"contended and throttled, again and again", awsfault.Times(5, awsfault.Canceled(none, conflict, throttled)),
			6, nil,
		},
		{
			"the order is contended and the product seems sold out",
			[]awsfault.Fault{awsfault.Canceled(conflict, none, failed)}, 2, nil,
		},
		{"throttled outside", awsfault.Times(2, awsfault.Error(400, "ThrottlingException")), 3, nil},
		{"the service fails once", []awsfault.Fault{awsfault.Error(500, "InternalServerError")}, 2, nil},
		{"the connection breaks before", []awsfault.Fault{awsfault.DropRequest}, 2, nil},
		{"the answer is lost", []awsfault.Fault{awsfault.Lost}, 2, nil},
		{"the answer is lost twice", []awsfault.Fault{awsfault.Lost, awsfault.Lost}, 3, nil},
		{
			"an earlier call of the same token is in progress",
			[]awsfault.Fault{awsfault.Error(400, "TransactionInProgressException")}, 2, nil,
		},
		{
			"contention that does not end", awsfault.Times(always, awsfault.Canceled(none, none, conflict)), 2,
			order.ErrBusy,
		},
		{"a service that stays down", awsfault.Times(3, awsfault.Error(500, "InternalServerError")), 3, order.ErrBusy},
		{"a service that is not there", awsfault.Times(3, awsfault.Error(503, "ServiceUnavailable")), 3, order.ErrBusy},
		{"every answer lost", awsfault.Times(3, awsfault.Lost), 3, order.ErrBusy},
	}
	s := open(t)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lamp := "lamp" + number3(i)
			s.addProduct(lamp, 6400, 5)
			faults := (&awsfault.Transport{}).On("TransactWriteItems", test.faults...)
			o := newOrder("usr_1", test.name, opened, line(lamp, 6400, 2))
			orders, seen, ctx := s.checkoutOver(faults), s.goodsSeen(), t.Context()
			orders.seen = func() order.Products { return seen }
			if len(test.faults) == always {
				ctx = briefly(t)
			}
			if err := orders.Place(ctx, o); !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if got := faults.Calls("TransactWriteItems"); got < test.calls {
				t.Errorf("calls: got %d, want at least %d", got, test.calls)
			}
			s.settles(o)
		})
	}
}

// settles repeats the order as its customer would, in another process without faults: it stands once, and took its
// units once.
func (s *shop) settles(o order.Order) {
	s.t.Helper()
	var rejected *order.RejectedError
	if err := s.checkout().Place(s.t.Context(), o); err != nil && (!errors.As(err, &rejected) ||
		rejected.Existing == nil) {
		s.t.Errorf("the repeat: %v", err)
	}
	if got := s.left(o.Lines[0].ProductID); got != 3 {
		s.t.Errorf("stock: got %d, want 3: one order of 2", got)
	}
}

// A reason that is no contention and no condition is a fault of ours, not a busy store.
func TestPlaceThatCannotWorkIsNoContention(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	for name, fault := range map[string]awsfault.Fault{
		"a reason that is neither": awsfault.Canceled("None", "None", "ValidationError"),
		"a missing permission":     awsfault.Error(400, "AccessDeniedException"),
		"too few reasons":          awsfault.Canceled("None"),
	} {
		s.faults.On("TransactWriteItems", fault)
		calls := s.faults.Calls("TransactWriteItems")
		err := s.checkout().Place(t.Context(), o)
		var rejected *order.RejectedError
		if err == nil || errors.Is(err, order.ErrBusy) || errors.As(err, &rejected) {
			t.Errorf("%s: got %v, which is no fault of ours", name, err)
		}
		if got := s.faults.Calls("TransactWriteItems") - calls; got != 1 {
			t.Errorf("%s: got %d calls, want 1: a repeat cannot help", name, got)
		}
	}
	s.must(s.checkout().Place(t.Context(), o)) // nothing was left behind
	if left := s.left("lamp"); left != 3 {
		t.Errorf("stock: got %d, want 3", left)
	}
}

// The look for an order waits for one that is just being committed.
func TestAcceptedWaitsForACommit(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	s.must(s.checkout().Place(t.Context(), o))
	s.faults.On("TransactGetItems", awsfault.Times(3, awsfault.Canceled("TransactionConflict"))...)
	got, err := s.checkout().Accepted(t.Context(), o.ID)
	s.must(err)
	if got.ID != o.ID || s.faults.Calls("TransactGetItems") != 4 {
		t.Errorf("got order %s after %d calls, want %s after 4", got.ID, s.faults.Calls("TransactGetItems"), o.ID)
	}
	if _, err := s.checkout().Accepted(t.Context(), order.ID("usr_1", "other")); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("an order that is none: got %v, want ErrNotFound", err)
	}
	s.faults.On("TransactGetItems", awsfault.Times(1000, awsfault.Canceled("TransactionConflict"))...)
	if _, err := s.checkout().Accepted(briefly(t), o.ID); !errors.Is(err, order.ErrBusy) {
		t.Errorf("contention that does not end: got %v, want ErrBusy", err)
	}
}

func TestViewShowsAnOrderToWhoMaySeeIt(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	s.must(s.checkout().Place(t.Context(), o))
	owner := user.Caller{UserID: "usr_1", Email: "usr_1@example.com"}
	staff := func(id string, role user.Role) user.Caller {
		return user.Caller{UserID: id, Email: id + "@example.com", Role: role}
	}
	roles := map[string]user.Role{"usr_packer": "orders", "usr_clerk": "history", "usr_keeper": "inventory"}
	for id, role := range roles {
		u := ann
		u.ID, u.Email, u.Role = id, id+"@example.com", role
		s.must(s.signUp().Create(t.Context(), u, user.IdempotencyRecord{}))
	}
	tests := []struct {
		name   string
		caller user.Caller
		want   error
	}{
		{"its customer", owner, nil},
		{"another customer", user.Caller{UserID: "usr_2", Email: "usr_2@example.com"}, order.ErrNotFound},
		{"an admin", s.admin, nil},
		{"who is an admin by token only", staff("usr_2", user.RoleAdmin), order.ErrNotFound},
		{"staff who packs", staff("usr_packer", "orders"), nil},
		{"staff who reads the history", staff("usr_clerk", "history"), nil},
		{"staff of another scope", staff("usr_keeper", "inventory"), order.ErrNotFound},
		{"staff of another scope, by a token from before", staff("usr_keeper", "orders"), order.ErrNotFound},
	}
	for _, test := range tests {
		got, status, err := s.orderReader().View(t.Context(), test.caller, o.ID)
		if !errors.Is(err, test.want) || err == nil && (got.ID != o.ID || status != order.EmailPending) {
			t.Errorf("%s: got %v, %s, %v, want error %v", test.name, got.ID, status, err, test.want)
		}
		if theirs := !errors.Is(err, access.ErrNotTheirs); theirs != (test.want == nil) {
			t.Errorf("%s: got %v, want the log to be told why", test.name, err)
		}
	}
	if _, _, err := s.orderReader().View(t.Context(), owner, "ord_none"); !errors.Is(err, order.ErrNotFound) ||
		errors.Is(err, access.ErrNotTheirs) {
		t.Errorf("an order that is not there: got %v, want ErrNotFound alone", err)
	}
	_, err := s.operator().SetRole(t.Context(), user.RoleChange{
		UserID: s.admin.UserID, Email: s.admin.Email, Role: user.RoleCustomer, By: "arn:operator", At: opened,
	})
	s.must(err)
	if _, _, err := s.orderReader().View(t.Context(), s.admin, o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("a demoted admin: got %v, want ErrNotFound", err)
	}
	s.must(s.mails(nil).MarkSent(t.Context(), notification.OrderMailID(o.ID), "m", opened))
	if _, status, err := s.orderReader().View(t.Context(), owner, o.ID); err != nil || status != order.EmailSent {
		t.Errorf("once the mail was sent: got %s, %v, want sent", status, err)
	}
}

// DynamoDB may leave keys of a batch for another call.
func TestGoodsAsksAgainForWhatABatchLeftOut(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	leftOut := `{"Responses":{},"UnprocessedKeys":{"` + s.tables.Name("Products") +
		`":{"ConsistentRead":true,"Keys":[{"product_id":{"S":"lamp"},"part":{"S":"sale"}}]}}}`
	s.faults.On("BatchGetItem", awsfault.Answer(200, leftOut), awsfault.Answer(200, leftOut))
	goods, err := s.checkout().ReadProducts(t.Context(), []string{"lamp"})
	s.must(err)
	if want := (order.Products{
		"lamp": {Name: "The lamp", Price: gbp(6400), Stock: 5, Active: true, LowStockThreshold: 5},
	}); !reflect.DeepEqual(goods, want) {
		t.Errorf("got %+v, want %+v", goods, want)
	}
	if got := s.faults.Calls("BatchGetItem"); got != 3 {
		t.Errorf("calls: got %d, want 3", got)
	}
}
