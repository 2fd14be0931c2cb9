package contract

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// refusals are the problems of each operation by status and code, besides those that every function may answer.
var refusals = map[string]string{
	"sign-up":                    "400 invalid_request, 409 email_taken, 413 payload_too_large, 415 unsupported_media_type",
	"log-in":                     "400 invalid_request, 401 invalid_credentials, 413 payload_too_large, 415 unsupported_media_type, 429 too_many_requests",
	"open-machine-session":       "400 invalid_request, 401 invalid_api_key, 413 payload_too_large, 415 unsupported_media_type, 429 too_many_requests",
	"refresh-session":            "400 invalid_request, 401 unauthenticated, 413 payload_too_large, 415 unsupported_media_type",
	"log-out":                    "400 invalid_request, 413 payload_too_large, 415 unsupported_media_type",
	"end-sessions":               "400 invalid_request, 401 invalid_credentials, 401 unauthenticated, 403 forbidden, 413 payload_too_large, 415 unsupported_media_type, 429 too_many_requests",
	"change-password":            "400 invalid_request, 401 invalid_credentials, 401 unauthenticated, 403 forbidden, 413 payload_too_large, 415 unsupported_media_type, 429 too_many_requests",
	"view-account":               "400 invalid_request, 401 unauthenticated, 403 forbidden",
	"rename-account":             "400 invalid_request, 401 unauthenticated, 403 forbidden, 413 payload_too_large, 415 unsupported_media_type",
	"export-account":             "400 invalid_cursor, 400 invalid_request, 401 unauthenticated, 403 forbidden",
	"log-in-browser":             "400 invalid_request, 401 invalid_credentials, 403 forbidden, 413 payload_too_large, 429 too_many_requests",
	"refresh-browser-session":    "400 invalid_request, 401 unauthenticated, 403 forbidden, 413 payload_too_large",
	"log-out-browser":            "400 invalid_request, 403 forbidden, 413 payload_too_large",
	"browse-products":            "400 invalid_cursor, 400 invalid_request",
	"list-categories":            "400 invalid_cursor, 400 invalid_request",
	"view-product":               "400 invalid_request, 404 product_not_found",
	"await-product":              "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found, 409 in_stock, 409 too_many_awaited",
	"await-product-view":         "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found",
	"await-product-withdraw":     "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found",
	"place-order":                "400 idempotency_key_required, 400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found, 409 max_per_order_exceeded, 409 out_of_stock, 409 price_changed, 413 payload_too_large, 415 unsupported_media_type, 422 idempotency_key_reused",
	"list-my-orders":             "400 invalid_cursor, 400 invalid_request, 401 unauthenticated, 403 forbidden",
	"change-order-cancel":        "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 order_not_found, 409 status_changed",
	"change-order-status":        "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 order_not_found, 409 status_changed, 413 payload_too_large, 415 unsupported_media_type",
	"view-order":                 "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 order_not_found",
	"view-inventory":             "400 invalid_cursor, 400 invalid_request, 401 unauthenticated, 403 forbidden",
	"view-inventory-product":     "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found",
	"save-product":               "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found, 409 product_changed, 413 payload_too_large, 415 unsupported_media_type",
	"update-stock-set":           "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found, 409 stock_changed, 413 payload_too_large, 415 unsupported_media_type",
	"update-stock-adjust":        "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found, 409 insufficient_stock, 413 payload_too_large, 415 unsupported_media_type, 422 idempotency_key_reused",
	"list-stock-movements":       "400 invalid_cursor, 400 invalid_request, 401 unauthenticated, 403 forbidden, 404 product_not_found",
	"upload-picture-begin":       "400 invalid_request, 401 unauthenticated, 403 forbidden, 413 payload_too_large, 415 unsupported_media_type",
	"upload-picture-finish":      "400 invalid_request, 401 unauthenticated, 403 forbidden, 404 upload_not_found, 422 picture_refused",
	"list-orders":                "400 invalid_cursor, 400 invalid_request, 401 unauthenticated, 403 forbidden",
	"summarize-orders":           "400 invalid_request, 401 unauthenticated, 403 forbidden",
	"verify-email":               "400 invalid_request, 413 payload_too_large, 415 unsupported_media_type",
	"request-reset":              "400 invalid_request, 413 payload_too_large, 415 unsupported_media_type",
	"reset-password":             "400 invalid_request, 413 payload_too_large, 415 unsupported_media_type",
	"delete-account":             "400 invalid_request, 401 invalid_credentials, 401 unauthenticated, 403 forbidden, 413 payload_too_large, 415 unsupported_media_type, 429 too_many_requests",
	"publish-keys-configuration": "400 invalid_request",
	"publish-keys-jwks":          "400 invalid_request",
}

const everyFunction = "500 internal, 503 busy"

func TestRefusals(t *testing.T) {
	got := map[string]string{}
	for _, item := range load(t).doc.Paths.Map() {
		for method, op := range item.Operations() {
			if method == http.MethodHead {
				continue // it has no bodies
			}
			got[op.OperationID] = strings.Join(problems(op), ", ")
		}
	}
	for id, want := range refusals {
		want = strings.TrimPrefix(want+", "+everyFunction, ", ")
		if got[id] != want {
			t.Errorf("%s:\ngot  %s\nwant %s", id, got[id], want)
		}
	}
	if len(got) != len(refusals) {
		t.Errorf("%d operations, want %d", len(got), len(refusals))
	}
}

// TestThrottling: API Gateway may throttle every route, and then says so in its own words.
func TestThrottling(t *testing.T) {
	for path, item := range load(t).doc.Paths.Map() {
		for method, op := range item.Operations() {
			if method == http.MethodHead {
				continue
			}
			content := op.Responses.Value("429").Value.Content.Get("application/json")
			if said := content.Schema.Value.Properties["message"].Value.Const; said != "Too Many Requests" {
				t.Errorf("%s %s: API Gateway's 429 says %v", method, path, said)
			}
		}
	}
}

// problems lists what op declares as application/problem+json, as "status code", sorted.
func problems(op *openapi3.Operation) []string {
	var all []string
	for status, response := range op.Responses.Map() {
		media := response.Value.Content["application/problem+json"]
		if media == nil {
			continue
		}
		for _, code := range codes(media.Schema.Value) {
			all = append(all, status+" "+code)
		}
	}
	slices.Sort(all)
	return all
}

func codes(schema *openapi3.Schema) []string {
	if len(schema.OneOf) == 0 {
		return []string{schema.Properties["code"].Value.Const.(string)}
	}
	var all []string
	for _, one := range schema.OneOf {
		all = append(all, codes(one.Value)...)
	}
	return all
}

// statuses are all codes of problems and the status of each.
var statuses = map[string]int{
	"invalid_request": 400, "invalid_cursor": 400, "idempotency_key_required": 400,
	"unauthenticated": 401, "invalid_credentials": 401, "invalid_api_key": 401, "forbidden": 403,
	"product_not_found": 404, "order_not_found": 404, "upload_not_found": 404, "not_found": 404,
	"email_taken": 409, "max_per_order_exceeded": 409, "out_of_stock": 409, "price_changed": 409,
	"product_changed": 409, "stock_changed": 409, "insufficient_stock": 409, "status_changed": 409,
	"in_stock": 409, "too_many_awaited": 409,
	"payload_too_large": 413, "unsupported_media_type": 415, "idempotency_key_reused": 422,
	"picture_refused":   422,
	"too_many_requests": 429, "internal": 500, "busy": 503,
}

func TestProblemStatuses(t *testing.T) {
	got := map[string]int{}
	for name, schema := range load(t).doc.Components.Schemas {
		if schema.Value.Properties["code"] == nil || name == "Problem" {
			continue
		}
		status, _ := schema.Value.Properties["status"].Value.Const.(float64)
		got[codes(schema.Value)[0]] = int(status)
	}
	if !maps.Equal(got, statuses) {
		t.Errorf("got  %v\nwant %v", got, statuses)
	}
}

func TestProblemsStandUnderTheirStatus(t *testing.T) {
	for _, item := range load(t).doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, problem := range problems(op) {
				status, code, _ := strings.Cut(problem, " ")
				if want := strconv.Itoa(statuses[code]); status != want {
					t.Errorf("%s: %s stands under %s, want %s", op.OperationID, code, status, want)
				}
			}
		}
	}
}
