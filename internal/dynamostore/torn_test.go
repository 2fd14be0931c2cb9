package dynamostore

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

// without takes the items for which drop is true out of the answer of a BatchGetItem, as if these had been read before
// the transaction that wrote them, and the others after it.
func without(t *testing.T, drop func(table string, item map[string]any) bool) awsfault.Fault {
	return func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		return awsfault.Answer(resp.StatusCode, string(dropItems(t, body, drop)))(next, r)
	}
}

func dropItems(t *testing.T, body []byte, drop func(table string, item map[string]any) bool) []byte {
	var answer struct {
		Responses       map[string][]map[string]any
		UnprocessedKeys map[string]any
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	dropped := false
	for table, items := range answer.Responses {
		kept := []map[string]any{}
		for _, item := range items {
			if drop(table, item) {
				dropped = true
				continue
			}
			kept = append(kept, item)
		}
		answer.Responses[table] = kept
	}
	if !dropped {
		t.Error("nothing was dropped from the answer")
	}
	out, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A mail that is missing beside its order is pending, for its customer and for an admin.
func TestViewOfATornBatch(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	s.must(s.checkout().Place(t.Context(), o))
	mails := s.tables.Name("Mails")
	for _, caller := range []user.Caller{{UserID: "usr_1", Email: "usr_1@example.com"}, s.admin} {
		s.faults.On("BatchGetItem", without(t, func(table string, _ map[string]any) bool { return table == mails }))
		got, status, err := s.orderReader().View(t.Context(), caller, o.ID)
		if err != nil || got.ID != o.ID || status != order.EmailPending {
			t.Errorf("%s: got %q, %q, %v, want the order, its mail pending", caller.UserID, got.ID, status, err)
		}
	}
}

// An admin who reads a product between the two halves of its making sees it without its text.
func TestReadOfATornBatch(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	texts := func(_ string, item map[string]any) bool {
		part, _ := item["part"].(map[string]any)
		return part["S"] == textPart
	}
	s.faults.On("BatchGetItem", without(t, texts))
	if p, err := s.inventory().Read(t.Context(), "lamp"); err != nil || p.Stock != 5 || p.Description != "" {
		t.Errorf("without its text: got %+v, %v", p, err)
	}
}
