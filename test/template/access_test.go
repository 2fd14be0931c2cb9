package template

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shop/internal/access"
	"shop/test/contract"
)

// route is one that SAM wrote into an API: who serves it, and the scopes of which it asks for one at the door.
type route struct{ function, scopes string }

// routesOf reads the routes of an API by their keys.
func routesOf(t *testing.T, api Object) map[string]route {
	t.Helper()
	found := map[string]route{}
	paths, _ := At(api, "Properties", "Body", "paths").(Object)
	for path, methods := range paths {
		for method, operation := range under(methods).(Object) {
			operation = under(operation)
			scopes := "[]"
			if security, ok := At(operation, "security").([]any); ok {
				scopes = fmt.Sprint(At(security[0], "Token"))
			}
			uri := fmt.Sprint(At(under(At(operation, "x-amazon-apigateway-integration", "uri")), "Fn::Sub"))
			_, function, _ := strings.Cut(uri, "functions/${")
			function, _, _ = strings.Cut(function, "}")
			found[strings.ToUpper(method)+" "+path] = route{calledBy(function), scopes}
		}
	}
	return found
}

// under is what there is where a condition holds: the route of a function that is there under it.
func under(v any) any {
	if choice, ok := At(v, "Fn::If").([]any); ok {
		return choice[1]
	}
	return v
}

// calledBy is the function that a caller names by its ARN or by its alias.
func calledBy(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".Arn"), "Aliaslive")
}

// TestRoutesAreThoseOfTheTable: each deployed route has its rule in package access and asks at the door for the scopes
// of the rule; and each rule is of a route.
func TestRoutesAreThoseOfTheTable(t *testing.T) {
	tpl := Need(t)
	var deployed []string
	for _, api := range []string{"Api", "Issuer"} {
		for key, r := range routesOf(t, tpl.Resources[api]) {
			deployed = append(deployed, key)
			rule, ok := access.Of(key)
			if want := fmt.Sprint(rule.Scopes()); !ok || want != r.scopes {
				t.Errorf("%s: %s asks for one of %s, and the table has %s, %v", api, key, r.scopes, want, ok)
			}
			if issuers := strings.Contains(key, " /.well-known/"); issuers != (api == "Issuer") {
				t.Errorf("%s is a route of %s", key, api)
			}
		}
	}
	slices.Sort(deployed)
	if want := access.Routes(); !slices.Equal(deployed, want) {
		t.Errorf("got %v, want %v", deployed, want)
	}
}

func TestRoutesAreThoseOfTheContract(t *testing.T) {
	c, err := contract.Load(filepath.Join(Root(), "docs/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Routes()
	slices.Sort(got)
	if want := access.Routes(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestFunctionsServeTheirRoutesByTheTable: what a function serves, it serves through Guard.Routes or Open, which ask
// the table, and it is what the template sends it.
func TestFunctionsServeTheirRoutesByTheTable(t *testing.T) {
	tpl := Need(t)
	want := map[string][]string{}
	for _, api := range []string{"Api", "Issuer"} {
		for key, r := range routesOf(t, tpl.Resources[api]) {
			want[r.function] = append(want[r.function], key)
		}
	}
	if len(want) < 12 {
		t.Fatalf("%d functions have routes, too few to be all", len(want))
	}
	for function, routes := range want {
		slices.Sort(routes)
		if got := served(t, folder(function)); !slices.Equal(got, routes) {
			t.Errorf("%s serves %q, and the template sends it %q", function, got, routes)
		}
	}
}

// folder is PlaceOrderFunction's functions/place-order.
func folder(function string) string {
	var name strings.Builder
	for i, letter := range strings.TrimSuffix(function, "Function") {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			name.WriteByte('-')
		}
		name.WriteRune(letter)
	}
	return filepath.Join(Root(), "functions", strings.ToLower(name.String()))
}

// served finds the keys of the map that handler.go gives to Routes or Open.
func served(t *testing.T, folder string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, "handler.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		method, _ := call.Fun.(*ast.SelectorExpr)
		list, _ := call.Args[0].(*ast.CompositeLit)
		if method == nil || list == nil || method.Sel.Name != "Routes" && method.Sel.Name != "Open" {
			return true
		}
		for _, element := range list.Elts {
			keys = append(keys, text(element))
		}
		return true
	})
	slices.Sort(keys)
	return slices.Compact(keys) // a function may serve a route in one of two ways
}

// text is the key of an element of a map, or what shows that it is not written out.
func text(element ast.Expr) string {
	if pair, ok := element.(*ast.KeyValueExpr); ok {
		if literal, ok := pair.Key.(*ast.BasicLit); ok {
			if key, err := strconv.Unquote(literal.Value); err == nil {
				return key
			}
		}
	}
	return "a route that is not written out"
}
