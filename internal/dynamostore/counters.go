package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A product that many buy at once may have its stock split: into counter 0, which is its sale item, and further items,
// the other counters, each with units of its own. A sale takes from one of them, so that sales of one product do not
// wait for one item. The attribute counters of the sale item says how many counters there are; a stock that is not
// split lacks it. Whatever makes or removes a counter writes it in the same transaction, so it is always right. A
// counter has copies of the terms that the condition of a sale compares, and a save writes these in its transaction.
// The parts of the other counters sort between those of the sale and the text item. The first of them, number 1, is in
// the index by_name, on the shelf of split stocks, by its product's id.
//
// Units are moved only to counter 0, or from it to counters that are new. A change of the stock by an admin gives units
// or takes them, and never does both. So whoever reads the other counters before the sale item, and finds the same
// number of counters there, may count moved units twice, but never misses any.
//
// stock_elsewhere of the sale item is how many units the other counters had when they were last summed. Moving
// units changes it, a sale does not. So it is never less than they have.
const (
	counterPart = salePart + "#"
	splitShelf  = "split"
	maxReads    = 8 // how often counters are read whose number changes meanwhile
	// notSplit is added to a condition: the stock is not split.
	notSplit = " AND attribute_not_exists(counters)"
)

// counterKey is the key of a product's counter, whose number has two digits so that parts sort as numbers do.
func counterKey(id string, counter int) attributes {
	if counter == 0 {
		return productKey(id, salePart)
	}
	return productKey(id, fmt.Sprintf("%s%02d", counterPart, counter))
}

// countersOf returns how many counters the stock has by its sale item: 1 if it is not split.
func countersOf(r *reader) int64 {
	if !r.has("counters") {
		return 1
	}
	return max(r.number("counters"), 1)
}

// termsOf are the members of a sale item that a counter has copies of.
func termsOf(members attributes) attributes {
	return attributes{
		"price": members["price"], "active": members["active"], "max_per_order": members["max_per_order"],
	}
}

// elsewhereOf returns how many units the other counters of a sale item's product had when they were last summed.
func elsewhereOf(r *reader) int64 {
	if !r.has("stock_elsewhere") {
		return 0
	}
	return r.number("stock_elsewhere")
}

// whole is a sale item, nil where there is none, and the units on all counters of its product.
type whole struct {
	sale     attributes
	counters []int64
}

func (w whole) sum() int64 {
	var sum int64
	for _, units := range w.counters {
		sum += units
	}
	return sum
}

// readWhole reads the stocks of products with all their counters. Seen has the number of counters that each product was
// last known to have. A sum is no less than the least that the stock was while it was read.
func (t productTable) readWhole(ctx context.Context, seen map[string]int64) (map[string]whole, error) {
	all := map[string]whole{}
	for range maxReads {
		found, next, err := t.readCounters(ctx, seen)
		if err != nil {
			return nil, err
		}
		for id, w := range found {
			all[id] = w
		}
		if len(next) == 0 {
			return all, nil
		}
		seen = next
	}
	return nil, failed("reading counters", errUnsettled)
}

// readCounters reads the other counters, and then the sale items. It returns the products that have another number of
// counters, with that number, to be read again.
func (t productTable) readCounters(
	ctx context.Context, seen map[string]int64,
) (found map[string]whole, next map[string]int64, err error) {
	var others, sales []attributes
	for id, counters := range seen {
		sales = append(sales, productKey(id, salePart))
		for i := range int(counters) - 1 {
			others = append(others, counterKey(id, i+1))
		}
	}
	parts, err := t.consistently(ctx, others)
	if err != nil {
		return nil, nil, err
	}
	sold, err := t.consistently(ctx, sales)
	if err != nil {
		return nil, nil, err
	}
	found, next = map[string]whole{}, map[string]int64{}
	for id, counters := range seen {
		w, present, err := wholeOf(first(sold[id]), parts[id])
		switch {
		case err != nil:
			return nil, nil, err
		case w.sale != nil && (present != counters || len(w.counters) != int(counters)):
			next[id] = present
		default:
			found[id] = w
		}
	}
	return found, next, nil
}

// wholeOf returns the stock of a sale item and its other counters, and how many counters the sale item says there are.
func wholeOf(sale attributes, others []attributes) (w whole, counters int64, err error) {
	if sale == nil {
		return whole{}, 0, nil
	}
	r := reader{item: sale}
	w, counters = whole{sale, []int64{r.number("stock")}}, countersOf(&r)
	err = r.err
	slices.SortFunc(others, func(a, b attributes) int { return cmp.Compare(partOf(a), partOf(b)) })
	for _, item := range others {
		r := reader{item: item}
		w.counters, err = append(w.counters, r.number("stock")), errors.Join(err, r.err)
	}
	return w, counters, err
}

func partOf(item attributes) string {
	r := reader{item: item}
	return r.text("part")
}

// consistently reads all items with these keys, strongly consistently, and returns them by product.
func (t productTable) consistently(ctx context.Context, keys []attributes) (map[string][]attributes, error) {
	byID := map[string][]attributes{}
	for batch := range slices.Chunk(keys, maxBatch) {
		items, err := batchGet(ctx, t.client, map[string]types.KeysAndAttributes{
			t.table: {Keys: batch, ConsistentRead: aws.Bool(true)},
		})
		if err != nil {
			return nil, err
		}
		for _, item := range items[t.table] {
			byID[productIDOf(item)] = append(byID[productIDOf(item)], item)
		}
	}
	return byID, nil
}

// share is a number of units of one counter.
type share struct {
	counter int
	units   int64
}

// shares returns from which counters units are taken: from one at random of those that have enough, so that buyers do
// not contend; else from as few as possible. If all have too few together, it returns one share of more than its
// counter has. If counters is nil, they were not read, and it returns any one of them.
func shares(units, split int64, counters []int64) []share {
	if counters == nil {
		return []share{{rand.IntN(int(max(split, 1))), units}}
	}
	var enough []int
	order := make([]int, len(counters))
	for i, has := range counters {
		order[i] = i
		if has >= units {
			enough = append(enough, i)
		}
	}
	if len(enough) > 0 {
		return []share{{enough[rand.IntN(len(enough))], units}}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counters[b], counters[a]) })
	var all []share
	for _, i := range order {
		if n := min(counters[i], units); n > 0 {
			all = append(all, share{i, n})
			units -= n
		}
	}
	if units > 0 {
		return []share{{order[0], counters[order[0]] + units}}
	}
	return all
}

// spread returns what the counters have once their sum is this one. It gives units to those that have the fewest, or
// takes them from those that have the most.
func spread(counters []int64, sum int64) []int64 {
	delta := sum - whole{counters: counters}.sum()
	sign := int64(1)
	if delta < 0 {
		sign, delta = -1, -delta
	}
	// With both turned around, the highest are the lowest.
	fill := func(level int64) (needed int64) {
		for _, has := range counters {
			needed += max(level-sign*has, 0)
		}
		return needed
	}
	lowest := sign * counters[0]
	for _, has := range counters {
		lowest = min(lowest, sign*has)
	}
	level := lowest + int64(sort.Search(int(delta), func(n int) bool { return fill(lowest+int64(n)+1) > delta }))
	over := delta - fill(level)
	after := make([]int64, len(counters))
	for i, has := range counters {
		filled := max(level, sign*has)
		if filled == level && over > 0 {
			filled, over = filled+1, over-1
		}
		after[i] = sign * filled
	}
	return after
}

// toCounter0 moves shares of a product's other counters to counter 0. It reports whether it did: false says that a
// counter has less, or is not there any more.
func (t productTable) toCounter0(ctx context.Context, id string, moved []share) (bool, error) {
	var actions []types.TransactWriteItem
	var sum int64
	for _, m := range moved {
		sum += m.units
		actions = append(actions, types.TransactWriteItem{Update: &types.Update{
			TableName: &t.table, Key: counterKey(id, m.counter),
			ConditionExpression:       aws.String("stock >= :units"),
			UpdateExpression:          aws.String("SET stock = stock - :units"),
			ExpressionAttributeValues: attributes{":units": number(m.units)},
		}})
	}
	actions = append(actions, types.TransactWriteItem{Update: &types.Update{
		TableName: &t.table, Key: productKey(id, salePart),
		ConditionExpression:       aws.String("attribute_exists(counters)"),
		UpdateExpression:          aws.String("SET stock = stock + :units, stock_elsewhere = stock_elsewhere - :units"),
		ExpressionAttributeValues: attributes{":units": number(sum)},
	}})
	return t.unlessUnmet(ctx, "moving units", actions)
}

// unlessUnmet does all actions in one transaction. It reports false if a condition failed; then nothing was done.
func (t productTable) unlessUnmet(ctx context.Context, doing string, actions []types.TransactWriteItem) (bool, error) {
	unmet, err := transact(ctx, t.client, doing, actions...)
	if slices.Contains(unmet, true) {
		return false, nil
	}
	return err == nil, err
}
