package dynamostore

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/invariants"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/user"
)

var _ invariants.Tables = (*InvariantTables)(nil)

func (s *shop) invariants() *InvariantTables {
	return &InvariantTables{
		Client: s.client, Products: s.tables.Name("Products"), Movements: s.tables.Name("StockMovements"),
		Orders: s.tables.Name("Orders"), Mails: s.tables.Name("Mails"),
		StockAlerts: s.tables.Name("StockAlerts"), Users: s.tables.Name("Users"),
		Deletions: s.tables.Name("AccountDeletions"),
	}
}

// stocked puts a product on the shelf, its stock recorded.
func (s *shop) stocked(id string, units int64) {
	s.t.Helper()
	p := product.Product{ID: id, Name: id, Price: gbp(1), Active: true, Stock: units, LowStockThreshold: 5,
		Version: 1, CreatedAt: opened, UpdatedAt: opened}
	first := product.Movement{ID: "first", ProductID: id, After: units, Reason: "r", By: "usr_admin", MovedAt: opened}
	s.must(s.saver().Create(s.t.Context(), p, &first))
}

// wantDifferences audits, and wants these differences, as "kind subject".
func (s *shop) wantDifferences(want ...string) invariants.Summary {
	s.t.Helper()
	got := []string{}
	sum, err := invariants.Audit{Tables: s.invariants()}.Run(s.t.Context(), func(d invariants.Difference) {
		got = append(got, fmt.Sprint(d.Kind, " ", d.Subject))
	})
	s.must(err)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("differences:\n%q, want\n%q", got, want)
	}
	return sum
}

// busyShop has what a store has after a while: sales, a cancellation, stock changes with a key and without, mails of
// all states, and customers who wait for what is sold out, or were told that it is back.
func busyShop(t *testing.T) (*shop, []string) {
	s := open(t)
	var ids []string
	for i := range 12 {
		id := "p" + number3(i)
		s.stocked(id, 20)
		o := newOrder("usr_1", id, opened.Add(time.Minute), line(id, 1, 3))
		s.must(s.checkout().Place(t.Context(), o))
		ids = append(ids, o.ID)
	}
	for i, keyed := range []bool{false, true} {
		m := product.Movement{ID: strconv.Itoa(i), ProductID: "p000", Before: 17, After: 17, Reason: "r",
			By: "usr_admin", MovedAt: opened.Add(time.Hour), Keyed: keyed}
		m.Before, m.After = s.left("p000"), s.left("p000")+5
		if keyed {
			m = m.Relative()
		}
		_, err := s.inventory().Adjust(t.Context(), m, product.DefaultLowStockThreshold)
		s.must(err)
	}
	_, _, err := s.progress().Set(t.Context(), s.admin, order.StatusRequest{OrderID: ids[1], From: order.Placed,
		To: order.Cancelled})
	s.must(err)
	mails := s.mails(func() time.Time { return opened })
	s.must(mails.MarkSent(t.Context(), notification.OrderMailID(ids[0]), "m", opened))
	_, err = s.resetOutbox().AddResetMail(t.Context(), "a@example.com", opened)
	s.must(err)
	s.waits(4)
	return s, ids
}

// waits has so many customers wait for a lamp that is sold out, three be told that a vase is back, the last of whom
// then deleted the account, and the shop be told of a rug.
func (s *shop) waits(customers int) {
	s.t.Helper()
	s.stocked("lamp", 0)
	s.stocked("vase", 0)
	s.stocked("rug", 0)
	for i := range customers {
		c := s.customer(fmt.Sprint("waits", i))
		s.asks(c, "lamp")
		if i > 0 {
			s.asks(c, "vase")
		}
	}
	now := time.Now()
	for i := 1; i < customers; i++ {
		made, err := s.stockAlerts().MailCustomer(s.t.Context(), fmt.Sprint("usr_waits", i), "vase", now)
		if s.must(err); !made {
			s.t.Error("no mail was made")
		}
	}
	gone := fmt.Sprint("waits", customers-1)
	s.must(s.deleter().Delete(s.t.Context(), user.User{ID: "usr_" + gone, Email: gone + "@example.com"}, now))
	_, err := s.stockAlerts().Note(s.t.Context(), "rug", product.InStock, product.OutOfStock, false, now)
	s.must(err)
}

func TestHealthyStoreHasNoDifferences(t *testing.T) {
	s, _ := busyShop(t)
	sum := s.wantDifferences()
	if sum != (invariants.Summary{Products: 15, Movements: 18, Orders: 12, Mails: 17, Waits: 7, Passes: 1}) {
		t.Errorf("read %+v", sum)
	}
}

// change writes past the store's own code.
func (s *shop) change(table string, key attributes, update string, values attributes) {
	s.t.Helper()
	_, err := s.tables.Client(nil).UpdateItem(s.t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Name(table)), Key: key, UpdateExpression: &update,
		ExpressionAttributeValues: values,
	})
	s.must(err)
}

func (s *shop) put(table string, item attributes) {
	s.t.Helper()
	_, err := s.tables.Client(nil).PutItem(s.t.Context(),
		&dynamodb.PutItemInput{TableName: aws.String(s.tables.Name(table)), Item: item})
	s.must(err)
}

func (s *shop) remove(table string, key attributes) {
	s.t.Helper()
	_, err := s.tables.Client(nil).DeleteItem(s.t.Context(),
		&dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Name(table)), Key: key})
	s.must(err)
}

// TestPlantedDifferences plants one difference of each kind in one store: all are found, and nothing else.
func TestPlantedDifferences(t *testing.T) {
	s, ids := busyShop(t)
	mail := func(i int) attributes { return mailKey(notification.OrderMailID(ids[i])) }
	two := attributes{":n": number(2)}
	s.change("Products", productKey("p001", salePart), "SET stock = stock + :n", two)
	s.change("Products", productKey("p002", salePart), "SET stock = :n", attributes{":n": number(-1)})
	s.remove("Products", productKey("p003", salePart))
	s.remove("Mails", mail(4))
	s.remove("Orders", orderKey(ids[5]))
	s.change("Mails", mail(6), "REMOVE due_at", nil)
	s.change("Orders", orderKey(ids[7]), "SET amount = :n", two)
	s.change("Orders", orderKey(ids[8]), "SET placed_key = :n", attributes{":n": text(formatTime(opened))})
	s.change("Orders", orderKey(ids[9]), "REMOVE currency", nil)
	s.change("Products", productKey("p010", salePart), "REMOVE stock", nil)
	s.change("Mails", mail(11), "SET attempt = :n", attributes{":n": text("x")})
	s.remove("StockMovements", attributes{"product_id": text("p000"),
		"moved_key": text(formatTime(opened.Add(time.Hour)) + "#1")})
	_, _, err := s.progress().Set(t.Context(), s.admin, order.StatusRequest{OrderID: ids[0], To: order.Packed})
	s.must(err)
	early, _ := notification.NewStatusMail(ids[0], order.Shipped, "a@example.com", opened)
	s.put("Mails", mailItem(early))
	s.change("Orders", orderKey(ids[0]), "SET unfinished = :n", attributes{":n": text(cancellingMark)})
	twice := product.NewReturn("p001", ids[1], 3, "usr_admin", opened.Add(time.Second))
	s.put("StockMovements", movementItem(twice))
	s.plantWaits()
	s.wantDifferences(
		"wait_without_account lamp#usr_waits3", "wait_without_account vase#usr_waits3", "product_missing gone",
		"wait_without_mail vase#usr_waits1", "wait_without_mail vase#usr_waits2", "wait_mark_wrong lamp#usr_waits0",
		"wait_overdue p004#usr_waits2", "wait_overdue p006#usr_waits2", "unreadable lamp#usr_waits1",
		"mail_not_reached "+early.ID, "never_cancelled "+ids[0], "returns_differ p001",
		"stock_differs p000", "stock_differs p001", "stock_differs p002", "stock_below_zero p002",
		"low_mark_wrong p002",
		"product_missing p003",
		"order_without_mail "+ids[4], "mail_without_order order-placed#"+ids[5], "stock_differs p005",
		"mail_never_due order-placed#"+ids[6],
		"order_total "+ids[7], "order_not_listed "+ids[8], "unreadable "+ids[9], "stock_differs p009",
		"unreadable p010",
		"unreadable order-placed#"+ids[11])
}

// plantWaits spoils the requests of customers who wait, and adds some that are wrong.
func (s *shop) plantWaits() {
	s.t.Helper()
	s.must(s.deletions().Finish(s.t.Context(), "usr_waits3"))
	s.remove("Mails", mailKey(s.mailOf("usr_waits1", "vase")))
	dropped := notification.NewBackInStockMail("x", "usr_waits2", "vase", opened)
	dropped.ID, dropped.State = s.mailOf("usr_waits2", "vase"), notification.Dropped
	s.put("Mails", mailItem(dropped))
	s.change("StockAlerts", alertKey("usr_waits0", "lamp"), "REMOVE waiting_key", nil)
	s.change("StockAlerts", alertKey("usr_waits1", "lamp"), "REMOVE email", nil)
	s.split("p006", 4)
	for _, id := range []string{"p004", "p006", "gone"} {
		_, err := s.stockRequests().Add(s.t.Context(), product.StockRequest{
			UserID: "usr_waits2", Email: "waits2@example.com", ProductID: id, RequestedAt: opened,
		})
		s.must(err)
	}
}

// mailOf is the mail that was made for a request.
func (s *shop) mailOf(userID, productID string) string {
	s.t.Helper()
	items, err := alertsOf(s.t.Context(), s.client, s.tables.Name("StockAlerts"), userID)
	s.must(err)
	for _, item := range items {
		if r := (reader{item: item}); productIDOf(item) == productID {
			return r.text("mail_id")
		}
	}
	return ""
}

// TestAuditOfALiveStore: while customers buy, wait and leave, and an admin counts, audits find nothing, and find what
// was planted.
func TestAuditOfALiveStore(t *testing.T) {
	s, _ := busyShop(t)
	for i := range 4 {
		s.stocked("hot"+strconv.Itoa(i), 100_000)
	}
	stop := make(chan struct{})
	var buyers sync.WaitGroup
	for buyer := range 4 {
		buyers.Go(func() { s.buyUntil(stop, buyer) })
	}
	buyers.Go(func() { s.waitUntil(stop) })
	audits := 0
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) || audits < 2; audits++ {
		s.wantDifferences()
	}
	s.change("Products", productKey("p001", salePart), "SET stock = stock + :n", attributes{":n": number(1)})
	s.wantDifferences("stock_differs p001")
	close(stop)
	buyers.Wait()
	t.Logf("%d audits ran during the sales", audits)
}

// waitUntil has one customer after the other wait, be told, wait again or withdraw, and delete the account.
func (s *shop) waitUntil(stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		now := time.Now()
		c := s.customer(fmt.Sprint("guest", n))
		s.asks(c, "lamp")
		if _, err := s.stockAlerts().MailCustomer(s.t.Context(), c.UserID, "lamp", now); err != nil {
			s.t.Error(err)
		}
		var box letterbox
		if _, err := s.delivery(&box).Deliver(s.t.Context(), s.mailOf(c.UserID, "lamp")); err != nil {
			s.t.Error(err)
		}
		if n%2 == 0 {
			s.must(s.backInStock().Withdraw(s.t.Context(), c, "lamp"))
		}
		s.must(s.deleter().Delete(s.t.Context(), user.User{ID: c.UserID, Email: c.Email}, now))
		s.must(s.personalData().Erase(s.t.Context(), c.UserID))
		s.must(s.deletions().Finish(s.t.Context(), c.UserID))
	}
}

func (s *shop) buyUntil(stop <-chan struct{}, buyer int) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		id := "hot" + strconv.Itoa(n%4)
		at := time.Now().UTC().Truncate(time.Millisecond)
		o := newOrder("usr_"+strconv.Itoa(buyer), strconv.Itoa(n), at, line(id, 1, 1))
		many := order.Products{id: {Stock: 100_000, LowStockThreshold: 5}}
		if _, err := s.checkout().CheckoutStore.Place(s.t.Context(), o, many,
			func() time.Time { return at }); err != nil {
			s.t.Error(err)
			return
		}
	}
}
