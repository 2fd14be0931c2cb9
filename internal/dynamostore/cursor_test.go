package dynamostore

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/order"
	"shop/internal/page"
)

func TestCursorGoesOnWhereItStopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := query(rapid.SliceOf(rapid.String()).Draw(t, "query"))
		position := rapid.StringN(1, 200, 1000).Draw(t, "position")
		got, err := q.position(q.cursor(position))
		if err != nil || got != position {
			t.Fatalf("got %q, %v, want %q", got, err, position)
		}
	})
}

// Every other character at every place, and every cut, is refused.
func TestAlteredCursorsAreRefused(t *testing.T) {
	q := query{"orders", "usr_1", ""}
	cursor := q.cursor("2026-03-01T09:00:00.000Z#ord_aaaaaaaaaaaaaaaaaaaaaaaaaa")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.~ \n\r"
	for i := range cursor {
		for _, c := range alphabet {
			if byte(c) == cursor[i] {
				continue
			}
			refuse(t, q, cursor[:i]+string(c)+cursor[i+1:])
		}
		refuse(t, q, cursor[:i]+cursor[i+1:])
		if i > 0 {
			refuse(t, q, cursor[:i])
		}
		refuse(t, q, cursor[:i]+"\n"+cursor[i:])
	}
	for _, c := range []string{cursor + "A", cursor + "=", " " + cursor, cursor + cursor, strings.Repeat("A", 5000),
		"é", "\x00", base64.StdEncoding.EncodeToString([]byte("x"))} {
		refuse(t, q, c)
	}
}

// Anyone can make a tag: what cannot be a key is refused before the database refuses it.
func TestForgedPositionsAreRefused(t *testing.T) {
	q := query{"products", ""}
	for _, position := range []string{strings.Repeat("x", 1001), "\xff"} {
		refuse(t, q, q.cursor(position))
	}
}

func TestCursorsOfOtherQueriesAreRefused(t *testing.T) {
	queries := []query{
		{"orders"}, {"orders", ""}, {"order", "s"}, {"orders", "usr_1"}, {"orders", "usr_2"}, {"orders", "usr", "_1"},
		{},
	}
	for i, from := range queries {
		for j, to := range queries {
			if i != j {
				refuse(t, to, from.cursor("position"))
			}
		}
	}
}

func refuse(t *testing.T, q query, cursor string) {
	t.Helper()
	if position, err := q.position(cursor); !errors.Is(err, page.ErrInvalidCursor) {
		t.Errorf("%q: got %q, %v, want ErrInvalidCursor", cursor, position, err)
	}
}

func FuzzCursor(f *testing.F) {
	q := query{"orders", "usr_1"}
	f.Add(q.cursor("position"))
	f.Add("")
	f.Add("AAAA")
	f.Add(strings.Repeat("_", 100))
	f.Fuzz(func(t *testing.T, cursor string) {
		position, err := q.position(cursor)
		switch {
		case err != nil && !errors.Is(err, page.ErrInvalidCursor):
			t.Fatalf("%q: %v", cursor, err)
		case err == nil && cursor != "" && q.cursor(position) != cursor:
			t.Fatalf("%q: accepted, though the cursor of %q is another", cursor, position)
		}
	})
}

// Keys end in a lower-case letter or a digit; before(key) lies between key and the key just below.
func TestBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-z2-7]{5}`)
		a, b := key.Draw(t, "a"), key.Draw(t, "b")
		if (a < b) != (a <= before(b)) {
			t.Fatalf("a %q, b %q, before(b) %q", a, b, before(b))
		}
	})
}

// TestKeySpanAtTheEndOfTime: the year 10000 has five digits, which sort before others.
func TestKeySpanAtTheEndOfTime(t *testing.T) {
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for to, want := range map[time.Time]string{
		end: "9999-12-31T23:59:59.000Z", end.Add(999 * time.Millisecond): "9999-12-31T23:59:59.999Z",
		end.Add(999*time.Millisecond + 1): highest, end.Add(time.Second): highest,
	} {
		if got := keySpan(order.Filter{To: to}, ""); got.high != want || got.low != lowest {
			t.Errorf("to %s: got %q, want %q", to, got, want)
		}
	}
}
