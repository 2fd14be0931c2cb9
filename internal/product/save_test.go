package product

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"shop/internal/money"
	"shop/internal/user"
	"shop/test/unset"
)

func (w *warehouse) save(caller user.Caller, d Draft) (Product, bool, error) {
	s := &Save{Products: w, Currency: "GBP", NewID: w.newID, Now: w.now}
	saved, before, err := s.Do(context.Background(), caller, d)
	return saved, err == nil && before == nil, err
}

func lampDraft() Draft {
	return Draft{
		ID: "LAMP-1", Name: "Lamp", Description: "Lights up.\nTwice.", Price: money.Money{Amount: 339, Currency: "GBP"},
		ImageURL: "https://example.com/lamp.png", Active: true,
	}
}

// savedLamp is lampDraft as it is stored when it was saved at the time, for the first time.
func savedLamp(stock int64, saved time.Time) Product {
	return Product{
		ID: "LAMP-1", Name: "Lamp", Description: "Lights up.\nTwice.", Price: money.Money{Amount: 339, Currency: "GBP"},
		ImageURL: "https://example.com/lamp.png", Active: true, Stock: stock, LowStockThreshold: 5,
		Version: 1, CreatedAt: saved, UpdatedAt: saved,
	}
}

// fullDraft has every member.
func fullDraft() Draft {
	d := lampDraft()
	d.LowStockThreshold = units(8)
	d.MaxPerOrder, d.Categories, d.Stock, d.CompareVersion = units(2), []string{"Lamps"}, units(1), units(1)
	return d
}

func TestApplyToSetsEveryMember(t *testing.T) {
	d := fullDraft()
	if missing := unset.Members(d); len(missing) > 0 {
		t.Fatalf("give fullDraft %v", missing)
	}
	if missing := unset.Members(d.ApplyTo(Product{}, at(1)), "ID", "Stock", "CreatedAt"); len(missing) > 0 {
		t.Errorf("ApplyTo does not set %v", missing)
	}
}

func units(n int64) *int64 { return &n }

func TestSaveCreates(t *testing.T) {
	initial := Movement{
		ID: "movement 1", ProductID: "LAMP-1", Before: 0, After: 40, Reason: "initial stock", By: "usr_admin",
		MovedAt: at(1),
	}
	for name, c := range map[string]struct {
		stock *int64
		want  int64
		moved []Movement
	}{
		"with stock":   {units(40), 40, []Movement{initial}},
		"without":      {nil, 0, nil},
		"with stock 0": {units(0), 0, nil},
		"with the most": {units(MaxStock), MaxStock, []Movement{{
			ID: "movement 1", ProductID: "LAMP-1", After: MaxStock, Reason: "initial stock", By: "usr_admin",
			MovedAt: at(1),
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newWarehouse(), lampDraft()
			d.Stock = c.stock
			got, created, err := w.save(admin, d)
			if want := savedLamp(c.want, at(1)); err != nil || !created || got != want || w.products["LAMP-1"] != want {
				t.Errorf("got %+v, created %v, stored %+v and error %v, want %+v", got, created, w.products, err, want)
			}
			if !slices.Equal(w.movements, c.moved) {
				t.Errorf("got the movements %+v, want %+v", w.movements, c.moved)
			}
		})
	}
}

// TestSaveChanges: everything given is new, and the version one on; stock and creation stay, whatever was sold
// meanwhile.
func TestSaveChanges(t *testing.T) {
	w := newWarehouse(savedLamp(40, opened))
	w.meanwhile = func(w *warehouse, _ int) { w.sell("LAMP-1", 3) }
	d := Draft{ID: "LAMP-1", Name: "Old lamp", Price: money.Money{Currency: "GBP"}}
	got, created, err := w.save(admin, d)
	want := Product{
		ID: "LAMP-1", Name: "Old lamp", Price: money.Money{Currency: "GBP"}, Stock: 40, LowStockThreshold: 5,
		Version: 2, CreatedAt: opened, UpdatedAt: at(1),
	}
	if err != nil || created || got != want {
		t.Errorf("got %+v, created %v and error %v, want %+v", got, created, err, want)
	}
	want.Stock = 37
	if w.products["LAMP-1"] != want || len(w.movements) != 0 {
		t.Errorf("stored %+v with the movements %v, want %+v without", w.products["LAMP-1"], w.movements, want)
	}
	for version := int64(3); version <= 5; version++ {
		if got, _, err := w.save(admin, d); err != nil || got.Version != version {
			t.Errorf("got version %d and error %v, want %d", got.Version, err, version)
		}
	}
}

// TestSaveLimitsOrders: a limit that is not given stays; that of every product is none of its own.
func TestSaveLimitsOrders(t *testing.T) {
	w := newWarehouse()
	for _, c := range []struct {
		given *int64
		want  int64
	}{{nil, 0}, {units(1), 1}, {nil, 1}, {units(MaxPerOrder - 1), MaxPerOrder - 1}, {units(MaxPerOrder), 0}, {nil, 0}} {
		d := lampDraft()
		d.MaxPerOrder = c.given
		got, _, err := w.save(admin, d)
		if err != nil || got.MaxPerOrder != c.want || w.products["LAMP-1"].MaxPerOrder != c.want {
			t.Errorf("got %d, stored %d, error %v, want %d",
				got.MaxPerOrder, w.products["LAMP-1"].MaxPerOrder, err, c.want)
		}
	}
	for _, most := range []int64{-1, 0, MaxPerOrder + 1} {
		d := lampDraft()
		d.MaxPerOrder = &most
		_, _, err := w.save(admin, d)
		wantFields(t, err, "max_per_order")
	}
}

// TestSaveThreshold: a threshold that is not given stays, which is 5 at first; 0 is one, too.
func TestSaveThreshold(t *testing.T) {
	w := newWarehouse()
	for _, c := range []struct {
		given *int64
		want  int64
	}{{nil, 5}, {units(0), 0}, {nil, 0}, {units(MaxLowStockThreshold), MaxLowStockThreshold}, {units(5), 5}} {
		d := lampDraft()
		d.LowStockThreshold = c.given
		got, _, err := w.save(admin, d)
		if err != nil || got.LowStockThreshold != c.want || w.products["LAMP-1"].LowStockThreshold != c.want {
			t.Errorf("got %d, stored %d, error %v, want %d",
				got.LowStockThreshold, w.products["LAMP-1"].LowStockThreshold, err, c.want)
		}
	}
	for _, threshold := range []int64{-1, MaxLowStockThreshold + 1} {
		d := lampDraft()
		d.LowStockThreshold = &threshold
		_, _, err := w.save(admin, d)
		wantFields(t, err, "low_stock_threshold")
	}
}

func TestSaveRefusesTheStockOfAnExistingProduct(t *testing.T) {
	for _, stock := range []int64{0, 40, 41} {
		w, d := newWarehouse(savedLamp(40, opened)), lampDraft()
		d.Stock = &stock
		_, _, err := w.save(admin, d)
		wantFields(t, err, "stock")
		wantCalls(t, w, "read")
	}
}

// TestSaveMeetsOthers: a save that others were quicker than starts again from what they left.
func TestSaveMeetsOthers(t *testing.T) {
	t.Run("update after update", func(t *testing.T) {
		w := newWarehouse(savedLamp(40, opened))
		w.meanwhile = func(w *warehouse, write int) {
			if write == 1 {
				other := savedLamp(40, opened)
				other.Name, other.Version = "Lantern", 2
				w.products["LAMP-1"] = other
			}
		}
		got, created, err := w.save(admin, lampDraft())
		want := savedLamp(40, opened)
		want.Version, want.UpdatedAt = 3, at(2)
		if err != nil || created || got != want || w.products["LAMP-1"] != want {
			t.Errorf("got %+v, created %v and error %v, want %+v", got, created, err, want)
		}
		wantCalls(t, w, "read", "update", "read", "update")
	})
	t.Run("create after create", func(t *testing.T) {
		w := newWarehouse()
		w.meanwhile = func(w *warehouse, write int) {
			if write == 1 {
				w.products["LAMP-1"] = savedLamp(40, opened)
			}
		}
		got, created, err := w.save(admin, lampDraft())
		want := savedLamp(40, opened)
		want.Version, want.UpdatedAt = 2, at(2)
		if err != nil || created || got != want {
			t.Errorf("got %+v, created %v and error %v, want %+v", got, created, err, want)
		}
		wantCalls(t, w, "read", "create", "read", "update")
	})
	t.Run("create with stock after create", func(t *testing.T) {
		w, d := newWarehouse(), lampDraft()
		w.meanwhile = func(w *warehouse, _ int) { w.products["LAMP-1"] = savedLamp(40, opened) }
		d.Stock = units(7)
		_, _, err := w.save(admin, d)
		wantFields(t, err, "stock")
		if w.products["LAMP-1"] != savedLamp(40, opened) || len(w.movements) != 0 {
			t.Errorf("stored %+v and %v, want the other's", w.products["LAMP-1"], w.movements)
		}
	})
}

func TestSaveGivesUp(t *testing.T) {
	w := newWarehouse(savedLamp(40, opened))
	w.fails["update"] = ErrContended
	got, created, err := w.save(admin, lampDraft())
	if !errors.Is(err, ErrContended) || got != (Product{}) || created {
		t.Errorf("got %+v, created %v and error %v, want %v", got, created, err, ErrContended)
	}
	if w.writes != saveAttempts || w.products["LAMP-1"] != savedLamp(40, opened) {
		t.Errorf("wrote %d times and stored %+v, want %d and no change", w.writes, w.products["LAMP-1"], saveAttempts)
	}
}

func TestSaveFails(t *testing.T) {
	for call, w := range map[string]*warehouse{
		"read": newWarehouse(savedLamp(1, opened)), "create": newWarehouse(),
		"update": newWarehouse(savedLamp(1, opened)),
	} {
		t.Run(call, func(t *testing.T) {
			w.fails[call] = errDown
			if _, _, err := w.save(admin, lampDraft()); !errors.Is(err, errDown) || w.writes > 1 {
				t.Errorf("got error %v after %d writes, want %v at once", err, w.writes, errDown)
			}
		})
	}
}

func TestSaveChecksTheDraft(t *testing.T) {
	image := func(length int) string { return "https://e.uk/" + strings.Repeat("ä", length-len("https://e.uk/")) }
	for name, c := range map[string]struct {
		change func(*Draft)
		want   []string
	}{
		"nothing wrong":       {func(*Draft) {}, nil},
		"no id":               {func(d *Draft) { d.ID = "" }, []string{"product_id"}},
		"id of 65":            {func(d *Draft) { d.ID = strings.Repeat("a", 65) }, []string{"product_id"}},
		"no name":             {func(d *Draft) { d.Name = "" }, []string{"name"}},
		"name of 200":         {func(d *Draft) { d.Name = strings.Repeat("ä", 200) }, nil},
		"name of 201":         {func(d *Draft) { d.Name = strings.Repeat("ä", 201) }, []string{"name"}},
		"id .":                {func(d *Draft) { d.ID = "." }, []string{"product_id"}},
		"id ..":               {func(d *Draft) { d.ID = ".." }, []string{"product_id"}},
		"id ...":              {func(d *Draft) { d.ID = "..." }, nil},
		"name turned around":  {func(d *Draft) { d.Name = "Lamp \u202e00.1" }, []string{"name"}},
		"name of two lines":   {func(d *Draft) { d.Name = "Lamp\nshade" }, []string{"name"}},
		"no description":      {func(d *Draft) { d.Description = "" }, nil},
		"description of 5000": {func(d *Draft) { d.Description = strings.Repeat("ä", 5000) }, nil},
		"description of 5001": {func(d *Draft) {
			d.Description = strings.Repeat("ä", 5001)
		}, []string{"description"}},
		"description with a NUL": {func(d *Draft) { d.Description = "a\x00" }, []string{"description"}},
		"price 0":                {func(d *Draft) { d.Price.Amount = 0 }, nil},
		"price -1":               {func(d *Draft) { d.Price.Amount = -1 }, []string{"price"}},
		"highest price":          {func(d *Draft) { d.Price.Amount = 1_000_000_000_000 }, nil},
		"price too high":         {func(d *Draft) { d.Price.Amount = 1_000_000_000_001 }, []string{"price"}},
		"another currency":       {func(d *Draft) { d.Price.Currency = "EUR" }, []string{"price"}},
		"no image":               {func(d *Draft) { d.ImageURL = "" }, nil},
		"image of 2048":          {func(d *Draft) { d.ImageURL = image(2048) }, nil},
		"image of 2049":          {func(d *Draft) { d.ImageURL = image(2049) }, []string{"image_url"}},
		"stock 0":                {func(d *Draft) { d.Stock = units(0) }, nil},
		"stock -1":               {func(d *Draft) { d.Stock = units(-1) }, []string{"stock"}},
		"most stock":             {func(d *Draft) { d.Stock = units(1_000_000_000) }, nil},
		"stock too high":         {func(d *Draft) { d.Stock = units(1_000_000_001) }, []string{"stock"}},
		"all at once": {func(d *Draft) { *d = Draft{ImageURL: "ftp://e.uk", Description: "\x00", Stock: units(-1)} },
			[]string{"product_id", "name", "description", "price", "image_url", "stock"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newWarehouse(), lampDraft()
			c.change(&d)
			_, created, err := w.save(admin, d)
			if c.want == nil {
				if err != nil || !created {
					t.Errorf("got created %v and error %v, want true and none", created, err)
				}
				return
			}
			wantFields(t, err, c.want...)
			wantCalls(t, w)
		})
	}
}

// TestSaveCompares: a draft of a version that is another by now is refused with what is stored, though it changed
// between the look and the write; of version 0 is only a product that is not there.
func TestSaveCompares(t *testing.T) {
	version := func(n int64) *int64 { return &n }
	w, d := newWarehouse(), lampDraft()
	d.CompareVersion = version(1)
	if _, _, err := w.save(admin, d); !errors.Is(err, ErrNotFound) || len(w.products) > 0 {
		t.Errorf("version 1 of nothing: got error %v and stored %v, want %v", err, w.products, ErrNotFound)
	}
	d.CompareVersion = version(0)
	if got, created, err := w.save(admin, d); err != nil || !created || got.Version != 1 {
		t.Errorf("version 0: got %+v, created %v and error %v, want it created", got, created, err)
	}
	d.CompareVersion = version(1)
	if got, _, err := w.save(admin, d); err != nil || got.Version != 2 {
		t.Errorf("version 1: got %+v and error %v, want version 2", got, err)
	}
	for _, stale := range []int64{0, 1, 3} {
		d.CompareVersion = version(stale)
		var changed *ChangedError
		if _, _, err := w.save(admin, d); !errors.As(err, &changed) || changed.Stored != w.products[d.ID] ||
			changed.Stored.Version != 2 {
			t.Errorf("version %d: got error %v, want the stored version 2", stale, err)
		}
	}
	w.meanwhile = func(w *warehouse, _ int) {
		p := w.products[d.ID]
		p.Version, p.Name = 3, "Their lamp"
		w.products[d.ID] = p
	}
	d.CompareVersion = version(2)
	var changed *ChangedError
	if _, _, err := w.save(admin, d); !errors.As(err, &changed) || changed.Stored.Name != "Their lamp" {
		t.Errorf("changed meanwhile: got error %v, want their lamp", err)
	}
	d.CompareVersion = version(-1)
	_, _, err := w.save(admin, d)
	wantFields(t, err, "compare_version")
}

func TestValidImageURL(t *testing.T) {
	for url, want := range map[string]bool{
		"":                              true,
		"https://example.com":           true,
		"HTTPS://example.com/a.png?x#y": false,
		"https://example.com:8443/a":    true,
		"https://[2001:db8::1]/a":       true,
		"http://example.com/a":          false,
		"//example.com/a":               false,
		"/a.png":                        false,
		"/images/lamp.svg":              true,
		"/images/2026/a_b~c-d.1.png":    true,
		"/images":                       false,
		"/images/":                      false,
		"/images//evil.example/a":       false,
		"/images/../admin":              false,
		"/images/.a":                    false,
		"/images/a?b":                   false,
		"/images/a%2e":                  false,
		"/Images/a":                     false,
		"//images/a":                    false,
		"example.com":                   false,
		"https:":                        false,
		"https:/a":                      false,
		"https:example.com":             false,
		"https://":                      false,
		"https:///a":                    false,
		"https://example.com/a.png?x#y": true,
		"https://example.com:65535/a":   true,
		"https://example.com:65536/a":   false,
		"https://example.com:99999/a":   false,
		"https://example.com:0/a":       false,
		"https://example.com:/a":        false,
		"https://example.com:8a/a":      false,
		"https://example.com/a,b":       false,
		"https://example.com/a b":       false,
		"https://example.com/a\u00a0b":  false,
		"https://example.com/a\u2003b":  false,
		"https://example.com/a\u202eb":  false,
		"https://example.com/a\u0085b":  false,
		"https://example.com/\"onload=": false,
		"https://example.com/'a":        false,
		"https://example.com/`a":        false,
		"https://example.com/<a":        false,
		"https://example.com/a>":        false,
		"https://example.com/a\\b":      false,
		"https://example.com/?a=100%":   false,
		"https://example.com/?a=100%25": true,
		"https://example.com/ä(1).png":  true,
		"https://a.uk/1 https://b.uk/2": false,
		"https://:443/a":                false,
		"https://user@example.com/":     false,
		"https://user:pw@example.com/":  false,
		"https://exa mple.com/":         false,
		"https://example.com/\n":        false,
		"https://example.com/%zz":       false,
		" https://example.com/":         false,
		"javascript:alert(1)":           false,
		"data:image/png;base64,AAAA":    false,
		"ftp://example.com/a.png":       false,
	} {
		if got := validImageURL(url); got != want {
			t.Errorf("%q: got %v, want %v", url, got, want)
		}
	}
}

// TestImageURLsAreDocumented: docs/openapi.yaml has the pattern that the store goes by.
func TestImageURLsAreDocumented(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Components.Schemas["ImageUrl"].Value.Pattern; got != imageURL().String() {
		t.Errorf("documented is\n%s\nthe store goes by\n%s", got, imageURL())
	}
}

// FuzzValidID holds ValidID to the contract's words: 1–64 of A–Z a–z 0–9 . _ - but not . and ..
func FuzzValidID(f *testing.F) {
	for _, seed := range []string{
		"", "a", "85123A", "gift_0001_40", "a.b-c_D", strings.Repeat("z", 64), strings.Repeat("z", 65), "a b", "a/b",
		"a#b", "ä", "a\n", "\xff", "..", ".", "...", "a\x00",
	} {
		f.Add(seed)
	}
	contract := regexp.MustCompile(`\A[A-Za-z0-9._-]{1,64}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := ValidID(id), contract.MatchString(id) && id != "." && id != ".."; got != want {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	})
}

// TestSaveTellsWhatWasBefore: of a product that is saved again the one that this save replaced, of a new one nothing.
func TestSaveTellsWhatWasBefore(t *testing.T) {
	w := newWarehouse()
	s := &Save{Products: w, Currency: "GBP", NewID: w.newID, Now: w.now}
	first, before, err := s.Do(context.Background(), admin, lampDraft())
	if err != nil || before != nil {
		t.Fatalf("a new one: got %+v before it and error %v, want nothing", before, err)
	}
	again := lampDraft()
	again.Stock, again.Price.Amount = nil, again.Price.Amount+1
	if _, before, err = s.Do(context.Background(), admin, again); err != nil || before == nil || *before != first {
		t.Errorf("got %+v before it and error %v, want %+v", before, err, first)
	}
}
