package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"shop/internal/access"
)

// privateRoute is a route that needs a token.
type privateRoute struct {
	function  string // logical id
	call      call
	adminOnly bool
}

// privateRoutes are all of them, with requests that would be good ones.
func privateRoutes(productID, orderID string) []privateRoute {
	sale := basket(one(productID))
	return []privateRoute{
		{"PlaceOrderFunction", place(anyone, unique(), sale), false},
		{"ListMyOrdersFunction", call{method: "GET", path: "/orders"}, false},
		{"ViewOrderFunction", call{method: "GET", path: "/orders/" + orderID}, false},
		{"DeleteAccountFunction", deleteAccount(anyone, "not the password"), false},
		{"EndSessionsFunction", endSessions(anyone, "not the password"), false},
		{"ChangePasswordFunction", changePassword(anyone, "not the password", newPassword), false},
		{"ViewAccountFunction", viewAccount(anyone), false},
		{"ViewAccountFunction", call{method: "GET", path: "/users/me/export"}, false},
		{"RenameAccountFunction", rename(anyone, "Ada"), false},
		{"ViewInventoryFunction", call{method: "GET", path: "/admin/products"}, true},
		{"ViewInventoryFunction", call{method: "GET", path: "/admin/products/" + productID}, true},
		{"SaveProductFunction", save(anyone, productID, productDraft(withoutStock)), true},
		{"UpdateStockFunction", stockSet(anyone, productID, setStock{5, 10, "forged"}), true},
		{"UpdateStockFunction", stockAdjust(anyone, productID, adjustStock{-1, "forged"}), true},
		{"UpdateStockFunction", call{method: "GET", path: "/admin/products/" + productID + "/stock/movements"}, true},
		{"ListOrdersFunction", call{method: "GET", path: "/admin/orders"}, true},
		{"SummarizeOrdersFunction", call{method: "GET", path: "/admin/orders/summary"}.with("from", "2011-09-01").with("to", "2011-09-30"), true},
	}
}

// TestPrivateRoutesAreThoseOfTheTable: what is shown of private routes is shown
// of every route that asks for a token.
func TestPrivateRoutesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	routes := privateRoutes("lamp", "ord_a")
	for _, key := range access.Routes() {
		rule, _ := access.Of(key)
		n := slices.IndexFunc(routes, func(r privateRoute) bool { return r.isOf(key) })
		switch {
		case rule.Open() != (n < 0):
			t.Errorf("%s: its rule is %+v, and it is number %d of the private routes", key, rule, n)
		case n >= 0 && routes[n].adminOnly != (rule.Scope == "admin"):
			t.Errorf("%s: its rule is %+v, and for admins only: %v", key, rule, routes[n].adminOnly)
		case n >= 0:
			routes = slices.Delete(routes, n, n+1)
		}
	}
	if len(routes) > 0 {
		t.Errorf("%+v are in no rule", routes)
	}
}

// isOf reports whether the request is one of the route.
func (r privateRoute) isOf(key string) bool {
	pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(key), `[^/]+`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(r.name())
}

func (r privateRoute) name() string { return r.call.method + " " + r.call.path }

// forgeries are tokens to be refused, made from a genuine one.
func forgeries(t *testing.T, token string) map[string]string {
	t.Helper()
	d := copyOf(t, token)
	forged := unsignedForgeries(t, d)
	for name, secret := range publicSecrets(t, d) {
		forged["HS256 with the public key as "+name] = d.by(t, jwt.SigningMethodHS256, secret)
	}
	for name, token := range alteredTokens(t, token) {
		forged[name] = token
	}
	for name, token := range wrongClaims(t, d) {
		forged[name] = token
	}
	for name, token := range wrongHeaders(t, d) {
		forged[name] = token
	}
	return forged
}

func unsignedForgeries(t *testing.T, d draftToken) map[string]string {
	t.Helper()
	key := strangersKey(t)
	return map[string]string{
		"alg none":        d.by(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"alg None":        d.head("alg", "None").signingString(t) + ".",
		"no alg":          d.head("alg", nil).signingString(t) + ".",
		"other key":       d.by(t, jwt.SigningMethodRS256, key),
		"other key, jwk":  d.head("jwk", asJWK(&key.PublicKey, d.header["kid"])).by(t, jwt.SigningMethodRS256, key),
		"other key, jku":  d.head("jku", "https://keys.example.com/jwks.json").by(t, jwt.SigningMethodRS256, key),
		"other key, x5u":  d.head("x5u", "https://keys.example.com/cert.pem").by(t, jwt.SigningMethodRS256, key),
		"other key's kid": d.head("kid", "stranger").by(t, jwt.SigningMethodRS256, key),
	}
}

// alteredTokens keep the genuine signature.
func alteredTokens(t *testing.T, token string) map[string]string {
	t.Helper()
	d := copyOf(t, token)
	signature := token[strings.LastIndex(token, "."):]
	return map[string]string{
		"scope forged":        d.claim("scope", "customer admin superuser").signingString(t) + signature,
		"subject forged":      d.claim("sub", "usr_01890a5d-ac96-774b-bcce-b302099a8057").signingString(t) + signature,
		"lifetime forged":     d.claim("exp", time.Now().Add(24*time.Hour).Unix()).signingString(t) + signature,
		"signature altered":   tamper(token, 2, func(s string) string { return otherCharacter(s[:1]) + s[1:] }),
		"signature cut":       token[:len(token)-4],
		"signature missing":   strings.TrimSuffix(token, signature),
		"signature empty":     strings.TrimSuffix(token, signature) + ".",
		"a segment too many":  token + ".e30",
		"a percent in it":     tamper(token, 1, func(s string) string { return s + "%0A" }),
		"payload no JSON":     tamper(token, 1, func(string) string { return "bm90IGpzb24" }),
		"header no base64url": tamper(token, 0, func(string) string { return "!!!!" }),
		"no token":            "token",
	}
}

// wrongClaims carry the store's own signature.
func wrongClaims(t *testing.T, d draftToken) map[string]string {
	t.Helper()
	issuer, _ := d.claims["iss"].(string)
	past, future := time.Now().Add(-10*time.Minute).Unix(), time.Now().Add(10*time.Minute).Unix()
	drafts := map[string]draftToken{
		"expired":             d.claim("exp", past).claim("iat", past-900).claim("nbf", past-900),
		"expired just now":    d.claim("exp", time.Now().Unix()-1),
		"no exp":              d.claim("exp", nil),
		"good for a day":      d.claim("exp", time.Now().Add(24*time.Hour).Unix()),
		"not yet valid":       d.claim("nbf", future),
		"issued later":        d.claim("iat", future),
		"wrong issuer":        d.claim("iss", "https://issuer.example.com"),
		"issuer with a slash": d.claim("iss", issuer+"/"),
		"no issuer":           d.claim("iss", nil),
		"wrong audience":      d.claim("aud", "another-store"),
		"no audience":         d.claim("aud", nil),
		"no subject":          d.claim("sub", nil),
		"empty subject":       d.claim("sub", ""),
		"subject a number":    d.claim("sub", 7),
		"no iat":              d.claim("iat", nil),
		"exp a text":          d.claim("exp", fmt.Sprint(future)),
	}
	forged := map[string]string{}
	for name, draft := range drafts {
		forged[name] = draft.genuine(t, sha256RSA)
	}
	return forged
}

// wrongHeaders carry the store's own signature too. The local gateway checks
// every signature as RS256's, whatever alg says; hence both kinds of RS512.
func wrongHeaders(t *testing.T, d draftToken) map[string]string {
	t.Helper()
	return map[string]string{
		"RS512":                 d.head("alg", "RS512").genuine(t, sha512RSA),
		"RS512 signed RS256":    d.head("alg", "RS512").genuine(t, sha256RSA),
		"RS256 signed RS512":    d.genuine(t, sha512RSA),
		"PS256":                 d.head("alg", "PS256").genuine(t, sha256PSS),
		"the store's other key": d.withOtherKey(t).genuine(t, sha256RSA),
		"no kid":                d.head("kid", nil).genuine(t, sha256RSA),
		"unknown kid":           d.head("kid", "unknown").genuine(t, sha256RSA),
		"kid a path":            d.head("kid", "../../etc/passwd").genuine(t, sha256RSA),
		"critical extension":    d.head("crit", []string{"exp"}).genuine(t, sha256RSA),
		"typ of an id token":    d.head("typ", "JWT").genuine(t, sha256RSA),
		"typ of a logout":       d.head("typ", "logout+jwt").genuine(t, sha256RSA),
		"unencoded payload":     d.head("b64", false).head("crit", []string{"b64"}).genuine(t, sha256RSA),
		"RS256 in small print":  d.head("alg", "rs256").genuine(t, sha256RSA),
	}
}

// TestTokensOfBothKeys: whichever of the store's two keys signed a token, it is
// good, so that the keys can be exchanged. It keeps the forgeries above honest,
// too: signed again unchanged, they are genuine.
func TestTokensOfBothKeys(t *testing.T) {
	t.Parallel()
	d := copyOf(t, admin(t).token)
	other := d.withOtherKey(t)
	for name, token := range map[string]string{
		"the same key":  d.genuine(t, sha256RSA),
		"the other key": other.head("kid", other.key).genuine(t, sha256RSA),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/orders", "/admin/orders"} {
				send(t, call{method: "GET", path: path, from: caller{token: token}}).want(t, http.StatusOK)
			}
		})
	}
}

// TestForgedTokens: no forged token passes the gateway and the function
// together. The gateway of the emulator lets some through; the function's own
// check refuses those.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	c := admin(t)
	forged := forgeries(t, c.token)
	if len(forged) < 50 { // kinds have been lost: two of one name, perhaps
		t.Errorf("got %d forgeries", len(forged))
	}
	for name, token := range forged {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/orders", "/admin/orders"} {
				send(t, call{method: "GET", path: path, from: caller{token: token}}).want(t, http.StatusUnauthorized)
			}
		})
	}
}

// TestForgedTokensPastTheGateway invokes the functions with the forged token
// and with claims as if the authorizer had found it good: a function believes
// neither. Two functions get every forgery, the others one of each kind: all
// have the same check, if they are wired to it.
func TestForgedTokensPastTheGateway(t *testing.T) {
	t.Parallel()
	c := admin(t)
	p := newProduct(t)
	all := forgeries(t, c.token)
	all["none at all"] = ""
	some := map[string]string{}
	for _, name := range []string{"none at all", "alg none", "other key", "scope forged", "expired", "no exp", "wrong issuer", "wrong audience", "RS512"} {
		some[name] = all[name]
	}
	claims := claimStrings(t, c.token)
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		t.Run(route.name(), func(t *testing.T) {
			tokens := some
			if route.function == "PlaceOrderFunction" || route.function == "ListOrdersFunction" {
				tokens = all
			}
			for name, token := range tokens {
				route.call.from.token = token
				a := invocation{function: route.function, call: route.call, claims: claims}.invoke(t)
				if p, err := a.problem(); err != nil || a.status != http.StatusUnauthorized || p.Code != "unauthenticated" {
					t.Errorf("%s: answered %d: %s", name, a.status, clip(a.body))
				}
			}
		})
	}
	if got := inventory(t, p.ProductID); got != p {
		t.Errorf("the product is now %+v, want it untouched: %+v", got, p)
	}
}

// TestGenuineTokenPastTheGateway keeps the test above honest: its events are
// good ones, but for the token.
func TestGenuineTokenPastTheGateway(t *testing.T) {
	t.Parallel()
	c := admin(t)
	p := newProduct(t, stocked(plenty))
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		t.Run(route.name(), func(t *testing.T) {
			route.call.from = c
			a := invocation{function: route.function, call: route.call}.invoke(t)
			p, _ := a.problem()
			wrongPassword := p.Code == "invalid_credentials" // nobody is to be deleted here
			if a.status == http.StatusUnauthorized && !wrongPassword || a.status == http.StatusForbidden || a.status == http.StatusBadRequest {
				t.Errorf("answered %d: %s", a.status, clip(a.body))
			}
		})
	}
}

func claimStrings(t *testing.T, token string) map[string]string {
	t.Helper()
	claims, err := claimsOf(token)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for name, value := range claims {
		if s, ok := value.(string); ok {
			found[name] = s
		}
	}
	return found
}

// TestPrivateRoutesNeedAToken: without a token nobody comes in, and a
// customer's does not open an admin's route.
func TestPrivateRoutesNeedAToken(t *testing.T) {
	t.Parallel()
	customer := newCustomer(t)
	p := newProduct(t)
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		t.Run(route.name(), func(t *testing.T) {
			send(t, route.call).want(t, http.StatusUnauthorized)
			for _, header := range []string{"Bearer", "Bearer ", "Basic " + customer.token, "Bearer " + customer.token + " x"} {
				c := route.call
				c.header = http.Header{"Authorization": {header}}
				send(t, c).want(t, http.StatusUnauthorized)
			}
			if route.adminOnly {
				send(t, route.call.by(customer)).want(t, http.StatusForbidden)
			}
		})
	}
	if got := inventory(t, p.ProductID); got != p {
		t.Errorf("the product is now %+v, want it untouched: %+v", got, p)
	}
}

// TestAdminScopeWithoutTheRole: the right is looked up at each use, so a scope,
// though the store itself signed it, opens nothing to one who is no admin.
func TestAdminScopeWithoutTheRole(t *testing.T) {
	t.Parallel()
	customer, boss := newCustomer(t), admin(t)
	p := newProduct(t)
	d := copyOf(t, customer.token).claim("scope", "customer admin")
	tokens := map[string]string{
		"a customer's":                      d.genuine(t, sha256RSA),
		"a customer's with an admin's name": d.claim("email", boss.Email).genuine(t, sha256RSA),
		"a user nobody knows":               d.claim("email", freshEmail()).genuine(t, sha256RSA),
	}
	for name, token := range tokens {
		t.Run(name, func(t *testing.T) { wantNoAdmin(t, caller{token: token}, p) })
	}
}

// wantNoAdmin fails unless every admin's route refuses the caller.
func wantNoAdmin(t *testing.T, c caller, p adminProduct) {
	t.Helper()
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		if route.adminOnly {
			send(t, route.call.by(c)).refused(t, http.StatusForbidden, "forbidden")
		}
	}
	if got := inventory(t, p.ProductID); got != p {
		t.Errorf("the product is now %+v, want it untouched: %+v", got, p)
	}
}

// TestDemotedAdmin: whoever is no admin any more is out at once, though the
// token still says otherwise.
func TestDemotedAdmin(t *testing.T) {
	t.Parallel()
	former := newAdmin(t)
	p := newProduct(t)
	other := newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	send(t, getOrder(former, other.OrderID)).want(t, http.StatusOK)
	send(t, call{method: "GET", path: "/admin/orders", from: former}).want(t, http.StatusOK)

	operator(t, "revoke-admin", former.Email, "--yes")
	wantNoAdmin(t, former, p)
	send(t, getOrder(former, other.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	newOrder(t, former, one(newProduct(t).ProductID))
}

// TestPromotedCustomer: a token from before the promotion has no admin's scope.
func TestPromotedCustomer(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	operator(t, "grant-admin", c.Email, "--yes")
	send(t, call{method: "GET", path: "/admin/orders", from: c}).want(t, http.StatusForbidden)
}
