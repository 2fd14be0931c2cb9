package dynamostore

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/page"
)

// onEveryShard places an order for each of n shards, one a second, in the order of the shards of their ids or their
// mails' ids.
func (s *shop) onEveryShard(n uint32, id func(orderID string) string) []order.Order {
	s.t.Helper()
	s.addProduct("lamp", 1, 100)
	var placed []order.Order
	for k := 0; len(placed) < int(n); k++ {
		o := newOrder("usr_1", fmt.Sprint("key ", k), opened.Add(time.Duration(len(placed))*time.Second),
			line("lamp", 1, 1))
		if shard(id(o.ID), n) != uint32(len(placed)) {
			continue
		}
		s.must(s.checkout().Place(s.t.Context(), o))
		placed = append(placed, o)
	}
	return placed
}

func itself(id string) string { return id }

// TestHistoryOfEveryShard: an order of each of the feed's shards stands in the history, and is counted by the summary.
func TestHistoryOfEveryShard(t *testing.T) {
	s := open(t)
	want := ids(s.onEveryShard(feedShards, itself))
	var counted []string
	s.must(s.orderHistory().Each(t.Context(), opened, opened.Add(time.Hour), func(o order.Order) {
		counted = append(counted, o.ID)
	}))
	slices.Sort(counted)
	if !slices.Equal(counted, slices.Sorted(slices.Values(want))) {
		t.Errorf("the summary counts %v, want %v", counted, want)
	}
	listed, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{}, page.Request{Limit: 100})
	s.must(err)
	slices.Reverse(want)
	if got := ids(listed.Items); !slices.Equal(got, want) {
		t.Errorf("the history has %v, want %v", got, want)
	}
}

// TestDueOfEveryShard: the relay finds a mail in each shard of its index.
func TestDueOfEveryShard(t *testing.T) {
	s := open(t)
	var want, got []string
	for _, o := range s.onEveryShard(dueShards, notification.OrderMailID) {
		want = append(want, notification.OrderMailID(o.ID))
	}
	due, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 100)
	s.must(err)
	for _, mail := range due {
		got = append(got, mail.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
