package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/dynamostore"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/product"
	"shop/test/dynamolocal"
	"shop/test/testenv"
)

// tableStore is a stack with tables of its own on DynamoDB Local, and without functions. --local finds it.
type tableStore struct {
	t      *testing.T
	tables *dynamolocal.Tables
	client *dynamodb.Client
	params map[string]string
	// before is called before each call of DynamoDB is passed on, with its action. It may wait.
	before func(action string)
	files  http.Handler // the pages' bucket; nil for none
}

func startTables(t *testing.T) *tableStore {
	t.Helper()
	s := &tableStore{t: t, tables: dynamolocal.New(t), params: map[string]string{
		"TimeZone": "Asia/Kathmandu", "Currency": "GBP",
	}}
	s.client = s.tables.Client(nil)
	database, err := url.Parse(testenv.Env(t, "SHOP_DYNAMODB_URL"))
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(database)
	pass.ErrorLog = log.New(io.Discard, "", 0) // of clients that were killed
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action, ofDynamoDB := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
		if s.files != nil && strings.HasPrefix(r.URL.Path, "/pages") {
			s.files.ServeHTTP(w, r)
			return
		}
		if !ofDynamoDB {
			describe(w, "CREATE_COMPLETE", s.outputs(), s.params)
			return
		}
		body, _ := io.ReadAll(r.Body) // else the server does not notice that a killed client is gone
		r.Body = io.NopCloser(bytes.NewReader(body))
		if s.before != nil {
			s.before(action)
		}
		// DynamoDB Local has tables for each access key, and checks no signature.
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), rootID, "test", 1))
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "SHOP_STACK": "",
		"SHOP_DATA": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	writeKeys(t)
	t.Chdir(t.TempDir())
	return s
}

func (s *tableStore) outputs() map[string]string {
	outputs := map[string]string{"Currency": "GBP", "PagesBucket": "pages"}
	for _, name := range []string{"Users", "Products", "StockMovements", "Orders", "Mails", "SalesByDay", "StockAlerts",
		"AccountDeletions"} {
		outputs[name+"Table"] = s.tables.Name(name)
	}
	return outputs
}

func (s *tableStore) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *tableStore) addProduct(id, name string, at time.Time) {
	s.t.Helper()
	s.add(product.Product{ID: id, Name: name, CreatedAt: at, UpdatedAt: at})
}

func (s *tableStore) addPictured(id, url string) {
	s.t.Helper()
	s.add(product.Product{ID: id, Name: id, ImageURL: url, CreatedAt: midnight, UpdatedAt: midnight})
}

// add stores a product with much stock, at 7 pounds.
func (s *tableStore) add(p product.Product) {
	s.t.Helper()
	p.Price, p.Active, p.Stock, p.Version = money.Money{Amount: 700, Currency: "GBP"}, true, 1_000_000, 1
	saver := &dynamostore.ProductSaver{
		Client: s.client, Products: s.tables.Name("Products"), Movements: s.tables.Name("StockMovements"),
		Currency: "GBP",
	}
	s.must(saver.Create(s.t.Context(), p, &product.Movement{
		ID: "initial-" + p.ID, ProductID: p.ID, After: p.Stock, Reason: "initial stock", By: "usr_1",
		MovedAt: p.CreatedAt,
	}))
}

// place places an order of 2 at 7 pounds.
func (s *tableStore) place(customer, key, name string, at time.Time) order.Order {
	s.t.Helper()
	o := order.Order{
		ID: order.ID(customer, key), UserID: customer, Email: customer + "@example.com", PlacedAt: at,
		Total: money.Money{Amount: 1400, Currency: "GBP"}, Lines: []order.Line{{
			ProductID: "mug", Name: name, UnitPrice: money.Money{Amount: 700, Currency: "GBP"}, Quantity: 2,
		}},
	}
	store := &dynamostore.CheckoutStore{
		Client: s.client, Products: s.tables.Name("Products"), Orders: s.tables.Name("Orders"),
		Mails: s.tables.Name("Mails"), Currency: "GBP",
	}
	goods, err := store.ReadProducts(s.t.Context(), []string{"mug"})
	s.must(err)
	_, err = store.Place(s.t.Context(), o, goods, func() time.Time { return at })
	s.must(err)
	return o
}

// copyOrder writes so many orders more like one that is stored, each a second later than the one before.
func (s *tableStore) copyOrder(o order.Order, n int) {
	s.t.Helper()
	orders := s.tables.Name("Orders")
	stored, err := s.client.GetItem(s.t.Context(), &dynamodb.GetItemInput{
		TableName: &orders, Key: map[string]types.AttributeValue{"order_id": text(o.ID)},
	})
	s.must(err)
	var puts []types.WriteRequest
	for i := range n {
		item := map[string]types.AttributeValue{}
		for name, v := range stored.Item {
			item[name] = v
		}
		id := order.ID("copy", fmt.Sprint(i))
		at := o.PlacedAt.Add(time.Duration(i+1) * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
		item["order_id"], item["placed_key"] = text(id), text(at+"#"+id)
		item["shard"] = &types.AttributeValueMemberN{Value: fmt.Sprint(i % 8)}
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
	}
	for batch := range slices.Chunk(puts, 25) {
		_, err := s.client.BatchWriteItem(context.WithoutCancel(s.t.Context()), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{orders: batch},
		})
		s.must(err)
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
