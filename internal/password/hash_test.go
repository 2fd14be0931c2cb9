package password

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"

	strict "github.com/go-json-experiment/json"
)

// What tells of a hash: any of its parts.
var parts = []string{"argon2id", "19456", testSalt, testKey, "$"}

const phc = "$argon2id$v=19$m=19456,t=2,p=1$" + testSalt + "$" + testKey

// account has a hash where users of the package may have one.
type account struct {
	Hash    Hash
	Pointer *Hash
	private Hash
	List    []Hash
	Map     map[string]Hash
	Any     any
}

func newAccount() account {
	h := Stored(phc)
	return account{h, &h, h, []Hash{h}, map[string]Hash{"a": h}, h}
}

// TestNothingPrintsAHash prints a hash, and what has one inside, in every way that a careless line might.
func TestNothingPrintsAHash(t *testing.T) {
	a := newAccount()
	_ = a.private
	for _, v := range []any{a.Hash, a.Pointer, a, &a, []account{a}, map[Hash]int{a.Hash: 1}, fmt.Errorf("of %v",
		a.Hash)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %[1]v", "%p"} {
			wantHidden(t, fmt.Sprintf(verb, v))
		}
		wantHidden(t, fmt.Sprint(v))
		var out bytes.Buffer
		log.New(&out, "", 0).Println(v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "hash", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "hash", v)
		_ = json.NewEncoder(&out).Encode(v)
		_ = strict.MarshalWrite(&out, v)
		_ = xml.NewEncoder(&out).Encode(v)
		wantHidden(t, out.String())
	}
}

func wantHidden(t *testing.T, text string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Fatalf("%q of a hash is in %q", part, text)
		}
	}
}

// TestWhatIsHiddenWouldBeSeen shows that the parts are what a text that is not hidden has.
func TestWhatIsHiddenWouldBeSeen(t *testing.T) {
	for _, part := range parts {
		if !strings.Contains(fmt.Sprintf("%+v", struct{ hash string }{phc}), part) {
			t.Errorf("%q would not be seen", part)
		}
	}
}

func TestHashKeepsItsText(t *testing.T) {
	if got := Stored(phc).PHC(); got != phc {
		t.Errorf("got %q, want %q", got, phc)
	}
	if one, same := Stored(phc), Stored(phc[:9]+phc[9:]); one != same || one == Stored(phc+"x") || one == (Hash{}) {
		t.Error("hashes are not compared by their texts")
	}
	if got := (Hash{}).PHC(); got != "" {
		t.Errorf("got %q of no hash, want nothing", got)
	}
}
