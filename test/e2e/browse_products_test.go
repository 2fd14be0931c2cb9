package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func browse(prefix string) call {
	return call{method: "GET", path: "/products"}.with("q", prefix)
}

// shelf saves products whose names are the prefix and a word each.
func shelf(t *testing.T, prefix string, words ...string) map[string]adminProduct {
	t.Helper()
	saved := map[string]adminProduct{}
	for _, word := range words {
		saved[word] = newProduct(t, named(prefix+" "+word))
	}
	return saved
}

func listed(saved map[string]adminProduct, words ...string) []listedProduct {
	items := []listedProduct{}
	for _, word := range words {
		items = append(items, saved[word].Listed())
	}
	return items
}

func wantListed(t *testing.T, c call, want []listedProduct) {
	t.Helper()
	p := decodeExact[page[listedProduct]](t, send(t, c).want(t, http.StatusOK))
	if !reflect.DeepEqual(p.Items, want) || p.NextCursor != nil {
		t.Errorf("%s = %+v, want %+v and no other page", c.query.Encode(), p, want)
	}
}

func TestBrowseProducts(t *testing.T) {
	t.Parallel()
	prefix := "Browse " + unique()
	saved := shelf(t, prefix, "cushion", "Bowl", "apron", "Ähre", "bowl blue")
	tests := map[string]struct {
		q    string
		want []listedProduct
	}{
		"start of the name": {prefix, listed(saved, "apron", "Bowl", "bowl blue", "cushion", "Ähre")},
		"lower case":        {strings.ToLower(prefix) + " b", listed(saved, "Bowl", "bowl blue")},
		"upper case":        {strings.ToUpper(prefix) + " B", listed(saved, "Bowl", "bowl blue")},
		"not only ASCII":    {prefix + " ÄHR", listed(saved, "Ähre")},
		"whole name":        {prefix + " bowl", listed(saved, "Bowl", "bowl blue")},
		"longer than names": {prefix + " bowl blue and", listed(saved)},
		"within the name":   {strings.TrimPrefix(prefix, "B"), listed(saved)},
		"no wildcard":       {prefix + " %", listed(saved)},
		"separator":         {prefix + " bowl#", listed(saved)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { wantListed(t, browse(tt.q), tt.want) })
	}
}

func TestBrowsePaging(t *testing.T) {
	t.Parallel()
	prefix := "Paged " + unique()
	shelf(t, prefix, "a", "b", "c", "d")
	for size, want := range map[string][]int{"1": {1, 1, 1, 1}, "2": {2, 2}, "3": {3, 1}, "4": {4}, "100": {4}} {
		wantPages[listedProduct](t, browse(prefix), size, want...)
	}
}

// TestBrowseSameNames: goods of one name are not lost between two pages.
func TestBrowseSameNames(t *testing.T) {
	t.Parallel()
	name := "Same " + unique()
	newProducts(t, 5, named(name))
	wantPages[listedProduct](t, browse(name), "2", 2, 2, 1)
}

// TestBrowseSkipsInactive: goods taken off do not show, and leave no page short
// of its limit while more follow.
func TestBrowseSkipsInactive(t *testing.T) {
	t.Parallel()
	prefix := "Hidden " + unique()
	saved := shelf(t, prefix, "a", "b", "c", "d")
	resave(t, saved["b"], inactive)
	newProduct(t, named(prefix+" e"), inactive)
	wantListed(t, browse(prefix), listed(saved, "a", "c", "d"))
	wantPages[listedProduct](t, browse(prefix), "2", 2, 1)
	resave(t, saved["b"])
	wantListed(t, browse(prefix), listed(saved, "a", "b", "c", "d"))
}

// TestBrowseFollowsARename: the index moves with the name.
func TestBrowseFollowsARename(t *testing.T) {
	t.Parallel()
	before, after := "Before "+unique(), "After "+unique()
	p := newProduct(t, named(before))
	p = resave(t, p, named(after))
	wantListed(t, browse(before), []listedProduct{})
	wantListed(t, browse(after), []listedProduct{p.Listed()})
}

// TestBrowseAnswersEveryoneTheSame: the catalogue ignores any token, a wrong
// one as well.
func TestBrowseAnswersEveryoneTheSame(t *testing.T) {
	t.Parallel()
	name := "Everyone " + unique()
	p := newProduct(t, named(name))
	for _, c := range []call{browse(name), {method: "GET", path: "/products/" + p.ProductID}} {
		want := string(send(t, c).want(t, http.StatusOK).body)
		for _, from := range []caller{newCustomer(t), admin(t), {token: "garbage"}} {
			if got := string(send(t, c.by(from)).want(t, http.StatusOK).body); got != want {
				t.Errorf("%s: got %s, want %s", c.path, got, want)
			}
		}
	}
}

// TestBrowseOddSearches: whatever is searched for, the answer is a page or a
// refusal.
func TestBrowseOddSearches(t *testing.T) {
	needStore(t)
	t.Parallel()
	for _, q := range []string{
		"", " ", "\x00", "\x7f", "\xff\xfe", "\u202e", "\U0010ffff", "💡", "#", "'", `"`, "%", "_", "*",
		strings.Repeat("a", 200), strings.Repeat("é", 200), strings.Repeat("💡", 200), strings.Repeat("a", 4000),
		strings.Repeat("💡", 1000),
	} {
		a := send(t, browse(q))
		if a.status != http.StatusOK && a.status != http.StatusBadRequest {
			t.Errorf("q=%.20q answered %d: %s", q, a.status, clip(a.body))
		}
	}
}

// TestBrowseLongNames: the longest names, in letters wide as they are and in
// letters that grow when their case is folded, outgrow an index key; the goods
// are found and paged all the same.
func TestBrowseLongNames(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"💡", "ΐ"} {
		start := unique()
		var names []string
		for n := range 3 {
			names = append(names, start+strings.Repeat(letter, 200-len(start)-1)+fmt.Sprint(n))
			newProduct(t, named(names[n]))
		}
		wantPages[listedProduct](t, browse(start), "1", 1, 1, 1)
		wantPages[listedProduct](t, browse(start+strings.Repeat(letter, 100)), "2", 2, 1)
		for _, name := range names {
			wantFound(t, name)
		}
	}
}

func wantFound(t *testing.T, name string) {
	t.Helper()
	found := slices.ContainsFunc(allPages[listedProduct](t, browse(name)),
		func(p listedProduct) bool { return p.Name == name })
	if !found {
		t.Errorf("a search for the whole name %.30s… finds no product of that name", name)
	}
}

// TestPickProducts: the products of a basket in one answer, in its order, as the list shows them.
func TestPickProducts(t *testing.T) {
	t.Parallel()
	ids := newProducts(t, 3)
	hidden := newProduct(t, func(d *saveProduct) { d.Active = false }).ProductID
	asked := []string{ids[2], "no-such", hidden, ids[0], ids[2], ids[1]}
	a := send(t, call{method: "GET", path: "/products"}.with("ids", strings.Join(asked, ","))).want(t, http.StatusOK)
	got := decodeExact[page[listedProduct]](t, a)
	want := []listedProduct{inventory(t, ids[2]).Listed(), inventory(t, ids[0]).Listed(), inventory(t, ids[1]).Listed()}
	if !slices.Equal(got.Items, want) || got.NextCursor != nil {
		t.Errorf("picked %+v, want %+v", got, want)
	}
	many := strings.Repeat("p,", 98) + ids[0]
	send(t, call{method: "GET", path: "/products"}.with("ids", many)).
		refused(t, http.StatusBadRequest, "invalid_request")
}

// TestFind: by words, by category and by stock, alone and together.
func TestFind(t *testing.T) {
	t.Parallel()
	mark := unique()
	of := func(name string, stock int64, categories ...string) adminProduct {
		return newProduct(t, named(name+" "+mark), func(d *saveProduct) { d.Categories, d.Stock = categories, &stock })
	}
	bowl, lamp := of("Büro-Bowl", 9, "Crockery "+mark), of("Crème lamp", 0, "Lamps "+mark, "Crockery "+mark)
	hidden := of("Bowl of old", 9, "Gone "+mark)
	resave(t, hidden, func(d *saveProduct) { d.Active = false })
	find := func(query ...string) call {
		c := call{method: "GET", path: "/products"}
		for i := 0; i < len(query); i += 2 {
			c = c.with(query[i], query[i+1])
		}
		return c
	}
	for _, c := range []struct {
		call call
		want []adminProduct
	}{
		{find("search", "bow "+mark), []adminProduct{bowl}},
		{find("search", "BURO "+mark), []adminProduct{bowl}},
		{find("search", "crem "+mark), []adminProduct{lamp}},
		{find("search", mark), []adminProduct{bowl, lamp}},
		{find("search", "owl "+mark), nil},
		{find("search", mark, "in_stock", "true"), []adminProduct{bowl}},
		{find("search", mark, "category", "lamps "+mark), []adminProduct{lamp}},
		{find("category", "CROCKERY "+mark), []adminProduct{bowl, lamp}},
		{find("category", "Crockery "+mark, "in_stock", "true"), []adminProduct{bowl}},
		{find("category", "Gone "+mark), nil},
	} {
		want := []listedProduct{}
		for _, p := range c.want {
			want = append(want, p.Listed())
		}
		wantListed(t, c.call, want)
	}
	var names []string
	for c := find("limit", "100"); ; {
		c.path = "/categories"
		p := decodeExact[page[struct {
			Name string `json:"name"`
		}]](t, send(t, c).want(t, http.StatusOK))
		for _, category := range p.Items {
			if strings.HasSuffix(category.Name, mark) {
				names = append(names, category.Name)
			}
		}
		if p.NextCursor == nil {
			break
		}
		c = find("limit", "100", "cursor", *p.NextCursor)
	}
	if want := []string{"Crockery " + mark, "Lamps " + mark}; !slices.Equal(names, want) {
		t.Errorf("got the categories %q, want %q", names, want)
	}
	in := decodeExact[product](t, send(t, call{method: "GET", path: "/products/" + lamp.ProductID}).want(t, 200))
	if in.Categories != lamp.Categories || lamp.Categories[1] != "Crockery "+mark {
		t.Errorf("shown with the categories %q, saved with %q", in.Categories, lamp.Categories)
	}
}
