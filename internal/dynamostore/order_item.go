package dynamostore

import (
	"hash/fnv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/money"
	"shop/internal/order"
)

func orderKey(id string) attributes { return attributes{"order_id": text(id)} }

func orderItem(o order.Order) attributes {
	lines := make([]types.AttributeValue, len(o.Lines))
	for i, line := range o.Lines {
		lines[i] = &types.AttributeValueMemberM{Value: attributes{
			"product_id": text(line.ProductID), "name": text(line.Name), "price": number(line.UnitPrice.Amount),
			"quantity": number(line.Quantity),
		}}
	}
	item := attributes{
		"order_id": text(o.ID), "user_id": text(o.UserID), "email": text(o.Email),
		"lines":  &types.AttributeValueMemberL{Value: lines},
		"amount": number(o.Total.Amount), "currency": text(o.Total.Currency),
		"placed_key": text(placedKey(o)), "request": blob(o.Request[:]),
	}
	if o.Synthetic { // in no shard of the feed, and so in no history and no figure
		item["synthetic"] = &types.AttributeValueMemberBOOL{Value: true}
	} else {
		item["shard"] = number(int64(shard(o.ID, feedShards)))
	}
	if o.Status != order.Placed {
		item["status"] = text(o.Status.String())
	}
	if o.Imported {
		item["imported"] = boolean(true)
	}
	return item
}

func placedKey(o order.Order) string { return formatTime(o.PlacedAt) + "#" + o.ID }

// readOrder reads what the indexes have of an order, too: all but the request. It returns order.ErrNotFound for no
// item.
func readOrder(item attributes) (order.Order, error) {
	if len(item) == 0 {
		return order.Order{}, order.ErrNotFound
	}
	r := reader{item: item}
	o := order.Order{
		ID: r.text("order_id"), UserID: r.text("user_id"), Email: r.text("email"), PlacedAt: r.instantOf("placed_key"),
		Total: money.Money{Amount: r.number("amount"), Currency: r.text("currency")},
	}
	for _, v := range r.list("lines") {
		o.Lines = append(o.Lines, r.line(v, o.Total.Currency))
	}
	o.Status, o.Changes, o.Synthetic = r.status("status"), r.changes(), r.has("synthetic")
	o.Imported = r.has("imported")
	if r.has("tracking") {
		o.Tracking = r.text("tracking")
	}
	return o, r.err
}

// status reads a status by its name. An order whose status nobody has changed has no such attribute: so an order costs
// no more to place, and those of earlier versions are placed.
func (r *reader) status(name string) order.Status {
	if !r.has(name) {
		return order.Placed
	}
	status, known := order.ParseStatus(r.text(name))
	if !known {
		r.fail(name, "a status")
	}
	return status
}

func changeItem(c order.Change) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: attributes{
		"from": text(c.From.String()), "to": text(c.To.String()), "by": text(c.By), "at": instant(c.At),
	}}
}

func (r *reader) changes() []order.Change {
	if !r.has("changes") {
		return nil
	}
	var changes []order.Change
	for _, v := range r.list("changes") {
		m, ok := v.(*types.AttributeValueMemberM)
		if !ok {
			r.fail("changes", "a list of maps")
			return nil
		}
		in := reader{item: m.Value}
		changes = append(changes, order.Change{
			From: in.status("from"), To: in.status("to"), By: in.text("by"), At: in.instant("at"),
		})
		if r.err == nil {
			r.err = in.err
		}
	}
	return changes
}

func (r *reader) line(v types.AttributeValue, currency string) order.Line {
	m, ok := v.(*types.AttributeValueMemberM)
	if !ok {
		r.fail("lines", "a list of maps")
		return order.Line{}
	}
	in := reader{item: m.Value}
	line := order.Line{
		ProductID: in.text("product_id"), Name: in.text("name"), Quantity: in.number("quantity"),
		UnitPrice: money.Money{Amount: in.number("price"), Currency: currency},
	}
	if r.err == nil {
		r.err = in.err
	}
	return line
}

// readAccepted reads the whole order, with the request that placed it.
func readAccepted(item attributes) (order.Order, error) {
	o, err := readOrder(item)
	if err != nil {
		return o, err
	}
	r := reader{item: item}
	if copy(o.Request[:], r.blob("request")) != len(o.Request) {
		r.fail("request", "a SHA-256")
	}
	return o, r.err
}

// shard spreads ids over n partitions of an index.
func shard(id string, n uint32) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32() % n
}

func placedKeyOf(item attributes) string {
	r := reader{item: item}
	return r.text("placed_key")
}
