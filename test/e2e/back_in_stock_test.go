package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/dynamostore"
)

// awaited says whether a customer waits for a product.
type awaited struct {
	ProductID   string `json:"product_id"`
	Requested   bool   `json:"requested"`
	RequestedAt string `json:"requested_at"`
}

func awaiting(method string, from caller, productID string) call {
	return call{method: method, path: "/products/" + productID + "/back-in-stock", from: from}
}

// ask has the customer ask to be mailed when the product is back.
func ask(t *testing.T, c caller, productID string) awaited {
	t.Helper()
	got := decodeExact[awaited](t, send(t, awaiting("PUT", c, productID)).want(t, http.StatusOK))
	if !got.Requested || got.ProductID != productID {
		t.Errorf("got %+v, want a request for %s", got, productID)
	}
	return got
}

func awaits(t *testing.T, c caller, productID string) bool {
	t.Helper()
	return decodeExact[awaited](t, send(t, awaiting("GET", c, productID)).want(t, http.StatusOK)).Requested
}

func wantAwaits(t *testing.T, c caller, productID string, want bool) {
	t.Helper()
	if got := awaits(t, c, productID); got != want {
		t.Errorf("%s waits for %s: %t, want %t", c.UserID, productID, got, want)
	}
}

// watchStock makes the mails about stocks, and has them sent.
func watchStock(t *testing.T, name string) {
	t.Helper()
	out, err := invokeNamed(t.Context(), name, map[string]any{})
	if err != nil || strings.Contains(string(out), "errorMessage") {
		t.Fatalf("watching stocks failed: %v, %s", err, out)
	}
	invoke(t, "RelayMailFunction", map[string]any{})
}

// TestBackInStock: of twenty customers who wait, each is mailed once when the product is restocked, and waits no more;
// who withdrew is not.
func TestBackInStock(t *testing.T) {
	t.Parallel()
	customers, p := newCustomers(t, 21), newProduct(t, stocked(0))
	for _, c := range customers {
		first := ask(t, c, p.ProductID)
		wantNow(t, "requested_at", first.RequestedAt)
		if again := ask(t, c, p.ProductID); again != first {
			t.Errorf("again: got %+v, want %+v", again, first)
		}
	}
	waiting, withdrawn := customers[:20], customers[20]
	wantAwaits(t, withdrawn, p.ProductID, true)
	for range 2 {
		send(t, awaiting("DELETE", withdrawn, p.ProductID)).want(t, http.StatusNoContent)
	}
	wantAwaits(t, withdrawn, p.ProductID, false)
	restock(t, p.ProductID, 0, 2)
	watch := lookUp(t, stackResources, "WatchStockFunction")
	watchStock(t, watch)
	for _, c := range waiting {
		m := awaitMails(t, c.Email, 1)[0]
		if !strings.HasPrefix(m.Subject, p.Name+" is back in stock") ||
			!strings.Contains(m.BodyText, "/products/"+p.ProductID+"\n") {
			t.Errorf("got the mail %q:\n%s", m.Subject, m.BodyText)
		}
		eventually(t, time.Minute, "the customer waits no more", func() bool { return !awaits(t, c, p.ProductID) })
	}
	watchStock(t, watch)
	for _, c := range waiting {
		awaitMails(t, c.Email, 1)
	}
	if mails := mailsTo(t, withdrawn.Email); len(mails) != 0 {
		t.Errorf("who withdrew got %+v", mails)
	}
	send(t, awaiting("PUT", withdrawn, p.ProductID)).refused(t, http.StatusConflict, "in_stock")
	resave(t, p, inactive)
	send(t, awaiting("PUT", withdrawn, p.ProductID)).refused(t, http.StatusNotFound, "product_not_found")
}

// alertsStore is the table as watch-stock writes it.
func alertsStore(t *testing.T) *dynamostore.StockAlerts {
	t.Helper()
	return &dynamostore.StockAlerts{
		Client: database(t), StockAlerts: lookUp(t, stackOutputs, "StockAlertsTable"),
		Products: lookUp(t, stackOutputs, "ProductsTable"), Mails: lookUp(t, stackOutputs, "MailsTable"),
		ShopAddress: "", NewID: unique,
	}
}

// TestUnitsGoBeforeTheMail: a mail that would tell what is not so any more is not sent, and the customer waits on.
func TestUnitsGoBeforeTheMail(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(0))
	ask(t, c, p.ProductID)
	alerts := alertsStore(t)
	if made, err := alerts.MailCustomer(t.Context(), c.UserID, p.ProductID, time.Now()); err != nil || !made {
		t.Fatalf("made a mail: %t, %v", made, err)
	}
	invoke(t, "RelayMailFunction", map[string]any{})
	eventually(t, mailPatience, "the customer waits again", func() bool {
		waiting, err := alerts.Waiting(t.Context(), p.ProductID, "", 10)
		return err == nil && len(waiting) == 1 && waiting[0] == c.UserID
	})
	if mails := mailsTo(t, c.Email); len(mails) != 0 {
		t.Errorf("got %+v, want no mail", mails)
	}
	restock(t, p.ProductID, 0, 1)
	watchStock(t, lookUp(t, stackResources, "WatchStockFunction"))
	awaitMails(t, c.Email, 1)
}

// TestRequestsArePersonalData: the export has them, and they go with the account; also one that comes after it, by a
// token that is still good.
func TestRequestsArePersonalData(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(0))
	asked := ask(t, c, p.ProductID)
	page := decode[accountExport](t,
		send(t, call{method: "GET", path: "/users/me/export", from: c}).want(t, http.StatusOK))
	if len(page.BackInStock) != 1 || page.BackInStock[0] != (awaitedProduct{asked.ProductID, asked.RequestedAt}) {
		t.Errorf("the export has %+v, want %+v", page.BackInStock, asked)
	}
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	wantAwaits(t, c, p.ProductID, false)
	ask(t, c, p.ProductID)
	out := string(invoke(t, "EraseDeletedAccountsFunction", map[string]any{}))
	if strings.Contains(out, "errorMessage") {
		t.Fatalf("erasing failed: %s", out)
	}
	wantAwaits(t, c, p.ProductID, false)
}

// TestShopIsTold: where the shop has an address for it, a stock that falls is told once, and so is one that is sold
// out, and neither is told again a moment later. Who waits is mailed there, too.
func TestShopIsTold(t *testing.T) {
	address := freshEmail()
	watch := copiedFunction(t, "WatchStockFunction", "TellsShopOfStocks", "STOCK_ALERTS_TO", "", address)
	c, buyer, p := newCustomer(t), newCustomer(t), newProduct(t, stocked(6))
	told := func(what string, n int) {
		t.Helper()
		for range 2 {
			watchStock(t, watch)
		}
		eventually(t, mailPatience, "the shop is told of "+what, func() bool {
			var subjects []string
			for _, m := range mailsTo(t, address) {
				if strings.HasPrefix(m.Subject, p.Name) {
					subjects = append(subjects, m.Subject)
				}
			}
			return len(subjects) == n && slices.Contains(subjects, p.Name+what)
		})
	}
	newOrder(t, buyer, one(p.ProductID))
	told(": 5 units are left", 1)
	restock(t, p.ProductID, 5, 0)
	told(" is sold out", 2)
	ask(t, c, p.ProductID)
	restock(t, p.ProductID, 0, 100)
	watchStock(t, watch)
	awaitMails(t, c.Email, 1)
	restock(t, p.ProductID, 100, 3)
	told(" is sold out", 2)
}
