package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/dynamostore"
	storedorder "shop/internal/order"
)

// TestSalesOfYesterday: orders of yesterday are counted; one that is cancelled today is taken out of its day by the
// function; and the operator's rebuild finds nothing to mend.
func TestSalesOfYesterday(t *testing.T) {
	boss, c, p := admin(t), newCustomer(t), newProduct(t, stocked(plenty), priced(90_000_000_000))
	yesterday := time.Now().UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
	first := placedAt(t, c, p, yesterday.Add(time.Hour))
	placedAt(t, c, p, yesterday.Add(13*time.Hour))
	if out, failed := operatorSays(t, "rebuild-sales", "--anew"); failed {
		t.Fatalf("the rebuild failed: %s", out)
	}
	sold := func() int64 {
		day := yesterday.Format(time.DateOnly)
		s := decode[summary](t, send(t, summaryOf(boss, day, day).with("top", "100")).want(t, http.StatusOK))
		i := slices.IndexFunc(s.TopProducts, func(s productSales) bool { return s.ProductID == p.ProductID })
		if i < 0 {
			return 0
		}
		return s.TopProducts[i].Units
	}
	if got := sold(); got != 2 {
		t.Errorf("%d units were sold yesterday, want 2", got)
	}
	send(t, call{method: "POST", path: "/orders/" + first + "/cancellation", from: c}).want(t, http.StatusOK)
	eventually(t, time.Minute, "the cancelled order is taken out", func() bool {
		if out := string(invoke(t, "CountSalesFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
			t.Fatalf("counting failed: %s", out)
		}
		return sold() == 1
	})
	if out, failed := operatorSays(t, "rebuild-sales"); failed || !strings.Contains(out, " 0 were mended") {
		t.Errorf("the rebuild of what is right says: %s", out)
	}
	if out, _ := auditStore(t); strings.Contains(out, "sales_differ") {
		t.Errorf("the audit says: %s", out)
	}
}

// placedAt has the customer buy a unit at a time that is over, and returns the order's id.
func placedAt(t *testing.T, c caller, p adminProduct, at time.Time) string {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	store := &dynamostore.CheckoutStore{
		Client: db, Currency: currency, Orders: lookUp(t, stackOutputs, "OrdersTable"),
		Products: lookUp(t, stackOutputs, "ProductsTable"), Mails: lookUp(t, stackOutputs, "MailsTable"),
	}
	goods, err := store.ReadProducts(t.Context(), []string{p.ProductID})
	if err != nil {
		t.Fatal(err)
	}
	good := goods[p.ProductID]
	line := storedorder.Line{ProductID: p.ProductID, Name: good.Name, UnitPrice: good.Price, Quantity: 1}
	o := storedorder.Order{
		ID: storedorder.ID(c.UserID, fmt.Sprint("placed ", at)), UserID: c.UserID, Email: c.Email,
		Lines: []storedorder.Line{line}, Total: line.Total(),
	}
	if _, err := store.Place(t.Context(), o, goods, func() time.Time { return at }); err != nil {
		t.Fatal(err)
	}
	return o.ID
}
