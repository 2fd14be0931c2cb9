package dynamostore

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/user"
)

// feedShards is over how many partitions the feed of all orders is spread. To raise the number, deploy readers before
// writers.
const feedShards = 8

const (
	byCustomerIndex = "by_customer"
	feedIndex       = "feed"
	byStatusIndex   = "by_status"
)

// OrderHistory lists orders: a customer's own, everybody's for admins, and for the summary those of a range of time. It
// implements [order.Feed].
type OrderHistory struct {
	Client *dynamodb.Client
	Orders string
}

// Mine returns a page of the customer's own orders, newest first.
func (s *OrderHistory) Mine(ctx context.Context, customer user.Caller, r page.Request) (page.Page[order.Order], error) {
	q := query{"my-orders", customer.UserID}
	position, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[order.Order]{}, err
	}
	items, err := s.partition(ctx, ofCustomer(customer.UserID), keySpan(order.Filter{}, position), r.Limit+1)
	if err != nil {
		return page.Page[order.Order]{}, err
	}
	return convert(cut(q, items, r.Limit, placedKeyOf), readOrder)
}

// History returns a page of all orders, newest first. Its cursors are good for this admin alone.
func (s *OrderHistory) History(
	ctx context.Context, admin user.Caller, f order.Filter, r page.Request,
) (page.Page[order.Order], error) {
	q := query{"orders", admin.UserID, bound(f.From), bound(f.To), f.Customer, f.Status.String()}
	position, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[order.Order]{}, err
	}
	items, err := s.newest(ctx, f, position, r.Limit+1)
	if err != nil {
		return page.Page[order.Order]{}, err
	}
	return convert(cut(q, items, r.Limit, placedKeyOf), readOrder)
}

// newest reads so many of the newest orders of the partitions that the filter touches: the customer's, or the
// status's, or all shards of the feed.
func (s *OrderHistory) newest(ctx context.Context, f order.Filter, position string, count int) ([]attributes, error) {
	if f.Customer != "" {
		return s.partition(ctx, ofCustomer(f.Customer), keySpan(f, position), count)
	}
	if f.Status != order.Placed {
		return s.partition(ctx, ofStatus(f.Status), keySpan(f, position), count)
	}
	return s.newestOfFeed(ctx, keySpan(f, position), count)
}

// newestOfFeed reads a share from each shard. A shard whose whole share is among the newest may have more of them, and
// is read on.
func (s *OrderHistory) newestOfFeed(ctx context.Context, in span, count int) ([]attributes, error) {
	lists, share := make([][]attributes, feedShards), shareOfShard(count)
	if err := s.readOn(ctx, lists, in, share, func([]attributes) bool { return true }); err != nil {
		return nil, err
	}
	last := lastKey(newestFirst(lists, count), count)
	err := s.readOn(ctx, lists, in, count-share, func(list []attributes) bool { return lastKey(list, share) > last })
	return newestFirst(lists, count), err
}

// readOn reads so many more orders of each shard whose list wants them, all shards at once.
func (s *OrderHistory) readOn(
	ctx context.Context, lists [][]attributes, in span, count int, wants func(list []attributes) bool,
) error {
	reads, ctx := errgroup.WithContext(ctx)
	for shard, list := range lists {
		if !wants(list) {
			continue
		}
		reads.Go(func() error {
			rest := in
			if n := len(list); n > 0 {
				rest.high = before(placedKeyOf(list[n-1]))
			}
			items, err := s.partition(ctx, ofShard(shard), rest, count)
			lists[shard] = append(list, items...)
			return err
		})
	}
	return reads.Wait()
}

// shareOfShard is how many orders are read from each shard for so many of the newest. Orders are spread by a hash, so
// the eighth that a shard has on average is exceeded by this much in one of 5,000 pages at most.
func shareOfShard(count int) int { return min(count, count/4+6) }

// newestFirst merges lists, and returns so many of the newest.
func newestFirst(lists [][]attributes, count int) []attributes {
	items := merge(lists, placedKeyOf, func(a, b string) int { return cmp.Compare(b, a) })
	return items[:min(len(items), count)]
}

// lastKey returns the key of the last of so many items, or the empty text if there are fewer.
func lastKey(items []attributes, count int) string {
	if len(items) < count {
		return ""
	}
	return placedKeyOf(items[count-1])
}

// Each implements [order.Feed.Each]: it reads all shards of the feed at once.
func (s *OrderHistory) Each(ctx context.Context, from, to time.Time, visit func(order.Order)) error {
	var one sync.Mutex
	reads, ctx := errgroup.WithContext(ctx)
	for i := range feedShards {
		reads.Go(func() error {
			return s.each(ctx, ofShard(i), keySpan(order.Filter{From: from, To: to}, ""), func(o order.Order) {
				one.Lock()
				defer one.Unlock()
				visit(o)
			})
		})
	}
	return reads.Wait()
}

// First implements [order.Feed.First].
func (s *OrderHistory) First(ctx context.Context, from time.Time) (time.Time, bool, error) {
	var first time.Time
	for number := range feedShards {
		q := s.query(ofShard(number), keySpan(order.Filter{From: from}, ""))
		q.ScanIndexForward = aws.Bool(true)
		items, err := queryAll(ctx, s.Client, *q, 1)
		if err != nil {
			return first, false, err
		}
		for _, item := range items {
			r := reader{item: item}
			if at := r.instantOf("placed_key"); r.err == nil && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first, !first.IsZero(), nil
}

func (s *OrderHistory) each(ctx context.Context, p partition, in span, visit func(order.Order)) error {
	pages := dynamodb.NewQueryPaginator(s.Client, s.query(p, in))
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return failed("reading the feed", err)
		}
		for _, item := range out.Items {
			o, err := readOrder(item)
			if err != nil {
				return err
			}
			visit(o)
		}
	}
	return nil
}

// partition is one partition of an index, whose sort key is placed_key.
type partition struct {
	index, key string
	value      types.AttributeValue
}

// exists reports whether the partition's key is one that DynamoDB takes: a text of 1 to 2,048 bytes. No user id is
// another.
func (p partition) exists() bool {
	key, ok := p.value.(*types.AttributeValueMemberS)
	return !ok || len(key.Value) > 0 && len(key.Value) <= 2048
}

func ofCustomer(userID string) partition {
	return partition{index: byCustomerIndex, key: "user_id", value: text(userID)}
}

func ofStatus(status order.Status) partition {
	return partition{index: byStatusIndex, key: "status", value: text(status.String())}
}

func ofShard(shard int) partition {
	return partition{index: feedIndex, key: "shard", value: number(int64(shard))}
}

func (s *OrderHistory) partition(ctx context.Context, p partition, in span, limit int) ([]attributes, error) {
	if in.low > in.high || !p.exists() {
		return nil, nil
	}
	return queryAll(ctx, s.Client, *s.query(p, in), limit)
}

func (s *OrderHistory) query(p partition, in span) *dynamodb.QueryInput {
	q := &dynamodb.QueryInput{
		TableName:                 &s.Orders,
		IndexName:                 &p.index,
		KeyConditionExpression:    aws.String("#partition = :partition AND placed_key BETWEEN :low AND :high"),
		ExpressionAttributeNames:  map[string]string{"#partition": p.key},
		ExpressionAttributeValues: attributes{":partition": p.value, ":low": text(in.low), ":high": text(in.high)},
		ScanIndexForward:          aws.Bool(false),
	}
	if p.index == byStatusIndex { // without the orders of the synthetic customer, which are in no shard
		q.FilterExpression, q.ExpressionAttributeNames["#shard"] = aws.String("attribute_exists(#shard)"), "shard"
	}
	return q
}

// span is a range of sort keys, both ends included.
type span struct{ low, high string }

// keySpan returns the keys of the filter's range that come after position, newest first. A key is a time, # and an id,
// so it never equals a time alone: a range between two times includes the first and excludes the last.
func keySpan(f order.Filter, position string) span {
	in := span{low: lowest, high: highest}
	if !f.From.IsZero() {
		in.low = bound(f.From)
	}
	if !f.To.IsZero() {
		in.high = bound(f.To)
	}
	if position != "" {
		in.high = min(in.high, before(position))
	}
	return in
}

// bound returns the first millisecond at or after t: orders have whole ones. After the year 9999 a time's text is
// longer, and would sort before others: every order is before it.
func bound(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	first := t.Add(time.Millisecond - 1).Truncate(time.Millisecond)
	if first.UTC().Year() > 9999 {
		return highest
	}
	return formatTime(first)
}
