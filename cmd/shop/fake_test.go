package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"shop/internal/order"
	"shop/internal/rootkeys"
	"shop/test/contract"
)

const (
	adminEmail    = "grace@example.com"
	adminPassword = "a compiler is a poem"
	orderedAt     = "2026-01-05T08:00:00.000Z"
)

// fakeStore is a deployment in one server, one flow wide: CloudFormation tells the outputs, DynamoDB sets
// roles, lifts suppressions and has failed mails, SQS has dead letters, the mailbox holds mails, and the store answers
// what the commands ask. Every answer of the store is held to the contract.
type fakeStore struct {
	t        *testing.T
	contract *contract.Contract

	mu         sync.Mutex
	outputs    map[string]string
	parameters map[string]string
	products   map[string]fakeProduct
	passwords  map[string]string       // by address
	roles      map[string]string       // by address, as DynamoDB has them
	unverified bool                    // whether users have yet to verify their address
	suppressed map[string]bool         // the addresses that are suppressed, by hash
	orders     map[string][]order.Item // by order id
	// is asked before the store answers, when not nil; a status other than 0 is the answer
	before      func(r *http.Request) (deny int)
	oversell    bool
	failedMails failedMails
	keys        *fakeKeys      // nil: a stack that has none
	pictures    map[string]int // how often each was uploaded, by its SHA-256
}

// fakeProduct is an admin's product as JSON has it, with all members that were saved.
type fakeProduct map[string]any

func (p fakeProduct) stock() int64 { return int64(p["stock"].(float64)) }

func (p fakeProduct) version() int64 { return int64(p["version"].(float64)) }

// price is in minor units.
func (p fakeProduct) price() float64 { return p["price"].(map[string]any)["amount"].(float64) }

func (p fakeProduct) sell(units int64) { p["stock"] = float64(p.stock() - units) }

// loadContract reads the contract once for all tests.
var loadContract = sync.OnceValues(func() (*contract.Contract, error) {
	return contract.Load("../../docs/openapi.yaml")
})

// The root keys of the fake. Nobody may act on it with others.
const rootID, rootSecret = "SHOPROOTAAAAAAAAAAAAAAAA", "a secret of forty characters, or nearly so"

// writeKeys writes the fake's root keys where --local looks for them.
func writeKeys(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf(`{"access_key_id":%q,"secret_access_key":%q}`, rootID, rootSecret)
	if err := os.WriteFile(filepath.Join(os.Getenv("SHOP_DATA"), rootkeys.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startFake starts the server, and points --local and the admin's environment at it.
func startFake(t *testing.T) *fakeStore {
	t.Helper()
	whole, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeStore{t: t, products: map[string]fakeProduct{}, orders: map[string][]order.Item{},
		passwords: map[string]string{adminEmail: adminPassword},
		roles:     map[string]string{"ada@example.com": "customer"}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	if f.contract, err = whole.Under(server.URL + "/api"); err != nil {
		t.Fatal(err)
	}
	f.outputs = map[string]string{"ApiUrl": server.URL + "/api", "UsersTable": "people",
		"SuppressedAddressesTable": "list", "Currency": "GBP",
		"MailsTable": mailsTable, "MailQueueUrl": mailQueue, "MailDeadLetterQueueUrl": deadLetterQueue}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "SHOP_STACK": "",
		"SHOP_ADMIN_EMAIL": adminEmail, "SHOP_ADMIN_PASSWORD": adminPassword, "SHOP_DATA": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	writeKeys(t)
	t.Chdir(t.TempDir())
	return f
}

func (f *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if by := r.Header.Get("Authorization"); strings.HasPrefix(by, "AWS4-") &&
		!strings.Contains(by, "Credential="+rootID+"/") {
		f.t.Errorf("%s %s is signed by another key: %s", r.Method, r.URL.Path, by)
	}
	body, _ := io.ReadAll(r.Body)
	path, store := strings.CutPrefix(r.URL.Path, "/api")
	target := r.Header.Get("X-Amz-Target")
	switch {
	case f.failedMails.serves(target, body):
		f.failedMails.serve(w, target, body)
	case f.keys != nil && f.keys.serve(w, r, string(body)):
	case store:
		f.hold(w, r, func(w http.ResponseWriter) { f.store(w, r, path, body) })
	case r.URL.Path == "/uploads":
		f.takeUpload(w, r, body)
	case r.URL.Path == "/_ministack/ses/messages":
		f.mailbox(w)
	case target == "DynamoDB_20120810.GetItem":
		f.getUser(w, body)
	case target == "DynamoDB_20120810.UpdateItem":
		f.updateItem(w, body)
	case target == "DynamoDB_20120810.DeleteItem":
		f.deleteItem(w, body)
	case strings.Contains(string(body), "Action=GetCallerIdentity"):
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>`+operatorARN+
			`</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	default:
		f.describeStacks(w, string(body))
	}
}

// hold answers, and holds the answer to the contract.
func (f *fakeStore) hold(w http.ResponseWriter, r *http.Request, answer func(http.ResponseWriter)) {
	recorder := httptest.NewRecorder()
	answer(recorder)
	response := recorder.Result()
	if err := f.contract.CheckAnswer(r, response, recorder.Body.Bytes()); err != nil {
		f.t.Errorf("the fake breaks the contract: %v\n%s", err, recorder.Body)
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(recorder.Body.Bytes())
}

func answer(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", "R")
	h.Set("Content-Type", "application/json")
	if status >= 400 {
		h.Set("Content-Type", "application/problem+json")
	}
	if status == 401 {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if status == 503 {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

var codes = map[int]string{
	400: "invalid_request", 401: "invalid_credentials", 403: "forbidden", 404: "product_not_found", 409: "email_taken",
	503: "busy",
}

func deny(w http.ResponseWriter, status int, members map[string]any) {
	problem := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": "It cannot be.", "code": codes[status], "request_id": "R"}
	for name, value := range members {
		problem[name] = value
	}
	answer(w, status, problem)
}

// wrongField returns the members that only an invalid request's problem has.
func wrongField(status int, field, message string) map[string]any {
	if status != http.StatusBadRequest {
		return nil
	}
	return map[string]any{"errors": []any{map[string]any{"field": field, "message": message}}}
}

func (f *fakeStore) store(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	if f.before != nil {
		if status := f.before(r); status != 0 {
			deny(w, status, wrongField(status, "name", "is not funny"))
			return
		}
	}
	id := path[strings.LastIndex(path, "/")+1:]
	switch route := r.Method + " " + strings.TrimSuffix(path, id); {
	case r.Method+" "+path == "POST /users":
		f.signUp(w, body)
	case r.Method+" "+path == "POST /sessions":
		f.logIn(w, body)
	case r.Method+" "+path == "GET /products":
		f.browse(w)
	case r.Method+" "+path == "GET /admin/products":
		f.list(w, r.URL.Query())
	case route == "GET /admin/products/":
		f.view(w, id)
	case route == "PUT /admin/products/":
		f.save(w, id, body)
	case r.Method+" "+path == "POST /admin/pictures":
		f.beginPicture(w, r, body)
	case strings.HasPrefix(path, "/admin/pictures/"):
		f.finishPicture(w, strings.Split(path, "/")[3])
	case r.Method+" "+path == "POST /orders":
		f.place(w, r, body)
	case route == "GET /orders/":
		answer(w, 200, f.order(id, "sent"))
	}
}

// browse answers that there is nothing to buy, as the catalogue is answered: for caches, too.
func (f *fakeStore) browse(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=5")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", "R")
	h.Set("ETag", `"thereisnothingtobuyyet"`)
	h.Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"items":[],"next_cursor":null}`)
}

// beginPicture sends no form for a picture that was uploaded.
func (f *fakeStore) beginPicture(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct{ SHA256 string }
	_ = json.Unmarshal(body, &in)
	shown := map[string]any{"image_url": "/images/" + in.SHA256}
	if f.pictures[in.SHA256] > 0 {
		answer(w, 200, shown)
		return
	}
	shown["upload"] = map[string]any{
		"url": "http://" + r.Host + "/uploads", "fields": map[string]string{"key": in.SHA256}, "expires_at": orderedAt,
	}
	answer(w, 201, shown)
}

func (f *fakeStore) takeUpload(w http.ResponseWriter, r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	if f.pictures == nil {
		f.pictures = map[string]int{}
	}
	f.pictures[r.FormValue("key")]++
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeStore) finishPicture(w http.ResponseWriter, name string) {
	answer(w, 201, map[string]any{"image_url": "/images/" + name})
}

type account struct{ Email, Password, Name string }

func (f *fakeStore) signUp(w http.ResponseWriter, body []byte) {
	var c account
	_ = json.Unmarshal(body, &c)
	if _, taken := f.passwords[c.Email]; taken {
		deny(w, 409, nil)
		return
	}
	f.passwords[c.Email] = c.Password
	answer(w, 201, map[string]any{
		"user_id": "usr_019b8f4e-7c00-7000-8000-000000000000", "email": c.Email, "name": c.Name,
		"created_at": orderedAt,
	})
}

// logIn gives the address as the token.
func (f *fakeStore) logIn(w http.ResponseWriter, body []byte) {
	var c account
	_ = json.Unmarshal(body, &c)
	if password, known := f.passwords[c.Email]; !known || password != c.Password {
		deny(w, 401, nil)
		return
	}
	answer(w, 201, map[string]any{
		"access_token": "e30." + base64.RawURLEncoding.EncodeToString([]byte(c.Email)) + ".c2ln",
		"token_type":   "Bearer", "expires_in": 900,
		"refresh_token": "ses_" + strings.Repeat("a", 26) + "." + strings.Repeat("A", 43),
	})
}

func (f *fakeStore) list(w http.ResponseWriter, query url.Values) {
	ids := []string{}
	for id := range f.products {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	start, _ := slices.BinarySearch(ids, query.Get("cursor"))
	page := ids[start:min(start+2, len(ids))] // short pages, so that there are several
	items := []fakeProduct{}
	for _, id := range page {
		items = append(items, f.listed(f.products[id]))
	}
	var next any
	if start+2 < len(ids) {
		next = ids[start+2]
	}
	answer(w, 200, map[string]any{"items": items, "next_cursor": next})
}

// listed returns the members that lists show of a product.
func (f *fakeStore) listed(p fakeProduct) fakeProduct {
	shown, err := f.contract.Members("AdminProductInList")
	if err != nil {
		f.t.Error(err)
	}
	p = maps.Clone(p)
	maps.DeleteFunc(p, func(name string, _ any) bool { return !slices.Contains(shown, name) })
	return p
}

func (f *fakeStore) view(w http.ResponseWriter, id string) {
	if f.products[id] == nil {
		deny(w, 404, nil)
		return
	}
	answer(w, 200, f.products[id])
}

// save gives a product all members that are sent.
func (f *fakeStore) save(w http.ResponseWriter, id string, body []byte) {
	p, exists := f.products[id]
	if !exists {
		p = fakeProduct{"product_id": id, "created_at": orderedAt, "stock": 0.0, "version": 0.0,
			"low_stock_threshold": 5.0}
	}
	var sent map[string]any
	_ = json.Unmarshal(body, &sent)
	if exists && sent["stock"] != nil {
		deny(w, 400, wrongField(400, "stock", "only when new"))
		return
	}
	if version := sent["compare_version"]; version != nil && version != p["version"] {
		deny(w, 409, nil)
		return
	}
	delete(sent, "compare_version")
	maps.Copy(p, sent)
	p["stock_status"], p["updated_at"], p["version"] = "in_stock", orderedAt, float64(p.version()+1)
	f.products[id] = p
	answer(w, map[bool]int{true: 200, false: 201}[exists], p)
}

func (f *fakeStore) place(w http.ResponseWriter, r *http.Request, body []byte) {
	var request struct {
		Items []struct {
			ID       string `json:"product_id"`
			Quantity int64  `json:"quantity"`
		} `json:"items"`
	}
	_ = json.Unmarshal(body, &request)
	id := order.ID(r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"))
	w.Header().Set("Location", "https://shop.example/orders/"+id)
	if f.orders[id] != nil {
		w.Header().Set("Idempotent-Replayed", "true")
		answer(w, 201, f.order(id, "sent"))
		return
	}
	for _, item := range request.Items {
		if f.products[item.ID] == nil {
			w.Header().Del("Location")
			deny(w, 404, nil)
			return
		}
	}
	for _, item := range request.Items {
		if !f.oversell {
			f.products[item.ID].sell(item.Quantity)
		}
		f.orders[id] = append(f.orders[id], order.Item{ProductID: item.ID, Quantity: item.Quantity})
	}
	answer(w, 201, f.order(id, "pending"))
}

func (f *fakeStore) order(id, mail string) map[string]any {
	pound := map[string]any{"amount": 100, "currency": "GBP"}
	items := []any{}
	for _, item := range f.orders[id] {
		items = append(items, map[string]any{
			"product_id": item.ProductID, "name": "N", "unit_price": pound, "quantity": item.Quantity,
			"line_total": pound,
		})
	}
	o := map[string]any{"order_id": id, "user_id": "usr_019b8f4e-7c00-7000-8000-000000000000", "email": "a@example.com",
		"status": "placed", "items": items, "total": pound, "placed_at": orderedAt}
	if mail != "" {
		o["email_status"] = mail
	}
	return o
}

func (f *fakeStore) mailbox(w http.ResponseWriter) {
	mails := []any{}
	for id := range f.orders {
		mails = append(mails, map[string]any{"BodyText": "Thank you for your order " + id + "."})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": map[string]any{"000000000000": mails}})
}

const operatorARN = "arn:aws:iam::000000000000:user/hopper"

// user is a user as DynamoDB has it.
func (f *fakeStore) user(email string) string {
	unverified := ""
	if f.unverified {
		unverified = `,"unverified":{"BOOL":true}`
	}
	return fmt.Sprintf(`{"email":{"S":%q},"user_id":{"S":"usr_1"},"name":{"S":"N\u202e"},"password_hash":{"S":"h"},"role":{"S":%q},`+
		`"created_at":{"S":"2026-03-01T09:00:00.000Z"},"generation":{"N":"0"}%s}`, email, f.roles[email], unverified)
}

func (f *fakeStore) getUser(w http.ResponseWriter, body []byte) {
	var in struct {
		TableName string
		Key       map[string]map[string]string
	}
	_ = json.Unmarshal(body, &in)
	email := in.Key["email"]["S"]
	if _, known := f.roles[email]; !known || in.TableName != f.outputs["UsersTable"] {
		answerDynamoDB(w, 200, `{}`)
		return
	}
	answerDynamoDB(w, 200, `{"Item":`+f.user(email)+`}`)
}

// updateItem sets a role, as dynamostore asks for it, if the user is there and has another one. It answers the user as
// it was.
func (f *fakeStore) updateItem(w http.ResponseWriter, body []byte) {
	var in struct {
		TableName                 string
		Key                       map[string]map[string]string
		ExpressionAttributeValues map[string]map[string]string
	}
	_ = json.Unmarshal(body, &in)
	email, role := in.Key["email"]["S"], in.ExpressionAttributeValues[":role"]["S"]
	before, known := f.roles[email]
	old := f.user(email)
	switch {
	case known && strings.Contains(string(body), "verified_by = :by"):
		f.unverified = false
		answerDynamoDB(w, 200, `{}`)
	case in.TableName != f.outputs["UsersTable"] || !known:
		answerDynamoDB(w, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`)
	case before == role:
		answerDynamoDB(w, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":`+
				old+`}`)
	case in.ExpressionAttributeValues[":user"]["S"] != "usr_1":
		f.t.Errorf("the change is of %v, want usr_1", in.ExpressionAttributeValues[":user"])
	case in.ExpressionAttributeValues[":by"]["S"] != operatorARN:
		f.t.Errorf("the change is by %v, want %s", in.ExpressionAttributeValues[":by"], operatorARN)
	default:
		f.roles[email] = role
		answerDynamoDB(w, 200, `{"Attributes":`+old+`}`)
	}
}

// deleteItem lifts a suppression, as dynamostore asks for it, and answers the old item if there was one.
func (f *fakeStore) deleteItem(w http.ResponseWriter, body []byte) {
	var in struct {
		TableName, ReturnValues string
		Key                     map[string]map[string]string
	}
	_ = json.Unmarshal(body, &in)
	hash := in.Key["address_hash"]["S"]
	if in.TableName != f.outputs["SuppressedAddressesTable"] || in.ReturnValues != "ALL_OLD" || !f.suppressed[hash] {
		answerDynamoDB(w, 200, `{}`)
		return
	}
	delete(f.suppressed, hash)
	answerDynamoDB(w, 200, `{"Attributes":{"address_hash":{"S":"`+hash+`"}}}`)
}

func answerDynamoDB(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (f *fakeStore) describeStacks(w http.ResponseWriter, body string) {
	form, _ := url.ParseQuery(body)
	w.Header().Set("Content-Type", "text/xml")
	if form.Get("Action") != "DescribeStacks" || form.Get("StackName") != "shop" {
		w.WriteHeader(400)
		fmt.Fprintf(w,
			`<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id %s does not exist</Message></Error></ErrorResponse>`,
			form.Get("StackName"))
		return
	}
	describe(w, "CREATE_COMPLETE", f.outputs, f.parameters)
}

// describe answers DescribeStacks.
func describe(w http.ResponseWriter, status string, outputs, parameters map[string]string) {
	var all strings.Builder
	for key, value := range outputs {
		fmt.Fprintf(&all, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", key, value)
	}
	all.WriteString("</Outputs><Parameters>")
	for key, value := range parameters {
		fmt.Fprintf(&all, "<member><ParameterKey>%s</ParameterKey><ParameterValue>%s</ParameterValue></member>", key,
			value)
	}
	fmt.Fprintf(w,
		`<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop</StackName><StackStatus>%s</StackStatus>`+
			`<Outputs>%s</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, status,
		all.String())
}

// result is what a command line did.
type result struct {
	code     int
	out, err string
}

// shop runs a command line.
func shop(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, streams{out: &out, err: &err})
	return result{code, out.String(), err.String()}
}

// want wants the exit code, and the texts in output or errors, however wide the columns are.
func (r result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	all := strings.Join(strings.Fields(r.out+r.err), " ")
	missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(all, text) })
	if r.code != code || len(missing) > 0 {
		t.Errorf("exit code %d, want %d; not found: %q\nout:\n%s\nerr:\n%s", r.code, code, missing, r.out, r.err)
	}
}

// write makes a file in a new folder and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// versions are the versions of all products, by id.
func (f *fakeStore) versions() string {
	var all []string
	for id, p := range f.products {
		all = append(all, fmt.Sprintf("%s:%d", id, p.version()))
	}
	slices.SortFunc(all, cmp.Compare[string])
	return strings.Join(all, " ")
}
