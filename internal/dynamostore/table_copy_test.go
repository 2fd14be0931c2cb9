package dynamostore

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/password"
	"shop/internal/user"
	"shop/test/dynamolocal"
)

// contents are all items of a table by their keys.
func (s *shop) contents(table string, key ...string) map[string]attributes {
	s.t.Helper()
	out, err := s.tables.Client(nil).Scan(s.t.Context(), &dynamodb.ScanInput{TableName: &table,
		ConsistentRead: aws.Bool(true)})
	s.must(err)
	all := map[string]attributes{}
	for _, item := range out.Items {
		all[keyText(key, item)] = item
	}
	return all
}

// TestTableCopy: the tables of a store are as they were restored, whatever was done meanwhile; what went is kept,
// as JSON that tells all of it; and a second copy has nothing to do.
func TestTableCopy(t *testing.T) {
	s, ids := busyShop(t)
	restored := dynamolocal.New(t)
	s.must(s.undeliveredMails().MarkBounced(t.Context(), notification.OrderMailID(ids[2]), "lost", opened)) // a set
	keys := map[string][]string{"Orders": {"order_id"}, "Mails": {"mail_id"}, "StockMovements": {"product_id",
		"moved_key"}, "Products": {"product_id", "part"}, "StockAlerts": {"recipient", "product_id"}}
	copyOf := func(table string, write bool, keep func(string, json.RawMessage) error) *TableCopy {
		return &TableCopy{Client: s.client, From: restored.Name(table), To: s.tables.Name(table), Write: write,
			Keep: keep}
	}
	none := func(string, json.RawMessage) error { t.Error("an item was kept"); return nil }
	for table := range keys { // the restored tables, as DynamoDB makes them
		backup := &TableCopy{Client: s.client, From: s.tables.Name(table), To: restored.Name(table), Write: true,
			Keep: none}
		_, err := backup.Run(t.Context())
		s.must(err)
	}

	later := newOrder("usr_1", "later", opened.Add(time.Hour), line("p001", 1, 1))
	s.must(s.checkout().Place(t.Context(), later))
	s.remove("Orders", orderKey(ids[3]))
	s.must(s.stockRequests().Remove(t.Context(), "usr_waits0", "lamp"))
	s.asks(s.customer("later"), "lamp")
	s.change("Orders", orderKey(ids[4]), "SET email = :n", attributes{":n": text("spoiled")})
	if got, err := copyOf("Orders", false, none).Run(t.Context()); err != nil || got != (copied{Same: 10, Written: 2,
		Removed: 1}) {
		t.Errorf("a look: %+v, %v", got, err)
	}
	var kept []string
	for table, key := range keys {
		keep := func(of string, item json.RawMessage) error {
			if of == s.tables.Name("Orders") {
				kept = append(kept, string(item))
			}
			return nil
		}
		_, err := copyOf(table, true, keep).Run(t.Context())
		s.must(err)
		if got, want := s.contents(s.tables.Name(table), key...), s.contents(restored.Name(table),
			key...); !reflect.DeepEqual(got, want) || len(want) == 0 {
			t.Errorf("%s: got\n%v, want\n%v", table, got, want)
		}
		if again, err := copyOf(table, true, none).Run(t.Context()); err != nil || again.Written+again.Removed != 0 {
			t.Errorf("%s: a second copy did %+v, %v", table, again, err)
		}
	}
	s.wantDifferences()
	wantKept(t, kept, later.ID, ids[4])
}

func wantKept(t *testing.T, kept []string, ids ...string) {
	t.Helper()
	var got []string
	for _, text := range kept {
		var item map[string]map[string]any
		if err := json.Unmarshal([]byte(text), &item); err != nil {
			t.Fatal(err)
		}
		got = append(got, item["order_id"]["S"].(string))
		line, _ := item["lines"]["L"].([]any)
		if len(line) != 1 || item["amount"]["N"] == nil || item["request"]["B"] == nil {
			t.Errorf("not all of the order is kept: %s", text)
		}
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("kept %q, want %q", got, ids)
	}
}

// TestErasuresAgain: a restore brings back the address of who deleted the account since, in orders and in a request.
// Both are erased again, and nobody else's: neither of who has an account, nor of an imported order.
func TestErasuresAgain(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 20)
	s.addProduct("vase", 100, 0)
	buy := func(c user.Caller) string {
		o := newOrder(c.UserID, "key", opened, line("lamp", 1, 1))
		o.Email = c.Email
		s.must(s.checkout().Place(t.Context(), o))
		return o.ID
	}
	stays, gone, waiter := s.customer("stays"), s.customer("gone"), s.customer("waiter")
	kept, erased := buy(stays), buy(gone)
	s.asks(waiter, "vase")
	imported := newOrder("usr_imported", "key", opened, line("lamp", 1, 1))
	imported.Imported = true
	s.must((&OrderImport{Client: s.client, Orders: s.tables.Name("Orders")}).Put(t.Context(),
		[]order.Order{imported}, func(int) {}))
	for _, c := range []user.Caller{gone, waiter} { // the other tables are as before the erasure
		s.must(s.deleter().Delete(t.Context(), user.User{ID: c.UserID, Email: c.Email}, opened))
		s.must(s.deletions().Finish(t.Context(), c.UserID))
	}
	again := user.User{ID: "usr_again", Email: gone.Email, Name: "A", PasswordHash: password.Stored("x"),
		Role: user.RoleCustomer, CreatedAt: opened}
	s.must(s.signUp().Create(t.Context(), again, user.IdempotencyRecord{}))

	for _, write := range []bool{false, true, true} {
		n, err := s.erasuresAgain(write).Run(t.Context(), opened)
		s.must(err)
		due, err := s.deletions().Unfinished(t.Context())
		s.must(err)
		if n != 2 || write != (len(due) == 2) {
			t.Errorf("write %v: %d customers, recorded are %v, want 2", write, n, due)
		}
	}
	erase := &user.EraseDeletedAccounts{Record: s.deletions(), Data: s.personalData(),
		Now: func() time.Time { return opened.Add(time.Hour) }}
	if n, err := erase.Run(t.Context(), opened.Add(2*time.Hour)); n != 2 || err != nil {
		t.Errorf("finished %d deletions, error %v, want 2", n, err)
	}
	emails := map[string]string{}
	for _, item := range s.contents(s.tables.Name("Orders"), "order_id") {
		r := reader{item: item}
		emails[r.text("order_id")] = r.text("email")
	}
	want := map[string]string{kept: stays.Email, erased: "", imported.ID: imported.Email}
	if !maps.Equal(emails, want) || s.awaits(waiter, "vase") {
		t.Errorf("orders have %v, want %v, and no request", emails, want)
	}
}

func (s *shop) erasuresAgain(write bool) *ErasuresAgain {
	return &ErasuresAgain{
		Client: s.client, Orders: s.tables.Name("Orders"), StockAlerts: s.tables.Name("StockAlerts"),
		Users: s.tables.Name("Users"), AccountDeletions: s.tables.Name("AccountDeletions"), Write: write,
	}
}

func TestTableCopyOfAnotherTable(t *testing.T) {
	s := open(t)
	c := &TableCopy{Client: s.client, From: s.tables.Name("Mails"), To: s.tables.Name("Orders")}
	if _, err := c.Run(t.Context()); err == nil {
		t.Error("mails were taken for orders")
	}
}
