package httpapitest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
)

// Problem is a refusal that is expected.
type Problem struct {
	Code    string
	Detail  string // empty for the one that the code mostly has
	More    string // members beyond those that every problem has, such as `"quantity":3`
	Header  map[string]string
	Cookies []string // Set-Cookie
}

// problems are the codes of the contract, and what clients are told of each.
var problems = map[string]struct {
	status int
	detail string
	header map[string]string
}{
	"invalid_request":          {400, "The request is not valid.", nil},
	"invalid_cursor":           {400, "The cursor was altered, or belongs to another query.", nil},
	"idempotency_key_required": {400, "The header Idempotency-Key is missing.", nil},
	"unauthenticated": {
		401, "A valid access token is needed.", map[string]string{"WWW-Authenticate": "Bearer"},
	},
	"invalid_credentials": {
		401, "The e-mail address or the password is wrong.", map[string]string{"WWW-Authenticate": "Bearer"},
	},
	"invalid_api_key": {
		401, "The API key is unknown or was revoked.", map[string]string{"WWW-Authenticate": "Bearer"},
	},
	"forbidden":         {403, "The caller may not do this.", nil},
	"product_not_found": {404, "There is no such product.", nil},
	"order_not_found":   {404, "There is no such order.", nil},
	"upload_not_found": {
		404, "Nothing was uploaded under this name, or it is gone. Begin again.", nil,
	},
	"not_found":              {404, "There is nothing here.", nil},
	"email_taken":            {409, "An account with this e-mail address exists already.", nil},
	"max_per_order_exceeded": {409, "One order may not have so many units of every item.", nil},
	"out_of_stock":           {409, "There is not enough of every item.", nil},
	"price_changed":          {409, "The order does not cost what was agreed to.", nil},
	"stock_changed":          {409, "The stock is not what it was compared with.", nil},
	"status_changed":         {409, "The order's status does not allow this change, or no longer.", nil},
	"product_changed":        {409, "The product is not of the version that it was compared with.", nil},
	"insufficient_stock":     {409, "The stock would fall below zero.", nil},
	"in_stock":               {409, "The product is in stock, and can be ordered now.", nil},
	"too_many_awaited": {
		409, "The customer waits for 100 products already. Withdraw one first.", nil,
	},
	"payload_too_large":      {413, "The body is larger than 64 KiB.", nil},
	"unsupported_media_type": {415, "The body must be application/json, in UTF-8.", nil},
	"idempotency_key_reused": {422, "The Idempotency-Key was used for another order.", nil},
	"picture_refused":        {422, "The file is no JPEG, PNG, WebP or AVIF picture.", nil},
	"too_many_requests":      {429, "Too many attempts. Try again later.", nil},
	"internal":               {500, "The store failed.", nil},
	"busy": {
		503, "The store is busy. Repeat the same request.", map[string]string{"Retry-After": "1"},
	},
}

// Codes returns the codes of the contract and the status of each.
func Codes() map[string]int {
	statuses := map[string]int{}
	for code, p := range problems {
		statuses[code] = p.status
	}
	return statuses
}

// CheckProblem compares the whole answer with the problem that is expected.
func (a Answer) CheckProblem(t testing.TB, want Problem) {
	t.Helper()
	answer := want.Answer(t, a.requestID)
	if got := a.Header["Retry-After"]; answer.Status == http.StatusServiceUnavailable && (got == "2" || got == "3") {
		answer.Header["Retry-After"] = got // which of the three it is, is left to chance
	}
	a.Check(t, answer)
}

// Answer returns the whole answer that is expected of the request.
func (p Problem) Answer(t testing.TB, requestID string) Want {
	t.Helper()
	known, ok := problems[p.Code]
	if !ok {
		t.Fatalf("there is no code %q", p.Code)
	}
	if p.Detail == "" {
		p.Detail = known.detail
	}
	if p.More != "" {
		p.More = "," + p.More
	}
	header := map[string]string{"Content-Type": "application/problem+json"}
	maps.Copy(header, known.header)
	maps.Copy(header, p.Header)
	return Want{Status: known.status, Header: header, Cookies: p.Cookies, Body: fmt.Sprintf(
		`{"type":"about:blank","title":%q,"status":%d,"detail":%q,"code":%q,"request_id":%q%s}`,
		http.StatusText(known.status), known.status, p.Detail, p.Code, requestID, p.More)}
}

// FieldErrors returns the invalid_request that names these fields, given as field, message, field, message.
func FieldErrors(pairs ...string) Problem {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"field":%q,"message":%q}`, pairs[i], pairs[i+1]))
	}
	return Problem{Code: "invalid_request", More: `"errors":[` + strings.Join(list, ",") + `]`}
}

// cause is what only the log may tell.
const cause = "calling 10.0.3.7 with AKIAEXAMPLE"

// CheckRefusals runs the handler on a domain that fails, and on one that is busy. The client is told what the contract
// has for the error, and nothing of the cause; the log tells the cause once. What each error becomes, the tests of
// storeapi have.
func CheckRefusals(t *testing.T, e Event, handler func(err error) httpapi.Handler) {
	t.Helper()
	for code, err := range map[string]error{"internal": errors.New("refused"), "busy": context.DeadlineExceeded} {
		a := Call(t, handler(fmt.Errorf("%s: %w", cause, err)), e)
		a.CheckProblem(t, Problem{Code: code})
		if strings.Count(a.Log, cause) != 1 {
			t.Errorf("the log does not tell the cause once: %s", a.Log)
		}
	}
}
