package httpapitest

import (
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/page"
)

// CheckPages shows that a list takes limit and cursor by Page, whose own tests have all that it refuses. The handler is
// to pass the page that its domain was asked for to ask, and to answer an empty page.
func CheckPages(t *testing.T, e Event, handler func(ask func(page.Request)) httpapi.Handler) {
	t.Helper()
	var asked []page.Request
	h := handler(func(r page.Request) { asked = append(asked, r) })
	a := Call(t, h, e.WithQuery("limit=7&cursor=AA-_09"))
	if want := (page.Request{Limit: 7, Cursor: "AA-_09"}); len(asked) != 1 || asked[0] != want {
		t.Errorf("the domain was asked for %+v, want %+v once", asked, want)
	}
	if a.Status != http.StatusOK || !strings.Contains(a.Body, `"items":[],"next_cursor":null`) {
		t.Errorf("an empty page is %d %s", a.Status, a.Body)
	}
	CheckQueries(t, e, h, map[string]Problem{"limit=101": FieldErrors("limit", "must be a whole number from 1 to 100")})
}

// CheckQueries shows that queries are refused. The handler is to be one whose domain fails the test when it is called.
func CheckQueries(t *testing.T, e Event, h httpapi.Handler, refused map[string]Problem) {
	t.Helper()
	for query, want := range refused {
		t.Run("query "+query, func(t *testing.T) { Call(t, h, e.WithQuery(query)).CheckProblem(t, want) })
	}
}
