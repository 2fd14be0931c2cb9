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

// onOneShard places n orders of the first shard, one a second.
func (s *shop) onOneShard(n int) []order.Order {
	s.t.Helper()
	var placed []order.Order
	for k := 0; len(placed) < n; k++ {
		at := opened.Add(time.Hour + time.Duration(len(placed))*time.Second)
		o := newOrder("usr_2", fmt.Sprint("crowd ", k), at, line("lamp", 1, 1))
		if shard(o.ID, feedShards) == 0 {
			s.must(s.checkout().Place(s.t.Context(), o))
			placed = append(placed, o)
		}
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

// TestHistoryOfUnevenShards: a page is whole and in order also where one shard has most of its orders, which is read a
// second time then, and only then.
func TestHistoryOfUnevenShards(t *testing.T) {
	s := open(t)
	spread, crowd := s.onEveryShard(feedShards, itself), s.onOneShard(29)
	all := slices.Concat(spread, crowd)
	slices.SortFunc(all, func(a, b order.Order) int { return -compareKeys(a, b) })
	want := ids(all)
	for limit, queries := range map[int]int{1: 8, 4: 8, 10: 8 + 1, 20: 8 + 1, 36: 8 + 1, 100: 8} {
		before := s.faults.Calls("Query")
		first, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{}, page.Request{Limit: limit})
		s.must(err)
		if got := s.faults.Calls("Query") - before; got != queries {
			t.Errorf("a page of %d takes %d queries, want %d", limit, got, queries)
		}
		if got := ids(first.Items); !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Errorf("a page of %d has %v", limit, got)
		}
		got := pages(t, limit, orderID, func(r page.Request) (page.Page[order.Order], error) {
			return s.orderHistory().History(t.Context(), s.admin, order.Filter{}, r)
		})
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d have %v, want %v", limit, got, want)
		}
	}
}

// TestHistoryReadsAShare: a shard is asked for little more than its part of a page.
func TestHistoryReadsAShare(t *testing.T) {
	for count, want := range map[int]int{2: 2, 9: 8, 21: 11, 51: 18, 101: 31} {
		if got := shareOfShard(count); got != want {
			t.Errorf("of %d orders %d are read from each shard, want %d", count, got, want)
		}
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
