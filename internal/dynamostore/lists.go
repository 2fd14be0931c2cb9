package dynamostore

import (
	"slices"

	"shop/internal/page"
)

// merge makes one list of several sorted ones.
func merge(lists [][]attributes, key func(attributes) string, compare func(a, b string) int) []attributes {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b attributes) int { return compare(key(a), key(b)) })
	return all
}

// convert reads each item of a page.
func convert[T any](p page.Page[attributes], read func(attributes) (T, error)) (page.Page[T], error) {
	converted := page.Page[T]{NextCursor: p.NextCursor}
	for _, item := range p.Items {
		v, err := read(item)
		if err != nil {
			return page.Page[T]{}, err
		}
		converted.Items = append(converted.Items, v)
	}
	return converted, nil
}

// first returns the first item, or nil.
func first(items []attributes) attributes {
	if len(items) == 0 {
		return nil
	}
	return items[0]
}
