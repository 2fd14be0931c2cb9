package httpapitest

import (
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/page"
)

// CheckPages shows how a list takes limit and cursor: good ones reach the domain as they are, bad ones are refused before.
// The handler is to pass the page that its domain was asked for to ask, and to answer an empty page, with the further members.
func CheckPages(
	t *testing.T, e Event, header map[string]string, handler func(ask func(page.Request)) httpapi.Handler, further ...string,
) {
	t.Helper()
	empty := "{" + strings.Join(append([]string{`"items":[]`, `"next_cursor":null`}, further...), ",") + "}"
	for query, want := range map[string]page.Request{
		"":                        {Limit: 20},
		"limit=1":                 {Limit: 1},
		"limit=100&cursor=AA-_09": {Limit: 100, Cursor: "AA-_09"},
		"cursor=a%2Bb%20c":        {Limit: 20, Cursor: "a+b c"},
		"cursor=%FF":              {Limit: 20, Cursor: "\xff"},
	} {
		t.Run("page "+query, func(t *testing.T) {
			var asked []page.Request
			h := handler(func(r page.Request) { asked = append(asked, r) })
			Call(t, h, e.WithQuery(query)).Check(t, Want{Status: http.StatusOK, Header: header, Body: empty})
			if len(asked) != 1 || asked[0] != want {
				t.Errorf("the domain was asked for %+v, want %+v once", asked, want)
			}
		})
	}
	const limit = "must be a whole number from 1 to 100"
	CheckQueries(t, e, handler(func(r page.Request) { t.Errorf("the domain was asked for %+v", r) }), map[string]Problem{
		"limit=0":           FieldErrors("limit", limit),
		"limit=101":         FieldErrors("limit", limit),
		"limit=":            FieldErrors("limit", limit),
		"limit=1.5":         FieldErrors("limit", limit),
		"limit=1&limit=2":   FieldErrors("limit", "is given more than once"),
		"cursor=a&cursor=b": FieldErrors("cursor", "is given more than once"),
		"limit=1&utm=mail":  FieldErrors("utm", "is not a known parameter"),
		"limit=%ZZ":         FieldErrors("", "the query string cannot be read"),
		"cursor=":           {Code: "invalid_cursor"},
	})
}

// CheckQueries shows that queries are refused. The handler is to be one whose domain fails the test when it is called.
func CheckQueries(t *testing.T, e Event, h httpapi.Handler, refused map[string]Problem) {
	t.Helper()
	for query, want := range refused {
		t.Run("query "+query, func(t *testing.T) { Call(t, h, e.WithQuery(query)).CheckProblem(t, want) })
	}
}
