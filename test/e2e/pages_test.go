package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
)

// with is the call with a query parameter more.
func (c call) with(name, value string) call {
	q := maps.Clone(c.query)
	if q == nil {
		q = url.Values{}
	}
	q.Set(name, value)
	c.query = q
	return c
}

// by is the call of someone else.
func (c call) by(from caller) call {
	c.from = from
	return c
}

func pageOf[T any](t *testing.T, c call) page[T] {
	t.Helper()
	p := decode[page[T]](t, send(t, c).want(t, http.StatusOK))
	if p.Items == nil {
		t.Fatalf("%s: items is missing or null", c.path)
	}
	return p
}

// pagesOf follows next_cursor to the end.
func pagesOf[T any](t *testing.T, c call) [][]T {
	t.Helper()
	var pages [][]T
	for {
		p := pageOf[T](t, c)
		pages = append(pages, p.Items)
		if p.NextCursor == nil {
			return pages
		}
		if *p.NextCursor == c.query.Get("cursor") {
			t.Fatalf("%s: a page's cursor leads to the same page", c.path)
		}
		c = c.with("cursor", *p.NextCursor)
	}
}

// allPages is the whole list, read in pages of 100 unless c says otherwise.
func allPages[T any](t *testing.T, c call) []T {
	t.Helper()
	if c.query.Get("limit") == "" {
		c = c.with("limit", "100")
	}
	return slices.Concat(pagesOf[T](t, c)...)
}

// wantPages reads the list in pages of size and wants them full but the last,
// in sum the same as the list read at once, and none empty: a full last page
// promises no other.
func wantPages[T any](t *testing.T, c call, size string, sizes ...int) {
	t.Helper()
	pages := pagesOf[T](t, c.with("limit", size))
	var got []int
	for _, p := range pages {
		got = append(got, len(p))
	}
	if !slices.Equal(got, sizes) {
		t.Errorf("%s in pages of %s: sizes %v, want %v", c.path, size, got, sizes)
	}
	if whole := allPages[T](t, c); !reflect.DeepEqual(slices.Concat(pages...), whole) {
		t.Errorf("%s in pages of %s differs from the list read at once", c.path, size)
	}
}

func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
