package password

import "testing"

func TestSecrets(t *testing.T) {
	hash := Secrets{}.Hash("sesame")
	for _, c := range []struct {
		hash   Hash
		secret string
		want   bool
	}{
		{hash, "sesame", true}, {hash, "Sesame", false}, {hash, "", false}, {Hash{}, "", false},
		{Hash{}, "sesame", false}, {Stored("$sha256$"), "", false}, {Stored("sesame"), "sesame", false},
		{Stored("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5"), "sesame", false},
	} {
		if got, err := (Secrets{}).Check(c.hash, c.secret); got != c.want || err != nil {
			t.Errorf("%q of %q: got %v, %v, want %v", c.secret, c.hash.PHC(), got, err, c.want)
		}
	}
	// echo -n sesame | openssl dgst -sha256 -binary | base64, without the padding
	if got := hash.PHC(); got != "$sha256$0MBPSxlR5K6q7IIj7SA55ULzqugFpvp/bXlOWv/10nI" {
		t.Errorf("got %s", got)
	}
}
