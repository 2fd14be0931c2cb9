package httpapi

import (
	"encoding/base64"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"shop/internal/validation"
)

// checkout has members of every kind that requests have.
type checkout struct {
	Email string  `json:"email"`
	Items []line  `json:"items"`
	Total *amount `json:"total"`
	Fast  *bool   `json:"fast"`
	Stock *int64  `json:"stock"`
}

type amount struct {
	Amount   *int64  `json:"amount"`
	Currency *string `json:"currency"`
}

type line struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

func jsonRequest(body string) *Request { return typedRequest("application/json", body) }

func typedRequest(contentType, body string) *Request {
	return &Request{
		event: events.APIGatewayV2HTTPRequest{Headers: map[string]string{"content-type": contentType}, Body: body},
	}
}

func encodedRequest(body string) *Request {
	r := jsonRequest(body)
	r.event.IsBase64Encoded = true
	return r
}

func pointer[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	whole := checkout{
		Email: "a@b", Items: []line{{"x", 1}, {"y", -2}}, Total: &amount{pointer(int64(5)), pointer("GBP")},
		Fast: pointer(false), Stock: pointer(int64(0)),
	}
	for body, want := range map[string]checkout{
		`{}`:           {},
		" \r\n{\t}\n ": {},
		`{"email":"a@b","items":[{"id":"x","quantity":1},{"quantity":-2,"id":"y"}],"total":{"amount":5,"currency":"GBP"},"fast":false,"stock":0}`: whole,
		`{"stock":0,"fast":false,"total":{"currency":"GBP","amount":5},"items":[{"id":"x","quantity":1},{"id":"y","quantity":-2}],"email":"a@b"}`: whole,
		`{"\u0065mail":"\u0061@\u0062"}`:           {Email: "a@b"},
		`{"email":"\ud83d\ude00 é \u0000 \"\\\/"}`: {Email: "😀 é \x00 \"\\/"},
		`{"items":[]}`: {Items: []line{}},
		`{"items":[{"quantity":1.0},{"quantity":1e3}]}`: {Items: []line{{Quantity: 1}, {Quantity: 1000}}},
		`{"total":{"amount":299.0}}`:                    {Total: &amount{Amount: pointer(int64(299))}},
		`{"stock":9223372036854775807}`:                 {Stock: pointer(int64(1<<63 - 1))},
		`{"stock":-9223372036854775808}`:                {Stock: pointer(int64(-1 << 63))},
		`{"stock":-0}`:                                  {Stock: pointer(int64(0))},
		`{"total":{}}`:                                  {Total: &amount{}},
	} {
		var got checkout
		if err := jsonRequest(body).decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", body, got, err, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	const (
		unknown = "is not a known member"
		twice   = "is given twice"
		wrong   = "has a value of the wrong type or range"
		null    = "must not be null"
		notJSON = "the body is not one valid JSON value"
	)
	for body, want := range map[string]validation.Problem{
		``:                                       {Field: "", Message: notJSON},
		" \n\t":                                  {Field: "", Message: notJSON},
		"null":                                   {Field: "", Message: notAnObject},
		" null\n":                                {Field: "", Message: notAnObject},
		"nul":                                    {Field: "", Message: notJSON},
		"[]":                                     {Field: "", Message: notAnObject},
		"[{}]":                                   {Field: "", Message: notAnObject},
		`"{}"`:                                   {Field: "", Message: notAnObject},
		"1":                                      {Field: "", Message: notAnObject},
		"true":                                   {Field: "", Message: notAnObject},
		"{":                                      {Field: "", Message: notJSON},
		"{} {}":                                  {Field: "", Message: notJSON},
		"{}x":                                    {Field: "", Message: notJSON},
		"{}\x00":                                 {Field: "", Message: notJSON},
		"null null":                              {Field: "", Message: notJSON},
		"\ufeff{}":                               {Field: "", Message: notJSON},
		"{/**/}":                                 {Field: "", Message: notJSON},
		"{'email':1}":                            {Field: "", Message: notJSON},
		`{"email":"a",}`:                         {Field: "", Message: notJSON},
		`{"email":"a`:                            {Field: "email", Message: notJSON},
		`{"email":NaN}`:                          {Field: "email", Message: notJSON},
		"{\"email\":\"a\nb\"}":                   {Field: "email", Message: notJSON},
		"{\"email\":\"\xff\"}":                   {Field: "email", Message: notJSON},
		"{\"email\":\"\xc0\xaf\"}":               {Field: "email", Message: notJSON},
		`{"email":"\ud800"}`:                     {Field: "email", Message: notJSON},
		`{"email":"\x41"}`:                       {Field: "email", Message: notJSON},
		"{\"\xff\":1}":                           {Field: "", Message: notJSON},
		`{"Email":"a"}`:                          {Field: "Email", Message: unknown},
		`{"EMAIL":"a"}`:                          {Field: "EMAIL", Message: unknown},
		`{"email ":"a"}`:                         {Field: "email ", Message: unknown},
		`{"e\u006dail":"a","phone":1}`:           {Field: "phone", Message: unknown},
		`{"":1}`:                                 {Field: "", Message: unknown},
		`{"a/b~c.d":1}`:                          {Field: "a/b~c.d", Message: unknown},
		`{"items":[{"id":"x"},{"ID":1}]}`:        {Field: "items[1].ID", Message: unknown},
		`{"total":{"tax":1}}`:                    {Field: "total.tax", Message: unknown},
		`{"email":"a","email":"a"}`:              {Field: "email", Message: twice},
		`{"email":"a","\u0065mail":"b"}`:         {Field: "email", Message: twice},
		`{"\u0065mail":"a","email":"b"}`:         {Field: "email", Message: twice},
		`{"items":[{"id":"x","id":"y"}]}`:        {Field: "items[0].id", Message: twice},
		`{"total":{"amount":1,"amoun\u0074":1}}`: {Field: "total.amount", Message: twice},
		`{"email":5}`:                            {Field: "email", Message: wrong},
		`{"email":["a"]}`:                        {Field: "email", Message: wrong},
		`{"email":{"a":1}}`:                      {Field: "email", Message: wrong},
		`{"items":"a"}`:                          {Field: "items", Message: wrong},
		`{"items":{"0":{}}}`:                     {Field: "items", Message: wrong},
		`{"items":[[]]}`:                         {Field: "items[0]", Message: wrong},
		`{"items":[{},{"quantity":1.5}]}`:        {Field: "items[1].quantity", Message: wrong},
		`{"items":[{"quantity":15e-1}]}`:         {Field: "items[0].quantity", Message: wrong},
		`{"items":[{"quantity":1e400}]}`:         {Field: "items[0].quantity", Message: wrong},
		`{"items":[{"quantity":null}]}`:          {Field: "items[0].quantity", Message: null},
		`{"items":[null,{}]}`:                    {Field: "items[0]", Message: null},
		`{"items":null}`:                         {Field: "items", Message: null},
		`{"email":null}`:                         {Field: "email", Message: null},
		`{"stock":null}`:                         {Field: "stock", Message: null},
		`{"fast":null}`:                          {Field: "fast", Message: null},
		`{"total":null}`:                         {Field: "total", Message: null},
		`{"total":{"amount":null}}`:              {Field: "total.amount", Message: null},
		`{"stock":nul}`:                          {Field: "stock", Message: notJSON},
		`{"stock":1.}`:                           {Field: "stock", Message: notJSON},
		`{"stock":1e}`:                           {Field: "stock", Message: notJSON},
		`{"items":[{"quantity":"3"}]}`:           {Field: "items[0].quantity", Message: wrong},
		`{"stock":9223372036854775808}`:          {Field: "stock", Message: wrong},
		`{"stock":99999999999999999999}`:         {Field: "stock", Message: wrong},
		`{"stock":01}`:                           {Field: "", Message: notJSON},
		`{"stock":+1}`:                           {Field: "stock", Message: notJSON},
		`{"fast":"true"}`:                        {Field: "fast", Message: wrong},
		`{"fast":0}`:                             {Field: "fast", Message: wrong},
		`{"total":{"amount":true}}`:              {Field: "total.amount", Message: wrong},
		strings.Repeat("[", 60_000):              {Field: "", Message: notAnObject},
		strings.Repeat(`{"a":`, 12_000):          {Field: "a", Message: unknown},
		`{"items":` +
			strings.Repeat("[", 60_000): {Field: "items[0]", Message: wrong},
		`{"email":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`: {
			Field: "email" + strings.Repeat("[0]", 32), Message: notJSON,
		},
		`{"` + strings.Repeat("x", 60_000) + `":1}`:                               {Field: "", Message: unknown},
		`{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`: {Field: "x", Message: unknown},
	} {
		name := body[:min(len(body), 40)]
		err := jsonRequest(body).decode(&checkout{})
		if got := problemsOf(err); !reflect.DeepEqual(got, validation.Errors{want}) {
			t.Errorf("%q: got %v, want %q: %s", name, err, want.Field, want.Message)
		}
		encoded := encodedRequest(base64.StdEncoding.EncodeToString([]byte(body))).decode(&checkout{})
		if !reflect.DeepEqual(encoded, err) {
			t.Errorf("%q: base64-encoded it is %v, plain %v", name, encoded, err)
		}
	}
}

func TestIntegers(t *testing.T) {
	long := strings.Repeat("0", 60_000)
	for number, want := range map[string]int64{
		"0": 0, "-0": 0, "0.0": 0, "-0.0e5": 0, "0e99999999999999999999": 0, "1": 1, "1.0": 1, "1e0": 1, "1E+0": 1,
		"1e-0": 1, "10e-1": 1, "0.1e1": 1,
		"-1.50e1": -15, "120": 120, "12e1": 120, "1e18": 1e18, "9223372036854775807": 1<<63 - 1,
		"-9223372036854775808":   -1 << 63,
		"922337203685477580.7e1": 1<<63 - 1, "1" + long + "e-60000": 1, "1." + long: 1,
		"9007199254740993.0": 9007199254740993,
	} {
		if got, err := parseInteger(number); err != nil || got != want {
			t.Errorf("%.40s: got %d, %v, want %d", number, got, err, want)
		}
	}
	for _, number := range []string{
		"1.5", "0.1", "1e-1", "15e-1", "9007199254740993.5", "1e19", "-1e19", "1e400", "-1e400", "1e-400",
		"1e99999999999999999999", "1e-99999999999999999999",
		"9223372036854775808", "9223372036854775808.0", "-9223372036854775809", "922337203685477580.8e1", "1" + long,
	} {
		if got, err := parseInteger(number); err == nil {
			t.Errorf("%.40s: got %d, want an error", number, got)
		}
	}
}

// TestIntegersAreExact: a number is taken with the value that it has, and refused only where int64 has no such value.
func TestIntegersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		got, err := parseInteger(number)
		exact, _ := new(big.Rat).SetString(number)
		if want := exact.IsInt() && exact.Num().IsInt64(); (err == nil) != want || want && got != exact.Num().Int64() {
			t.Fatalf("%s: got %d, %v", number, got, err)
		}
	})
}

func problemsOf(err error) validation.Errors {
	var problems validation.Errors
	errors.As(err, &problems)
	return problems
}

func TestContentTypes(t *testing.T) {
	for contentType, want := range map[string]error{
		"application/json":                       nil,
		"application/json; charset=utf-8":        nil,
		"application/json;charset=\"UTF-8\"":     nil,
		"Application/JSON ; Charset=utf-8":       nil,
		" application/json":                      nil,
		"":                                       ErrMediaType,
		"text/plain":                             ErrMediaType,
		"text/json":                              ErrMediaType,
		"application/problem+json":               ErrMediaType,
		"application/jsonp":                      ErrMediaType,
		"application/*":                          ErrMediaType,
		"application":                            ErrMediaType,
		"application/json/":                      ErrMediaType,
		"application/json, text/plain":           ErrMediaType,
		"application/json; charset":              ErrMediaType,
		"application/json; charset=a; charset=b": ErrMediaType,
		"application/json; charset=iso-8859-1":   ErrMediaType,
		"application/json; charset=utf-16":       ErrMediaType,
		"application/json; charset=us-ascii":     ErrMediaType,
		"application/json; charset=\"\"":         ErrMediaType,
		"application/json; profile=a":            nil,
		"application/x-www-form-urlencoded":      ErrMediaType,
	} {
		if err := typedRequest(contentType, "{}").decode(&checkout{}); !errors.Is(err, want) ||
			want == nil && err != nil {
			t.Errorf("%q: got %v, want %v", contentType, err, want)
		}
	}
	missing := &Request{event: events.APIGatewayV2HTTPRequest{Body: "{}"}}
	if err := missing.decode(&checkout{}); !errors.Is(err, ErrMediaType) {
		t.Errorf("without the header: got %v, want %v", err, ErrMediaType)
	}
}

func TestBodySizes(t *testing.T) {
	padded := func(size int) string { return "{}" + strings.Repeat(" ", size-2) }
	for size, want := range map[int]error{
		2: nil, 64<<10 - 1: nil, 64 << 10: nil, 64<<10 + 1: ErrTooLarge, 64<<10 + 2: ErrTooLarge,
		64<<10 + 3: ErrTooLarge, 2_000_000: ErrTooLarge,
	} {
		plain := jsonRequest(padded(size)).decode(&checkout{})
		encoded := encodedRequest(base64.StdEncoding.EncodeToString([]byte(padded(size)))).decode(&checkout{})
		if !errors.Is(plain, want) || !errors.Is(encoded, want) || want == nil && (plain != nil || encoded != nil) {
			t.Errorf("%d bytes: got %v plain, %v encoded, want %v", size, plain, encoded, want)
		}
	}
}

func TestBase64(t *testing.T) {
	for body, want := range map[string]string{
		"e30=":                 "",
		"eyJlbWFpbCI6ImEifQ==": "",
		"":                     "the body is not one valid JSON value",
		"e30":                  "the body is not what its encoding says",
		"{}":                   "the body is not what its encoding says",
		"e30=e30=":             "the body is not what its encoding says",
		"_w==":                 "the body is not what its encoding says",
		"/w==":                 "the body is not one valid JSON value",
	} {
		err := encodedRequest(body).decode(&checkout{})
		if got := problemsOf(err); want == "" && err != nil ||
			want != "" && !reflect.DeepEqual(got, validation.Errors{{Message: want}}) {
			t.Errorf("%q: got %v, want %q", body, err, want)
		}
	}
}

func TestHeader(t *testing.T) {
	r := &Request{
		event: events.APIGatewayV2HTTPRequest{Headers: map[string]string{"authorization": "lower", "X-Other": "mixed"}},
	}
	for name, want := range map[string]string{
		"Authorization": "lower", "authorization": "lower", "x-other": "mixed", "X-OTHER": "mixed", "X-None": "",
	} {
		if got := r.Header(name); got != want {
			t.Errorf("Header(%q) = %q, want %q", name, got, want)
		}
	}
}
