// Package readme runs what the README tells its readers to paste.
package readme

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"shop/test/need"
)

const root = "../.."

// TestWalk pastes the README's walk into a shell beside the running store, and looks for what each flow answers.
func TestWalk(t *testing.T) {
	need.Env(t, "SHOP_URL")
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
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1)
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
