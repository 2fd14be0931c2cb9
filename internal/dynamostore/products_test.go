package dynamostore

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/page"
	"shop/internal/product"
	"shop/test/awsfault"
	"shop/test/unset"
)

// wholeProduct has a value of each member.
func wholeProduct(t *testing.T) product.Product {
	t.Helper()
	p := product.Product{
		ID: "lamp", Name: "Lamp & <shade>", Description: "Two\nlines", Price: gbp(0),
		ImageURL: "https://example.com/l.png", Active: true,
		MaxPerOrder: 2, Categories: product.Categories{"Lamps", "Bücher & mehr"}, Stock: 3, Version: 1,
		LowStockThreshold: 2, CreatedAt: opened, UpdatedAt: opened,
	}
	if missing := unset.Members(p); len(missing) > 0 {
		t.Fatalf("give the product of this test %v", missing)
	}
	return p
}

func TestProductIsStoredAndChanged(t *testing.T) {
	s := open(t)
	p := wholeProduct(t)
	s.must(s.saver().Create(t.Context(), p, nil))
	got, err := s.catalogue().View(t.Context(), "lamp")
	s.must(err)
	if got != p {
		t.Errorf("got %+v, want %+v", got, p)
	}
	if err := s.saver().Create(t.Context(), p, nil); !errors.Is(err, product.ErrContended) {
		t.Errorf("created twice: got %v, want ErrContended", err)
	}
	p.Name, p.Active, p.Price, p.Version, p.UpdatedAt = "Lantern", false, gbp(5), 2, opened.Add(time.Hour)
	p.Categories = product.Categories{"Lamps"}
	changed := p
	changed.Stock = 99 // an update leaves the stock alone
	s.must(s.saver().Update(t.Context(), changed))
	if got, err := s.inventory().Read(t.Context(), "lamp"); err != nil || got != p {
		t.Errorf("got %+v, %v, want %+v", got, err, p)
	}
	if err := s.saver().Update(t.Context(), p); !errors.Is(err, product.ErrContended) {
		t.Errorf("an update of what was seen before another: got %v, want ErrContended", err)
	}
	for _, most := range []int64{1, product.MaxPerOrder - 1, 0} {
		p.MaxPerOrder, p.Version, p.Categories = most, p.Version+1, product.Categories{}
		s.must(s.saver().Update(t.Context(), p))
		if got, err := s.inventory().Read(t.Context(), "lamp"); err != nil || got != p {
			t.Errorf("got %+v, %v, want %+v", got, err, p)
		}
	}
	if _, err := s.catalogue().View(t.Context(), "lamp"); !errors.Is(err, product.ErrNotFound) {
		t.Errorf("customers see an inactive product: %v", err)
	}
	for _, id := range []string{"ghost"} {
		if _, err := s.catalogue().View(t.Context(), id); !errors.Is(err, product.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", id, err)
		}
		if _, err := s.inventory().Read(t.Context(), id); !errors.Is(err, product.ErrNotFound) {
			t.Errorf("%s, as admin: got %v, want ErrNotFound", id, err)
		}
	}
}

// During a deployment a function of the version before may save a product that a later one has saved.
func TestUpdateKeepsAttributesThatThisVersionDoesNotKnow(t *testing.T) {
	s := open(t)
	p := product.Product{
		ID: "lamp", Name: "Lamp", Price: gbp(1), Active: true, MaxPerOrder: 2, Version: 1, CreatedAt: opened,
		UpdatedAt: opened,
	}
	s.must(s.saver().Create(t.Context(), p, nil))
	for _, part := range []string{salePart, textPart} {
		s.setAttribute("Products", productKey("lamp", part), "of_a_later_version", text("kept in "+part))
	}
	p.Name, p.Description, p.MaxPerOrder, p.Version = "Lantern", "Two\nlines", 0, 2
	s.must(s.saver().Update(t.Context(), p))
	if got, err := s.inventory().Read(t.Context(), "lamp"); err != nil || got != p {
		t.Errorf("got %+v, %v, want %+v", got, err, p)
	}
	for _, part := range []string{salePart, textPart} {
		item := s.item("Products", productKey("lamp", part))
		if got, want := item["of_a_later_version"], text("kept in "+part); !reflect.DeepEqual(got, want) {
			t.Errorf("the part %s: got %+v, want %+v", part, got, want)
		}
	}
}

// setAttribute sets one attribute of an item, past the faults.
func (s *shop) setAttribute(table string, key attributes, name string, value types.AttributeValue) {
	s.t.Helper()
	_, err := s.tables.Client(nil).UpdateItem(s.t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Name(table)), Key: key, UpdateExpression: aws.String("SET #name = :value"),
		ExpressionAttributeNames:  map[string]string{"#name": name},
		ExpressionAttributeValues: attributes{":value": value},
	})
	s.must(err)
}

func TestFirstStockIsAMovement(t *testing.T) {
	s := open(t)
	first := product.Movement{
		ID: "m1", ProductID: "lamp", After: 7, Reason: "initial stock", By: s.admin.UserID, MovedAt: opened,
	}
	p := product.Product{
		ID: "lamp", Name: "Lamp", Price: gbp(1), Active: true, Stock: 7, Version: 1, CreatedAt: opened,
		UpdatedAt: opened,
	}
	s.must(s.saver().Create(t.Context(), p, &first))
	moves, err := s.inventory().Changes(t.Context(), s.admin, "lamp", page.Request{Limit: 10})
	s.must(err)
	if want := []product.Movement{first}; !reflect.DeepEqual(moves.Items, want) || moves.NextCursor != "" {
		t.Errorf("got %+v, want %+v", moves, want)
	}
}

func TestMove(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	move := func(before, after int64) error {
		_, err := s.inventory().Move(t.Context(), product.Movement{
			ID: "m" + number3(int(after)), ProductID: "lamp", Before: before, After: after, Reason: "r",
			By: "usr_admin", MovedAt: opened,
		})
		return err
	}
	s.must(move(10, 8))
	var changed *product.StockChangedError
	if err := move(10, 7); !errors.As(err, &changed) || changed.Quantity != 8 {
		t.Errorf("a move from what the stock is not: got %v, want StockChangedError of 8", err)
	}
	s.faults.On("TransactWriteItems", awsfault.Canceled("TransactionConflict", "None"))
	s.must(move(8, 5))
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(move(5, 4))
	s.faults.On("TransactWriteItems", awsfault.Times(1000, awsfault.Canceled("TransactionConflict", "None"))...)
	_, err := s.inventory().Move(briefly(t),
		product.Movement{ID: "m", ProductID: "lamp", Before: 4, After: 3, MovedAt: opened})
	if !isBusy(err) || errors.Is(err, product.ErrContended) || errors.Is(err, product.ErrUnsettled) {
		t.Errorf("contention that does not end: got %v, want one that says that a repeat may help", err)
	}
	if left := s.left("lamp"); left != 4 {
		t.Errorf("stock: got %d, want 4", left)
	}
	moves, err := s.inventory().Changes(t.Context(), s.admin, "lamp", page.Request{Limit: 10})
	s.must(err)
	if len(moves.Items) != 3 {
		t.Errorf("got %d movements, want 3: only what happened is recorded", len(moves.Items))
	}
}

// A repeat of an adjustment whose outcome is not known would change the stock twice. So the outcome is looked up; and
// where that fails, too, the error does not ask for a repeat.
func TestMoveWhoseAnswersAreAllLost(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	m := product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 15, Reason: "r", By: "usr_admin", MovedAt: opened,
	}
	s.faults.On("TransactWriteItems", awsfault.Times(3, awsfault.Lost)...)
	s.move(s.inventory(), m)

	m = product.Movement{
		ID: "n", ProductID: "lamp", Before: 15, After: 25, Reason: "r", By: "usr_admin", MovedAt: opened,
	}
	s.faults.On("TransactWriteItems",
		awsfault.Times(3, awsfault.Lost)...).On("GetItem", awsfault.Times(3, awsfault.DropRequest)...)
	if _, err := s.inventory().Move(t.Context(), m); !errors.Is(err, product.ErrUnsettled) ||
		errors.Is(err, product.ErrContended) {
		t.Errorf("got %v, want ErrUnsettled", err)
	}
	if left := s.left("lamp"); left != 25 {
		t.Errorf("stock: got %d, want 25", left)
	}
}

// The answer is lost, the SDK's repeats are throttled, and ours meets the change that the first attempt made.
func TestMoveThatMeetsItsOwnChange(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	throttled := awsfault.Error(400, "ThrottlingException")
	s.faults.On("TransactWriteItems", awsfault.Lost, throttled, throttled)
	s.move(s.inventory(), product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 15, Reason: "r", By: "usr_admin", MovedAt: opened,
	})
	if left := s.left("lamp"); left != 15 {
		t.Errorf("stock: got %d, want 15", left)
	}
}

// impatient is an inventory that does not wait between the SDK's attempts.
func (s *shop) impatient() *InventoryStore {
	s.hurry()
	return s.inventory()
}

// An answer is lost, and all that follows is throttled until the time is up: that nothing was done would be untrue, and
// a repeat would change the stock twice.
func TestMoveWhoseAnswerIsLostBeforeContention(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	m := product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 15, Reason: "r", By: "usr_admin", MovedAt: opened,
	}
	s.faults.On("TransactWriteItems",
		append([]awsfault.Fault{awsfault.Lost}, awsfault.Times(1000, awsfault.Error(400, "ThrottlingException"))...)...)
	if _, err := s.impatient().Move(soon(t), m); !errors.Is(err, product.ErrUnsettled) ||
		errors.Is(err, product.ErrContended) {
		t.Errorf("got %v, want ErrUnsettled", err)
	}
	if left := s.left("lamp"); left != 15 {
		t.Errorf("stock: got %d, want 15", left)
	}
}

// move makes a movement, which must be recorded as it is.
func (s *shop) move(inventory *InventoryStore, m product.Movement) {
	s.t.Helper()
	recorded, err := inventory.Move(s.t.Context(), m)
	s.must(err)
	if recorded != m {
		s.t.Errorf("recorded %+v, want %+v", recorded, m)
	}
}

// A repeat that finds another stock may have changed it itself: the record of its movement tells.
func TestMoveThatMayHaveMetItsOwnChange(t *testing.T) {
	throttled := awsfault.Times(2, awsfault.Error(400, "ThrottlingException"))
	m := product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 15, Reason: "r", By: "usr_admin", MovedAt: opened,
	}
	t.Run("its own", func(t *testing.T) {
		s := open(t)
		s.addProduct("lamp", 1, 5)
		s.faults.On("TransactWriteItems", append([]awsfault.Fault{awsfault.Lost}, throttled...)...)
		s.move(s.impatient(), m)
	})
	t.Run("another's", func(t *testing.T) {
		s := open(t)
		s.addProduct("lamp", 1, 4)
		s.faults.On("TransactWriteItems", append([]awsfault.Fault{awsfault.DropRequest}, throttled...)...)
		var changed *product.StockChangedError
		if _, err := s.impatient().Move(t.Context(), m); !errors.As(err, &changed) || changed.Quantity != 4 {
			t.Errorf("got %v, want StockChangedError of 4", err)
		}
	})
}

// The first attempt is carried out and its answer lost; then others bring the stock back to what it was; then our own
// repeat, which is a new request to DynamoDB, comes. It must not make the change a second time.
func TestMoveWhoseStockCameBack(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	m := product.Movement{
		ID: "m", ProductID: "lamp", Before: 5, After: 15, Reason: "r", By: "usr_admin", MovedAt: opened,
	}
	soldAndThrottled := func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		other := s.inventory()
		other.Client = s.tables.Client(nil)
		s.move(other,
			product.Movement{
				ID: "other", ProductID: "lamp", Before: 15, After: 5, Reason: "r", By: "usr_admin",
				MovedAt: opened.Add(time.Second),
			})
		return awsfault.Error(400, "ThrottlingException")(next, r)
	}
	throttled := awsfault.Error(400, "ThrottlingException")
	s.faults.On("TransactWriteItems", awsfault.Lost, soldAndThrottled, throttled)
	s.move(s.impatient(), m)
	if left := s.left("lamp"); left != 5 {
		t.Errorf("stock: got %d, want 5: ten came, ten went", left)
	}
	// A call of the same request that goes on from another stock meets it, too, and is told what was recorded.
	again := m
	again.Before, again.After = 4, 14
	if recorded, err := s.inventory().Move(t.Context(), again); err != nil || recorded != m {
		t.Errorf("got %+v and error %v, want %+v", recorded, err, m)
	}
}

// A repeat of a creation is no creation of another's product, whose stock is not to be given.
func TestCreateMeetsNotItself(t *testing.T) {
	s := open(t)
	p := product.Product{
		ID: "lamp", Name: "Lamp", Price: gbp(1), Active: true, Stock: 7, Version: 1, CreatedAt: opened,
		UpdatedAt: opened,
	}
	s.faults.On("TransactWriteItems", awsfault.Lost, throttled, throttled)
	s.hurry()
	s.must(s.saver().Create(t.Context(), p, nil))
	if err := s.saver().Create(t.Context(), p, nil); !errors.Is(err, product.ErrContended) {
		t.Errorf("created by another: got %v, want ErrContended", err)
	}
}

// What the index has and the table does not have yet, or has taken off, is not shown, and hides nothing else.
func TestBrowseBesideALaggingTable(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	s.addProduct("mug", 1, 5)
	s.addProduct("clock", 1, 5)
	_, err := s.client.DeleteItem(t.Context(),
		&dynamodb.DeleteItemInput{TableName: &s.inventory().Products, Key: productKey("mug", salePart)})
	s.must(err)
	_, err = s.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &s.inventory().Products, Key: productKey("clock", salePart),
		UpdateExpression: aws.String("SET active = :no"), ExpressionAttributeValues: attributes{":no": boolean(false)},
	})
	s.must(err)
	if got := s.browse("", 100); !slices.Equal(got, []string{"The lamp"}) {
		t.Errorf("got %q, want the lamp", got)
	}
}

func TestMoveOfNoProduct(t *testing.T) {
	s := open(t)
	_, err := s.inventory().Move(t.Context(),
		product.Movement{ID: "m", ProductID: "ghost", Before: 1, After: 2, Reason: "r", By: "x", MovedAt: opened})
	if !errors.Is(err, product.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, err := s.inventory().Changes(
		t.Context(), s.admin, "ghost", page.Request{Limit: 10},
	); !errors.Is(err, product.ErrNotFound) {
		t.Errorf("movements: got %v, want ErrNotFound", err)
	}
}

// Admins adjust while customers buy: no unit is lost or made, and each movement tells the truth.
func TestAdjustmentsAndSalesAtOnce(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 100)
	inventory := product.Inventory{Products: s.inventory(), NewID: newID, Now: func() time.Time { return opened }}
	var at sync.WaitGroup
	for i := range 8 {
		at.Go(func() {
			if err := s.checkout().Place(
				t.Context(), newOrder("usr_1", number3(i), opened, line("lamp", 100, 3)),
			); err != nil {
				t.Errorf("order %d: %v", i, err)
			}
		})
		at.Go(func() {
			var err error = product.ErrContended
			for errors.Is(err, product.ErrContended) {
				_, err = inventory.Adjust(t.Context(), s.admin,
					product.Adjustment{ProductID: "lamp", Delta: -2, Reason: "damaged"})
			}
			if err != nil {
				t.Errorf("adjustment %d: %v", i, err)
			}
		})
	}
	at.Wait()
	if got, want := s.left("lamp"), int64(100-8*3-8*2); got != want {
		t.Errorf("stock: got %d, want %d", got, want)
	}
	moves, err := s.inventory().Changes(t.Context(), s.admin, "lamp", page.Request{Limit: 100})
	s.must(err)
	for _, m := range moves.Items {
		if m.Delta() != -2 {
			t.Errorf("movement %+v does not tell its difference", m)
		}
	}
	if len(moves.Items) != 8 {
		t.Errorf("got %d movements, want 8", len(moves.Items))
	}
}

func TestBrowsePagesByName(t *testing.T) {
	s := open(t)
	names := []string{
		"apple", "Apple pie", "apple-tart", "Banana", "cherry", "Éclair", "éclair", "zebra", "ångström", "Lamp",
		"Lamp red", "lamp Red 2", "ﬁg",
	}
	for i, name := range names {
		p := product.Product{
			ID: "p" + number3(i), Name: name, Price: gbp(1), Active: true, Stock: 1, Version: 1, CreatedAt: opened,
			UpdatedAt: opened,
		}
		s.must(s.saver().Create(t.Context(), p, nil))
	}
	hidden := product.Product{
		ID: "hidden", Name: "apple hidden", Price: gbp(1), Stock: 1, Version: 1, CreatedAt: opened, UpdatedAt: opened,
	}
	s.must(s.saver().Create(t.Context(), hidden, nil))
	byName := slices.SortedFunc(slices.Values(names),
		func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	for limit := 1; limit <= len(names)+1; limit++ {
		if got := s.browse("", limit); !sameFolded(got, byName) {
			t.Errorf("limit %d: got %q, want %q", limit, got, byName)
		}
		for prefix, want := range map[string]int{
			"e\u0301CL": 2, "E\u0301": 2, "FIG": 1, "APPLE": 3, "apple ": 1, "É": 2, "lamp": 3, "lamp r": 2,
			"nothing": 0, "\U0010FFFF": 0, "\x00": 0, "\x01": 0,
		} {
			if got := s.browse(prefix, limit); len(got) != want {
				t.Errorf("%q, limit %d: got %q, want %d", prefix, limit, got, want)
			}
		}
	}
	listed, err := s.adminCatalogue().Inventory(t.Context(), s.admin, product.Filter{}, page.Request{Limit: 100})
	s.must(err)
	if len(listed.Items) != len(names)+1 {
		t.Errorf("inventory: got %d products, want %d, the inactive one too", len(listed.Items), len(names)+1)
	}
}

func (s *shop) browse(prefix string, limit int) []string {
	s.t.Helper()
	name := func(p product.Product) string { return p.Name }
	return pages(s.t, limit, name, func(r page.Request) (page.Page[product.Product], error) {
		return s.catalogue().Browse(s.t.Context(), product.Selection{Prefix: prefix}, r)
	})
}

func sameFolded(a, b []string) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool { return fold(a) == fold(b) })
}

func TestInventoryPagesMergeBothShelves(t *testing.T) {
	s := open(t)
	var want []string
	for i := range 9 {
		id := "p" + number3(i)
		p := product.Product{
			ID: id, Name: id, Price: gbp(1), Active: i%3 == 0, Version: 1, CreatedAt: opened, UpdatedAt: opened,
		}
		s.must(s.saver().Create(t.Context(), p, nil))
		want = append(want, id)
	}
	for limit := 1; limit <= 10; limit++ {
		id := func(p product.Product) string { return p.ID }
		got := pages(t, limit, id, func(r page.Request) (page.Page[product.Product], error) {
			return s.adminCatalogue().Inventory(t.Context(), s.admin, product.Filter{}, r)
		})
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
}

func TestMovementsPageNewestFirst(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 100)
	var want []string
	for i := range 7 {
		m := product.Movement{
			ID: "m" + number3(i), ProductID: "lamp", Before: int64(100 - i), After: int64(99 - i), Reason: "r",
			By: "usr_admin", MovedAt: opened.Add(time.Duration(i/2) * time.Millisecond), // some in the same millisecond
		}
		s.move(s.inventory(), m)
		want = append([]string{m.ID}, want...)
	}
	for limit := 1; limit <= 8; limit++ {
		id := func(m product.Movement) string { return m.ID }
		got := pages(t, limit, id, func(r page.Request) (page.Page[product.Movement], error) {
			return s.inventory().Changes(t.Context(), s.admin, "lamp", r)
		})
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	long := strings.Repeat("é", 600)
	tests := []struct{ in, want string }{
		{"Lamp", "lamp"}, {"ΣΊΣΥΦΟΣ", fold("σίσυφος")}, {"Straße", "strasse"}, {"STRASSE", "strasse"},
		{"Cafe\u0301", "café"}, {"CAFÉ", "café"}, {"İ", "i\u0307"}, {"ﬁg", "fig"}, {long, long[:900]},
		{"a" + long, "a" + long[:898]},
	}
	for _, test := range tests {
		if got := fold(test.in); got != test.want {
			t.Errorf("fold(%.20q): got %.20q of %d bytes, want %.20q of %d",
				test.in, got, len(got), test.want, len(test.want))
		}
	}
}
