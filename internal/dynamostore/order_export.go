package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"shop/internal/order"
)

// exportedAtOnce is how many orders of a shard are in memory while all orders are read in their order.
const exportedAtOnce = 250

// Oldest calls visit for each order placed from from (inclusive) to to (exclusive), the oldest first, after the order
// of a position; an empty one is the start. Zero times are no bounds. Visit gets the position that goes on after its
// order. It holds a page of each shard in memory.
func (s *OrderHistory) Oldest(
	ctx context.Context, f order.Filter, position string, visit func(o order.Order, position string) error,
) error {
	in := keySpan(f, "")
	if position != "" {
		in.low = max(in.low, after(position))
	}
	if in.low > in.high {
		return nil
	}
	shards := make([]*shardReader, feedShards)
	for i := range shards {
		shards[i] = s.shardReader(i, in)
	}
	if err := fillAll(ctx, shards); err != nil {
		return err
	}
	for {
		item, err := oldest(ctx, shards)
		if err != nil || item == nil {
			return err
		}
		o, err := readOrder(item)
		if err != nil {
			return err
		}
		if err := visit(o, placedKeyOf(item)); err != nil {
			return err
		}
	}
}

// shardReader reads a shard of the feed, a page at a time.
type shardReader struct {
	pages *dynamodb.QueryPaginator
	items []attributes
}

func (s *OrderHistory) shardReader(shard int, in span) *shardReader {
	q := s.query(ofShard(shard), in)
	q.ScanIndexForward, q.Limit = aws.Bool(true), aws.Int32(exportedAtOnce)
	return &shardReader{pages: dynamodb.NewQueryPaginator(s.Client, q)}
}

// fill reads until there is an item, or no more page.
func (r *shardReader) fill(ctx context.Context) error {
	for len(r.items) == 0 && r.pages.HasMorePages() {
		out, err := r.pages.NextPage(ctx)
		if err != nil {
			return failed("reading the feed", err)
		}
		r.items = out.Items
	}
	return nil
}

func fillAll(ctx context.Context, shards []*shardReader) error {
	reads, ctx := errgroup.WithContext(ctx)
	for _, r := range shards {
		reads.Go(func() error { return r.fill(ctx) })
	}
	return reads.Wait()
}

// oldest takes the item with the first key; nil where none is left.
func oldest(ctx context.Context, shards []*shardReader) (attributes, error) {
	var first *shardReader
	key := ""
	for _, r := range shards {
		if err := r.fill(ctx); err != nil {
			return nil, err
		}
		if len(r.items) > 0 && (first == nil || placedKeyOf(r.items[0]) < key) {
			first, key = r, placedKeyOf(r.items[0])
		}
	}
	if first == nil {
		return nil, nil
	}
	item := first.items[0]
	first.items = first.items[1:]
	return item, nil
}

// times returns the filter's range as texts that times of items compare with.
func times(from, to time.Time) (low, high string) {
	in := keySpan(order.Filter{From: from, To: to}, "")
	return in.low, in.high
}
