// Package layout has the rules about which package may import which.
package layout

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// layers has the layer of each package of internal/. Domains have the rules: they import no AWS and no HTTP, and of
// ours only other domains and base. Adapters each know one technology and import no other adapter. Tools serve them
// all.
var layers = map[string]string{
	"clock": "base", "calendar": "base", "contention": "base",
	"config": "tool", "deadline": "tool", "observe": "tool", "rootkeys": "tool", "zone": "tool",
	"money": "domain", "page": "domain", "validation": "domain",
	"user": "domain", "token": "domain", "password": "domain", "access": "domain",
	"product": "domain", "order": "domain", "invariants": "domain", "picture": "domain",
	"notification": "domain", "notification/confirmation": "domain", "notification/accountmail": "domain",
	"notification/statusmail": "domain", "notification/stockmail": "domain", "notification/mailtext": "domain",
	"httpapi": "transport", "storeapi": "api",
	"dynamostore": "adapter", "queue": "adapter", "sesmail": "adapter", "kmssign": "adapter", "jwks": "adapter",
	"export": "adapter", "s3pictures": "adapter",
}

// The tool's own packages, below cmd/shop/internal. Go itself keeps every other package from importing them.
var toolLayers = map[string]string{
	"catalogue": "domain", "csvfile": "domain", "redrive": "domain", "replay": "domain", "rotation": "domain",
	"sales": "domain", "stocktake": "domain", "apiclient": "adapter", "exportfile": "adapter",
	"pastsales": "domain",
}

// mayImport says which layers a layer may import.
var mayImport = map[string][]string{
	"tool":      {"base", "tool"},
	"domain":    {"base", "domain"},
	"adapter":   {"base", "domain", "tool"},
	"transport": {"base", "domain", "tool"},
	"api":       {"base", "domain", "tool", "transport"},
	"function":  {"base", "domain", "tool", "adapter", "transport", "api"},
	"command":   {"base", "domain", "tool", "adapter"},
}

// onlyHere are the packages that only one of ours may import. Functions, which wire, and config, which makes the
// clients' configuration, may import them, too.
var onlyHere = map[string]string{
	"github.com/aws/aws-sdk-go-v2/service/dynamodb": "internal/dynamostore",
	"github.com/aws/aws-sdk-go-v2/service/sqs":      "internal/queue",
	"github.com/aws/aws-sdk-go-v2/service/ses":      "internal/sesmail",
	"github.com/aws/aws-sdk-go-v2/service/kms":      "internal/kmssign",
	"github.com/aws/aws-sdk-go-v2/service/s3":       "internal/s3pictures",
	"github.com/golang-jwt/jwt/v5":                  "internal/token",
	"github.com/alexedwards/argon2id":               "internal/password",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	packages := list(t)
	if len(packages) < 30 {
		t.Fatalf("go list knows %d packages, too few to be all", len(packages))
	}
	for _, p := range packages {
		from := layerOf(p.ImportPath)
		if from == "" {
			t.Errorf("%s has no layer: say in this test which it has", p.ImportPath)
			continue
		}
		if from == "test" {
			continue
		}
		for _, imported := range p.Imports {
			if complaint := judge(p.ImportPath, from, imported); complaint != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, complaint)
			}
		}
	}
}

// TestRejectsForbiddenImports shows that judge refuses what it must.
func TestRejectsForbiddenImports(t *testing.T) {
	forbidden := [][2]string{
		{"shop/internal/order", "shop/internal/dynamostore"},
		{"shop/internal/order", "github.com/aws/aws-sdk-go-v2/aws"},
		{"shop/internal/order", "net/http"},
		{"shop/internal/order", "encoding/json"},
		{"shop/internal/dynamostore", "shop/internal/httpapi"},
		{"shop/internal/httpapi", "shop/internal/storeapi"},
		{"shop/internal/storeapi", "shop/internal/dynamostore"},
		{"shop/internal/httpapi", "github.com/aws/aws-sdk-go-v2/service/dynamodb"},
		{"shop/internal/queue", "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"},
		{"shop/internal/clock", "shop/internal/order"},
		{"shop/internal/clock", "shop/internal/config"},
		{"shop/functions/notify", "shop/functions/relay-mail"},
		{"shop/internal/order", "shop/test/testenv"},
		{"shop/functions/notify", "os/exec"},
		{"shop/internal/token", "unsafe"},
	}
	for _, forbiddenImport := range forbidden {
		if judge(forbiddenImport[0], layerOf(forbiddenImport[0]), forbiddenImport[1]) == "" {
			t.Errorf("%s may import %s", forbiddenImport[0], forbiddenImport[1])
		}
	}
}

// judge says why the import is forbidden, or nothing.
func judge(importer, from, imported string) string {
	if strings.HasPrefix(imported, "shop/") {
		to := layerOf(imported)
		for _, allowed := range mayImport[from] {
			if to == allowed {
				return ""
			}
		}
		return "a " + from + " must not import a " + to
	}
	if imported == "os/exec" || imported == "unsafe" || imported == "C" {
		return "the store starts no process and goes past no rule of Go's memory (OWASP ASVS 5.0, 1.2.5 and 1.4.1)"
	}
	knowsJSON := isJSON(imported) && importer != "shop/internal/token"
	if from == "domain" && (strings.HasPrefix(imported, "github.com/aws/") || imported == "net/http" || knowsJSON) {
		return "a domain knows no AWS, no HTTP and no JSON; only a token is JSON by its nature"
	}
	for path, owner := range onlyHere {
		if imported != path && !strings.HasPrefix(imported, path+"/") {
			continue
		}
		if importer != "shop/"+owner && from != "function" && from != "command" {
			return "only " + owner + " knows it"
		}
	}
	return ""
}

func isJSON(path string) bool {
	return path == "encoding/json" || strings.HasPrefix(path, "github.com/go-json-experiment/json")
}

func layerOf(path string) string {
	path = strings.TrimPrefix(path, "shop/")
	switch {
	case strings.HasPrefix(path, "functions/"):
		return "function"
	case strings.HasPrefix(path, "cmd/shop/internal/"):
		return toolLayers[strings.TrimPrefix(path, "cmd/shop/internal/")]
	case strings.HasPrefix(path, "cmd/"):
		return "command"
	case strings.HasPrefix(path, "test/"), strings.HasSuffix(path, "test") && strings.HasPrefix(path, "internal/"):
		return "test"
	}
	return layers[strings.TrimPrefix(path, "internal/")]
}

func list(t *testing.T) []goPackage {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "shop/...")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
