package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/clock"
	"shop/internal/product"
)

// StockSplitter splits stocks into counters while they are sold from, and puts them together again.
type StockSplitter struct {
	Client   *dynamodb.Client
	Products string
}

// Split gives the stock of a product the wanted number of counters, from 1 to product.MaxCounters, and returns the
// units on each. It goes on until it is done, or ctx has ended. After each step the product can be sold, so a Split
// that was cut short may be run again. It returns product.ErrNotFound.
func (s *StockSplitter) Split(ctx context.Context, id string, wanted int) ([]int64, error) {
	seen := int64(1)
	for {
		all, err := s.table().readWhole(ctx, map[string]int64{id: seen})
		if err != nil {
			return nil, err
		}
		stock := all[id]
		if stock.sale == nil {
			return nil, product.ErrNotFound
		}
		seen = int64(len(stock.counters))
		switch {
		case len(stock.counters) == wanted:
			return stock.counters, nil
		case len(stock.counters) < wanted:
			err = s.add(ctx, id, stock, wanted)
		default:
			err = s.removeLast(ctx, id, stock)
		}
		// What did not get through to many buyers, or was overtaken by them, is tried again as the stock is then.
		if err != nil && !errors.Is(err, errUnsettled) {
			return nil, err
		}
		if err := clock.Sleep(ctx, rand.N(firstWait)); err != nil {
			return nil, fmt.Errorf("splitting a stock: %w", err)
		}
	}
}

func (s *StockSplitter) table() productTable {
	return productTable{client: s.Client, table: s.Products}
}

// add makes the missing counters, with equal parts of the units of counter 0. Its condition requires the version, so
// that the terms are those that were read. It does not require the stock, which is being sold, but only that counter 0
// has at least what the new counters get.
func (s *StockSplitter) add(ctx context.Context, id string, stock whole, wanted int) error {
	there := len(stock.counters)
	each := stock.counters[0] / int64(wanted-there+1)
	sale := reader{item: stock.sale}
	values := attributes{
		":moved": number(each * int64(wanted-there)), ":counters": number(int64(wanted)), ":zero": number(0),
		":version": number(sale.number("version")),
	}
	same := notSplit
	if there > 1 {
		same, values[":there"] = " AND counters = :there", number(int64(there))
	}
	actions := []types.TransactWriteItem{{Update: &types.Update{
		TableName: &s.Products, Key: productKey(id, salePart),
		ConditionExpression: aws.String("stock >= :moved AND version = :version" + same),
		UpdateExpression: aws.String("SET stock = stock - :moved, counters = :counters," +
			" stock_elsewhere = if_not_exists(stock_elsewhere, :zero) + :moved"),
		ExpressionAttributeValues: values,
	}}}
	for i := there; i < wanted; i++ {
		actions = append(actions, put(s.Products, newCounter(id, i, each, stock.sale)))
	}
	if sale.err != nil {
		return sale.err
	}
	_, err := s.table().unlessUnmet(ctx, "splitting a stock", actions)
	return err
}

// newCounter is a counter with the terms of the sale item.
func newCounter(id string, counter int, units int64, sale attributes) attributes {
	item := newItem(counterKey(id, counter), termsOf(sale))
	item["stock"] = number(units)
	if counter == 1 {
		item["shelf"], item["name_key"] = text(splitShelf), text(id)
	}
	return item
}

// removeLast moves units of the last counter to counter 0, and removes the counter once it has none. While many buy,
// the counter has fewer by the time of the write, so a call moves all but an eighth.
func (s *StockSplitter) removeLast(ctx context.Context, id string, stock whole) error {
	last := len(stock.counters) - 1
	if units := stock.counters[last]; units != 0 {
		_, err := s.table().toCounter0(ctx, id, []share{{last, units - units/8}})
		return err
	}
	sale, err := s.without(id, stock)
	if err != nil {
		return err
	}
	_, err = s.table().unlessUnmet(ctx, "putting a stock together", []types.TransactWriteItem{{Update: sale}, {
		Delete: &types.Delete{
			TableName: &s.Products, Key: counterKey(id, last), ConditionExpression: aws.String("stock = :zero"),
			ExpressionAttributeValues: attributes{":zero": number(0)},
		},
	}})
	return err
}

// without returns the update of the sale item for one counter less. When only counter 0 is left, the stock is the sale
// item's alone: the update writes its marks, and the condition requires that the stock is on their side of the
// threshold.
func (s *StockSplitter) without(id string, stock whole) (*types.Update, error) {
	there := len(stock.counters)
	u := &types.Update{
		TableName: &s.Products, Key: productKey(id, salePart),
		ConditionExpression:       aws.String("counters = :there"),
		UpdateExpression:          aws.String("SET counters = :fewer"),
		ExpressionAttributeValues: attributes{":there": number(int64(there)), ":fewer": number(int64(there - 1))},
	}
	if there > 2 {
		return u, nil
	}
	now, err := readLevel(stock.sale)
	values := attributes{":there": number(int64(there)), ":lowAt": number(now.threshold), ":zero": number(0)}
	condition := "counters = :there AND " + sameThreshold(now.threshold, values)
	var sets, removes string
	mark := func(holds bool, name, value, yes, no string) {
		if holds {
			sets, values[":"+name], condition = sets+", "+name+" = :"+name, text(value), condition+yes
		} else {
			removes, condition = removes+", "+name, condition+no
		}
	}
	mark(now.stock <= now.threshold, "low_stock", lowMark, " AND stock <= :lowAt", " AND stock > :lowAt")
	mark(now.stock > 0, "shelf", inStockShelf, " AND stock > :zero", " AND stock = :zero")
	update := "REMOVE counters, stock_elsewhere" + removes
	if sets != "" {
		update = "SET " + sets[2:] + " " + update
	}
	u.ConditionExpression, u.UpdateExpression, u.ExpressionAttributeValues = &condition, &update, values
	return u, err
}
