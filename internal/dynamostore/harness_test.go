package dynamostore

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/contention"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/password"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
	"shop/test/dynamolocal"
)

// shop is a store on tables of its own, with an admin.
type shop struct {
	t      testing.TB
	tables *dynamolocal.Tables
	faults *awsfault.Transport // of the client that the stores below use
	client *dynamodb.Client
	admin  user.Caller
}

var opened = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func open(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t, tables: dynamolocal.New(t), faults: &awsfault.Transport{}}
	s.client = s.tables.Client(s.faults)
	admin := user.User{
		ID: "usr_admin", Email: "admin@example.com", Name: "Ada", PasswordHash: password.Stored("x"),
		Role: user.RoleAdmin, CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), admin, user.IdempotencyRecord{}))
	s.admin = user.Caller{UserID: admin.ID, Email: admin.Email, Role: user.RoleAdmin}
	return s
}

// hurry has the stores' client not wait between the SDK's attempts, which are as many as before.
func (s *shop) hurry(options ...func(*dynamodb.Options)) {
	s.client = s.tables.Client(s.faults, append(options, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})...)
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) signUp() *SignUpStore {
	return &SignUpStore{Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState")}
}

func (s *shop) accounts() *Accounts {
	return &Accounts{Client: s.client, Users: s.tables.Name("Users")}
}

func (s *shop) rights() *Rights {
	return &Rights{Client: s.client, Users: s.tables.Name("Users")}
}

func (s *shop) operator() *OperatorAccounts {
	return &OperatorAccounts{Client: s.client, Users: s.tables.Name("Users")}
}

func (s *shop) hashes() *PasswordHashes {
	return &PasswordHashes{Client: s.client, Users: s.tables.Name("Users")}
}

func (s *shop) recipients() *AccountRecipients {
	return &AccountRecipients{
		Client: s.client, Users: s.tables.Name("Users"), Suppressed: s.tables.Name("SuppressedAddresses"),
	}
}

func (s *shop) userSessions() *UserSessions {
	return &UserSessions{Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState")}
}

func (s *shop) passwordChanges() *PasswordChanges {
	return &PasswordChanges{
		Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState"),
		Mails: s.tables.Name("Mails"),
	}
}

func (s *shop) mailedLinks() *MailedLinks {
	return &MailedLinks{Client: s.client, AuthState: s.tables.Name("AuthState")}
}

func (s *shop) verifications() *EmailVerifications {
	return &EmailVerifications{
		Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState"),
	}
}

func (s *shop) resets() *PasswordResets {
	return &PasswordResets{
		Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState"),
		Mails: s.tables.Name("Mails"),
	}
}

func (s *shop) deleter() *AccountDeleter {
	return &AccountDeleter{
		Client: s.client, Users: s.tables.Name("Users"), AccountDeletions: s.tables.Name("AccountDeletions"),
	}
}

func (s *shop) deletions() *AccountDeletions {
	return &AccountDeletions{Client: s.client, AccountDeletions: s.tables.Name("AccountDeletions")}
}

func (s *shop) personalData() *PersonalData {
	return &PersonalData{
		Client: s.client, Orders: s.tables.Name("Orders"), Mails: s.tables.Name("Mails"),
		StockAlerts: s.tables.Name("StockAlerts"),
	}
}

func (s *shop) catalogue() *Catalogue {
	return &Catalogue{Client: s.client, Products: s.tables.Name("Products"), Currency: "GBP"}
}

func (s *shop) adminCatalogue() *AdminCatalogue {
	return &AdminCatalogue{Client: s.client, Products: s.tables.Name("Products"), Currency: "GBP"}
}

func (s *shop) saver() *ProductSaver {
	return &ProductSaver{
		Client: s.client, Products: s.tables.Name("Products"), Movements: s.tables.Name("StockMovements"),
		Currency: "GBP",
	}
}

func (s *shop) inventory() *InventoryStore {
	return &InventoryStore{
		Client: s.client, Products: s.tables.Name("Products"), Movements: s.tables.Name("StockMovements"),
		Currency: "GBP",
	}
}

// checkout is the checkout's store, which places an order at the time that it says.
type checkout struct {
	*CheckoutStore
	seen func() order.Products // what checkout read before
}

func (s checkout) Place(ctx context.Context, o order.Order) error {
	_, err := s.CheckoutStore.Place(ctx, o, s.seen(), func() time.Time { return o.PlacedAt })
	return err
}

func (s *shop) checkout() checkout { return s.checkoutBy(s.client) }

// checkoutOver is the checkout's store over another transport, as another process has it.
func (s *shop) checkoutOver(transport http.RoundTripper) checkout {
	return s.checkoutBy(s.tables.Client(transport))
}

func (s *shop) checkoutBy(client *dynamodb.Client) checkout {
	return checkout{&CheckoutStore{
		Client: client, Orders: s.tables.Name("Orders"), Products: s.tables.Name("Products"),
		Mails: s.tables.Name("Mails"), Currency: "GBP",
	}, s.goodsSeen}
}

func (s *shop) orderReader() *OrderReader {
	return &OrderReader{
		Client: s.client, Orders: s.tables.Name("Orders"), Mails: s.tables.Name("Mails"), Users: s.tables.Name("Users"),
	}
}

func (s *shop) orderHistory() *OrderHistory {
	return &OrderHistory{Client: s.client, Orders: s.tables.Name("Orders")}
}

func (s *shop) confirmations() *ConfirmationOrders {
	return &ConfirmationOrders{
		Client: s.client, Orders: s.tables.Name("Orders"), Suppressed: s.tables.Name("SuppressedAddresses"),
	}
}

// goodsSeen are all goods as they are now, read past the faults.
func (s *shop) goodsSeen() order.Products {
	out, err := s.tables.Client(nil).Scan(s.t.Context(),
		&dynamodb.ScanInput{TableName: aws.String(s.tables.Name("Products")), ConsistentRead: aws.Bool(true)})
	s.must(err)
	seen := order.Products{}
	for _, item := range out.Items {
		if r := (&reader{item: item}); partOf(item) == salePart {
			seen[r.text("product_id")] = order.Product{
				Stock: r.number("stock"), LowStockThreshold: lowStockThreshold(r),
			}
		}
	}
	return seen
}

func (s *shop) mails(now func() time.Time) *PendingMails {
	return &PendingMails{Client: s.client, Mails: s.tables.Name("Mails"), Now: now}
}

func (s *shop) dueMails() *DueMails {
	return &DueMails{Client: s.client, Mails: s.tables.Name("Mails")}
}

func (s *shop) undeliveredMails() *UndeliveredMails {
	return &UndeliveredMails{Client: s.client, Mails: s.tables.Name("Mails")}
}

func (s *shop) failedMails() *FailedMails {
	return &FailedMails{Client: s.client, Mails: s.tables.Name("Mails")}
}

func (s *shop) resetOutbox() *ResetOutbox {
	return &ResetOutbox{Client: s.client, Mails: s.tables.Name("Mails")}
}

func (s *shop) suppressions() *Suppressions {
	return &Suppressions{Client: s.client, Suppressed: s.tables.Name("SuppressedAddresses")}
}

// addProduct puts a product on the shelf.
func (s *shop) addProduct(id string, price, units int64) product.Product {
	s.t.Helper()
	p := product.Product{
		ID: id, Name: "The " + id, Description: "A " + id, Price: gbp(price), Active: true, Stock: units, Version: 1,
		LowStockThreshold: product.DefaultLowStockThreshold, CreatedAt: opened, UpdatedAt: opened,
	}
	s.must(s.saver().Create(s.t.Context(), p, nil))
	return p
}

// left returns the stock of a product.
func (s *shop) left(id string) int64 {
	s.t.Helper()
	p, err := s.inventory().Read(s.t.Context(), id)
	s.must(err)
	return p.Stock
}

// item returns an item as it is stored now, or nil.
func (s *shop) item(table string, key attributes) attributes {
	s.t.Helper()
	out, err := s.tables.Client(nil).GetItem(s.t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(s.tables.Name(table)), Key: key, ConsistentRead: aws.Bool(true),
	})
	s.must(err)
	return out.Item
}

func gbp(pence int64) money.Money { return money.Money{Amount: pence, Currency: "GBP"} }

// line is one line of an order, priced as stock prices it.
func line(id string, price, quantity int64) order.Line {
	return order.Line{ProductID: id, Name: "The " + id, UnitPrice: gbp(price), Quantity: quantity}
}

// newOrder is an order of a customer, ready to be placed.
func newOrder(customer, key string, at time.Time, lines ...order.Line) order.Order {
	o := order.Order{
		ID: order.ID(customer, key), UserID: customer, Email: customer + "@example.com", Lines: lines, Total: gbp(0),
		PlacedAt: at, Request: order.Fingerprint{1, 2, 3},
	}
	for _, l := range lines {
		o.Total = o.Total.Plus(l.Total())
	}
	return o
}

// soon ends in time for a test that runs into a deadline.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// briefly has conflicts given up after a second. No attempt is cut off, whose outcome would be unknown.
func briefly(t testing.TB) context.Context { return contention.WithLimit(t.Context(), time.Second) }

func number3(i int) string { return fmt.Sprintf("%03d", i) }
