package storeapi

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The problems that docs/openapi.yaml shows are those that the store answers, to the word.
func TestProblemsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile(`title: (.+)\n +status: (\d+)\n +detail: (.+)\n +code: (\w+)\n`).
		FindAllStringSubmatch(string(text), -1)
	shown := map[string]bool{}
	for _, example := range examples {
		title, detail, code := example[1], example[3], example[4]
		status, _ := strconv.Atoi(example[2])
		shown[code] = true
		if want := http.StatusText(status); title != want {
			t.Errorf("%s: the title is %q, want %q", code, title, want)
		}
		for _, row := range table {
			if row.code == code && row.status == status && row.detail == detail {
				detail = ""
			}
		}
		if detail != "" && !answersOtherwise[code][detail] {
			t.Errorf("%s: the detail is %q, which the store does not answer", code, detail)
		}
	}
	for _, row := range table {
		if !shown[row.code] {
			t.Errorf("%s is not shown", row.code)
		}
	}
}

// answersOtherwise are the details that are not in the table.
var answersOtherwise = map[string]map[string]bool{
	"invalid_request":        {"The request is not valid.": true},
	"max_per_order_exceeded": {"One order may not have so many units of every item.": true},
	"out_of_stock":           {"There is not enough of every item.": true},
	"price_changed":          {"The order does not cost what was agreed to.": true},
	"product_changed":        {"The product is not of the version that it was compared with.": true},
	"idempotency_key_reused": {"The Idempotency-Key was used for another order.": true},
	"stock_changed":          {"The stock is not what it was compared with.": true},
	"status_changed":         {"The order's status does not allow this change, or no longer.": true},
	"too_many_requests":      {"Too many attempts. Try again later.": true},
	"internal":               {"The store failed.": true},
	"picture_refused":        {"The file is no JPEG, PNG, WebP or AVIF picture.": true},
}
