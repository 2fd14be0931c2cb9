package template

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAnalyticsNamesAttributes: the table over exports has names that an order's item has.
func TestAnalyticsNamesAttributes(t *testing.T) {
	text := func(path string) string {
		content, err := os.ReadFile(filepath.Join(Root(), path))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	item := text("internal/dynamostore/order_item.go")
	name := regexp.MustCompile(`([a-z_]+):struct<[a-z]+:`)
	names := name.FindAllStringSubmatch(text("infra/analytics/template.yaml"), -1)
	if len(names) < 14 {
		t.Fatalf("the table has %d names, too few to be all", len(names))
	}
	for _, name := range names {
		if !strings.Contains(item, `"`+name[1]+`"`) {
			t.Errorf("no order's item has %s", name[1])
		}
	}
}
