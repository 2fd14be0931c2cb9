package dynamostore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
)

// find returns the ids of a selection, page by page.
func (s *shop) find(sel product.Selection, limit int) []string {
	s.t.Helper()
	var ids []string
	for r := (page.Request{Limit: limit}); ; {
		p, err := s.catalogue().Browse(s.t.Context(), sel, r)
		s.must(err)
		if len(p.Items) > limit {
			s.t.Errorf("%+v: a page has %d products, want at most %d", sel, len(p.Items), limit)
		}
		for _, p := range p.Items {
			ids = append(ids, p.ID)
		}
		if r.Cursor = p.NextCursor; r.Cursor == "" {
			return ids
		}
	}
}

// entries returns the entries that a product has in the table, by their parts.
func (s *shop) entries(id string) map[string]attributes {
	s.t.Helper()
	out, err := s.tables.Client(nil).Query(s.t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Name("Products")), ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("product_id = :id AND part < :sale"),
		ExpressionAttributeValues: attributes{":id": text(id), ":sale": text(salePart)},
	})
	s.must(err)
	found := map[string]attributes{}
	for _, item := range out.Items {
		r := reader{item: item}
		found[r.text("part")] = item
	}
	return found
}

// wantEntries fails the test unless the product has the entries of its name and categories, and no others.
func (s *shop) wantEntries(id string) {
	s.t.Helper()
	p, err := s.inventory().Read(s.t.Context(), id)
	s.must(err)
	found, want := s.entries(id), entriesOf(p)
	for part := range want {
		if !sameEntry(found[part], want[part]) {
			s.t.Errorf("%s %q: the entry %q is %v, want %v", id, p.Name, part, found[part], want[part])
		}
	}
	if len(found) != len(want) {
		s.t.Errorf("%s %q: got %d entries, want %d", id, p.Name, len(found), len(want))
	}
}

// aWord is a word of a name and how a customer who has no such keys writes it; the latter is empty for what is no word.
type aWord struct{ written, plain string }

var someWords = []aWord{
	{"Lampe", "lampe"}, {"LAMPENSCHIRM", "lampenschirm"}, {"lám\u0301pa", "lampa"}, {"Straße", "strasse"},
	{"Crème", "creme"}, {"CAFE\u0301", "cafe"}, {"İçi", "ici"}, {"ﬁg", "fig"},
	{"3", "3"}, {"33", "33"}, {"🦊", ""}, {"&", ""},
	{"סֵפֶר", "ספר"}, {"كِتَاب", "كتاب"}, {"書籍", "書籍"}, {"Ёлка", "елка"},
	{strings.Repeat("lang", 18), strings.Repeat("lang", 18)},
	{strings.Repeat("lang", 18) + "er", strings.Repeat("lang", 18) + "er"},
}

// aGood is a product, and what a plain filter needs to know of it.
type aGood struct {
	product.Product
	plain []string
}

// rewrite gives a product another name, categories and activity.
func (g *aGood) rewrite(r *rand.Rand) {
	var written []string
	g.plain, g.Categories = nil, product.Categories{}
	for range 1 + r.IntN(4) {
		w := someWords[r.IntN(len(someWords))]
		written = append(written, w.written)
		if w.plain != "" {
			g.plain = append(g.plain, w.plain)
		}
	}
	g.Name, g.Active = strings.Join(written, []string{" ", "-", ", "}[r.IntN(3)]), r.IntN(4) > 0
	for i, c := range r.Perm(4)[:r.IntN(4)] {
		g.Categories[i] = []string{"Home & Garden", "HOME", "Büro", "كتب"}[c]
	}
}

func (g *aGood) matches(sel product.Selection) bool {
	for _, sought := range sel.Search {
		if !slices.ContainsFunc(g.plain, func(w string) bool { return strings.HasPrefix(w, sought) }) {
			return false
		}
	}
	has := slices.ContainsFunc(g.Categories.List(), func(c string) bool { return strings.EqualFold(c, sel.Category) })
	return g.Active && (sel.Category == "" || has) && (!sel.InStock || g.Stock > 0)
}

// selections are some searches, alone and with the other filters.
func selections(r *rand.Rand) []product.Selection {
	all := []product.Selection{{}, {InStock: true}}
	for _, category := range []string{"home & garden", "Home", "büro", "كتب", "none"} {
		all = append(all, product.Selection{Category: category}, product.Selection{Category: category, InStock: true})
	}
	for range 25 {
		var sel product.Selection
		for range 1 + r.IntN(2) {
			if w := []rune(someWords[r.IntN(len(someWords))].plain); len(w) > 0 {
				sel.Search = append(sel.Search, string(w[:1+r.IntN(len(w))]))
			}
		}
		if r.IntN(4) == 0 {
			sel.Category = "HOME"
		}
		sel.InStock = r.IntN(4) == 0
		all = append(all, sel)
	}
	return all
}

// TestFindingEqualsAPlainFilter: whatever was saved, sold and counted, each selection has what a filter over all
// products lets through, each once; and, but for a search, in the order of the whole list.
func TestFindingEqualsAPlainFilter(t *testing.T) {
	s := open(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	goods := map[string]*aGood{}
	for i := range 20 {
		g := &aGood{Product: product.Product{
			ID: "p" + number3(i), Price: gbp(1), Version: 1, Stock: r.Int64N(3), CreatedAt: opened, UpdatedAt: opened,
		}}
		g.rewrite(r)
		s.must(s.saver().Create(t.Context(), g.Product, nil))
		goods[g.ID] = g
	}
	for i := range 40 {
		s.changeGood(r, goods["p"+number3(r.IntN(20))], i)
	}
	for id := range goods {
		s.wantEntries(id)
	}
	for _, sel := range selections(r) {
		s.checkFinding(sel, goods)
	}
}

// changeGood saves, sells or counts a product.
func (s *shop) changeGood(r *rand.Rand, g *aGood, i int) {
	s.t.Helper()
	switch {
	case r.IntN(2) == 0:
		g.rewrite(r)
		g.Version++
		s.must(s.saver().Update(s.t.Context(), g.Product))
	case r.IntN(2) == 0 && g.Active && g.Stock > 0:
		s.must(s.checkout().Place(s.t.Context(), newOrder("usr_1", fmt.Sprint("k", i), opened, line(g.ID, 1, 1))))
		g.Stock--
	default:
		after := r.Int64N(3)
		s.move(s.inventory(), product.Movement{
			ID: fmt.Sprint("m", i), ProductID: g.ID, Before: g.Stock, After: after, Reason: "r", By: "x",
			MovedAt: opened,
		})
		g.Stock = after
	}
}

func (s *shop) checkFinding(sel product.Selection, goods map[string]*aGood) {
	s.t.Helper()
	if len(sel.Search) == 0 && sel.Category == "none" && !sel.InStock {
		sel.Category = "no such"
	}
	var want []string
	for _, id := range s.find(product.Selection{}, 100) {
		if goods[id].matches(sel) {
			want = append(want, id)
		}
	}
	for _, limit := range []int{2, 100} {
		got := s.find(sel, limit)
		if len(sel.Search) > 0 {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			s.t.Errorf("%+v, %d a page: got %q, want %q", sel, limit, got, want)
		}
	}
}

// TestEntriesAreMended: a save puts right what a version of the store that knows no entries left.
func TestEntriesAreMended(t *testing.T) {
	s := open(t)
	p := s.addProduct("lamp", 1, 5)
	p.Categories, p.Version = product.Categories{"Lamps"}, 2
	s.must(s.saver().Update(t.Context(), p))
	older := s.tables.Client(nil)
	for part, update := range map[string]string{
		salePart: "SET #name = :name, version = :version", textPart: "SET name_key = :name REMOVE categories",
	} {
		in := &dynamodb.UpdateItemInput{
			TableName: aws.String(s.tables.Name("Products")), Key: productKey("lamp", part), UpdateExpression: &update,
			ExpressionAttributeValues: attributes{":name": text("Vase")},
		}
		if part == salePart {
			in.ExpressionAttributeNames = map[string]string{"#name": "name"}
			in.ExpressionAttributeValues[":version"] = number(3)
		}
		_, err := older.UpdateItem(t.Context(), in)
		s.must(err)
	}
	if got := s.find(product.Selection{Search: product.Search{"lamp"}}, 10); got != nil {
		t.Errorf("got %q by a word that the name has no more", got)
	}
	p.Name, p.Categories, p.Version = "Vase", product.Categories{}, 4
	s.must(s.saver().Update(t.Context(), p))
	s.wantEntries("lamp")
}

// TestEntriesUnderRaces: several admins save at once; the entries are those of the product that stands in the end.
func TestEntriesUnderRaces(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	save := product.Save{Products: s.saver(), Currency: "GBP", NewID: func() string { return "m" },
		Now: func() time.Time { return opened }}
	var at sync.WaitGroup
	for i := range 6 {
		at.Go(func() {
			_, _, err := save.Do(t.Context(), s.admin, product.Draft{
				ID: "lamp", Name: fmt.Sprintf("Lamp %d of%d", i, i), Price: gbp(1), Active: i%3 > 0,
				Categories: []string{fmt.Sprint("c", i), "all"},
			})
			if err != nil && !errors.Is(err, product.ErrContended) {
				t.Errorf("save %d: %v", i, err)
			}
		})
	}
	at.Wait()
	s.wantEntries("lamp")
}

// TestMostEntries: a name of the longest words, each once, and five categories go into one transaction, and out of it.
func TestMostEntries(t *testing.T) {
	s := open(t)
	p := product.Product{
		ID: strings.Repeat("i", 64), Name: strings.Repeat("𐐀", 199), Price: gbp(1), Active: true, Stock: 7, Version: 1,
		CreatedAt: opened, UpdatedAt: opened,
	}
	for i := range p.Categories {
		p.Categories[i] = strings.Repeat("𐐀", 39) + fmt.Sprint(i)
	}
	first := product.Movement{ID: "m", ProductID: p.ID, After: 7, Reason: "r", By: "x", MovedAt: opened}
	s.must(s.saver().Create(t.Context(), p, &first))
	s.wantEntries(p.ID)
	for i, name := range []string{
		strings.TrimSpace(strings.Repeat("a bb c d e f g h i j k l m n o p q r s t u v ", 4)),
		strings.TrimSpace(strings.Repeat("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ", 3)),
	} {
		p.Name, p.Version = name, p.Version+1
		for j := range p.Categories {
			p.Categories[j] = fmt.Sprint("c", i, j)
		}
		s.must(s.saver().Update(t.Context(), p))
		s.wantEntries(p.ID)
		if got := len(s.entries(p.ID)); got != product.MaxCategories+product.MaxWords {
			t.Errorf("got %d entries, want %d", got, product.MaxCategories+product.MaxWords)
		}
	}
}

func TestCategoriesPageByPage(t *testing.T) {
	s := open(t)
	for i, categories := range []product.Categories{
		{"Lamps", "Büro"}, {"LAMPS"}, {"Home", "Home & Garden"}, {"a"}, {"gone"}, {},
	} {
		p := product.Product{
			ID: "p" + number3(i), Name: "P", Price: gbp(1), Active: categories[0] != "gone", Categories: categories,
			Version: 1, CreatedAt: opened, UpdatedAt: opened,
		}
		s.must(s.saver().Create(t.Context(), p, nil))
	}
	want := []string{"a", "Büro", "Home", "Home & Garden", "Lamps"}
	for limit := 1; limit <= 6; limit++ {
		itself := func(name string) string { return name }
		got := pages(t, limit, itself, func(r page.Request) (page.Page[string], error) {
			return s.catalogue().Categories(t.Context(), r)
		})
		if !slices.Equal(got, want) {
			t.Errorf("%d a page: got %q, want %q", limit, got, want)
		}
	}
	p, err := s.catalogue().Categories(t.Context(), page.Request{Limit: 1})
	s.must(err)
	_, err = s.catalogue().Browse(t.Context(), product.Selection{}, page.Request{Limit: 1, Cursor: p.NextCursor})
	if !errors.Is(err, page.ErrInvalidCursor) {
		t.Errorf("a cursor of categories at the list: got %v, want ErrInvalidCursor", err)
	}
}

// TestCursorsOfSelections: a cursor is good for the selection that it was given to.
func TestCursorsOfSelections(t *testing.T) {
	s := open(t)
	for i := range 3 {
		p := s.addProduct("p"+number3(i), 1, 5)
		p.Categories, p.Version = product.Categories{"c"}, 2
		s.must(s.saver().Update(t.Context(), p))
	}
	all := []product.Selection{
		{}, {Prefix: "the"}, {Search: product.Search{"the"}}, {Search: product.Search{"the", "p"}}, {Category: "c"},
		{InStock: true}, {Category: "c", InStock: true}, {Search: product.Search{"the"}, Category: "c"},
	}
	for i, given := range all {
		p, err := s.catalogue().Browse(t.Context(), given, page.Request{Limit: 1})
		s.must(err)
		for j, sel := range all {
			_, err := s.catalogue().Browse(t.Context(), sel, page.Request{Limit: 1, Cursor: p.NextCursor})
			if errors.Is(err, page.ErrInvalidCursor) != (i != j) {
				t.Errorf("the cursor of %+v at %+v: got %v", given, sel, err)
			}
		}
	}
}

// TestEmptyPagesAreBounded: what a filter leaves out is read five pages at a time at the most.
func TestEmptyPagesAreBounded(t *testing.T) {
	s := open(t)
	for i := range 8 {
		s.addProduct("p"+number3(i), 1, 0)
	}
	s.addProduct("q", 1, 1)
	sel := product.Selection{Search: product.Search{"the"}, InStock: true}
	p, err := s.catalogue().Browse(t.Context(), sel, page.Request{Limit: 1})
	s.must(err)
	if len(p.Items) != 0 || p.NextCursor == "" {
		t.Errorf("got %+v, want an empty page with a cursor", p)
	}
	if got := s.find(sel, 1); !slices.Equal(got, []string{"q"}) {
		t.Errorf("got %q, want q", got)
	}
}

// TestCapacityOfALastUnit: the sale of the last unit takes the product off the index of what is in stock, which is one
// unit more than the sale before it.
func TestCapacityOfALastUnit(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 2)
	var all []float64
	for i := range 2 {
		var m meter
		checkout := s.checkout()
		checkout.Client = s.tables.Client(nil, m.option)
		s.must(checkout.Place(t.Context(), newOrder("usr_1", number3(i), opened, line("lamp", 100, 1))))
		all = append(all, m.units)
	}
	if all[0] == 0 || all[1] != all[0]+1 {
		t.Errorf("write units of sales: got %v, want the last one unit dearer", all)
	}
}

// TestCapacityOfASave: a save of another price writes no entry; a category more is an entry, two units and one of the
// index; another name writes all entries.
func TestCapacityOfASave(t *testing.T) {
	s := open(t)
	p := s.addProduct("lamp", 100, 9)
	p.Name, p.Categories, p.Version = "Brass desk lamp", product.Categories{"Lamps"}, 2
	s.must(s.saver().Update(t.Context(), p))
	cost := func(change func()) float64 {
		var m meter
		saver := s.saver()
		saver.Client = s.tables.Client(nil, m.option)
		change()
		p.Version++
		s.must(saver.Update(t.Context(), p))
		return m.units
	}
	price := cost(func() { p.Price.Amount++ })
	word := cost(func() { p.Name = "Brass desk light" })
	category := cost(func() { p.Categories[1] = "Light" })
	t.Logf("write units: another price %v, another word %v, a category more %v", price, word, category)
	if price == 0 || category != price+3 || word <= category {
		t.Errorf("write units: another price %v, a category more %v, another word %v", price, category, word)
	}
}

// TestStockMarkHolds: what is in stock is on its shelf, whatever was sold, given back and counted at once.
func TestStockMarkHolds(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 3)
	var at sync.WaitGroup
	for i := range 8 {
		at.Go(func() {
			goods, err := s.checkout().ReadProducts(t.Context(), []string{"lamp"})
			if err == nil {
				o := newOrder("usr_1", number3(i), opened, line("lamp", 100, 1))
				_, err = s.checkout().CheckoutStore.Place(t.Context(), o, goods, func() time.Time { return opened })
			}
			var rejected *order.RejectedError
			if err != nil && !errors.As(err, &rejected) {
				t.Errorf("order %d: %v", i, err)
			}
		})
		if i%4 == 0 {
			at.Go(func() {
				inventory := product.Inventory{Products: s.inventory(), NewID: func() string { return number3(i) },
					Now: func() time.Time { return opened }}
				_, err := inventory.Adjust(t.Context(), s.admin,
					product.Adjustment{ProductID: "lamp", Delta: 1, Reason: "found"})
				s.must(err)
			})
		}
	}
	at.Wait()
	r := reader{item: s.item("Products", productKey("lamp", salePart))}
	if stock := r.number("stock"); r.has("shelf") != (stock > 0) || !r.has("name_key") {
		t.Errorf("%d units, and on the shelf %v", stock, r.has("shelf"))
	}
}
