package e2e

import (
	"net/http"
	"net/url"
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
		"more of the catalogue": browse(prefix[:6]),
		"inventory":             listInventory(boss),
		"movements":             movementsOf(boss, id),
		"own orders":            myOrders(c),
		"history":               history(boss),
		"history of a customer": history(boss).with("customer", c.UserID),
		"history since":         history(boss).with("from", "2020-01-01T00:00:00Z"),
		"history until":         history(boss).with("to", "2999-01-01T00:00:00Z"),
	}
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

// TestCursors: a cursor belongs to the query that it came from, with all its filters, and to its caller. How one may be
// altered, the tests of the store have.
func TestCursors(t *testing.T) {
	t.Parallel()
	all, otherAdmin := lists(t), newAdmin(t)
	for name, list := range all {
		t.Run(name, func(t *testing.T) {
			cursor := firstCursor(t, list)
			if url.QueryEscape(cursor) != cursor {
				t.Errorf("cursor %q does not fit into a URL as it is", cursor)
			}
			wantInvalidCursor(t, list, otherCharacter(cursor[:1])+cursor[1:], "an altered cursor")
			for otherName, other := range all {
				if otherName != name {
					wantInvalidCursor(t, other, cursor, "the cursor of "+name)
				}
			}
			if strings.HasPrefix(list.path, "/admin/") {
				wantInvalidCursor(t, list.by(otherAdmin), cursor, "another admin's cursor")
			}
			if got := pageOf[any](t, list.with("cursor", cursor).with("limit", "2")); len(got.Items) != 2 {
				t.Errorf("with another limit: %d items, want 2", len(got.Items))
			}
		})
	}
}
