// Package readme runs the commands of the README, and compares the docs with the code.
package readme

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"shop/test/storelock"
	"shop/test/testenv"
)

const root = "../.."

// TestWalk pastes the README's walk into a shell beside the running store, and looks for what each flow answers.
func TestWalk(t *testing.T) {
	testenv.Env(t, "SHOP_URL")
	storelock.Shared(t)
	out, err := paste(walk(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for flow, pattern := range map[string]string{
		"1 sign up":            `"user_id":"usr_[^"]+","email":"walker-\d+@example.com","name":"Walker"`,
		"3 browse products":    `"items":\[\{"product_id":"brass-desk-lamp"`,
		"4 view a product":     `"stock_status":"in_stock","description":"[^"]`,
		"5 place an order":     `"order_id":"ord_[a-z2-7]{26}".*"email_status":"pending"`,
		"6 order confirmation": `"order_id":"ord_[a-z2-7]{26}".*"email_status":"sent"\}\n1\n`,
		"7 update inventory":   `"delta":1,"reason":"found behind the counter"`,
		"8 order history":      `"next_cursor":`,
		"8 what was sold":      `"top_products":\[\{"product_id":"`,
		"a machine's key":      `shopkey_[a-z2-7]{26}  history  \S+  20\S+  nightly report`,
		"a machine's right":    `(?s)"top_products":.*"top_products":`,
		"a revoked key":        `"status":403,.*"code":"forbidden"`,
		"log out":              `"status":401,.*"code":"unauthenticated"`,
	} {
		if !regexp.MustCompile(pattern).MatchString(out) {
			t.Errorf("%s: the walk printed nothing like %s", flow, pattern)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// walk is the README's one block of shell.
func walk(t *testing.T) string {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(blocks) != 1 {
		t.Fatalf("the README has %d blocks of shell, want 1", len(blocks))
	}
	return blocks[0][1]
}

// paste runs text in a shell that stops at the first command that fails.
func paste(text string) (string, error) {
	command := exec.Command("bash", "-euo", "pipefail")
	command.Dir = root
	command.Stdin = strings.NewReader(text)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestMakeTargets: every `make` command that the README names is a target.
func TestMakeTargets(t *testing.T) {
	readme, makefile := read(t, "README.md"), read(t, "Makefile")
	commands := regexp.MustCompile(`\bmake (?:-s )?([a-z][a-z-]*)`).FindAllStringSubmatch(readme, -1)
	if len(commands) < 10 {
		t.Fatalf("the README names %d make commands, too few to be all", len(commands))
	}
	for _, command := range commands {
		if !strings.Contains(makefile, "\n"+command[1]+":") {
			t.Errorf("make %s is no target", command[1])
		}
	}
}

// TestOperatorsTool runs the README's command that shows what the operator's tool can do.
func TestOperatorsTool(t *testing.T) {
	const command = "go run ./cmd/shop --help"
	if !strings.Contains(read(t, "README.md"), command) {
		t.Fatalf("the README does not say %s", command)
	}
	out, err := paste(command)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"import", "replay", "redrive", "grant", "revoke", "api-key"} {
		if !regexp.MustCompile(`(?m)^\s+` + name + `\s`).MatchString(out) {
			t.Errorf("%s does not name %s:\n%s", command, name, out)
		}
	}
}

// TestPathsExist: every link of the pages for newcomers to a file of the project leads somewhere.
func TestPathsExist(t *testing.T) {
	for page, least := range map[string]int{"README.md": 15, "CONTRIBUTING.md": 3} {
		links := regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(read(t, page), -1)
		if len(links) < least {
			t.Fatalf("%s has %d links, too few to be all", page, len(links))
		}
		for _, link := range links {
			if _, err := os.Stat(root + "/" + link[1]); err != nil {
				t.Errorf("%s: %s: %v", page, link[1], err)
			}
		}
	}
}

// TestContributing: the paths that CONTRIBUTING.md names are there, and so are the functions and schemas of a product.
func TestContributing(t *testing.T) {
	page := read(t, "CONTRIBUTING.md")
	for _, path := range quoted.FindAllStringSubmatch(page, -1) {
		if strings.Contains(path[1], "/") && !isThere(path[1]) {
			t.Errorf("%s is not there", path[1])
		}
	}
	contract := read(t, "docs/openapi.yaml")
	for _, schema := range []string{"ProductFacts", "ProductDetails", "ProductInventory", "SaveProduct"} {
		if !strings.Contains(page, "`"+schema+"`") || !strings.Contains(contract, "\n    "+schema+":\n") {
			t.Errorf("the schema %s is not in both the page and the contract", schema)
		}
	}
}

// TestPicture: the drawing of the architecture is that of its text, as it is now.
func TestPicture(t *testing.T) {
	want := fmt.Sprintf("SHA-256 %x -->", sha256.Sum256([]byte(read(t, "docs/architecture.d2"))))
	if !strings.Contains(read(t, "docs/architecture.svg"), want) {
		t.Error("docs/architecture.svg is not drawn from docs/architecture.d2: run make picture")
	}
}

// TestImport runs the README's import into the running store: its goods are there already.
func TestImport(t *testing.T) {
	testenv.Env(t, "SHOP_URL")
	storelock.Shared(t)
	const command = "go run ./cmd/shop import infra/local/demo-catalogue.csv --local"
	if !strings.Contains(read(t, "README.md"), command) {
		t.Fatalf("the README does not say %s", command)
	}
	out, err := paste(command)
	if err != nil || !regexp.MustCompile(`\b35 unchanged`).MatchString(out) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRedrive runs the README's look at what the running store gave up, which changes nothing.
func TestRedrive(t *testing.T) {
	testenv.Env(t, "SHOP_URL")
	const command = "go run ./cmd/shop redrive --local"
	if !strings.Contains(read(t, "README.md"), command+"\n") {
		t.Fatalf("the README does not say %s", command)
	}
	out, err := paste(command)
	if err != nil ||
		!regexp.MustCompile(`(?s)\d failed mails\n.*\d dead letters\n.*nothing was changed`).MatchString(out) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestChaos runs the README's command as far as it goes without the minutes that it takes: to the run's own word on its
// options. The rounds themselves are what package chaos tests.
func TestChaos(t *testing.T) {
	testenv.Env(t, "SHOP_TOOLS")
	const command = "make chaos SEED=1 MINUTES=10"
	if !strings.Contains(read(t, "README.md"), command) {
		t.Fatalf("the README does not say %s", command)
	}
	out, err := paste(command + " ONLY=nothing")
	if err == nil || !strings.Contains(out, `ONLY is "nothing"; it can be outage or contention`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
