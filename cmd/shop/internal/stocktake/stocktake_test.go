package stocktake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"shop/cmd/shop/internal/catalogue"
	"shop/cmd/shop/internal/csvfile"
	"shop/internal/product"
)

// shelf is a store: stocks by product, and the changes that were made, as "id seen→quantity reason".
type shelf struct {
	mu     sync.Mutex
	stocks map[string]int64
	moves  []string
	sells  map[string]int64 // what is sold between the look and the change
	lost   bool             // a change is made, and its answer is not told
	fails  error
}

func (s *shelf) Stock(_ context.Context, id string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stock, there := s.stocks[id]
	if !there {
		return 0, product.ErrNotFound
	}
	s.stocks[id] -= s.sells[id]
	return stock, s.fails
}

func (s *shelf) SetStock(_ context.Context, id string, quantity, seen int64, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.stocks[id]; now != seen {
		return &product.StockChangedError{Quantity: now}
	}
	s.stocks[id] = quantity
	s.moves = append(s.moves, fmt.Sprintf("%s %d→%d %s", id, seen, quantity, reason))
	if s.lost {
		return &product.StockChangedError{Quantity: quantity}
	}
	return nil
}

func (s *shelf) WasSet(_ context.Context, id string, quantity int64, seen *int64, reason string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.moves, func(move string) bool {
		var before int64
		_, rest, _ := strings.Cut(move, id+" ")
		_, err := fmt.Sscanf(rest, fmt.Sprintf("%%d→%d", quantity), &before)
		return err == nil && strings.HasSuffix(move, " "+reason) && (seen == nil || *seen == before)
	}), nil
}

const counts = "quantity,name,product_id,compare_quantity\n" +
	"8,Lamp,lamp,10\n3,Mug,mug,\n5,Pen,pen,5\n1,Vase,vase,4\n2,Gone,gone,2\n" +
	"7,Lamp,lamp,10\nx,Box,box,\n-1,Cup,cup,\n1,No id,a b,\n"

// taken takes the file over, and returns what was refused as "line reason", in the order of lines.
func taken(t *testing.T, s *shelf, file string, dry bool) (Summary, []string, error) {
	t.Helper()
	r, err := NewReader(strings.NewReader(file), csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	taker := &Taker{Store: s, Reason: "count of May", DryRun: dry, Concurrency: 3}
	taker.Refused = func(f *catalogue.Refusal) error {
		refused = append(refused, fmt.Sprintf("%d %s: %s", f.Line, f.Reason, f.Detail))
		return nil
	}
	sum, err := taker.Take(t.Context(), r)
	slices.Sort(refused)
	return sum, refused, err
}

func newShelf() *shelf {
	return &shelf{stocks: map[string]int64{"lamp": 10, "mug": 9, "pen": 5, "vase": 3}}
}

// TestTake: counts are set where the stock is what was seen, and what is refused says why. A dry run says the same and
// sets nothing. A second run finds its work done, whatever was sold or came back in between, even where the stock is
// again what it was before.
func TestTake(t *testing.T) {
	wantRefused := []string{
		"10 count breaks the store's rules: \"a b\" is no product_id",
		"5 stock changed: 4 was seen, and it is 3", "6 no such product: ", "7 product counted before: in line 2",
		"8 count breaks the store's rules: quantity \"x\" is no whole number from 0 to 1000000000",
		"9 count breaks the store's rules: quantity \"-1\" is no whole number from 0 to 1000000000",
	}
	s := newShelf()
	for _, c := range []struct {
		dry            bool
		set, setBefore int
		lamp, mug      int64
	}{{true, 2, 0, 10, 9}, {false, 2, 0, 8, 3}, {false, 0, 2, 10, 1}, {true, 0, 2, 10, 1}} {
		sum, refused, err := taken(t, s, counts, c.dry)
		if err != nil || sum.Set != c.set || sum.SetBefore != c.setBefore || sum.Unchanged != 1 ||
			sum.RefusedTotal() != 6 {
			t.Errorf("got %+v and %v, want %+v", sum, err, c)
		}
		if !slices.Equal(refused, wantRefused) {
			t.Errorf("refused %q, want %q", refused, wantRefused)
		}
		if s.stocks["mug"] != c.mug || s.stocks["lamp"] != c.lamp {
			t.Errorf("%+v left %v", c, s.stocks)
		}
		if !c.dry && c.set > 0 {
			s.stocks["lamp"] += 2 // came back
			s.stocks["mug"] -= 2  // were sold
		}
	}
	slices.Sort(s.moves)
	if want := []string{"lamp 10→8 count of May", "mug 9→3 count of May"}; !slices.Equal(s.moves, want) {
		t.Errorf("changes = %q, want %q", s.moves, want)
	}
}

// TestSoldMeanwhile: what is sold between the look and the change is a conflict, and stays sold.
func TestSoldMeanwhile(t *testing.T) {
	s := newShelf()
	s.sells = map[string]int64{"mug": 2}
	sum, refused, err := taken(t, s, "product_id,quantity\nmug,3\n", false)
	if err != nil || sum.Refused[Conflict] != 1 || s.stocks["mug"] != 7 || len(refused) != 1 {
		t.Errorf("got %+v, %v, %v and %q", sum, err, s.stocks, refused)
	}
}

// TestLostAnswer: a change that was made though its answer was lost is found among the stock's changes.
func TestLostAnswer(t *testing.T) {
	s := newShelf()
	s.lost = true
	if sum, _, err := taken(t, s, "product_id,quantity\nmug,3\n", false); err != nil || sum.Set != 1 {
		t.Errorf("got %+v and %v, want it set", sum, err)
	}
}

func TestTakeFails(t *testing.T) {
	down := errors.New("the store is down")
	s := newShelf()
	s.fails = down
	if _, _, err := taken(t, s, counts, false); !errors.Is(err, down) {
		t.Errorf("got %v, want %v", err, down)
	}
	_, err := NewReader(strings.NewReader("product_id,stock\n"), csvfile.Options{})
	if !errors.Is(err, csvfile.ErrHeader) {
		t.Errorf("got %v, want %v", err, csvfile.ErrHeader)
	}
}

// FuzzReader holds that each count keeps the store's rules, and that none counts a product again.
func FuzzReader(f *testing.F) {
	f.Add(counts)
	f.Add("product_id;quantity\na;1\n\"a;2\n")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := NewReader(strings.NewReader(file), csvfile.Options{})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for {
			c, err := r.Next()
			if err == io.EOF {
				return
			}
			var refusal *catalogue.Refusal
			if errors.As(err, &refusal) {
				continue
			}
			bad := func(n int64) bool { return n < 0 || n > product.MaxStock }
			wrong := !product.ValidID(c.ProductID) || seen[c.ProductID] || bad(c.Quantity)
			if err != nil || wrong || c.Seen != nil && bad(*c.Seen) {
				t.Fatalf("got %+v and %v", c, err)
			}
			seen[c.ProductID] = true
		}
	})
}
