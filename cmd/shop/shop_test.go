package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shop/internal/money"
	"shop/internal/rootkeys"
	"shop/internal/user"
)

const goods = "product_id,name,description,price,currency,stock\nlamp,Lamp,Warm,64,GBP,12\nmug,Mug,Blue,7.50,GBP,3\npen,Pen,,1,GBP,\n"

// sales are five invoices, of which three can be replayed; the fourth line is no goods, the last has no price.
const salesFile = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,22423,CAKE STAND,6,2010-12-01T08:26:00Z,12.75,17850,United Kingdom
1,84029e,RED BOTTLE ,2,2010-12-01T08:26:00Z,3.39,17850,United Kingdom
C2,22423,CAKE STAND,-1,2010-12-01T08:28:00Z,12.75,17850,United Kingdom
3,POST,POSTAGE,1,2010-12-01T08:28:00Z,18,12583,France
3,22423,CAKE STAND,1,2010-12-01T08:28:00Z,10.95,12583,France
4,22423,CAKE STAND,1,2010-12-01T08:34:00Z,10.95,,United Kingdom
5,84029E,RED BOTTLE,4,2010-12-01T08:35:00Z,3.75,17850,United Kingdom
6,99999,,1,2010-12-01T08:36:00Z,0,,United Kingdom
`

// TestHelpSaysWhoActs: the tool's help says of every command that works on a store as whom it acts.
func TestHelpSaysWhoActs(t *testing.T) {
	root := newRoot(streams{})
	_, whom, _ := strings.Cut(root.Long, "Who you are:")
	for _, c := range root.Commands() {
		if c.Name() == "verify" { // it reads a file, and no store
			continue
		}
		if !regexp.MustCompile(`(^|[ ,])` + c.Name() + `([ ,]|$)`).MatchString(strings.ReplaceAll(whom, "\n", " ")) {
			t.Errorf("the help does not say as whom %s acts", c.Name())
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--help"}, {"import", "--help"}, {"set-stock", "--help"}, {"grant", "--help"},
		{"revoke", "--help"}, {"api-key", "--help"}, {"api-key", "create", "--help"},
		{"verify-user", "--help"}, {"unsuppress", "--help"}, {"keys", "--help"}, {"rotate-key", "--help"},
		{"replay", "--help"}, {"redrive", "--help"}, {"audit", "--help"}, {"audit-stock", "--help"},
		{"status", "--help"}, {"restore", "--help"}, {"export", "--help"}, {"import-orders", "--help"},
		{"verify", "--help"}, {"split-stock", "--help"}, {"pictures", "--help"},
	} {
		shop(t, args...).want(t, exitDone, "Usage:", "Examples:", "--stack", "--local")
	}
}

func TestWrongCommandLines(t *testing.T) {
	file := write(t, "goods.csv", goods)
	for _, c := range []struct{ args, want string }{
		{"sell", "unknown command"},
		{"import", "accepts 1 arg"},
		{"grant ada@example.com", "requires at least 2 arg"},
		{"grant ada@example.com stock", `"stock" is no scope: there are inventory, history, orders, admin`},
		{"set-stock", "accepts 1 arg"},
		{"set-stock " + file, "--reason says why"},
		{"set-stock --reason r " + file, "unexpected header"},
		{"set-stock --reason r --concurrency 0 " + file, "--concurrency 0"},
		{"api-key create report", "requires at least 2 arg"},
		{"api-key create report stock", `"stock" is no scope`},
		{"api-key create report admin", "a key has some of the scopes inventory, history, orders"},
		{"api-key create -report history", "unknown shorthand flag"},
		{"api-key create .report history", "a key's name has 1 to 60 letters"},
		{"api-key revoke ada@example.com", "is no id of an API key"},
		{"grant nobody admin", `"nobody": must be an e-mail address`},
		{"revoke @ admin", "must be an e-mail address"},
		{"verify-user", "accepts 1 arg"},
		{"verify-user ada@", `"ada@": must be an e-mail address`},
		{"unsuppress", "accepts 1 arg"},
		{"unsuppress ada@", `"ada@": must be an e-mail address`},
		{"split-stock lamp", "accepts 2 arg"},
		{"split-stock lamp many", `"many" counters: give a number from 1 to 32`},
		{"split-stock lamp 0", `"0" counters: give a number from 1 to 32`},
		{"split-stock lamp 33", `"33" counters: give a number from 1 to 32`},
		{"split-stock la/mp 2", `"la/mp" is no product's id`},
		{"keys now", "unknown command"},
		{"rotate-key now", "unknown command"},
		{"import --format xml " + file, "--format xml: there are catalogue, online-retail"},
		{"import --stock -1 " + file, "--stock -1: a stock is from 0 to 1000000000"},
		{"import --stock x " + file, "invalid argument"},
		{"import --concurrency 0 " + file, "--concurrency 0"},
		{"import " + file + "x", "no such file"},
		{"import --delimiter ;; " + file, `--delimiter ";;": one ASCII character`},
		{"import --encoding ebcdic " + file, "--encoding ebcdic: there are utf-8, utf-16le"},
		{"import --decimal space " + file, "--decimal space: there are point and comma"},
		{"replay --delimiter é " + file, "one ASCII character"},
		{"replay --orders 0 " + file, "--orders 0: at least 1"},
		{"replay --concurrency -3 " + file, "--concurrency -3"},
		{"replay --mail-wait -1s " + file, "--mail-wait -1s"},
		{"replay " + file, "unexpected header"},
		{"replay " + file + "x", "no such file"},
		{"redrive all", "unknown command"},
		{"redrive --only orders", "--only orders: there are mails and letters"},
		{"redrive --since -1h", "--since -1h0m0s: not below 0"},
		{"redrive --since yesterday", "invalid argument"},
		{"redrive --all", "--all changes nothing without --yes"},
		{"audit all", "unknown command"},
		{"audit-stock all", "unknown command"},
		{"status now", "unknown command"},
		{"pictures --yes", "--yes needs --kept"},
		{"pictures --older-than 59m", "--older-than 59m0s: at least 1h0m0s"},
		{"restore", "--suffix says which tables"},
		{"restore --suffix x --yes", "--yes needs --kept"},
		{"export", "accepts 1 arg"},
		{"export customers", `invalid argument "customers"`},
		{"export orders --format xml", "--format xml: there are csv and jsonl"},
		{"export orders --from yesterday", "--from yesterday: is no day such as 2026-03-01"},
		{"export orders --to 2026-02-30", "--to 2026-02-30: is no day"},
		{"export orders --from 2026-03-02 --to 2026-03-01", "--to 2026-03-01 is before --from 2026-03-02"},
		{"export orders --resume", "--resume needs --output"},
		{"import-orders", "accepts 1 arg"},
		{"verify " + file + "x", "no such file"},
		{"verify " + file, "its columns are those of no export"},
	} {
		shop(t, strings.Fields(c.args)...).want(t, exitFailed, c.want)
	}
}

func TestStackNotFound(t *testing.T) {
	startFake(t)
	shop(t, "--local", "--stack", "other", "grant", "ada@example.com", "admin").want(t, exitFailed,
		"finding the stack other", "does not exist")
}

func TestStackOfSomethingElse(t *testing.T) {
	f := startFake(t)
	f.outputs = map[string]string{}
	shop(t, "--local", "grant", "ada@example.com", "admin").want(t, exitFailed,
		"the stack shop has no output UsersTable")
	shop(t, "--local", "unsuppress", "ada@example.com").want(t, exitFailed,
		"the stack shop has no output SuppressedAddressesTable")
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitFailed,
		"the stack shop has no output ApiUrl")
	shop(t, "--local", "redrive", "--only", "mails").want(t, exitFailed, "the stack shop has no output MailsTable")
	shop(t, "--local", "audit").want(t, exitFailed, "the stack shop has no output ")
	shop(t, "--local", "redrive", "--only", "letters").want(t, exitFailed,
		"the stack shop has no output MailDeadLetterQueueUrl")
}

// TestLocalNeedsKeys: a store that was never started has none, and the tool says what to do.
func TestLocalNeedsKeys(t *testing.T) {
	startFake(t)
	path := filepath.Join(os.Getenv("SHOP_DATA"), rootkeys.File)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	shop(t, "--local", "grant", "ada@example.com", "admin").want(t, exitFailed, "root keys: open "+path, "make run",
		"SHOP_DATA")
}

// TestWithoutLocal: the environment that the AWS tools go by is enough.
func TestWithoutLocal(t *testing.T) {
	f := startFake(t)
	actByEnvironment(t)
	shop(t, "grant", "ada@example.com", "admin", "--yes").want(t, exitDone)
	if f.roles["ada@example.com"] != "admin" {
		t.Error("ada is no admin")
	}
}

// actByEnvironment gives the environment that the AWS tools go by the fake's credentials.
func actByEnvironment(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": rootID, "AWS_SECRET_ACCESS_KEY": rootSecret,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_CONFIG_FILE":             filepath.Join(t.TempDir(), "none"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
}

// TestOnlyThroughTheDistribution: where functions refuse what comes past the distribution, the tool comes through it.
// A stack on AWS names it; of a local one the tool does not know it.
func TestOnlyThroughTheDistribution(t *testing.T) {
	f := startFake(t)
	direct, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	distribution := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(direct)
		r.Out.Header.Set("X-Origin-Proof", "proof")
	}})
	t.Cleanup(distribution.Close)
	only := true
	f.before = func(r *http.Request) int {
		if only != (r.Header.Get("X-Origin-Proof") == "proof") {
			return http.StatusForbidden
		}
		return 0
	}
	// without tables and queues, which the fake cannot describe
	f.outputs = map[string]string{"ApiUrl": f.outputs["ApiUrl"], "PagesUrl": distribution.URL, "Currency": "GBP"}
	f.parameters = map[string]string{"OnlyThroughDistribution": "true"}
	actByEnvironment(t)
	api := distribution.URL + "/api"
	file := write(t, "goods.csv", goods)
	shop(t, "import", file).want(t, exitDone)
	shop(t, "status").want(t, exitFailed, "ok API "+api+"/products?limit=1 answers 200")

	only = false
	f.parameters["OnlyThroughDistribution"] = "false"
	shop(t, "import", file).want(t, exitDone)
	shop(t, "status").want(t, exitFailed, "ok API "+f.outputs["ApiUrl"]+"/products?limit=1 answers 200")
	f.parameters["OnlyThroughDistribution"] = "true"
	shop(t, "--local", "import", file).want(t, exitDone)
}

func TestRoles(t *testing.T) {
	f := startFake(t)
	for _, c := range []struct{ command, address, scopes, role, want string }{
		{"grant", " Ada@Example.com ", "admin", "admin", "ada@example.com has the right to admin from the next log-in on"},
		{"grant", "ada@example.com", "admin", "admin", "has the right to admin"},
		{"grant", "ada@example.com", "inventory", "admin", "has the right to inventory"},
		{"revoke", "ADA@example.com", "admin", "customer", "ada@example.com has no right to admin"},
		{"revoke", "ada@example.com", "admin", "customer", "has no right to admin"},
		{"grant", "ada@example.com", "orders inventory", "inventory orders", "has the right to orders, inventory from"},
		{"grant", "ada@example.com", "history", "inventory history orders", "has the right to history"},
		{"revoke", "ada@example.com", "orders admin", "inventory history", "has no right to orders, admin"},
		{"revoke", "ada@example.com", "inventory history", "customer", "has no right to inventory, history"},
	} {
		shop(t, slices.Concat([]string{"--local", c.command, c.address, "--yes"}, strings.Fields(c.scopes))...).
			want(t, exitDone, c.want)
		if got := f.roles["ada@example.com"]; got != c.role {
			t.Errorf("after %s %s ada is %s, want %s", c.command, c.scopes, got, c.role)
		}
	}
	granted := `"msg":"audit","function":"","trace_id":"","event":"role_changed","user_id":"` + operatorARN +
		`","address_hash":"","subject":"usr_1","before":"customer","after":"inventory history",`
	grant := []string{"--local", "grant", "ada@example.com", "history", "inventory", "--yes"}
	shop(t, grant...).want(t, exitDone, granted, "account usr_1", `name "N\u202e"`, "made 2026-03-01T09:00:00Z")
	if again := shop(t, grant...); strings.Contains(again.err+again.out, "audit") {
		t.Errorf("a change that was none is audited: %+v", again)
	}
	for _, command := range []string{"grant", "revoke"} {
		shop(t, "--local", command, "bob@example.com", "admin").want(t, exitFailed,
			"nobody has signed up to the stack shop as bob@example.com")
	}
}

// TestOneRightOfAnAdmin: who has all has no single one to lose, and is not left to believe so.
func TestOneRightOfAnAdmin(t *testing.T) {
	f := startFake(t)
	f.roles["ada@example.com"] = "admin"
	shop(t, "--local", "revoke", "ada@example.com", "history", "--yes").want(t, exitFailed, "an admin has all rights")
	if got := f.roles["ada@example.com"]; got != "admin" {
		t.Errorf("ada is %s, want an admin still", got)
	}
}

// TestRoleIsAskedFor: with no terminal and no --yes nothing is changed, and the account is shown.
func TestRoleIsAskedFor(t *testing.T) {
	f := startFake(t)
	for command, before := range map[string]string{"grant": "customer", "revoke": "inventory"} {
		f.roles["ada@example.com"] = before
		shop(t, "--local", command, "ada@example.com", "inventory").want(t, exitFailed, "account usr_1",
			"there is no terminal to ask on", "--yes")
		if got := f.roles["ada@example.com"]; got != before {
			t.Errorf("%s: ada is %s, want %s still", command, got, before)
		}
	}
}

// TestVerifyUser: the account is shown and asked about before the operator verifies it, which is audited once.
func TestVerifyUser(t *testing.T) {
	f := startFake(t)
	f.unverified = true
	shop(t, "--local", "verify-user", "ada@example.com").want(t, exitFailed, "account usr_1",
		"there is no terminal to ask on", "--yes")
	if !f.unverified {
		t.Error("verified without an answer")
	}
	audited := `"event":"address_verified","user_id":"` + operatorARN +
		`","address_hash":"","subject":"usr_1","before":"unverified","after":"verified",`
	shop(t, "--local", "verify-user", " Ada@example.com", "--yes").want(t, exitDone, audited,
		"ada@example.com is verified")
	if f.unverified {
		t.Error("not verified")
	}
	if again := shop(t, "--local", "verify-user", "ada@example.com"); again.code != exitDone ||
		strings.Contains(again.err+again.out, "audit") {
		t.Errorf("a second time: %+v, want it done, and no line of the audit log", again)
	}
	shop(t, "--local", "verify-user", "bob@example.com").want(t, exitFailed,
		"nobody has signed up to the stack shop as bob@example.com")
}

// TestUnverifiedAccountIsNoStaff: whoever signed up with the address has not shown to read its mails. A role is taken
// back all the same.
func TestUnverifiedAccountIsNoStaff(t *testing.T) {
	f := startFake(t)
	f.unverified = true
	shop(t, "--local", "grant", "ada@example.com", "admin", "--yes").want(t, exitFailed, "address is not verified")
	if got := f.roles["ada@example.com"]; got != "customer" {
		t.Errorf("ada is %s, want a customer still", got)
	}
	f.roles["ada@example.com"] = "admin"
	shop(t, "--local", "revoke", "ada@example.com", "admin", "--yes").want(t, exitDone, "has no right to admin")
}

func TestConfirm(t *testing.T) {
	for answer, agreed := range map[string]bool{
		"y\n": true, "YES\n": true, " yes \r\n": true, "y": true, "\n": false, "": false, "n\n": false, "yess\n": false,
		"no\ny\n": false,
	} {
		var out strings.Builder
		if err := confirm(strings.NewReader(answer), &out, "Sure?"); (err == nil) != agreed ||
			out.String() != "Sure? [y/N] " {
			t.Errorf("%q: got %v after %q, want agreement: %v", answer, err, out.String(), agreed)
		}
	}
}

func TestUnsuppress(t *testing.T) {
	f := startFake(t)
	ada, bob := user.AddressHash("ada@example.com"), user.AddressHash("bob@example.com")
	f.suppressed = map[string]bool{ada: true, bob: true}
	shop(t, "--local", "unsuppress", " Ada@Example.com ").want(t, exitDone, "ada@example.com is mailed again")
	if f.suppressed[ada] || !f.suppressed[bob] {
		t.Errorf("suppressed: %v, want all but ada", f.suppressed)
	}
	shop(t, "--local", "unsuppress", "ada@example.com").want(t, exitFailed,
		"the stack shop does not suppress ada@example.com")
}

func TestImport(t *testing.T) {
	f := startFake(t)
	file := write(t, "goods.csv", goods)
	shop(t, "--local", "import", file).want(t, exitDone, "3 imported", "0 updated", "0 unchanged", "0 refused")
	if got := f.products["mug"]; got["name"] != "Mug" || got["description"] != "Blue" || got.price() != 750 ||
		got.stock() != 3 || got["active"] != true {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat("goods.csv.refused.csv"); !os.IsNotExist(err) {
		t.Errorf("a file for refused lines is left though none was: %v", err)
	}
	before := f.versions()
	shop(t, "--local", "import", file).want(t, exitDone, "0 imported", "0 updated", "3 unchanged")
	if got := f.versions(); got != before {
		t.Errorf("versions after the second import %s, want %s", got, before)
	}
	f.products["mug"].sell(2)
	shop(t, "--local", "import", write(t, "goods.csv", strings.ReplaceAll(goods, "7.50,GBP,3", "8,GBP,99"))).
		want(t, exitDone, "1 updated", "2 unchanged")
	if got := f.products["mug"]; got.price() != 800 || got.stock() != 1 {
		t.Errorf("got %+v, want the new price and the old stock", got)
	}
}

// TestImportPictures: each product has the picture that is named after it, which is sent once; others are told.
func TestImportPictures(t *testing.T) {
	f := startFake(t)
	folder := t.TempDir()
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"mug.png": drawn.String(), "lamp.jpg": "text", "mgu.png": "text"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(drawn.Bytes())
	name := hex.EncodeToString(sum[:])
	file := write(t, "goods.csv", goods)
	for _, done := range []string{"2 imported", "2 unchanged"} {
		shop(t, "--local", "import", "--pictures", folder, file).want(t, exitDone, done, "1 no picture",
			"1 pictures of "+folder+" are of no product that was imported: mgu.png")
		if got := f.products["mug"]["image_url"]; got != "/images/"+name || f.pictures[name] != 1 {
			t.Errorf("got %v, sent %d times, want /images/%s and once", got, f.pictures[name], name)
		}
	}
	if f.products["lamp"] != nil {
		t.Error("a product without its picture is imported")
	}
	shop(t, "--local", "import", "--pictures", folder+"/none", file).want(t, exitFailed, "reading --pictures")
}

func TestImportOnlineRetail(t *testing.T) {
	f := startFake(t)
	file := write(t, "sales.csv", salesFile)
	shop(t, "--local", "import", "--format", "online-retail", file).want(t, exitDone,
		"2 imported", "2 refused", "1 line is not goods", "1 product without a name",
		"refused lines are in sales.csv.refused.csv")
	if got := f.products["84029E"]; got["name"] != "RED BOTTLE" || got.price() != 375 || got.stock() != 6 {
		t.Errorf("got %+v", got)
	}
	want := `line,product_id,reason,detail,record
5,POST,line is not goods,,"3,POST,POSTAGE,1,2010-12-01T08:28:00Z,18,12583,France"
9,99999,product without a name,,"6,99999,,1,2010-12-01T08:36:00Z,0,,United Kingdom"
`
	if got := read(t, "sales.csv.refused.csv"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestImportStock(t *testing.T) {
	f := startFake(t)
	shop(t, "--local", "import", "--stock", "7", write(t, "goods.csv", goods)).want(t, exitDone, "3 imported")
	shop(t, "--local", "import", "--format", "online-retail", "--stock", "0", write(t, "sales.csv", salesFile)).
		want(t, exitDone, "2 imported")
	if f.products["lamp"].stock() != 7 || f.products["22423"].stock() != 0 {
		t.Errorf("stock %d and %d, want 7 and 0", f.products["lamp"].stock(), f.products["22423"].stock())
	}
}

func TestImportStrict(t *testing.T) {
	startFake(t)
	refused := filepath.Join(t.TempDir(), "bad.csv")
	file := write(t, "goods.csv", goods+"bad,Bad,,-1,GBP,1\n")
	shop(t, "--local", "import", "--refused", refused, file).want(t, exitDone, "3 imported", "1 refused",
		"refused lines are in "+refused)
	shop(t, "--local", "import", "--refused", refused, "--strict", file).want(t, exitFailed, "3 unchanged",
		"1 refused, which --strict does not allow")
	if got := read(t, refused); !strings.Contains(got, `5,bad,product breaks the store's rules`) {
		t.Errorf("got %s", got)
	}
	shop(t, "--local", "import", "--refused", refused, "--strict", write(t, "goods.csv", goods)).
		want(t, exitDone, "3 unchanged")
}

// TestImportRefusedByTheStore: what only the store can know is refused line by line, too.
func TestImportRefusedByTheStore(t *testing.T) {
	f := startFake(t)
	f.before = func(r *http.Request) int {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/mug") {
			return http.StatusBadRequest
		}
		return 0
	}
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitDone, "2 imported", "1 refused by the store")
	if got := read(t, "goods.csv.refused.csv"); !strings.Contains(got, "3,mug,refused by the store") ||
		!strings.Contains(got, "is not funny") {
		t.Errorf("got %s", got)
	}
}

func TestImportKeepsItsInput(t *testing.T) {
	startFake(t)
	file := write(t, "goods.csv", goods)
	shop(t, "--local", "import", "--refused", file, file).want(t, exitFailed, "is the file to import")
	if got := read(t, file); got != goods {
		t.Errorf("the input is now %q", got)
	}
	shop(t, "--local", "import", "--refused", t.TempDir(), file).want(t, exitFailed,
		"making the file for refused lines")
}

func TestImportOfAnotherFile(t *testing.T) {
	startFake(t)
	shop(t, "--local", "import", write(t, "sales.csv", salesFile)).
		want(t, exitFailed, "unexpected header", "product_id")
	shop(t, "--local", "import", "--format", "online-retail", write(t, "goods.csv", goods)).
		want(t, exitFailed, "unexpected header", "InvoiceNo")
}

func TestImportInAnotherCurrency(t *testing.T) {
	f := startFake(t)
	f.outputs["Currency"] = "EUR"
	shop(t, "--local", "import", "--format", "online-retail", write(t, "sales.csv", salesFile)).
		want(t, exitFailed, "the sales file is in GBP")
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitFailed, "3 currency is not the store's",
		"nothing of the file could be taken")
}

// TestImportKeepsRefusedLines: a refused line is written as it was, whatever was wrong with it, and never as a formula.
func TestImportKeepsRefusedLines(t *testing.T) {
	startFake(t)
	file := write(t, "goods.csv",
		goods+"ad-1,Pipe 5\" steel,,1.00,GBP,1\r\n=1+1,Sum,,x,GBP,1\n-x,X,\"Two\nlines\",1,GBP,x\n")
	shop(t, "--local", "import", file).want(t, exitDone, "3 imported", "3 refused")
	const want = "line,product_id,reason,detail,record\n" +
		`5,,malformed line,"a quote stands where none can be, or is not closed","ad-1,Pipe 5"" steel,,1.00,GBP,1"` +
		"\n" +
		`6,'=1+1,product breaks the store's rules,"price is not a plain decimal number such as 3.39: ""x""","'=1+1,Sum,,x,GBP,1"` +
		"\n" +
		`7,'-x,product breaks the store's rules,"stock is not a whole number: ""x""","'-x,X,""Two` + "\n" +
		`lines"",1,GBP,x"` + "\n"
	if got := read(t, "goods.csv.refused.csv"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestImportOfNothing: a file of which nothing was taken is a failure, without --strict, too.
func TestImportOfNothing(t *testing.T) {
	startFake(t)
	header, _, _ := strings.Cut(goods, "\n")
	for _, text := range []string{header, header + "\n,,,,,\n", header + "\nlamp,Lamp,,-1,GBP,1\n"} {
		shop(t, "--local", "import", write(t, "goods.csv", text)).want(t, exitFailed, "0 imported",
			"nothing of the file could be taken")
	}
}

// TestImportOfASpreadsheet: what a spreadsheet saves is read by its own delimiter and encoding, which flags override.
func TestImportOfASpreadsheet(t *testing.T) {
	f := startFake(t)
	text := "Product_ID;Name;Description;Price;Currency;Stock\r\nlamp;Lampe \xe0 pied;;64,00;GBP;12\r\n"
	file := write(t, "goods.csv", text)
	shop(t, "--local", "import", file).want(t, exitDone, "1 imported", "is not UTF-8; it is read as Windows-1252")
	if got := f.products["lamp"]; got["name"] != "Lampe à pied" || got.price() != 6400 {
		t.Errorf("got %+v", got)
	}
	if again := shop(
		t, "--local", "import", "--encoding", "windows-1252", "--delimiter", ";", "--decimal", "comma", file,
	); strings.Contains(again.err, "UTF-8") {
		t.Errorf("says of an encoding that was given: %s", again.err)
	}
	shop(t, "--local", "import", "--encoding", "utf-8", file).want(t, exitFailed, "1 malformed line")
	shop(t, "--local", "import", "--delimiter", "tab", file).want(t, exitFailed, "unexpected header")
	shop(t, "--local", "import", "--decimal", "point", file).want(t, exitFailed, "1 product breaks the store's rules")
	shop(t, "--local", "import", write(t, "goods.xlsx", "PK\x03\x04...")).
		want(t, exitFailed, "save the sheet as", "CSV UTF-8")
}

// TestImportOptionalColumns: a file changes what it gives, and an import of a file without these columns takes nothing
// back.
func TestImportOptionalColumns(t *testing.T) {
	f := startFake(t)
	header, _, _ := strings.Cut(goods, "\n")
	file := write(t, "goods.csv",
		header+",image_url,active,max_per_order\nlamp,Lamp,Warm,64,GBP,12,https://img.example/l.jpg,no,2\n")
	shop(t, "--local", "import", file).want(t, exitDone, "1 imported")
	shop(t, "--local", "import", file).want(t, exitDone, "1 unchanged")
	shop(t, "--local", "import", write(t, "goods.csv", header+"\nlamp,Lamp,Bright,65,GBP,1\n")).
		want(t, exitDone, "1 updated")
	got := f.products["lamp"]
	if got["image_url"] != "https://img.example/l.jpg" || got["active"] != false || got["max_per_order"] != 2.0 ||
		got.price() != 6500 {
		t.Errorf("got %+v, want image, activity and limit as the first file gave them", got)
	}
}

// TestImportOfAnExport: what another shop exports becomes one product a variant, and a second import changes nothing.
func TestImportOfAnExport(t *testing.T) {
	f := startFake(t)
	for format, text := range map[string]string{
		"shopify":         "Handle,Title,Body (HTML),Published,Option1 Value,Variant Price,Image Src\nmug,Mug,<p>Blue</p>,true,Small,7.50,https://img.example/m.jpg\nmug,,,,Big,8,\n",
		"woocommerce":     "ID,Type,SKU,Name,Regular price\n1,simple,mug-small,Mug,7.50\n2,grouped,set,Set,\n",
		"google-merchant": "id\ttitle\tdescription\tprice\nmug-small\tMug\tBlue\t7.50 GBP\n",
	} {
		f.products = map[string]fakeProduct{}
		file := write(t, "export", text)
		shop(t, "--local", "import", "--format", format, file).want(t, exitDone, "imported", "0 updated")
		if got := f.products["mug-small"]; got == nil || got.price() != 750 {
			t.Errorf("%s: got %+v", format, got)
		}
		shop(t, "--local", "import", "--format", format, file).want(t, exitDone, "0 imported", "0 updated", "unchanged")
	}
}

// TestImportInEveryCurrency: a price of a file is that many minor units of the store, by the digits that ISO 4217 says.
func TestImportInEveryCurrency(t *testing.T) {
	f := startFake(t)
	for _, code := range money.Codes() {
		f.outputs["Currency"], f.products = code, map[string]fakeProduct{}
		file := write(t, "goods.csv", "product_id,name,description,price,currency,stock\nlamp,Lamp,,64,"+code+",1\n")
		shop(t, "--local", "import", file).want(t, exitDone, "1 imported")
		digits, err := money.Digits(code)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := f.products["lamp"].price(), 64*math.Pow10(digits); got != want {
			t.Errorf("%s: 64 is %v minor units, want %v", code, got, want)
		}
	}
	f.outputs["Currency"] = "ZZZ"
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitFailed, `unknown currency: "ZZZ"`)
}

// TestImportWaits while the store is busy.
func TestImportWaits(t *testing.T) {
	f := startFake(t)
	calls := 0
	f.before = func(*http.Request) int {
		if calls++; calls == 1 || calls == 4 {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	shop(t, "--local", "import", write(t, "goods.csv", goods)).want(t, exitDone, "3 imported")
}

// TestImportInterrupted reports what was done, and the next import does the rest.
func TestImportInterrupted(t *testing.T) {
	f := startFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.before = func(r *http.Request) int {
		if r.Method == http.MethodPut && len(f.products) == 1 {
			cancel()
			return http.StatusServiceUnavailable
		}
		return 0
	}
	file := write(t, "goods.csv", goods)
	var out, errs strings.Builder
	code := run(ctx, []string{"--local", "import", "--concurrency", "1", file}, streams{out: &out, err: &errs})
	result{code, out.String(), errs.String()}.want(t, exitInterrupted, "1 imported", "interrupted")
	f.before = nil
	shop(t, "--local", "import", file).want(t, exitDone, "2 imported", "1 unchanged")
	if got := f.versions(); got != "lamp:1 mug:1 pen:1" {
		t.Errorf("versions %s, want each product saved once", got)
	}
}

func TestImportAsWhom(t *testing.T) {
	f := startFake(t)
	file := write(t, "goods.csv", goods)
	t.Setenv("SHOP_ADMIN_PASSWORD", "wrong")
	shop(t, "--local", "import", file).want(t, exitFailed, "logging grace@example.com in: invalid credentials")
	t.Setenv("SHOP_ADMIN_PASSWORD", "")
	shop(t, "--local", "import", file).want(t, exitFailed, "no password: set SHOP_ADMIN_PASSWORD")
	t.Setenv("SHOP_ADMIN_EMAIL", "")
	shop(t, "import", file).want(t, exitFailed, "say which admin you are with --email or SHOP_ADMIN_EMAIL")
	shop(t, "--local", "import", file).want(t, exitFailed, "say which admin you are", "demo-credentials.json")
	t.Setenv("SHOP_ADMIN_PASSWORD", adminPassword)
	shop(t, "--local", "import", "--email", adminEmail, file).want(t, exitDone, "3 imported")
	f.before = func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, "/api/admin") {
			return http.StatusForbidden
		}
		return 0
	}
	shop(t, "--local", "import", "--email", adminEmail, file).want(t, exitFailed, "caller does not have the right",
		"shop grant gives rights")
}

// TestDemoAdmin: the local store's demo admin is who acts when nobody is named.
func TestDemoAdmin(t *testing.T) {
	startFake(t)
	t.Setenv("SHOP_ADMIN_EMAIL", "")
	t.Setenv("SHOP_ADMIN_PASSWORD", "")
	path := filepath.Join(os.Getenv("SHOP_DATA"), "demo-credentials.json")
	file := write(t, "goods.csv", goods)
	for content, want := range map[string]struct {
		code int
		text string
	}{
		`{"customer":{"email":"a@example.com","password":"x"},"admin":{"email":"` + adminEmail + `","password":"` +
			adminPassword + `"}}`: {exitDone, "imported"},
		`{"admin":{"email":"` + adminEmail + `"}}`: {exitFailed, "holds no admin with email and password"},
		`{`: {exitFailed, "reading " + path},
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		shop(t, "--local", "import", file).want(t, want.code, want.text)
	}
}

func replaySales(t *testing.T, args ...string) result {
	t.Helper()
	file := write(t, "sales.csv", salesFile)
	return shop(t, append([]string{"--local", "replay", file, "--password", "correct horse battery"}, args...)...)
}

func importSales(t *testing.T) {
	t.Helper()
	shop(t, "--local", "import", "--format", "online-retail", write(t, "sales.csv", salesFile)).want(t, exitDone)
}

func TestReplay(t *testing.T) {
	f := startFake(t)
	importSales(t)
	replaySales(t, "--orders", "9", "--concurrency", "2", "--json", "report.json").want(t, exitDone,
		"customers 2 (2 new)", "orders accepted 3 (13 units)",
		"ok, 2 products", "every order says that its mail was sent ok, 3 orders",
		"the mailbox holds exactly one mail an order ok, 3 orders")
	if f.passwords["success+17850@simulator.amazonses.com"] != "correct horse battery" || len(f.passwords) != 3 {
		t.Errorf("accounts %v", f.passwords)
	}
	var report jsonReport
	if err := json.Unmarshal([]byte(read(t, "report.json")), &report); err != nil {
		t.Fatal(err)
	}
	if !report.Holds || report.Accepted != 3 || report.Units != 13 || len(report.Checks) != 6 || report.P50 <= 0 ||
		report.OrdersASecond <= 0 {
		t.Errorf("report %+v", report)
	}
	replaySales(t, "--orders", "9").want(t, exitDone, "accepted earlier 3", "2 (0 new)", "0 (0 units)")
}

func TestReplayFewerOrders(t *testing.T) {
	startFake(t)
	importSales(t)
	replaySales(t, "--orders", "1").want(t, exitDone, "1 (8 units)")
}

func TestReplayFindsFaults(t *testing.T) {
	f := startFake(t)
	importSales(t)
	f.oversell = true
	replaySales(t).want(t, exitFailed, "FAILED, 2 of 2 products: 22423 went from 8 to 8, sold 7", "a check failed")
}

func TestReplayWithoutGoods(t *testing.T) {
	startFake(t)
	replaySales(t).want(t, exitFailed, "refused: product_not_found 3", "none was accepted", "a check failed")
}

func TestReplayPassword(t *testing.T) {
	f := startFake(t)
	importSales(t)
	file := write(t, "sales.csv", salesFile)
	shop(t, "--local", "replay", file).want(t, exitDone, "the customers' password is ")
	if got := f.passwords["success+17850@simulator.amazonses.com"]; len(got) < 20 {
		t.Errorf("password %q, want a random one", got)
	}
	shop(t, "--local", "replay", file).want(t, exitFailed, "a customer of an earlier replay has its password")
}

func TestReplayOfNothing(t *testing.T) {
	startFake(t)
	header, _, _ := strings.Cut(salesFile, "\n")
	shop(t, "--local", "replay", write(t, "sales.csv", header+"\n")).want(t, exitFailed,
		"no invoice has a customer and goods")
}
