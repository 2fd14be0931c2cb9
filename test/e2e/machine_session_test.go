package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// machineSession is what an API key is exchanged for.
type machineSession struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int64    `json:"expires_in"`
	Scopes      []string `json:"scopes"`
}

// newAPIKey makes a key as an operator does, and returns it with its id.
func newAPIKey(t *testing.T, scopes ...string) (key, id string) {
	t.Helper()
	out := operator(t, append([]string{"api-key", "create", "e2e " + unique()}, scopes...)...)
	for _, line := range strings.Split(out, "\n") { // beside it, the line of the audit log
		if id, _, found := strings.Cut(line, "."); found && strings.HasPrefix(id, "shopkey_") {
			return line, id
		}
	}
	t.Fatalf("no key is printed: %s", out)
	return "", ""
}

func exchange(key string) call {
	return call{method: "POST", path: "/machine-sessions", body: map[string]string{"api_key": key}}
}

// machine exchanges the key.
func machine(t *testing.T, key string) caller {
	t.Helper()
	s := decodeExact[machineSession](t, send(t, exchange(key)).want(t, http.StatusCreated))
	if s.TokenType != "Bearer" || s.ExpiresIn != 900 {
		t.Errorf("session = %+v, want a Bearer token of 15 minutes", s)
	}
	return caller{token: s.AccessToken}
}

// TestMachineRoutes: at every private route a key's token opens what its scopes do, and nothing of a customer's. Once
// the key is revoked, the same token opens nothing, and the key gets no other.
func TestMachineRoutes(t *testing.T) {
	t.Parallel()
	needStore(t)
	for _, scope := range staffRoles {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			key, id := newAPIKey(t, scope)
			m, p := machine(t, key), newProduct(t)
			routes := privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26))
			for _, route := range routes {
				reads := route.function == "ViewOrderFunction" && scope != "inventory"
				a := send(t, route.call.by(m))
				switch {
				case reads:
					a.refused(t, http.StatusNotFound, "order_not_found")
				case route.scope != scope:
					a.want(t, http.StatusForbidden)
				case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || a.status >= 500:
					t.Errorf("%s: answered %d %s", route.name(), a.status, clip(a.body))
				}
			}
			operator(t, "api-key", "revoke", id)
			for _, route := range routes {
				if route.scope == scope {
					send(t, route.call.by(m)).refused(t, http.StatusForbidden, "forbidden")
				}
			}
			send(t, exchange(key)).refused(t, http.StatusUnauthorized, "invalid_api_key")
		})
	}
}

// TestMachine: a key's token names the key and no person; what it does is recorded under the key's id, and its last use
// is listed.
func TestMachine(t *testing.T) {
	t.Parallel()
	needStore(t)
	key, id := newAPIKey(t, "inventory", "history")
	m, p := machine(t, key), newProduct(t)
	claims, err := claimsOf(m.token)
	if err != nil {
		t.Fatal(err)
	}
	if claims["sub"] != id || claims["client_id"] != id || claims["scope"] != "inventory history" ||
		claims["email"] != nil || claims["sid"] != nil {
		t.Errorf("claims = %v, want sub and client_id %s, the scopes, and neither email nor sid", claims, id)
	}
	send(t, stockAdjust(m, p.ProductID, adjustStock{1, "counted by a machine"})).want(t, http.StatusOK)
	path := "/admin/products/" + p.ProductID + "/stock/movements"
	a := send(t, call{method: "GET", path: path, from: m}).want(t, http.StatusOK)
	if !strings.Contains(string(a.body), `"by":"`+id+`"`) {
		t.Errorf("the movement is not the key's: %s", clip(a.body))
	}
	o := newOrder(t, newCustomer(t), one(p.ProductID))
	send(t, getOrder(m, o.OrderID)).want(t, http.StatusOK)
	send(t, viewAccount(m)).want(t, http.StatusForbidden)
	if list := operator(t, "api-key", "list"); !strings.Contains(list, id+"  inventory,history  ") ||
		strings.Contains(list, strings.TrimPrefix(key, id+".")) {
		t.Errorf("the list lacks the key, or has its secret:\n%s", list)
	}
	operator(t, "api-key", "revoke", id)
	if list := operator(t, "api-key", "list"); strings.Contains(list, id) {
		t.Errorf("a revoked key is listed:\n%s", list)
	}
}

// TestNoMachine: what is no key, or nobody's, gets the one answer; and a token that says it is a machine's and a
// person's is neither's.
func TestNoMachine(t *testing.T) {
	t.Parallel()
	needStore(t)
	key, id := newAPIKey(t, "history")
	m := machine(t, key)
	for name, guess := range map[string]string{
		"a wrong secret":   id + "." + strings.Repeat("A", 43),
		"nobody's":         "shopkey_" + strings.Repeat("a", 26) + "." + strings.Repeat("A", 43),
		"without a secret": id,
		"an address":       admin(t).Email,
	} {
		t.Run(name, func(t *testing.T) {
			send(t, exchange(guess)).refused(t, http.StatusUnauthorized, "invalid_api_key")
		})
	}
	history := call{method: "GET", path: "/admin/orders"}
	for name, token := range map[string]string{
		"a person's and a machine's": copyOf(t, m.token).claim("email", admin(t).Email).genuine(t),
		"another machine's":          copyOf(t, m.token).claim("client_id", "shopkey_other").genuine(t),
	} {
		t.Run(name, func(t *testing.T) {
			a := invocation{function: "ListOrdersFunction", call: history.by(caller{token: token})}.invoke(t)
			a.refused(t, http.StatusUnauthorized, "unauthenticated")
		})
	}
	wider := copyOf(t, m.token).claim("scope", "history inventory admin customer").genuine(t)
	p := newProduct(t)
	send(t, stockAdjust(caller{token: wider}, p.ProductID, adjustStock{1, "forged"})).
		refused(t, http.StatusForbidden, "forbidden")
	send(t, viewAccount(caller{token: wider})).refused(t, http.StatusForbidden, "forbidden")
	operator(t, "api-key", "revoke", id)
}
