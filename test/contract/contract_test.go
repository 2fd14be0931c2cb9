package contract

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const document = "../../docs/openapi.yaml"

func load(t *testing.T) *Contract {
	t.Helper()
	c, err := Load(document)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// routes are all routes of the store and the scope that each needs; none is open to everyone.
var routes = []struct{ route, operation, scope string }{
	{"GET /.well-known/jwks.json", "publish-keys-jwks", ""},
	{"GET /.well-known/openid-configuration", "publish-keys-configuration", ""},
	{"GET /admin/orders", "list-orders", "history admin"},
	{"GET /admin/orders/summary", "summarize-orders", "history admin"},
	{"PUT /admin/orders/{order_id}/status", "change-order-status", "orders admin"},
	{"POST /admin/pictures", "upload-picture-begin", "inventory admin"},
	{"POST /admin/pictures/{sha256}/completion", "upload-picture-finish", "inventory admin"},
	{"GET /admin/products", "view-inventory", "inventory admin"},
	{"GET /admin/products/{product_id}", "view-inventory-product", "inventory admin"},
	{"PUT /admin/products/{product_id}", "save-product", "inventory admin"},
	{"PUT /admin/products/{product_id}/stock", "update-stock-set", "inventory admin"},
	{"POST /admin/products/{product_id}/stock/adjustments", "update-stock-adjust", "inventory admin"},
	{"GET /admin/products/{product_id}/stock/movements", "list-stock-movements", "inventory admin"},
	{"POST /browser-sessions", "log-in-browser", ""},
	{"POST /browser-sessions/refresh", "refresh-browser-session", ""},
	{"POST /browser-sessions/revoke", "log-out-browser", ""},
	{"GET /categories", "list-categories", ""},
	{"POST /machine-sessions", "open-machine-session", ""},
	{"GET /orders", "list-my-orders", "customer"},
	{"POST /orders", "place-order", "customer"},
	{"GET /orders/{order_id}", "view-order", "customer history orders admin"},
	{"POST /orders/{order_id}/cancellation", "change-order-cancel", "customer"},
	{"POST /password-resets", "request-reset", ""},
	{"PUT /password-resets", "reset-password", ""},
	{"GET /products", "browse-products", ""},
	{"HEAD /products", "browse-products-head", ""},
	{"GET /products/{product_id}", "view-product", ""},
	{"HEAD /products/{product_id}", "view-product-head", ""},
	{"DELETE /products/{product_id}/back-in-stock", "await-product-withdraw", "customer"},
	{"GET /products/{product_id}/back-in-stock", "await-product-view", "customer"},
	{"PUT /products/{product_id}/back-in-stock", "await-product", "customer"},
	{"DELETE /sessions", "end-sessions", "customer"},
	{"POST /sessions", "log-in", ""},
	{"POST /sessions/refresh", "refresh-session", ""},
	{"POST /sessions/revoke", "log-out", ""},
	{"POST /users", "sign-up", ""},
	{"DELETE /users/me", "delete-account", "customer"},
	{"GET /users/me", "view-account", "customer"},
	{"PATCH /users/me", "rename-account", "customer"},
	{"GET /users/me/export", "export-account", "customer"},
	{"PUT /users/me/password", "change-password", "customer"},
	{"POST /users/verification", "verify-email", ""},
}

func TestRoutes(t *testing.T) {
	var want []string
	for _, r := range routes {
		want = append(want, r.route)
	}
	if got := load(t).Routes(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestOperations(t *testing.T) {
	c := load(t)
	for _, r := range routes {
		method, path, _ := strings.Cut(r.route, " ")
		op := c.doc.Paths.Value(path).GetOperation(method)
		if op.OperationID != r.operation {
			t.Errorf("%s: operationId = %q, want %q", r.route, op.OperationID, r.operation)
		}
		var scopes []string // one of them is enough: each is a requirement of its own
		if op.Security != nil {
			for _, requirement := range *op.Security {
				scopes = append(scopes, strings.Join(requirement["accessToken"], "+"))
			}
		}
		if got := strings.Join(scopes, " "); got != r.scope {
			t.Errorf("%s: scope = %q, want %q", r.route, got, r.scope)
		}
	}
}

func TestLoadRefusesBrokenDocuments(t *testing.T) {
	whole, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ old, new string }{
		"no YAML":                {"openapi: 3.1.0", "openapi: ["},
		"a reference to nothing": {"'#/components/schemas/SignUp'", "'#/components/schemas/SignIn'"},
		"an example against a limit": {
			"items: [{product_id: brass-desk-lamp, requested: 3,",
			"items: [{product_id: brass-desk-lamp, requested: 0,",
		},
		"an example with one more": {
			"request_id: JKJaXmPLvHcESHA=\n            quantity: 42",
			"request_id: JKJaXmPLvHcESHA=\n            stock: 42",
		},
		"an operationId twice":       {"operationId: log-in", "operationId: sign-up"},
		"a path parameter undefined": {"name: order_id\n          in: path", "name: other_id\n          in: path"},
		"an unknown field":           {"summary: Check out", "sumary: Check out"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(string(whole), tt.old, tt.new, 1)
			if broken == string(whole) {
				t.Fatalf("the document has no %q to break", tt.old)
			}
			path := filepath.Join(t.TempDir(), "openapi.yaml")
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func TestLoadRefusesNoFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("it was accepted")
	}
}
