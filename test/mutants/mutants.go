package main

// The packages whose tests kill the mutants.
const (
	store        = "./internal/dynamostore"
	notification = "./internal/notification"
)

// mutants are the defects. Where a text changes with the code, it is changed here, too: TestMutantsApply says so.
var mutants = []mutant{
	{
		name: "a checkout takes units that are not there", file: "internal/dynamostore/checkout_store.go",
		from: `"stock > :units AND stock <= :lowAt"`, to: `"stock <= :lowAt"`, pkg: store,
		run: "TestPlaceRejects|TestTenBuyersOneLamp",
	},
	{
		name: "a sale of a split stock takes units that are not there", file: "internal/dynamostore/checkout_store.go",
		from: `aws.String("stock >= :units" +`, to: `aws.String("attribute_exists(stock)" +`, pkg: store,
		run: "TestRushOnASplitStock",
	},
	{
		name: "a stock that was split meanwhile is sold as one", file: "internal/dynamostore/counters.go",
		from: `notSplit = " AND attribute_not_exists(counters)"`, to: `notSplit = ""`, pkg: store,
		run: "TestCheckoutWhoseCountersAreGone|TestSetOfASplitStock",
	},
	{
		name: "a checkout takes an old price", file: "internal/dynamostore/checkout_store.go",
		from: `price = :price AND`, to: `(price = :price OR price <> :price) AND`, pkg: store, run: "TestPlaceRejects",
	},
	{
		name: "a checkout sells what is not active", file: "internal/dynamostore/checkout_store.go",
		from: `AND active = :true" +`, to: `AND (active = :true OR active <> :true)" +`, pkg: store,
		run: "TestPlaceRejects",
	},
	{
		name: "a checkout takes more than one order may have", file: "internal/dynamostore/checkout_store.go",
		from: `max_per_order >= :asked)`, to: `attribute_exists(max_per_order))`, pkg: store, run: "TestPlaceRejects",
	},
	{
		name: "a checkout compares the limit for difference alone", file: "internal/dynamostore/checkout_store.go",
		from: `OR max_per_order >= :asked)`, to: `OR max_per_order <> :asked)`, pkg: store, run: "TestPlaceRejects",
	},
	{
		name: "an order has the time of its first attempt", file: "internal/dynamostore/checkout_store.go",
		from: `if !open {`, to: `if in == nil {`, pkg: store, run: "TestSlowCheckout",
	},
	{
		name: "an order is stored over the one of its key", file: "internal/dynamostore/checkout_store.go",
		from: `"attribute_not_exists(order_id)"`, to: `"attribute_not_exists(nothing)"`, pkg: store,
		run: "TestPlaceAgain",
	},
	{
		name: "a repeat that meets its own commit is refused", file: "internal/dynamostore/checkout_store.go",
		from: `if contentionCodes[aws.ToString(canceled.`, to: `if false && contentionCodes[aws.ToString(canceled.`,
		pkg: store, run: "TestPlaceUnderFaults",
	},
	{
		name: "an order is shown to anybody", file: "internal/dynamostore/order_reader.go",
		from: `!access.MaySee(`, to: `false && !access.MaySee(`, pkg: store, run: "TestViewShows",
	},
	{
		name: "a transaction is repeated after an unknown outcome", file: "internal/dynamostore/dynamostore.go",
		from: `if err == nil || !contended(err) {`, to: `if err == nil || !contended(err) && !unsettled(err) {`,
		pkg: store, run: "TestUnknownOutcomes",
	},
	{
		name: "each attempt of a transaction has a token of its own", file: "internal/dynamostore/transact.go",
		from: `_, err := client.TransactWriteItems(ctx, in, options...)`,
		to:   `in.ClientRequestToken = nil; _, err := client.TransactWriteItems(ctx, in, options...)`, pkg: store,
		run: "TestTransactionsWhoseAnswerWasLost",
	},
	{
		name: "no jitter", file: "internal/dynamostore/dynamostore.go",
		from: `return rand.N(wait)`, to: `return wait + 0*rand.N(wait)`, pkg: store,
		run: "TestPauseHasJitter",
	},
	{
		name: "what a batch leaves out is left out", file: "internal/dynamostore/dynamostore.go",
		from: `if keys = out.UnprocessedKeys; len(keys) == 0 {`, to: `if keys = out.UnprocessedKeys; true {`,
		pkg: store, run: "TestGoodsAsksAgain|TestLeftOut",
	},
	{
		name: "an empty page is taken for the end", file: "internal/dynamostore/dynamostore.go",
		from: `len(in.ExclusiveStartKey) == 0 {`, to: `len(in.ExclusiveStartKey) == 0 || len(out.Items) == 0 {`,
		pkg: store, run: "TestEmptyPages",
	},
	{
		name: "the summary skips the feed's last shard", file: "internal/dynamostore/order_history.go",
		from: `for i := range feedShards {`, to: `for i := range feedShards - 1 {`, pkg: store,
		run: "TestHistoryOfEveryShard",
	},
	{
		name: "the history skips the feed's last shard", file: "internal/dynamostore/order_history.go",
		from: `make([][]attributes, feedShards)`, to: `make([][]attributes, feedShards-1)`, pkg: store,
		run: "TestHistoryOfEveryShard",
	},
	{
		name: "the relay skips the index's last shard", file: "internal/dynamostore/due_mails.go",
		from: `make([][]attributes, dueShards)`, to: `make([][]attributes, dueShards-1)`, pkg: store,
		run: "TestDueOfEveryShard",
	},
	{
		name: "the cursor of orders is inclusive", file: "internal/dynamostore/order_history.go",
		from: `min(in.high, before(position))`, to: `min(in.high, position)`, pkg: store, run: "TestHistory$|TestMine",
	},
	{
		name: "the cursor of products is inclusive", file: "internal/dynamostore/cursor.go",
		from: `return key + lowest`, to: `return key`, pkg: store, run: "TestBrowsePagesByName|TestInventoryPages",
	},
	{
		name: "the cursor of movements is inclusive", file: "internal/dynamostore/inventory_store.go",
		from: `high = before(position)`, to: `high = position`, pkg: store, run: "TestMovementsPageNewestFirst",
	},
	{
		name: "a change of stock is made twice", file: "internal/dynamostore/inventory_store.go",
		from: "ConditionExpression:                 aws.String(\"attribute_not_exists(moved_key)\")",
		to:   `ConditionExpression: aws.String("attribute_not_exists(nothing)")`, pkg: store,
		run: "TestMoveWhoseStockCameBack",
	},
	{
		name: "an adjustment with a key is made twice", file: "internal/dynamostore/inventory_store.go",
		from: `Item: item, ConditionExpression: aws.String("attribute_not_exists(moved_key)")`,
		to:   `Item: item, ConditionExpression: aws.String("attribute_not_exists(nothing)")`, pkg: store,
		run: "TestKeyedMovement$",
	},
	{
		name: "a save undoes another's", file: "internal/dynamostore/product_saver.go",
		from: `"version = :seen"`, to: `"version = :seen OR version <> :seen"`, pkg: store,
		run: "TestProductIsStoredAndChanged",
	},
	{
		name: "a mail is claimed that somebody holds", file: "internal/dynamostore/pending_mails.go",
		from: `(attribute_not_exists(lease_id) OR`,
		to:   `(attribute_not_exists(lease_id) OR attribute_exists(lease_id) OR`, pkg: store, run: "TestClaim$",
	},
	{
		name: "a mail is marked sent before it is", file: "internal/notification/deliver.go",
		from: "messageID, err := d.send(ctx, mail)",
		to:   `_ = d.Ledger.MarkSent(ctx, mailID, "", d.Now()); messageID, err := d.send(ctx, mail)`,
		pkg:  notification, run: "Test",
	},
}
