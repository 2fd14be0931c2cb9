package user

import (
	"strings"
	"testing"
)

func TestRefreshTokensAreReadAsTheyAreWritten(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		token := newRefreshToken(newSessionID())
		text := token.Encode()
		if got, err := ParseRefreshToken(text); err != nil || got != token {
			t.Fatalf("%s: got %+v and error %v, want %+v", text, got, err, token)
		}
		if seen[token.SessionID] || seen[string(token.Secret[:])] {
			t.Fatalf("%s: its id or its secret was there before", text)
		}
		seen[token.SessionID], seen[string(token.Secret[:])] = true, true
	}
}

func TestParseRefreshTokenRefuses(t *testing.T) {
	id, secret := "ses_"+strings.Repeat("a2", 13), strings.Repeat("A", 43)
	if _, err := ParseRefreshToken(id + "." + secret); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, text := range map[string]string{
		"empty":               "",
		"no secret":           id,
		"empty secret":        id + ".",
		"no id":               "." + secret,
		"capital in the id":   "SES_" + id[4:] + "." + secret,
		"id cut":              id[:29] + "." + secret,
		"id longer":           id + "a." + secret,
		"id no base32":        id[:29] + "1." + secret,
		"a counter's name":    "guesses#" + strings.Repeat("a", 22) + "." + secret,
		"secret cut":          id + "." + secret[:42],
		"secret longer":       id + "." + secret + "A",
		"secret padded":       id + "." + secret + "=",
		"secret with newline": id + "." + secret[:42] + "\n",
		"bits left over":      id + "." + secret[:42] + "B",
		"standard base64":     id + "." + secret[:42] + "/",
		"third part":          id + "." + secret + ".",
		"blank before":        " " + id + "." + secret,
		"newline after id":    id + "\n." + secret,
	} {
		if got, err := ParseRefreshToken(text); err == nil || got != (RefreshToken{}) {
			t.Errorf("%s: got %+v and error %v, want none", name, got, err)
		}
	}
}

// FuzzParseRefreshToken: a token has one spelling.
func FuzzParseRefreshToken(f *testing.F) {
	for _, seed := range []string{newRefreshToken(newSessionID()).
		Encode(), "ses_" + strings.Repeat("a2", 13) + "." + strings.Repeat("A", 43), "", ".", "ses_."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := ParseRefreshToken(text); err == nil && token.Encode() != text {
			t.Errorf("%q is read as %q", text, token.Encode())
		}
	})
}

// TestNextToken holds the successor to the HMAC-SHA-256 that other tools make: key 32 bytes of 1, message 32 bytes of
// 2.
func TestNextToken(t *testing.T) {
	used := RefreshToken{SessionID: "ses_1"}
	var salt Salt
	for i := range salt {
		salt[i], used.Secret[i] = 1, 2
	}
	if got, want := used.next(salt).Encode(), "ses_1.cyFAbgyID9kll4mL6zk68q6-1Rq1zfHVLlmR-a-t0t4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
