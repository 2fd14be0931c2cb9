package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// otherCharacter is another one that may stand in a cursor or a token.
func otherCharacter(c string) string {
	return string(base64URL[(strings.Index(base64URL, c)+1)%len(base64URL)])
}

// lists are the store's lists, each with three items at least, and the caller
// whose they are.
func lists(t *testing.T) map[string]call {
	t.Helper()
	boss, c := admin(t), newCustomer(t)
	prefix := "Cursor " + unique()
	saved := shelf(t, prefix, "a", "b", "c")
	id := saved["a"].ProductID
	for _, delta := range []int64{1, 2} {
		send(t, stockAdjust(boss, id, adjustStock{delta, "found"})).want(t, http.StatusOK)
	}
	for range 3 {
		newOrder(t, c, one(id))
	}
	ownOrders(t, c, 3)
	return map[string]call{
		"catalogue":             browse(prefix),
		"inventory":             listInventory(boss),
		"movements":             movementsOf(boss, id),
		"own orders":            myOrders(c),
		"history":               history(boss),
		"history of a customer": history(boss).with("customer", c.UserID),
		"history since":         history(boss).with("from", "2020-01-01T00:00:00Z"),
		"history until":         history(boss).with("to", "2999-01-01T00:00:00Z"),
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, list := range lists(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, limit := range []string{"0", "-1", "101", "1000000000000000000000", "1.5", "1e1", "ten", " 1", "1 ", "0x10", "١", "null"} {
				p := send(t, list.with("limit", limit)).refused(t, http.StatusBadRequest, "invalid_request")
				wantField(t, p, "limit")
			}
			for _, limit := range []string{"1", "100"} {
				pageOf[any](t, list.with("limit", limit))
			}
		})
	}
}

// TestUnknownParameters: what a route does not take is refused, and nothing is done.
func TestUnknownParameters(t *testing.T) {
	t.Parallel()
	boss, email := admin(t), freshEmail()
	for field, c := range map[string]call{
		"customer_id": history(boss),
		"page":        browse("a"),
		"name":        {method: "POST", path: "/users", body: signUp{email, password, "Eve"}},
		"kid":         {method: "GET", path: "/.well-known/jwks.json", base: os.Getenv("SHOP_ISSUER_URL")},
	} {
		p := send(t, c.with(field, "1")).refused(t, http.StatusBadRequest, "invalid_request")
		wantField(t, p, field)
	}
	send(t, call{method: "POST", path: "/sessions", body: logIn{email, password}}).refused(t, http.StatusUnauthorized, "invalid_credentials")
}

// firstCursor is the cursor after the first item of the list.
func firstCursor(t *testing.T, list call) string {
	t.Helper()
	p := pageOf[any](t, list.with("limit", "1"))
	if p.NextCursor == nil {
		t.Fatalf("%s has no second page", list.path)
	}
	return *p.NextCursor
}

func wantInvalidCursor(t *testing.T, list call, cursor, what string) {
	t.Helper()
	a := send(t, list.with("cursor", cursor))
	if p, err := a.problem(); err != nil || a.status != http.StatusBadRequest || p.Code != "invalid_cursor" {
		t.Errorf("%s: %s answered %d: %s", list.path, what, a.status, clip(a.body))
	}
}

func TestAlteredCursors(t *testing.T) {
	t.Parallel()
	all := lists(t)
	delete(all, "history since") // the same list as the whole history
	delete(all, "history until")
	for name, list := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cursor := firstCursor(t, list)
			if url.QueryEscape(cursor) != cursor {
				t.Errorf("cursor %q does not fit into a URL as it is", cursor)
			}
			for what, altered := range alteredCursors(cursor) {
				wantInvalidCursor(t, list, altered, what)
			}
			pageOf[any](t, list.with("cursor", cursor))
		})
	}
}

// alteredCursors: each character changed, the last one to any other, cut at
// each length, and with something added.
func alteredCursors(cursor string) map[string]string {
	altered := map[string]string{
		"padded": cursor + "=", "longer": cursor + "A", "twice": cursor + cursor, "blank after": cursor + " ", "blank before": " " + cursor,
		"line end": cursor + "\n", "line end inside": cursor[:4] + "\r\n" + cursor[4:], "text": "cursor", "not ASCII": "é", "NUL": "\x00",
		"long": strings.Repeat("A", 5000), "object": `{"a":1}`, "order": "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa",
	}
	for i := range cursor {
		altered[fmt.Sprintf("character %d changed", i)] = cursor[:i] + otherCharacter(cursor[i:i+1]) + cursor[i+1:]
		if i > 0 {
			altered[fmt.Sprintf("cut at %d", i)] = cursor[:i]
		}
	}
	last := len(cursor) - 1
	for _, c := range strings.Replace(base64URL, cursor[last:], "", 1) {
		altered[fmt.Sprintf("last character %c", c)] = cursor[:last] + string(c)
	}
	return altered
}

// TestCursorsOfOtherQueries: a cursor belongs to the query it came from, and
// to its caller.
func TestCursorsOfOtherQueries(t *testing.T) {
	t.Parallel()
	all, others := lists(t), lists(t)
	otherAdmin := newAdmin(t)
	for name, list := range all {
		t.Run(name, func(t *testing.T) {
			cursor := firstCursor(t, list)
			for otherName, other := range all {
				if otherName != name {
					wantInvalidCursor(t, other, cursor, "the cursor of "+name)
				}
			}
			if other := others[name]; !equalJSON(other.query, list.query) || other.path != list.path || other.from != list.from {
				wantInvalidCursor(t, other, cursor, "the cursor of another "+name)
			}
			if strings.HasPrefix(list.path, "/admin/") {
				wantInvalidCursor(t, list.by(otherAdmin), cursor, "another admin's cursor")
			}
		})
	}
}

// TestCursorsBindEveryFilter: not one of them may change between two pages.
func TestCursorsBindEveryFilter(t *testing.T) {
	t.Parallel()
	all := lists(t)
	own := all["own orders"]
	base := all["history of a customer"].with("from", "2020-01-01T00:00:00Z").with("to", "2999-01-01T00:00:00Z")
	cursor := firstCursor(t, base)
	for name, changed := range map[string]call{
		"from":          base.with("from", "2020-01-01T00:00:01Z"),
		"to":            base.with("to", "2998-01-01T00:00:00Z"),
		"customer":      base.with("customer", "usr_01890a5d-ac96-774b-bcce-b302099a8057"),
		"customer gone": all["history"].with("from", "2020-01-01T00:00:00Z").with("to", "2999-01-01T00:00:00Z"),
		"own orders":    own,
	} {
		wantInvalidCursor(t, changed, cursor, name)
	}
	pageOf[any](t, base.with("cursor", cursor).with("limit", "2"))
	catalogue := all["catalogue"]
	cursor = firstCursor(t, catalogue)
	wantInvalidCursor(t, catalogue.with("q", catalogue.query.Get("q")+" "), cursor, "q longer")
	wantInvalidCursor(t, catalogue.with("q", "Cursor"), cursor, "q shorter")
	wantInvalidCursor(t, call{method: "GET", path: "/products"}, cursor, "q gone")
	if got := pageOf[any](t, catalogue.with("cursor", cursor).with("limit", "100")); len(got.Items) != 2 {
		t.Errorf("with another limit: %d items, want the other 2", len(got.Items))
	}
}

// TestCatalogueCursorsServeEveryone: the public routes ignore any token.
func TestCatalogueCursorsServeEveryone(t *testing.T) {
	t.Parallel()
	catalogue := lists(t)["catalogue"]
	cursor := firstCursor(t, catalogue.by(newCustomer(t)))
	pageOf[any](t, catalogue.with("cursor", cursor))
}
