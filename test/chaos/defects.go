package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"shop/internal/rootkeys"
	"shop/test/faultproxy"
)

// defect is a defect in a function that the checker must find.
type defect struct {
	name      string
	file      string // of the checkout, that the defect is put into
	from, to  string // the text there, which must stand there once, and what it becomes
	function  string // logical id of the function that is built with it
	folder    string // of the function
	plan      plan   // a round that shows the defect, and that the store without it passes
	invariant string // that the round breaks
}

// defects are the defects that the checker must find.
var defects = []defect{
	{
		name: "condition removed",
		file: "internal/dynamostore/checkout_store.go", from: `"stock > :units AND stock <= :lowAt"`,
		to: `"stock <= :lowAt"`, function: "PlaceOrderFunction", folder: "functions/place-order",
		// The stock is read before it is taken: buyers who read at once all see enough.
		plan: plan{Goods: []good{{Stock: 3, Price: 100}}, Steps: buys(48), Workers: 16, Rules: []faultproxy.Rule{
			{Operation: placeOrder, Fault: faultproxy.Slow, Share: 1, Delay: 300_000_000},
		}},
		invariant: invStock,
	},
	{
		name: "mark before send",
		file: "internal/notification/deliver.go", from: "messageID, err := d.send(ctx, mail)",
		to:       `_ = d.Ledger.MarkSent(ctx, mailID, "", d.Now()); messageID, err := d.send(ctx, mail)`,
		function: "NotifyFunction", folder: "functions/notify",
		plan: plan{Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(24), step{Kind: idle}), Workers: 8,
			Rules: []faultproxy.Rule{
				{Operation: "SendEmail", Fault: faultproxy.Refused, Share: 0.5},
			}},
		invariant: invMail,
	},
	{
		name: "relay off",
		file: "functions/relay-mail/handler.go", from: "done, err := h.mails.Run(ctx, h.maxMails, until)",
		to:       "done, err := notification.Relayed{}, error(nil)",
		function: "RelayMailFunction", folder: "functions/relay-mail",
		plan: plan{Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(24), step{Kind: idle}), Workers: 8,
			Rules: []faultproxy.Rule{
				{Operation: "SendMessage", Fault: faultproxy.Reset, Share: 1},
			}},
		invariant: invMail,
	},
	{
		name: "relay stops at what it cannot send",
		file: "internal/notification/relay.go", from: "if err != nil && sent == 0 {", to: "if sent == 0 {",
		function: "RelayMailFunction", folder: "functions/relay-mail",
		plan: plan{
			Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(24), step{Kind: idle}), Workers: 8,
			Rules: []faultproxy.Rule{{Operation: "SendEmail", Fault: faultproxy.Refused, Share: 0.5}},
		},
		invariant: invRelay,
	},
	{
		name: "a reset leaves sessions open",
		file: "internal/dynamostore/password_resets.go", from: `":hash": text(hash.PHC()), ":one": number(1)`,
		to:       `":hash": text(hash.PHC()), ":one": number(0)`,
		function: "ResetPasswordFunction", folder: "functions/reset-password",
		plan: plan{
			Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(1), step{Kind: endByReset}), Workers: 1,
		},
		invariant: invEnded,
	},
	{
		name: "cancelled whatever the order is",
		file: "internal/dynamostore/order_statuses.go", from: `"email = :email AND attribute_not_exists(#status)"`,
		to:       `"email = :email"`,
		function: "ChangeOrderFunction", folder: "functions/change-order",
		// The order is read before it is changed: all who read at once see it placed.
		plan: plan{
			Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(24), cancelsOf(12)...), Workers: 8,
			Rules: []faultproxy.Rule{{Operation: changeStatus, Fault: faultproxy.Slow, Share: 1, Delay: 300_000_000}},
		},
		invariant: invReturned,
	},
	{
		name: "units back without the order's cancellation being ended",
		file: "internal/order/finisher.go", from: "ids, err := f.Unfinished.Cancelling(ctx, maxUnfinished)",
		to:       "ids, err := []string(nil), error(nil)",
		function: "RelayMailFunction", folder: "functions/relay-mail",
		// The second change of each order fails, so each is answered as cancelling, and nobody repeats the request.
		plan: plan{
			Goods: slices.Repeat([]good{{Stock: 1000, Price: 100}}, manyGoods), Workers: 4,
			Steps: append(largeBuys(4), cancelsOf(4)...),
			Rules: []faultproxy.Rule{{Operation: endCancelling, Fault: faultproxy.Refused, Share: 1}},
		},
		invariant: invReturned,
	},
	{
		name: "told once more",
		file: "internal/dynamostore/stock_mails.go",
		from: "func (s *StockMails) Fulfil(ctx context.Context, mail notification.Mail) error {\n",
		to: "func (s *StockMails) Fulfil(ctx context.Context, mail notification.Mail) error {\n" +
			"if err := s.waitAgain(ctx, mail); err != nil { return nil }\n",
		function: "NotifyFunction", folder: "functions/notify",
		plan: awaited(step{Kind: watch}, step{Kind: relay}, step{Kind: idle}), invariant: invTold,
	},
	{
		name: "a wait is lost when the units are gone again",
		file: "internal/dynamostore/stock_mails.go",
		from: `"SET waiting = :waiting, waiting_key = :key REMOVE mail_id, expires_at"`,
		to:   `"SET waited = :waiting, waited_key = :key REMOVE mail_id, expires_at"`, function: "NotifyFunction",
		folder: "functions/notify",
		plan:   awaited(step{Kind: watch}, buys(1)[0], step{Kind: relay}, step{Kind: idle}), invariant: invWaits,
	},
	{
		name: "a withdrawal changes nothing",
		file: "internal/product/back_in_stock.go", from: "return b.Requests.Remove(ctx, customer.UserID, productID)",
		to: "return nil", function: "AwaitProductFunction", folder: "functions/await-product",
		plan: awaited(step{Kind: withdraw}), invariant: invSilence,
	},
	{
		name: "counters of a split stock sell what they do not have",
		file: "internal/dynamostore/checkout_store.go", from: `aws.String("stock >= :units" +`,
		to: `aws.String("attribute_exists(stock)" +`, function: "PlaceOrderFunction", folder: "functions/place-order",
		plan: plan{
			Goods: []good{{Stock: 24, Price: 100}}, Workers: 12,
			Steps: slices.Concat(buys(8), []step{{Kind: split, Amount: 8}}, buys(40)),
		},
		invariant: invStock,
	},
}

// awaited is a round in which a customer waits for a product, one unit of which comes back.
func awaited(steps ...step) plan {
	return plan{
		Goods: []good{{Stock: 0, Price: 100}}, Workers: 1,
		Steps: append([]step{{Kind: await}, {Kind: adjust, Amount: 1}}, steps...),
	}
}

// largeBuys are n checkouts of one unit of each of many goods.
func largeBuys(n int) []step {
	steps := buys(n)
	for i := range steps {
		steps[i].Items = oneOfEach(0, manyGoods)
	}
	return steps
}

// cancelsOf are steps that race for the first n orders: two cancellations and a packing of each.
func cancelsOf(n int) []step {
	var steps []step
	for of := range n {
		steps = append(steps, step{Kind: cancelOwn, Of: of}, step{Kind: cancelOwn, Of: of}, step{Kind: pack, Of: of})
	}
	return steps
}

// buys are n checkouts of one unit.
func buys(n int) []step {
	steps := make([]step, n)
	for i := range steps {
		steps[i] = step{Kind: buy, Items: []want{{0, 1}}, Expect: "none"}
	}
	return steps
}

// build makes the function with the defect, from today's sources, and returns the binary's path.
func (x defect) build(ctx context.Context, root, folder string) (string, error) {
	original := filepath.Join(root, filepath.FromSlash(x.file))
	content, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(content), x.from); n != 1 {
		return "", fmt.Errorf("%s: %q stands in %s %d times, want once: has the code moved on?",
			x.name, x.from, x.file, n)
	}
	patched, overlay, binary := filepath.Join(folder, "patched.go"), filepath.Join(folder,
		"overlay.json"), filepath.Join(folder, "bootstrap")
	if err := os.WriteFile(patched, []byte(strings.Replace(string(content), x.from, x.to, 1)), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: patched}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, "./"+x.folder)
	c.Dir = root
	c.Env = append(os.Environ(), "CGO_ENABLED=0",
		`GOFLAGS=-trimpath -buildvcs=false -tags=lambda.norpc "-ldflags=-s -w"`)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", x.name, err, out)
	}
	return binary, nil
}

// push replaces a function's code.
func (e *env) push(ctx context.Context, function, binary string) error {
	root, err := rootkeys.Read(e.data)
	if err != nil {
		return err
	}
	python := filepath.Join(e.root, ".tools", "emulator", "bin", "python")
	c := exec.CommandContext(ctx, python, filepath.Join(e.root, "infra", "local", "stack.py"), "push", stack,
		function+"="+binary)
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+e.endpoint(),
		"AWS_ACCESS_KEY_ID="+root.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+root.SecretAccessKey,
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("replacing the code of %s: %w\n%s", function, err, out)
	}
	return nil
}

// built is the function as it was deployed.
func (e *env) built(function string) string {
	return filepath.Join(e.data, "build", function, "bootstrap")
}
