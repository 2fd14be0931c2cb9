// Package contract compares answers of the store with docs/openapi.yaml. The tests of handlers and the end-to-end tests
// check every answer with it, so the document and the store cannot differ.
package contract

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Contract is a loaded OpenAPI document. It is safe for concurrent use.
type Contract struct {
	doc    *openapi3.T
	router routers.Router
	bases  []string // paths in front of the document's, without a slash at the end, the longest first
}

// Load reads and checks the OpenAPI document at path.
func Load(path string) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the contract %s: %w", path, err)
	}
	c := &Contract{doc: doc}
	if err := c.CheckDocument(); err != nil {
		return nil, fmt.Errorf("checking the contract %s: %w", path, err)
	}
	if c.router, err = gorillamux.NewRouter(withoutServers(doc)); err != nil {
		return nil, fmt.Errorf("routing by the contract %s: %w", path, err)
	}
	return c, nil
}

// CheckDocument says whether the document is valid OpenAPI and its examples are valid by their schemas.
func (c *Contract) CheckDocument() error {
	return c.doc.Validate(context.Background())
}

// Routes returns every route as "METHOD /path", sorted by path and method.
func (c *Contract) Routes() []string {
	var routes []string
	paths := c.doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(paths[path].Operations())) {
			routes = append(routes, method+" "+path)
		}
	}
	return routes
}

// Queries returns the names of the query parameters of a route, such as "GET /products".
func (c *Contract) Queries(route string) []string {
	method, path, _ := strings.Cut(route, " ")
	var names []string
	for _, parameter := range c.doc.Paths.Value(path).GetOperation(method).Parameters {
		if parameter.Value.In == openapi3.ParameterInQuery {
			names = append(names, parameter.Value.Name)
		}
	}
	return names
}

// Under returns the contract for requests whose URL has one of the bases in front of the document's paths, such as
// http://127.0.0.1:4566/_aws/execute-api/api. Without it a request's path is taken as it is.
func (c *Contract) Under(bases ...string) (*Contract, error) {
	under := *c
	under.bases = nil
	for _, base := range bases {
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("reading the base %q: %w", base, err)
		}
		under.bases = append(under.bases, strings.TrimSuffix(u.EscapedPath(), "/"))
	}
	slices.SortFunc(under.bases, func(a, b string) int { return len(b) - len(a) })
	return &under, nil
}

// withoutServers copies doc as far as a router looks, so that a request is found by its path alone.
func withoutServers(doc *openapi3.T) *openapi3.T {
	bare := *doc
	bare.Servers, bare.Paths = nil, openapi3.NewPathsWithCapacity(doc.Paths.Len())
	for path, item := range doc.Paths.Map() {
		copied := *item
		copied.Servers = nil
		bare.Paths.Set(path, &copied)
	}
	return &bare
}
