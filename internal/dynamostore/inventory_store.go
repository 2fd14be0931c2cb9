package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"shop/internal/money"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
)

// A product is two items: sale, all that a checkout touches, under 1 KB; and text, the rest. Only text items are
// indexed by name, and sale items of which few units are left by that, so that a sale writes no index unless it leaves
// few. The first index holds their keys and image_url: a member that lists are to show must be added there, or to the
// sale item.
const (
	salePart      = "sale"
	textPart      = "text"
	activeShelf   = "active"
	inactiveShelf = "inactive"
	byNameIndex   = "by_name"
	lowStockIndex = "low_stock"
	lowMark       = "low"        // low_stock of a sale item whose stock is low; another has none, and is not in that index
	maxNameKey    = 900          // bytes of the folded name in the index key, which may have 1,024
	highest       = "\U0010FFFF" // sorts after every name
	lowest        = "\x01"       // sorts before every character of a name, so that a name comes before its continuations
)

// Products keeps the goods.
type Products struct {
	Client    *dynamodb.Client
	Table     string
	Movements string // the StockMovements table
	Currency  string
}

// View returns a product as customers see it, or product.ErrNotFound for one that is not active, too.
func (s *Products) View(ctx context.Context, id string) (product.Product, error) {
	out, err := s.Client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.Table,
		KeyConditionExpression:    aws.String("product_id = :id"),
		ExpressionAttributeValues: attributes{":id": text(id)},
	})
	if err != nil {
		return product.Product{}, failed("reading a product", err)
	}
	p, err := s.fromItems(out.Items)
	if err == nil && !p.Active {
		return product.Product{}, product.ErrNotFound
	}
	return p, err
}

// Read returns the product as it stands now, active or not. It returns product.ErrNotFound.
func (s *Products) Read(ctx context.Context, id string) (product.Product, error) {
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Table: {Keys: []attributes{productKey(id, salePart), productKey(id, textPart)}, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return product.Product{}, err
	}
	return s.fromItems(items[s.Table])
}

// Browse returns a page of the active products whose name starts with prefix, by name, without descriptions.
func (s *Products) Browse(ctx context.Context, prefix string, r page.Request) (page.Page[product.Product], error) {
	q := query{"products", fold(prefix)}
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	texts, err := s.shelf(ctx, activeShelf, fold(prefix), from, r.Limit+1)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	listed, err := s.listing(ctx, q, texts, r.Limit)
	listed.Items = slices.DeleteFunc(listed.Items, func(p product.Product) bool { return !p.Active })
	return listed, err
}

// Pick returns the active products with these ids, at most 98, in their order, without descriptions. What is not there
// is left out.
func (s *Products) Pick(ctx context.Context, ids []string) ([]product.Product, error) {
	picked, err := s.pick(ctx, ids)
	return slices.DeleteFunc(picked, func(p product.Product) bool { return !p.Active }), err
}

// pick returns the products with these ids, at most 100, in their order, without descriptions. What is not there is
// left out.
func (s *Products) pick(ctx context.Context, ids []string) ([]product.Product, error) {
	keys := make([]attributes, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, productKey(id, salePart), productKey(id, textPart))
	}
	parts, err := s.parts(ctx, keys)
	if err != nil {
		return nil, err
	}
	var picked []product.Product
	for _, id := range ids {
		p, err := s.fromItems(parts[id])
		if errors.Is(err, product.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Description = ""
		picked = append(picked, p)
	}
	return picked, nil
}

// parts reads items by their products, in batches of 100, which is what DynamoDB takes, at once.
func (s *Products) parts(ctx context.Context, keys []attributes) (map[string][]attributes, error) {
	batches := slices.Collect(slices.Chunk(keys, 100))
	found := make([][]attributes, len(batches))
	reads, ctx := errgroup.WithContext(ctx)
	for i, batch := range batches {
		reads.Go(func() error {
			items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{s.Table: {Keys: batch}})
			found[i] = items[s.Table]
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	byID := map[string][]attributes{}
	for _, item := range slices.Concat(found...) {
		r := reader{item: item}
		byID[r.text("product_id")] = append(byID[r.text("product_id")], item)
	}
	return byID, nil
}

// Inventory returns a page of the products that the filter lets through, without descriptions: by name, or, of those
// whose stock is low, by id. Its cursors are good for this admin and this filter alone.
func (s *Products) Inventory(ctx context.Context, admin user.Caller, f product.Filter, r page.Request) (page.Page[product.Product], error) {
	q := query{"inventory", admin.UserID, fold(f.Prefix), strconv.FormatBool(f.LowStock)}
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	if f.LowStock {
		return s.low(ctx, q, fold(f.Prefix), from, r.Limit)
	}
	var active, inactive []attributes
	reads, readsCtx := errgroup.WithContext(ctx)
	read := func(to *[]attributes, shelf string) {
		reads.Go(func() (err error) { *to, err = s.shelf(readsCtx, shelf, fold(f.Prefix), from, r.Limit+1); return err })
	}
	read(&active, activeShelf)
	read(&inactive, inactiveShelf)
	if err := reads.Wait(); err != nil {
		return page.Page[product.Product]{}, err
	}
	texts := merge([][]attributes{active, inactive}, nameKey, strings.Compare)
	return s.listing(ctx, q, texts[:min(len(texts), r.Limit+1)], r.Limit)
}

// low returns a page of the products whose stock is low. It reads no more than a page of the index: what has another
// name, or a stock that is not low any more, which the index does not know yet, is left out, so a page may have less
// than its limit.
func (s *Products) low(ctx context.Context, q query, prefix, from string, limit int) (page.Page[product.Product], error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Table,
		IndexName:                 aws.String(lowStockIndex),
		KeyConditionExpression:    aws.String("low_stock = :low AND product_id > :from"),
		ExpressionAttributeValues: attributes{":low": text(lowMark), ":from": text(max(from, " "))}, // a blank sorts before every id
	}, limit+1)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	shown := cut(q, items, limit, productIDOf)
	ids := make([]string, len(shown.Items))
	for i, item := range shown.Items {
		ids[i] = productIDOf(item)
	}
	found, err := s.pick(ctx, ids)
	return page.Page[product.Product]{NextCursor: shown.NextCursor, Items: slices.DeleteFunc(found, func(p product.Product) bool {
		return !product.IsLow(p.Stock) || !strings.HasPrefix(fold(p.Name), prefix)
	})}, err
}

func productIDOf(item attributes) string {
	r := reader{item: item}
	return r.text("product_id")
}

// shelf reads text items of one shelf in the order of their names, after from.
func (s *Products) shelf(ctx context.Context, shelf, prefix, from string, limit int) ([]attributes, error) {
	low := max(after(from), prefix)
	if from == "" {
		low = max(prefix, lowest)
	}
	high := prefix + highest
	if low > high {
		return nil, nil
	}
	return queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Table,
		IndexName:                 aws.String(byNameIndex),
		KeyConditionExpression:    aws.String("shelf = :shelf AND name_key BETWEEN :low AND :high"),
		ExpressionAttributeValues: attributes{":shelf": text(shelf), ":low": text(low), ":high": text(high)},
	}, limit)
}

// listing makes a page of text items, one more than limit, and reads the sale items beside them.
func (s *Products) listing(ctx context.Context, q query, texts []attributes, limit int) (page.Page[product.Product], error) {
	shown := cut(q, texts, limit, nameKey)
	sales, err := s.sales(ctx, shown.Items)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	listed := page.Page[product.Product]{NextCursor: shown.NextCursor}
	for _, item := range shown.Items {
		r := reader{item: item}
		p, err := s.fromItems([]attributes{item, sales[r.text("product_id")]})
		if errors.Is(err, product.ErrNotFound) {
			continue // the index was ahead of the table's copy that was read
		}
		if err != nil {
			return page.Page[product.Product]{}, err
		}
		listed.Items = append(listed.Items, p)
	}
	return listed, nil
}

func (s *Products) sales(ctx context.Context, texts []attributes) (map[string]attributes, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	keys := make([]attributes, len(texts))
	for i, item := range texts {
		keys[i] = attributes{"product_id": item["product_id"], "part": text(salePart)}
	}
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{s.Table: {Keys: keys}})
	if err != nil {
		return nil, err
	}
	byID := map[string]attributes{}
	for _, item := range items[s.Table] {
		r := reader{item: item}
		byID[r.text("product_id")] = item
	}
	return byID, nil
}

// Create stores a new product and, when it is not nil, its first movement. It returns product.ErrContended when the
// product exists by now, and product.ErrUnsettled.
func (s *Products) Create(ctx context.Context, p product.Product, opening *product.Movement) error {
	sale := s.put(saleItem(p))
	sale.Put.ConditionExpression = aws.String("attribute_not_exists(product_id)")
	actions := []types.TransactWriteItem{sale, s.put(textItem(p))}
	if opening != nil {
		actions = append(actions, types.TransactWriteItem{Put: &types.Put{TableName: &s.Movements, Item: movementItem(*opening)}})
	}
	return s.transact(ctx, actions, explainExists)
}

// explainExists returns the error for a product that exists already.
func explainExists(attributes) error { return product.ErrContended }

const updateProduct = "SET #name = :name, price = :price, active = :active, version = :next, updated_at = :now"

// Update stores all but the stock of p if the stored version is one less than p's. It returns product.ErrContended when
// it is not, and product.ErrUnsettled.
func (s *Products) Update(ctx context.Context, p product.Product) error {
	update, values := updateProduct, attributes{
		":seen": number(p.Version - 1), ":next": number(p.Version), ":name": text(p.Name), ":price": number(p.Price.Amount),
		":active": boolean(p.Active), ":now": instant(p.UpdatedAt),
	}
	if p.MaxPerOrder == 0 {
		update += " REMOVE max_per_order"
	} else {
		update, values[":max"] = update+", max_per_order = :max", number(p.MaxPerOrder)
	}
	sale := types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.Table,
		Key:                       productKey(p.ID, salePart),
		ConditionExpression:       aws.String("version = :seen"),
		UpdateExpression:          aws.String(update),
		ExpressionAttributeNames:  map[string]string{"#name": "name"},
		ExpressionAttributeValues: values,
	}}
	return s.transact(ctx, []types.TransactWriteItem{sale, s.put(textItem(p))}, explainVersionConflict)
}

// explainVersionConflict returns the error for a version that is not the expected one: somebody else saved the product.
func explainVersionConflict(attributes) error { return product.ErrContended }

// Move sets the stock from m.Before to m.After and records m, all or nothing, once for an ID and time, over any number
// of calls: the record has a condition, too, for the stock may be m.Before again when a call comes after one that was
// carried out. Move returns the movement as it was recorded. It returns *product.StockChangedError when the stock is
// not m.Before, product.ErrNotFound, product.ErrContended and product.ErrUnsettled.
func (s *Products) Move(ctx context.Context, m product.Movement) (product.Movement, error) {
	record := types.TransactWriteItem{Put: &types.Put{
		TableName: &s.Movements, Item: movementItem(m),
		ConditionExpression:                 aws.String("attribute_not_exists(moved_key)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
	actions := []types.TransactWriteItem{s.restock(m), record}
	if m.Keyed {
		actions = append(actions, s.once(m))
	}
	err := s.transact(ctx, actions, explainStockChanged)
	var met *alreadyRecordedError
	switch {
	case errors.As(err, &met):
		return readMovement(met.recorded)
	case err == nil:
		return m, nil
	case errors.Is(err, product.ErrUnsettled):
		if recorded, found := s.moved(ctx, m); found {
			return recorded, nil
		}
	}
	return product.Movement{}, err
}

// once is a copy of a keyed movement under its ID alone, so that no other time gives it another one.
func (s *Products) once(m product.Movement) types.TransactWriteItem {
	item := movementItem(m)
	item["recorded_key"], item["moved_key"] = item["moved_key"], text(keyedPrefix+m.ID)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &s.Movements, Item: item, ConditionExpression: aws.String("attribute_not_exists(moved_key)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// Recorded returns the keyed movement of the product with this ID, or product.ErrNotFound.
func (s *Products) Recorded(ctx context.Context, productID, id string) (product.Movement, error) {
	return s.movement(ctx, text(productID), text(keyedPrefix+id))
}

func (s *Products) movement(ctx context.Context, productID, key types.AttributeValue) (product.Movement, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Movements, Key: attributes{"product_id": productID, "moved_key": key}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return product.Movement{}, failed("reading a movement", err)
	}
	if len(out.Item) == 0 {
		return product.Movement{}, product.ErrNotFound
	}
	return readMovement(out.Item)
}

func (s *Products) restock(m product.Movement) types.TransactWriteItem {
	values := attributes{":before": number(m.Before), ":after": number(m.After), ":now": instant(m.MovedAt)}
	mark := " REMOVE low_stock"
	if product.IsLow(m.After) {
		mark, values[":low"] = ", low_stock = :low", text(lowMark)
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                           &s.Table,
		Key:                                 productKey(m.ProductID, salePart),
		ConditionExpression:                 aws.String("stock = :before"),
		UpdateExpression:                    aws.String("SET stock = :after, updated_at = :now" + mark),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// moved returns the movement as it was recorded, and the stock changed with it, if it was, though no answer said so.
func (s *Products) moved(ctx context.Context, m product.Movement) (product.Movement, bool) {
	item := movementItem(m)
	key := item["moved_key"]
	if m.Keyed {
		key = text(keyedPrefix + m.ID)
	}
	recorded, err := s.movement(ctx, item["product_id"], key)
	return recorded, err == nil
}

// alreadyRecordedError says that a movement was recorded before, by an attempt of the same call or an earlier one.
type alreadyRecordedError struct{ recorded attributes }

// Error says the same for every movement.
func (e *alreadyRecordedError) Error() string { return "the movement is recorded already" }

// explainStockChanged returns the error for a stock that is not the one that a movement expected.
func explainStockChanged(old attributes) error {
	if old == nil {
		return product.ErrNotFound
	}
	r := reader{item: old}
	stock := r.number("stock")
	if r.err != nil {
		return r.err
	}
	return &product.StockChangedError{Quantity: stock}
}

// transact writes actions, all or nothing. When the condition of the first fails it returns what explain says of the
// item that stands there; *alreadyRecordedError when that of another does: it is the record of a movement.
func (s *Products) transact(ctx context.Context, actions []types.TransactWriteItem, explain func(old attributes) error) error {
	var open bool
	err := writeOnce(ctx, s.Client, actions, noting(&open))
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && len(canceled.CancellationReasons) > 1 {
		for _, reason := range slices.Backward(canceled.CancellationReasons[1:]) { // the copy of a keyed movement first
			if recorded, met := failedCondition(reason); met {
				return &alreadyRecordedError{recorded}
			}
		}
		if old, failed := failedCondition(canceled.CancellationReasons[0]); failed {
			return explain(old)
		}
	}
	switch {
	case err == nil:
		return nil
	case unsettled(err) && (open || !errors.Is(err, errUnsettled)):
		return fmt.Errorf("%w: %w", product.ErrUnsettled, err)
	}
	return failed("writing a product", err)
}

// Changes returns a page of a product's movements, newest first. Its cursors are good for this admin alone. It returns
// product.ErrNotFound.
func (s *Products) Changes(ctx context.Context, admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error) {
	q := query{"movements", admin.UserID, id}
	position, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Movement]{}, err
	}
	if _, err := s.Read(ctx, id); err != nil {
		return page.Page[product.Movement]{}, err
	}
	high := afterTimes
	if position != "" {
		high = before(position)
	}
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Movements,
		KeyConditionExpression:    aws.String("product_id = :id AND moved_key <= :high"),
		ExpressionAttributeValues: attributes{":id": text(id), ":high": text(high)},
		ScanIndexForward:          aws.Bool(false),
		ConsistentRead:            aws.Bool(true),
	}, r.Limit+1)
	if err != nil {
		return page.Page[product.Movement]{}, err
	}
	return convert(cut(q, items, r.Limit, movedKey), readMovement)
}

func (s *Products) put(item attributes) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: item}}
}

// fromItems makes a product of its sale item, which alone has a stock, and its text item; one from the index has no
// description. A member that items stored earlier lack must be read under r.has: to a reader a missing attribute is an
// error. It returns product.ErrNotFound when there is no sale item.
func (s *Products) fromItems(items []attributes) (product.Product, error) {
	var p product.Product
	found := false
	for _, item := range items {
		r := reader{item: item}
		if r.has("stock") {
			found = true
			p.ID, p.Name, p.Price = r.text("product_id"), r.text("name"), money.Money{Amount: r.number("price"), Currency: s.Currency}
			p.Active, p.Stock, p.Version = r.boolean("active"), r.number("stock"), r.number("version")
			p.MaxPerOrder = maxPerOrder(&r)
			p.CreatedAt, p.UpdatedAt = r.instant("created_at"), r.instant("updated_at")
		} else if item != nil {
			p.ImageURL = r.text("image_url")
			if r.has("description") {
				p.Description = r.text("description")
			}
		}
		if r.err != nil {
			return product.Product{}, r.err
		}
	}
	if !found {
		return product.Product{}, product.ErrNotFound
	}
	return p, nil
}

func productKey(id, part string) attributes {
	return attributes{"product_id": text(id), "part": text(part)}
}

func saleItem(p product.Product) attributes {
	item := attributes{
		"product_id": text(p.ID), "part": text(salePart), "name": text(p.Name), "price": number(p.Price.Amount),
		"active": boolean(p.Active), "stock": number(p.Stock), "version": number(p.Version),
		"created_at": instant(p.CreatedAt), "updated_at": instant(p.UpdatedAt),
	}
	if product.IsLow(p.Stock) {
		item["low_stock"] = text(lowMark)
	}
	if p.MaxPerOrder != 0 {
		item["max_per_order"] = number(p.MaxPerOrder)
	}
	return item
}

// maxPerOrder reads the limit of a sale item, or 0 for none.
func maxPerOrder(r *reader) int64 {
	if !r.has("max_per_order") {
		return 0
	}
	return r.number("max_per_order")
}

func textItem(p product.Product) attributes {
	shelf := inactiveShelf
	if p.Active {
		shelf = activeShelf
	}
	return attributes{
		"product_id": text(p.ID), "part": text(textPart), "description": text(p.Description),
		"image_url": text(p.ImageURL), "shelf": text(shelf), "name_key": text(fold(p.Name) + lowest + p.ID),
	}
}

// fold makes names the same that differ only in case or in how their characters are composed, cut at a whole character
// to what an index key holds: Unicode's canonical caseless matching (The Unicode Standard, section 3.13.5, D145), in
// NFC.
func fold(name string) string {
	folded := norm.NFC.String(cases.Fold().String(norm.NFD.String(name)))
	if len(folded) <= maxNameKey {
		return folded
	}
	end := maxNameKey
	for !utf8.RuneStart(folded[end]) {
		end--
	}
	return folded[:end]
}

func nameKey(item attributes) string {
	r := reader{item: item}
	return r.text("name_key")
}

// The keys of movements begin with their times; those of the copies of keyed ones sort after all times.
const (
	keyedPrefix = "id#"
	afterTimes  = ":"
)

func movementItem(m product.Movement) attributes {
	return attributes{
		"product_id": text(m.ProductID), "moved_key": text(formatTime(m.MovedAt) + "#" + m.ID), "movement_id": text(m.ID),
		"before": number(m.Before), "after": number(m.After), "reason": text(m.Reason), "moved_by": text(m.By),
	}
}

func movedKey(item attributes) string {
	r := reader{item: item}
	return r.text("moved_key")
}

func readMovement(item attributes) (product.Movement, error) {
	r := reader{item: item}
	key := "moved_key"
	if r.has("recorded_key") {
		key = "recorded_key"
	}
	m := product.Movement{
		ID: r.text("movement_id"), ProductID: r.text("product_id"), Before: r.number("before"), After: r.number("after"),
		Reason: r.text("reason"), By: r.text("moved_by"), MovedAt: r.instantOf(key), Keyed: r.has("recorded_key"),
	}
	return m, r.err
}
