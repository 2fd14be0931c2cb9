// Package page has what all paginated lists share: the request for a page and the page itself.
package page

import "errors"

// The bounds of a page's size.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// ErrInvalidCursor says that a cursor was altered, or belongs to another query or caller.
var ErrInvalidCursor = errors.New("invalid cursor")

// Request asks for one page of a list.
type Request struct {
	Limit  int    // items wanted, 1 to MaxLimit
	Cursor string // NextCursor of the page before; empty for the first page
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T
	NextCursor string // empty on the last page
}
