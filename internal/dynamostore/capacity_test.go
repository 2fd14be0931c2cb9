package dynamostore

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"shop/internal/notification"
	"shop/internal/page"
	"shop/internal/product"
)

// meter asks DynamoDB what each write and each query costs, and adds both up.
type meter struct {
	mu    sync.Mutex
	units float64
	reads float64 // of queries
}

func (m *meter) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.measure), middleware.Before)
	})
}

func (m *meter) measure(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	if field := reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity"); field.IsValid() {
		field.SetString(string(types.ReturnConsumedCapacityIndexes))
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	switch result := out.Result.(type) {
	case *dynamodb.TransactWriteItemsOutput:
		for _, c := range result.ConsumedCapacity {
			m.add(c, 2)
		}
	case *dynamodb.UpdateItemOutput:
		m.add(*result.ConsumedCapacity, 1)
	case *dynamodb.QueryOutput:
		m.reads += *result.ConsumedCapacity.CapacityUnits
	}
	return out, metadata, err
}

// add takes the units of a table as they are, and those of its indexes divided by twice. DynamoDB Local doubles both in
// a transaction; what doubles is to prepare and to commit, and an index takes part in neither: it is written
// afterwards.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-capacity-handling
func (m *meter) add(c types.ConsumedCapacity, twice float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units += *c.Table.CapacityUnits
	for _, index := range c.GlobalSecondaryIndexes {
		m.units += *index.CapacityUnits / twice
	}
}

// An order of one line writes 12 units, its mail included: goods 2, order 2, mail 2, three indexes 3; claim 1; mark 2.
// The product's name is as long as names may be.
func TestCapacityOfAnOrder(t *testing.T) {
	s := open(t)
	var m meter
	client := s.tables.Client(nil, m.option)
	long := s.addProduct("lamp", 6400, 10)
	long.Name, long.Version = strings.Repeat("é", 200), 2
	s.must(s.saver().Update(t.Context(), long))
	checkout := s.checkout()
	checkout.Client = client
	o := newOrder("usr_01a20aa6-c5d5-77d1-b3ff-335f0eb446cc", "k", opened, line("lamp", 6400, 1))
	s.must(checkout.Place(t.Context(), o))
	placing := m.units
	mails := &PendingMails{Client: client, Mails: s.tables.Name("Mails"), Now: func() time.Time { return opened }}
	mail, err := mails.Claim(t.Context(), notification.OrderMailID(o.ID), "01a20aa6-c5d5-77d1-b3ff-335f0eb446cc",
		opened.Add(35*time.Second))
	s.must(err)
	claiming := m.units - placing
	s.must(mails.MarkSent(t.Context(), mail.ID, strings.Repeat("m", 60), opened))
	marking := m.units - placing - claiming
	t.Logf("write units: placing %v, claiming %v, marking %v", placing, claiming, marking)
	if m.units == 0 || m.units > 12 {
		t.Errorf("write units: got %v, want 1 to 12", m.units)
	}
}

// TestCapacityOfALowStock: the sale that leaves few units writes the index of what is low, which is one unit more;
// those after it, and those before, do not.
func TestCapacityOfALowStock(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 8)
	var all []float64
	for i := range 4 { // 7, 6, 5 and 4 are left
		var m meter
		checkout := s.checkout()
		checkout.Client = s.tables.Client(nil, m.option)
		s.must(checkout.Place(t.Context(), newOrder("usr_1", number3(i), opened, line("lamp", 100, 1))))
		all = append(all, m.units)
	}
	if all[0] == 0 || all[1] != all[0] || all[2] != all[0]+1 || all[3] != all[0] {
		t.Errorf("write units of sales: got %v, want the third one unit dearer than the others", all)
	}
}

// TestCapacityOfACataloguePage: a page of the catalogue reads at most one unit of the index, though names are as long
// as they may be: test/cost reckons with it.
func TestCapacityOfACataloguePage(t *testing.T) {
	s := open(t)
	var m meter
	for i := range page.DefaultLimit + 1 {
		s.must(s.saver().Create(t.Context(), product.Product{
			ID: "product-" + number3(i), Name: strings.Repeat("e", 196) + " " + number3(i), Price: gbp(100),
			Active: true, Stock: 100, Version: 1, CreatedAt: opened, UpdatedAt: opened,
		}, nil))
	}
	got, err := (&Catalogue{
		Client: s.tables.Client(nil, m.option), Products: s.tables.Name("Products"), Currency: "GBP",
	}).Browse(t.Context(), product.Selection{}, page.Request{Limit: page.DefaultLimit})
	s.must(err)
	if len(got.Items) != page.DefaultLimit || m.reads == 0 || m.reads > 1 {
		t.Errorf("%d products by %v units of the index, want 20 by 1 at most", len(got.Items), m.reads)
	}
}
