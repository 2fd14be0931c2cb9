package dynamostore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"shop/internal/page"
)

// A cursor is base64url(tag, position). The position is the sort key of the last item returned; the tag is the start of a
// SHA-256 over the version, the query and the position, so that a cursor that was altered, or belongs to another query or
// caller, is refused. It is no authority: partition keys come from the request and the token, never from a cursor.
const (
	cursorVersion = "1"
	tagSize       = 16
	maxCursor     = 4096
)

var cursorEncoding = base64.RawURLEncoding.Strict()

// query names everything that a cursor belongs to: the list, the caller where it matters, and the filters.
type query []string

// cursor returns the cursor that goes on after position.
func (q query) cursor(position string) string {
	return cursorEncoding.EncodeToString([]byte(q.tag(position) + position))
}

// position returns where cursor goes on; "" for an empty cursor: the start. It returns page.ErrInvalidCursor.
func (q query) position(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	if len(cursor) > maxCursor || strings.ContainsAny(cursor, "\r\n") {
		return "", page.ErrInvalidCursor
	}
	raw, err := cursorEncoding.DecodeString(cursor)
	if err != nil || len(raw) <= tagSize {
		return "", page.ErrInvalidCursor
	}
	tag, position := string(raw[:tagSize]), string(raw[tagSize:])
	if tag != q.tag(position) {
		return "", page.ErrInvalidCursor
	}
	return position, nil
}

func (q query) tag(position string) string {
	h := sha256.New()
	for _, part := range append(query{cursorVersion, position}, q...) {
		_ = binary.Write(h, binary.BigEndian, uint32(len(part)))
		h.Write([]byte(part))
	}
	return string(h.Sum(nil)[:tagSize])
}

// cut makes a page of at most limit from items, one more than which was asked for, and the cursor that goes on.
func cut[T any](q query, items []T, limit int, key func(T) string) page.Page[T] {
	if len(items) <= limit {
		return page.Page[T]{Items: items}
	}
	items = items[:limit]
	return page.Page[T]{Items: items, NextCursor: q.cursor(key(items[limit-1]))}
}

// after returns a text that sorts after key and before every other key that does.
func after(key string) string { return key + lowest }

// before returns a text that sorts before key and after every shorter key of the same alphabet and length. Keys end in a
// lower-case letter or a digit.
func before(key string) string {
	last := len(key) - 1
	return key[:last] + string(key[last]-1) + "~"
}
