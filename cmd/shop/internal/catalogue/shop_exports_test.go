package catalogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/money"
	"shop/internal/product"
)

func readExport(t testing.TB, kind Export, text string) *Goods {
	t.Helper()
	goods, err := ReadExport(t.Context(), strings.NewReader(text), kind, pounds)
	if err != nil {
		t.Fatal(err)
	}
	return goods
}

// showGoods writes items and refusals as text, to compare, with the image of an item at its end.
func showGoods(t testing.TB, goods *Goods) (items, refused []string) {
	t.Helper()
	all, refusals := drain(t, goods)
	for _, item := range all {
		items = append(items, show(item)+"|"+item.Draft.ImageURL)
	}
	for _, r := range refusals {
		refused = append(refused, fmt.Sprintf("%d: %s|%s", r.Line, r.ProductID, r.Reason))
	}
	return items, refused
}

func wantGoods(t *testing.T, goods *Goods, items, refused []string) {
	t.Helper()
	gotItems, gotRefused := showGoods(t, goods)
	if !slices.Equal(gotItems, items) {
		t.Errorf("items\n got %q\nwant %q", gotItems, items)
	}
	if !slices.Equal(gotRefused, refused) {
		t.Errorf("refused\n got %q\nwant %q", gotRefused, refused)
	}
}

// TestShopify reads an export as Shopify makes it: one product of two variants, and a description of two lines.
func TestShopify(t *testing.T) {
	content, err := os.ReadFile("testdata/shopify.csv")
	if err != nil {
		t.Fatal(err)
	}
	wantGoods(t, readExport(t, Shopify, string(content)), []string{
		"2: oak-stool-small|Oak Stool, Small|An oak stool|4950 GBP|4|true|https://img.example/1.jpg",
		"4: oak-stool-tall|Oak Stool, Tall|An oak stool|5950 GBP|2|true|https://img.example/1.jpg",
	}, nil)
}

func TestShopifyRows(t *testing.T) {
	const header = "Handle,Title,Body (HTML),Vendor,Published,Option1 Value,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price," +
		"Image Src,Variant Image,Gift Card,Status\n"
	wantGoods(t, readExport(t, Shopify, header+
		// an SKU after an apostrophe
		"mug,Mug,,A,true,Default Title,,'0042,3,7.50,https://img.example/m.jpg,,false,active\n"+
		"mug,,,,,,,,,,https://img.example/m2.jpg,,,\n"+ // one more image
		"hat,Hat,<b>Warm</b>,A,true,Red,XL,,1,9,,https://img.example/red.jpg,,active\n"+
		"hat,,,,,Blue & green,XL,,1,9.5,,,,\n"+
		"old,Old,,A,true,Default Title,,,1,9,,,,archived\n"+
		"off,Off,,A,false,Default Title,,,,9,,,,active\n"+
		"card,Card,,A,true,Default Title,,,1,25,,,true,active\n"+
		"lost,,,,,Red,,,1,9,,,,\n"+
		"none,None,,A,true,Default Title,,,1,,,,,active\n"+
		"neg,Neg,,A,true,Default Title,,,-2,9,,,,active\n"+
		"stuhl,Stuhl,,A,true,Grün,,,1,9,,,,active\n"+
		"dup,Dup,,A,true,Default Title,,0042,1,9,,,,active\n"),
		[]string{
			"2: 0042|Mug||750 GBP|3|true|https://img.example/m.jpg",
			"4: hat-red-xl|Hat, Red, XL|Warm|900 GBP|1|true|https://img.example/red.jpg",
			"5: hat-blue-green-xl|Hat, Blue & green, XL|Warm|950 GBP|1|true|",
			"6: old|Old||900 GBP|1|false|",
			"7: off|Off||900 GBP|0|false|",
		},
		[]string{
			"8: card|kind of product that the store cannot have", "9: |line belongs to no product of the file",
			"10: |product without a positive price", "11: neg|product breaks the store's rules",
			"12: stuhl-grün|product breaks the store's rules", "13: 0042|product listed before",
		})
}

// TestShopifyNewNames: the columns have other names since 2024.
func TestShopifyNewNames(t *testing.T) {
	const text = "Title,URL handle,Description,Vendor,Published on online store,Status,SKU,Option1 name,Option1 value,Price,Inventory quantity," +
		"Product image URL,Variant image URL\n" +
		"Mug,mug,<p>Blue</p>,A,TRUE,Active,M-1,Title,Default Title,7.50,3,https://img.example/m.jpg,\n"
	wantGoods(t, readExport(t, Shopify, text), []string{"2: M-1|Mug|Blue|750 GBP|3|true|https://img.example/m.jpg"},
		nil)
}

func TestWooCommerce(t *testing.T) {
	const header = "ID,Type,SKU,Name,Published,Is featured?,Short description,Description,In stock?,Stock,Sale price,Regular price,Categories,Images,Parent," +
		"Attribute 1 name,Attribute 1 value(s)\n"
	wantGoods(t, readExport(t, WooCommerce, header+
		"1,simple,mug,Mug,1,0,Short,\"<p>Blue</p>\\n<p>'Round'</p>\",1,50,2,5,Mugs,\"https://img.example/m.jpg, https://img.example/m2.jpg\",,,\n"+
		"2,variable,hood,Hoodie,1,0,,<p>Warm</p>,1,,,,,https://img.example/h.jpg,,Color,\"Red, Blue\"\n"+
		"3,\"simple, virtual\",,'-10% card,1,0,Help,,1,,,9,,,,,\n"+
		"4,variation,hood-red,Hoodie - Red,1,0,,,1,7,,45,,https://img.example/r.jpg,hood,Color,Red\n"+
		"5,variation,,Hoodie - Blue,1,0,,Cool,1,8,,45,,,id:2,Color,Blue\n"+
		"6,variation,x,X,1,0,,,1,8,,45,,,id:9,Color,Blue\n"+
		"7,grouped,set,Set,1,0,,,1,,,,,,,,\n"+
		"8,external,ext,Ext,1,0,,,1,,,5,,,,,\n"+
		"9,\"simple, downloadable, virtual\",pdf,Pdf,1,0,,,1,,,5,,,,,\n"+
		"10,variable,lone,Lone,1,0,,,1,,,,,,,,\n"+
		"11,simple,draft,Draft,-1,0,,,1,2,,5,,,,,\n"+
		"12,simple,free,Free,1,0,,,1,2,,,,,,,\n"+
		"13,variation,shared,Shared,1,0,,,1,parent,,5,,,hood,,\n"),
		[]string{
			"2: mug|Mug|Blue\n'Round'|500 GBP|50|true|https://img.example/m.jpg",
			"4: 3|-10% card|Help|900 GBP|0|true|",
			"5: hood-red|Hoodie - Red|Warm|4500 GBP|7|true|https://img.example/r.jpg",
			"6: 5|Hoodie - Blue|Cool|4500 GBP|8|true|https://img.example/h.jpg",
			"12: draft|Draft||500 GBP|2|false|",
		},
		[]string{
			"7: x|line belongs to no product of the file", "8: set|kind of product that the store cannot have",
			"9: ext|kind of product that the store cannot have", "10: pdf|kind of product that the store cannot have",
			"11: lone|kind of product that the store cannot have", "13: free|product without a positive price",
			"14: shared|product breaks the store's rules",
		})
}

// TestWooCommerceSoldIndividually: of such a product one order may have one.
func TestWooCommerceSoldIndividually(t *testing.T) {
	const text = "ID,Type,SKU,Name,Regular price,Sold individually?,Parent\n1,simple,a,A,1,1,\n2,simple,b,B,1,0,\n" +
		"3,variable,c,C,,1,\n4,variation,d,D,1,,c\n"
	items, refused := drain(t, readExport(t, WooCommerce, text))
	if len(items) != 3 || len(refused) > 0 {
		t.Fatalf("items %v, refused %v", items, refused)
	}
	a, b, d := items[0].Draft.MaxPerOrder, items[1].Draft.MaxPerOrder, items[2].Draft.MaxPerOrder
	if a == nil || *a != 1 || b != nil || d == nil || *d != 1 {
		t.Errorf("got %v, %v and %v, want 1, nothing and 1", a, b, d)
	}
}

func TestGoogleMerchant(t *testing.T) {
	const text = "id\ttitle\tdescription\tlink\timage link\tavailability\tprice\titem_group_id\n" +
		"mug\tMug &amp; saucer\tBlue, \"round\"\thttps://shop.example/mug\thttps://img.example/m.jpg\tin_stock\t7.50 GBP\tm\n" +
		"hat\tHat\t<p>Warm</p>\thttps://shop.example/hat\t\tout_of_stock\t9.00 EUR\t\n" +
		"pen\tPen\tRed\thttps://shop.example/pen\t\tin_stock\t9.00\t\n" +
		"cup\tCup\t<p>Warm</p>\thttps://shop.example/cup\t\tout_of_stock\t9 GBP\t\n"
	wantGoods(t, readExport(t, GoogleMerchant, strings.ReplaceAll(text, `"round"`, "round")),
		[]string{
			"2: mug|Mug & saucer|Blue, round|750 GBP|0|true|https://img.example/m.jpg",
			"5: cup|Cup|Warm|900 GBP|0|true|",
		},
		[]string{"3: hat|currency is not the store's", "4: pen|currency is not the store's"})
	_, refused := showGoods(t, readExport(t, GoogleMerchant, text))
	if !slices.Contains(refused, "2: |malformed line") {
		t.Errorf("refused %q, want the line with stray quotes, too", refused)
	}
}

// TestExportGivesWhatItHas: what an export has no column for is not given, and stays as the store has it.
func TestExportGivesWhatItHas(t *testing.T) {
	for text, want := range map[string]Given{
		"Handle,Title,Variant Price\nmug,Mug,1\n": {},
		"Handle,Title,Variant Price,Body (HTML)\nmug,Mug,1,\n": {
			Description: true,
		},
		"Handle,Title,Variant Price,Image Src,Status\nmug,Mug,1,https://img.example/m.jpg,draft\n": {
			ImageURL: true, Active: true,
		},
		"Handle,Title,Variant Price,Image Src,Published\nmug,Mug,1,,\nmug,,,https://img.example/2.jpg,\n": {},
	} {
		items, refused := drain(t, readExport(t, Shopify, text))
		if len(items) != 1 || items[0].Given != want {
			t.Errorf("%q: got %+v, refused %v, want %+v", text, items, refused, want)
		}
	}
}

func TestReadExportRefuses(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		kind Export
		text string
		o    Options
		want error
	}{
		"kind":     {"ebay", "", pounds, ErrExport},
		"currency": {Shopify, "", Options{Currency: "ZZZ"}, money.ErrCurrency},
		"header":   {WooCommerce, "Handle,Title,Variant Price\n", pounds, csvfile.ErrHeader},
	} {
		if _, err := ReadExport(ctx, strings.NewReader(c.text), c.kind, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	cancel()
	if _, err := ReadExport(
		ctx, strings.NewReader("Handle,Title,Variant Price\n"), Shopify, pounds,
	); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// FuzzReadExport holds that each item keeps the store's rules, and that no line gives two.
func FuzzReadExport(f *testing.F) {
	f.Add(0, "a,A,<p>x,1.00,mug\n")
	f.Add(1, "1,variable,a,A,2,\n2,variation,b,B,3,a\n")
	f.Add(2, "a\tA\t<b>x\t1.00 GBP\n")
	headers := []string{
		"Handle,Title,Body (HTML),Variant Price,Option1 Value\n", "ID,Type,SKU,Name,Regular price,Parent\n",
		"id\ttitle\tdescription\tprice\n",
	}
	f.Fuzz(func(t *testing.T, kind int, text string) {
		kinds := []Export{Shopify, WooCommerce, GoogleMerchant}
		i := int(uint(kind) % 3)
		goods, err := ReadExport(t.Context(), strings.NewReader(headers[i]+text), kinds[i], pounds)
		if err != nil {
			return
		}
		items, refused := drain(t, goods)
		lines := map[int]bool{}
		for _, item := range items {
			if lines[item.Line] || !product.ValidID(item.Draft.ID) || item.Draft.Check("GBP") != nil {
				t.Fatalf("item %s breaks a rule", show(item))
			}
			lines[item.Line] = true
		}
		for _, r := range refused {
			if lines[r.Line] {
				t.Fatalf("line %d is refused, too", r.Line)
			}
		}
	})
}
