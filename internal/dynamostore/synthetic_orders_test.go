package dynamostore

import (
	"testing"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/user"
)

// TestSyntheticOrder: its customer sees it, no admin's list has it, and the audit takes it for whole, cancelled
// too, unlike another order that the history lacks.
func TestSyntheticOrder(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 20)
	o := newOrder("usr_1", "k", opened, line("lamp", 1, 1))
	o.Synthetic = true
	err := s.checkout().Place(t.Context(), o)
	s.must(err)
	stored, err := s.checkout().Accepted(t.Context(), o.ID)
	s.must(err)
	if !stored.Synthetic {
		t.Errorf("read %+v, want it synthetic", stored)
	}
	lists := &OrderHistory{Client: s.client, Orders: s.tables.Name("Orders")}
	mine, err := lists.Mine(t.Context(), user.Caller{UserID: "usr_1"}, page.Request{Limit: 10})
	s.must(err)
	all, err := lists.History(t.Context(), user.Caller{UserID: "usr_a"}, order.Filter{}, page.Request{Limit: 10})
	s.must(err)
	if len(mine.Items) != 1 || len(all.Items) != 0 {
		t.Errorf("its customer's list has %d orders, the history %d, want 1 and 0", len(mine.Items), len(all.Items))
	}
	s.wantDifferences()
	_, _, err = s.progress().Cancel(t.Context(), user.Caller{UserID: "usr_1"}, o.ID)
	s.must(err)
	if item := s.item("Orders", orderKey(o.ID)); item["correction"] != nil {
		t.Error("cancelled, it would be taken out of sales that it was never counted in")
	}
	s.wantDifferences()
	s.change("Orders", orderKey(o.ID), "REMOVE synthetic", nil)
	s.wantDifferences("order_not_listed " + o.ID)
}
