package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shop/cmd/shop/internal/apiclient"
	"shop/internal/product"
	"shop/internal/s3pictures"
	"shop/internal/user"
	"shop/test/storelock"
	"shop/test/testenv"
)

// deployed points --local at the store under test, and returns a session of its admin.
func deployed(t *testing.T) *apiclient.Session {
	t.Helper()
	url, endpoint, people := testenv.Env(t, "SHOP_URL"), testenv.Env(t, "SHOP_AWS_URL"),
		testenv.Env(t, "SHOP_CREDENTIALS")
	storelock.Shared(t)
	var who struct {
		Admin adminCredentials `json:"admin"`
	}
	if err := json.Unmarshal([]byte(people), &who); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "SHOP_ADMIN_EMAIL": who.Admin.Email, "SHOP_ADMIN_PASSWORD": who.Admin.Password,
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	session, err := apiclient.New(url, 1).LogIn(t.Context(), who.Admin.Email, who.Admin.Password)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// unique returns a word that no other test and no earlier run uses.
func unique() string { return rand.Text()[:12] }

// saved reads products of the store under test.
func saved(t *testing.T, s *apiclient.Session, ids ...string) []product.Product {
	t.Helper()
	var all []product.Product
	for _, id := range ids {
		p, err := s.Product(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// TestStoreImport imports a catalogue into a real store: once, again, changed, and in part.
func TestStoreImport(t *testing.T) {
	s := deployed(t)
	lamp, mug := "lamp-"+unique(), "mug-"+unique()
	text := fmt.Sprintf(
		"product_id,name,description,price,currency,stock\n%s,Lamp,\"Warm,\nbright\",64.00,GBP,12\n%s,Mug,,7.5,GBP,\nbad,,,1,GBP,1\n",
		lamp, mug,
	)
	file := write(t, "goods.csv", text)
	shop(t, "--local", "import", file).want(t, exitDone, "2 imported", "0 updated", "0 unchanged", "1 refused")
	first := saved(t, s, lamp, mug)
	if p := first[0]; p.Name != "Lamp" || p.Description != "Warm,\nbright" || p.Price.Amount != 6400 || p.Stock != 12 ||
		!p.Active || p.Version != 1 {
		t.Errorf("got %+v", p)
	}
	shop(t, "--local", "import", "--strict", file).want(t, exitFailed, "0 imported", "0 updated", "2 unchanged",
		"1 refused")
	for i, p := range saved(t, s, lamp, mug) {
		if p != first[i] {
			t.Errorf("after the second import %+v, want %+v", p, first[i])
		}
	}
	changed := strings.NewReplacer("7.5,GBP,", "8,GBP,99", "bad,,,", "pen-"+unique()+",Pen,,").Replace(text)
	shop(t, "--local", "import", "--strict", write(t, "goods.csv", changed)).want(t, exitDone, "1 imported",
		"1 updated", "1 unchanged", "0 refused")
	if p := saved(t, s, mug)[0]; p.Price.Amount != 800 || p.Stock != 0 || p.Version != 2 {
		t.Errorf("got %+v, want the new price, the old stock, version 2", p)
	}
}

// draw writes a picture that the store has not seen for a product into a folder, and returns it and its name.
func draw(t *testing.T, folder, id string) (drawn []byte, name string) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4, 4))
	_, _ = rand.Read(m.Pix)
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, id+".png"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file.Bytes())
	return file.Bytes(), hex.EncodeToString(sum[:])
}

// TestStoreImportPictures imports a product with its picture into a real store, and again without sending it.
func TestStoreImportPictures(t *testing.T) {
	s := deployed(t)
	id, folder := "lamp-"+unique(), t.TempDir()
	_, name := draw(t, folder, id)
	file := write(t, "goods.csv", "product_id,name,description,price,currency,stock\n"+id+",Lamp,,1.00,GBP,1\n")
	for _, done := range []string{"1 imported", "1 unchanged"} {
		shop(t, "--local", "import", "--strict", "--pictures", folder, file).want(t, exitDone, done, "0 refused")
	}
	if got, want := saved(t, s, id)[0].ImageURL, "/images/"+name; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStorePictures finds a picture that no product of a real store has any more, and reads, removes and puts it back.
func TestStorePictures(t *testing.T) {
	deployed(t)
	id, folder := "lamp-"+unique(), t.TempDir()
	file := write(t, "goods.csv", "product_id,name,description,price,currency,stock\n"+id+",Lamp,,1.00,GBP,1\n")
	drawn, old := draw(t, folder, id)
	shop(t, "--local", "import", "--strict", "--pictures", folder, file).want(t, exitDone, "1 imported")
	draw(t, folder, id)
	shop(t, "--local", "import", "--strict", "--pictures", folder, file).want(t, exitDone, "1 updated")
	shop(t, "--local", "pictures").want(t, exitDone, old+" no product has it; it is new", "nothing was changed")

	d, err := (&target{stack: "shop", local: true}).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := &s3pictures.Pictures{Client: s3pictures.NewClient(d.aws), Bucket: d.outputs["PagesBucket"]}
	content, err := files.Read(t.Context(), old)
	if err != nil || !bytes.Equal(content, drawn) {
		t.Errorf("read %d bytes, error %v, want the %d that were uploaded", len(content), err, len(drawn))
	}
	there := func(want bool) {
		t.Helper()
		if has, err := files.Has(t.Context(), old); has != want || err != nil {
			t.Errorf("the bucket has the picture: %v, error %v, want %v", has, err, want)
		}
	}
	there(true)
	if err := files.Delete(t.Context(), old); err != nil {
		t.Error(err)
	}
	there(false)
	if err := files.Put(t.Context(), old, "image/png", content); err != nil {
		t.Error(err)
	}
	there(true)
}

// TestStoreSetStock sets counted stocks of a real store: looked at first, with a conflict, and again.
func TestStoreSetStock(t *testing.T) {
	s := deployed(t)
	lamp, mug := "lamp-"+unique(), "mug-"+unique()
	goods := "product_id,name,description,price,currency,stock\n" +
		lamp + ",Lamp,,64,GBP,12\n" + mug + ",Mug,,7,GBP,5\n"
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitDone, "2 imported")
	counted := "product_id,quantity,compare_quantity\n" + lamp + ",9,12\n" + mug + ",4,6\nnone,1,\n"
	file := write(t, "counted.csv", counted)
	command := []string{"--local", "set-stock", file, "--reason", "stocktake " + unique()}
	shop(t, append(command, "--dry-run")...).
		want(t, exitFailed, "1 would be set", "2 refused", "1 stock changed", "1 no such product")
	if p := saved(t, s, lamp)[0]; p.Stock != 12 {
		t.Errorf("a dry run left %d", p.Stock)
	}
	shop(t, command...).
		want(t, exitFailed, "1 set", "0 unchanged", "2 refused", "counted.csv.refused.csv", "2 lines are not done")
	shop(t, command...).want(t, exitFailed, "0 set", "1 set by an earlier run", "0 unchanged", "2 refused")
	if all := saved(t, s, lamp, mug); all[0].Stock != 9 || all[1].Stock != 5 {
		t.Errorf("the stocks are %d and %d, want 9 and 5", all[0].Stock, all[1].Stock)
	}
	again := write(t, "counted.csv", fmt.Sprintf("product_id,quantity\n%s,4\n", mug))
	shop(t, "--local", "set-stock", again, "--reason", "again").want(t, exitDone, "1 set", "0 refused")
	found := write(t, "found.csv", fmt.Sprintf("product_id,quantity\n%s,6\n", mug))
	shop(t, "--local", "set-stock", found, "--reason", "found").want(t, exitDone, "1 set")
	shop(t, "--local", "set-stock", again, "--reason", "again").want(t, exitDone, "1 set by an earlier run")
	if p := saved(t, s, mug)[0]; p.Stock != 6 {
		t.Errorf("the stock is %d, want 6: a run that is repeated changes nothing", p.Stock)
	}
}

// TestStoreReplay sells a day of its own on a real store: invoices, customers and goods that no other
// run has. Then it replays it, which sells nothing.
func TestStoreReplay(t *testing.T) {
	s := deployed(t)
	word := "W" + unique() // an invoice that begins with a C is a cancellation
	cake, bottle := "22423"+word, "84029"+word
	file := write(t, "sales.csv", saleOf(word))
	shop(t, "--local", "import", "--format", "online-retail", file).want(t, exitDone, "2 imported", "1 refused")
	command := []string{"--local", "replay", file, "--orders", "50", "--concurrency", "8", "--password", word + word}
	shop(t, command...).want(t, exitDone, "10 (10 new)", "orders accepted 40 (120 units)", "unanswered 0",
		"stock fell by exactly the units accepted ok, 2 products",
		"every order says that its mail was sent ok, 40 orders",
		"the mailbox holds exactly one mail an order ok, 40 orders")
	for _, p := range saved(t, s, cake, bottle) {
		if p.Stock != 0 || p.Version != 1 {
			t.Errorf("%s: stock %d, version %d, want sold out and never saved again", p.ID, p.Stock, p.Version)
		}
	}
	shop(t, command...).want(t, exitDone, "10 (0 new)", "orders accepted 0 (0 units)", "accepted earlier 40",
		"replayed answers 40")
	shop(t, "--local", "import", "--format", "online-retail", file).want(t, exitDone, "0 imported", "0 updated",
		"2 unchanged")
}

// saleOf is a sales file of 40 invoices by 10 customers, of 80 cakes and 40 bottles, one cancellation and
// one postage.
func saleOf(word string) string {
	w := &strings.Builder{}
	fmt.Fprintln(w, "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country")
	for i := range 40 {
		invoice, customer := fmt.Sprintf("%s%d", word, i), fmt.Sprintf("%s%d", word, i%10)
		for _, code := range []string{"22423", "84029", "22423"} {
			fmt.Fprintf(w, "%s,%s%s,NAME %s,1,2011-01-01T08:00:00Z,2.55,%s,France\n", invoice, code,
				strings.ToLower(word), code, customer)
		}
	}
	fmt.Fprintf(w, "C%s,22423%s,NAME,-1,2011-01-01T08:00:00Z,2.55,%s0,France\n", word, word, word)
	fmt.Fprintf(w, "%s99,POST,POSTAGE,1,2011-01-01T08:00:00Z,18,%s0,France\n", word, word)
	return w.String()
}

// TestStoreRoles makes staff of a customer of a real store and takes the right back.
func TestStoreRoles(t *testing.T) {
	admin := deployed(t)
	client := apiclient.New(testenv.Env(t, "SHOP_URL"), 1)
	customers := &apiclient.Shop{Session: admin, Password: customerPassword}
	id := strings.ToLower(unique())
	if _, _, err := customers.Customer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	email := "success+" + id + "@simulator.amazonses.com"
	may := func() bool { return mayLook(t, client, email) }
	if may() {
		t.Fatal("a new customer sees the inventory")
	}
	shop(t, "--local", "grant", strings.ToUpper(email), "inventory", "--yes").want(t, exitDone, email+" has the right")
	if !may() {
		t.Error("granted, but without the right")
	}
	shop(t, "--local", "revoke", email, "inventory", "--yes").want(t, exitDone, email+" has no right to inventory")
	if may() {
		t.Error("revoked, but with the right still")
	}
	shop(t, "--local", "grant", "nobody-"+email, "admin", "--yes").want(t, exitFailed, "nobody has signed up")
}

const customerPassword = "correct horse battery"

// mayLook logs the user in anew and reports whether the store's inventory is open to them.
func mayLook(t *testing.T, client *apiclient.Client, email string) bool {
	t.Helper()
	session, err := client.LogIn(t.Context(), email, customerPassword)
	if err != nil {
		t.Fatal(err)
	}
	_, err = session.Product(t.Context(), "no-such-product")
	if errors.Is(err, user.ErrNoRight) {
		return false
	}
	if !errors.Is(err, product.ErrNotFound) {
		t.Fatal(err)
	}
	return true
}
