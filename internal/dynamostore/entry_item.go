package dynamostore

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/product"
)

// Beside its two items an active product has entries, items by which the index by_name finds it in other lists: one for
// each category, on the shelf of categories by the category's folded name, and one for each word of its name, on the
// shelf of words. A list goes on by the product's name, whose key is cut earlier here, so that both fit into an index
// key. A function that knows no entries reads them as it reads the text item, so they have its image_url; their parts
// sort before those of the two items, so that the text item's is read last.
const (
	categoryShelf = "category"
	wordShelf     = "word"
	inStockShelf  = "in_stock" // of sale items
	entryPart     = "#"
	categoryPart  = entryPart + "category#"
	wordPart      = entryPart + "word#"
	maxEntryName  = 600 // bytes of the folded name
	maxWordKey    = 64  // bytes of a word
	maxSaleName   = 96  // bytes of the folded name in a sale item, which is to stay below 1 KB
	maxActions    = 100 // of a transaction
)

// entriesOf returns the entries of a product by their parts: at most 5 and product.MaxWords.
func entriesOf(p product.Product) map[string]attributes {
	entries := map[string]attributes{}
	if !p.Active {
		return entries
	}
	add := func(part, shelf, key string) {
		entries[part] = newItem(productKey(p.ID, part), attributes{
			"shelf": text(shelf), "name_key": text(key + lowest + shortNameKey(p, maxEntryName)),
			"image_url": text(p.ImageURL),
		})
	}
	for _, name := range p.Categories.List() {
		add(categoryPart+name, categoryShelf, product.Fold(name))
	}
	for _, word := range product.Words(p.Name) {
		add(wordPart+wordKey(word), wordShelf, wordKey(word))
	}
	return entries
}

// wordKey is a word as an index key has it.
func wordKey(word string) string { return shorten(word, maxWordKey) }

// shortNameKey is the folded name, cut to so many bytes, with the product's id.
func shortNameKey(p product.Product, most int) string {
	return shorten(product.Fold(p.Name), most) + lowest + p.ID
}

// entryKey is the word or the folded category of an entry.
func entryKey(item attributes) string {
	key, _, _ := strings.Cut(nameKey(item), lowest)
	return key
}

// findsBy reports whether an entry of a word is the one by which a search shows the product: the first of those that
// begin with the search's leading word, so that it is shown once.
func findsBy(entry attributes, name, lead string) bool {
	var keys []string
	for _, word := range product.Words(name) {
		if key := wordKey(word); strings.HasPrefix(key, lead) {
			keys = append(keys, key)
		}
	}
	return len(keys) > 0 && slices.Min(keys) == entryKey(entry)
}

// entryActions make the entries of a product those of p. old is the product before, and stored are the entries that
// were found: each may have what the other has not. An entry that both have as it is to be stays.
func entryActions(table string, old, p product.Product, stored []attributes) []types.TransactWriteItem {
	wanted, before, found := entriesOf(p), entriesOf(old), map[string]attributes{}
	for _, item := range stored {
		r := reader{item: item}
		found[r.text("part")] = item
	}
	var actions []types.TransactWriteItem
	for _, part := range slices.Sorted(maps.Keys(wanted)) {
		if !sameEntry(wanted[part], before[part]) || !sameEntry(wanted[part], found[part]) {
			actions = append(actions, put(table, wanted[part]))
		}
	}
	maps.Copy(found, before)
	for _, part := range slices.Sorted(maps.Keys(found)) {
		if wanted[part] == nil {
			actions = append(actions, remove(table, productKey(p.ID, part)))
		}
	}
	return actions
}

func sameEntry(a, b attributes) bool {
	for _, name := range []string{"shelf", "name_key", "image_url"} {
		x, y := reader{item: a}, reader{item: b}
		if x.text(name) != y.text(name) || x.err != nil || y.err != nil {
			return false
		}
	}
	return true
}

// remove deletes an item, if it is there.
func remove(table string, key attributes) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: key}}
}
