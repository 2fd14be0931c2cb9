package dynamostore

import (
	"time"

	"shop/internal/user"
)

func sessionKey(id string) attributes { return attributes{"session_id": text(id)} }

func sessionItem(s user.OpenSession) attributes {
	item := attributes{
		"session_id":  text(s.ID),
		"user_id":     text(s.UserID),
		"email":       text(s.Email),
		"secret_hash": blob(s.SecretHash[:]),
		"generation":  number(s.Generation),
		"begun_at":    instant(s.BegunAt),
		"expires_at":  number(s.ExpiresAt.Unix()),
	}
	if s.LastRefresh != (user.LastRefresh{}) {
		last := s.LastRefresh
		item["used_hash"], item["salt"] = blob(last.SecretHash[:]), blob(last.Salt[:])
		item["used_at"] = instant(last.At)
	}
	return item
}

func readSession(item attributes) (user.OpenSession, error) {
	r := reader{item: item}
	s := user.OpenSession{
		ID: r.text("session_id"), UserID: r.text("user_id"), Email: r.text("email"), Generation: r.number("generation"),
		BegunAt: r.instant("begun_at"), ExpiresAt: time.Unix(r.number("expires_at"), 0).UTC(),
	}
	r.bytes32("secret_hash", &s.SecretHash)
	if r.has("used_hash") {
		r.bytes32("used_hash", &s.LastRefresh.SecretHash)
		r.bytes32("salt", &s.LastRefresh.Salt)
		s.LastRefresh.At = r.instant("used_at")
	}
	return s, r.err
}

// bytes32 reads 32 bytes into to.
func (r *reader) bytes32(name string, to *[32]byte) {
	if copy(to[:], r.blob(name)) != len(to) {
		r.fail(name, "32 bytes")
	}
}
