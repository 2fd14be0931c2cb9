package dynamostore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/page"
)

// A cursor is base64url(tag, position). The position is the sort key of the last item returned; the tag is the start of
// a SHA-256 over the version, the query and the position, so that a cursor that was altered, or belongs to another
// query or caller, is refused. It is no authority: partition keys come from the request and the token, never from a
// cursor.
const (
	cursorVersion = "1"
	tagSize       = 16
	maxCursor     = 4096
	maxPosition   = 1000 // bytes, what a sort key of ours may have at most; anyone can make a tag
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
	if tag != q.tag(position) || len(position) > maxPosition || !utf8.ValidString(position) {
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

// cut makes a page of at most limit from items, one more than which was asked for, and the cursor that goes on. A page
// that would be too large for an answer ends earlier.
func cut(q query, items []attributes, limit int, key func(attributes) string) page.Page[attributes] {
	fit := fitting(items[:min(limit, len(items))])
	if fit == len(items) {
		return page.Page[attributes]{Items: items}
	}
	items = items[:fit]
	return page.Page[attributes]{Items: items, NextCursor: q.cursor(key(items[fit-1]))}
}

// maxPage is how many bytes the items of a page may have as JSON: Lambda takes answers of 6 MB.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPage = 5 << 20

// fitting returns how many of the items go into one answer: one at least.
func fitting(items []attributes) int {
	total := 0
	for i, item := range items {
		if total += weight(&types.AttributeValueMemberM{Value: item}); total > maxPage {
			return max(i, 1)
		}
	}
	return len(items)
}

// weight is more than what an attribute takes as JSON: a character that is escaped takes two bytes, and a number or the
// name of a member, with the members that an answer has beside the stored ones, 80.
func weight(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return 80 + 2*len(v.Value)
	case *types.AttributeValueMemberL:
		sum := 80
		for _, item := range v.Value {
			sum += weight(item)
		}
		return sum
	case *types.AttributeValueMemberM:
		sum := 80
		for _, item := range v.Value {
			sum += weight(item)
		}
		return sum
	}
	return 80
}

// after returns a text that sorts after key and before every other key that does.
func after(key string) string { return key + lowest }

// before returns a text that sorts before key and after every shorter key of the same alphabet and length. Keys end in
// a lower-case letter or a digit.
func before(key string) string {
	last := len(key) - 1
	return key[:last] + string(key[last]-1) + "~"
}
