// Package token issues and verifies the store's access tokens: JSON Web Tokens (RFC 7519) of the
// profile of RFC 9068, signed with RS256.
//
// An [Issuer] makes them, a [Verifier] checks them. [JWKS] and [Discovery] make the two documents in which others, such
// as API Gateway's JWT authorizer, find the public keys. This package never sees the private key, only a [Signer] that
// uses it.
//
// What API Gateway requires of a token, and so what an Issuer puts into it:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
package token

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// The scopes a token can carry: the customer's, and those of staff. ScopeAdmin stands for all of staff's.
const (
	ScopeCustomer  = "customer"
	ScopeInventory = "inventory" // products, stock, movements
	ScopeHistory   = "history"   // everybody's orders, and what was sold
	ScopeOrders    = "orders"    // an order's status, its tracking number, its cancellation by the shop
	ScopeAdmin     = "admin"
)

// StaffScopes returns the scopes of staff, ScopeAdmin among them.
func StaffScopes() []string { return []string{ScopeInventory, ScopeHistory, ScopeOrders, ScopeAdmin} }

// Lifetime is how long a token is valid after it was issued.
const Lifetime = 15 * time.Minute

const (
	// algorithm is the only one issued and the only one accepted.
	algorithm = "RS256"

	// mediaType is the header's typ (RFC 9068, section 2.1): it keeps any other kind of token,
	// signed with the same key, from passing for an access token.
	mediaType = "at+jwt"

	// backdating makes a fresh token valid for a verifier whose clock is behind the issuer's.
	backdating = 5 * time.Second

	// leeway is how far in the future iat and nbf may lie. exp gets none.
	leeway = 5 * time.Second

	// longestLife is the most that may lie between iat and exp, whoever signed: a token of ours lives for Lifetime, and
	// its iat is backdated by no more than the leeway.
	longestLife = Lifetime + leeway

	// maxSize is the longest token looked at, in bytes. API Gateway's limit for all headers together is 10,240.
	maxSize = 8 << 10
)

// ErrInvalid is returned by [Verifier.Verify] for every token that is not to be believed. The error's text
// names the cause; it never holds the token or a part of it, and may be logged.
var ErrInvalid = errors.New("token: invalid")

// Subject is whom a token speaks for: a user, in a session, or a machine.
type Subject struct {
	UserID    string   // the claim sub: the user's id, or that of the machine's API key
	Email     string   // normalised; a user's
	SessionID string   // the claim sid: the session that a user's token was issued in
	ClientID  string   // the claim client_id, of a machine's token alone: the same as sub (RFC 9068, section 2.2)
	Scopes    []string // at least one to issue a token
}

// HasScope reports whether the subject was granted the scope. A machine is no customer, whatever its token says.
func (s Subject) HasScope(scope string) bool {
	return slices.Contains(s.Scopes, scope) && (s.ClientID == "" || scope != ScopeCustomer)
}

func (s Subject) validate() error {
	switch {
	case s.UserID == "":
		return errors.New("no user id")
	case !isOnePrincipal(s.UserID, s.Email, s.ClientID):
		return errors.New("neither a user's e-mail address nor a machine's client id, or both")
	case (s.SessionID == "") != (s.ClientID != ""):
		return errors.New("a user without a session id, or a machine with one")
	case len(s.Scopes) == 0:
		return errors.New("no scope")
	case !allScopeTokens(s.Scopes):
		return errors.New("a scope is empty or holds a character that a scope may not")
	}
	return nil
}

// isOnePrincipal reports whether the claims name a user, who has an address, or a machine, which is its own client, and
// not both.
func isOnePrincipal(sub, email, clientID string) bool {
	return (email == "") == (clientID != "") && (clientID == "" || clientID == sub)
}

// allScopeTokens holds each scope to the characters of RFC 6749, section 3.3: with a blank in it, one scope would be
// read as two.
func allScopeTokens(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(scope string) bool {
		return scope == "" || strings.ContainsFunc(scope, isNoScopeCharacter)
	})
}

func isNoScopeCharacter(r rune) bool {
	return r <= ' ' || r > '~' || r == '"' || r == '\\'
}
