package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/golang-jwt/jwt/v5"

	hashing "shop/internal/password"
	"shop/test/testenv"
)

func TestLogIn(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	a := send(t, postSession(logIn{" " + strings.ToUpper(c.Email) + " ", password})).want(t, http.StatusCreated)
	got := decodeExact[session](t, a)
	if want := (session{got.AccessToken, "Bearer", 900, got.RefreshToken}); got != want || got.RefreshToken == "" {
		t.Errorf("session = %+v, want %+v", got, want)
	}
	send(t, call{method: "GET", path: "/orders", from: caller{token: got.AccessToken}}).want(t, http.StatusOK)
}

// TestAccessToken reads the token as any service that trusts the issuer would.
func TestAccessToken(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	issuer := testenv.Env(t, "SHOP_ISSUER_URL")
	claims := jwt.MapClaims{}
	token, err := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(strings.TrimSuffix(issuer, "/")),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
	).ParseWithClaims(c.token, claims, publishedKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := token.Header["typ"]; got != "at+jwt" {
		t.Errorf("typ = %v, want at+jwt", got)
	}
	for name, want := range map[string]string{"sub": c.UserID, "email": c.Email, "scope": "customer"} {
		if claims[name] != want {
			t.Errorf("%s = %v, want %s", name, claims[name], want)
		}
	}
	wantDates(t, claims)
}

func TestAdminsAccessToken(t *testing.T) {
	t.Parallel()
	claims, err := claimsOf(admin(t).token)
	if err != nil {
		t.Fatal(err)
	}
	if got := claims["scope"]; got != "customer admin" {
		t.Errorf("scope = %v, want customer admin", got)
	}
}

// publishedKey finds a token's key in what the issuer publishes.
func publishedKey(t *testing.T) jwt.Keyfunc {
	t.Helper()
	keys := publishedKeys(t)
	return func(token *jwt.Token) (any, error) {
		for _, k := range keys {
			if k.KeyID == token.Header["kid"] {
				return k.publicKey()
			}
		}
		return nil, fmt.Errorf("the issuer publishes no key %v", token.Header["kid"])
	}
}

// wantDates: valid for fifteen minutes from now, and a few seconds back, for
// clocks that are behind.
func wantDates(t *testing.T, claims jwt.MapClaims) {
	t.Helper()
	for name, want := range map[string]time.Duration{"exp": 15 * time.Minute, "iat": 0, "nbf": 0} {
		seconds, ok := claims[name].(float64)
		if off := time.Until(time.Unix(int64(seconds), 0)) - want; !ok || off.Abs() > 30*time.Second {
			t.Errorf("%s = %v, which is %s off", name, claims[name], off)
		}
	}
}

func TestTokenAudience(t *testing.T) {
	t.Parallel()
	claims, err := claimsOf(newCustomer(t).token)
	if err != nil {
		t.Fatal(err)
	}
	if want := lookUp(t, stackOutputs, "TokenAudience"); claims["aud"] != want {
		t.Errorf("aud = %v, want %s", claims["aud"], want)
	}
	if want := lookUp(t, stackOutputs, "IssuerUrl"); claims["iss"] != want ||
		strings.TrimSuffix(os.Getenv("SHOP_ISSUER_URL"), "/") != want {
		t.Errorf("iss = %v, want %s, which is SHOP_ISSUER_URL %s", claims["iss"], want, os.Getenv("SHOP_ISSUER_URL"))
	}
}

// TestLogInRefuses: an unknown address is answered like a wrong password.
func TestLogInRefuses(t *testing.T) {
	needStore(t)
	t.Parallel()
	tests := map[string]func(email string) logIn{
		"wrong password":     func(email string) logIn { return logIn{email, "wrong " + password} },
		"case of password":   func(email string) logIn { return logIn{email, strings.ToUpper(password)} },
		"blank before":       func(email string) logIn { return logIn{email, " " + password} },
		"blank after":        func(email string) logIn { return logIn{email, password + " "} },
		"password too short": func(email string) logIn { return logIn{email, "short"} },
		"password too long":  func(email string) logIn { return logIn{email, strings.Repeat("x", 1000)} },
		"another address":    func(email string) logIn { return logIn{"x" + email, password} },
		"address none":       func(string) logIn { return logIn{"nobody", password} },
	}
	answers := map[string]string{}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			p := send(t, postSession(body(newCustomer(t).Email))).refused(t, http.StatusUnauthorized,
				"invalid_credentials")
			p.RequestID = ""
			answers[fmt.Sprintf("%+v", p)] = name
		})
	}
	if len(answers) > 1 {
		t.Errorf("the answers can be told apart: %v", answers)
	}
}

// TestOutdatedHashIsRenewed: a hash that cost less than today's is made anew at
// a log-in with the right password, and only then.
func TestOutdatedHashIsRenewed(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	cheap, err := hashing.New(hashing.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}).Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	storeHash(t, c, cheap.PHC())
	send(t, postSession(logIn{c.Email, "wrong " + password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	if got := storedHash(t, c); got != cheap.PHC() {
		t.Errorf("a wrong password renewed the hash: %s", got)
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
	renewed := storedHash(t, c)
	if !strings.HasPrefix(renewed, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s, want one of today's cost", renewed)
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
	send(t, postSession(logIn{c.Email, "wrong " + password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	if again := storedHash(t, c); again != renewed {
		t.Errorf("the hash became %s, want it left alone: %s", again, renewed)
	}
}

// users is the table of users, as the operator may write it.
func users(t *testing.T, c caller) (*dynamodb.Client, *string, map[string]types.AttributeValue) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	return db, aws.String(lookUp(t, stackOutputs, "UsersTable")),
		map[string]types.AttributeValue{"email": &types.AttributeValueMemberS{Value: c.Email}}
}

func storeHash(t *testing.T, c caller, phc string) {
	t.Helper()
	db, table, key := users(t, c)
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: table, Key: key, UpdateExpression: aws.String("SET password_hash = :phc"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":phc": &types.AttributeValueMemberS{Value: phc}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func storedHash(t *testing.T, c caller) string {
	t.Helper()
	db, table, key := users(t, c)
	out, err := db.GetItem(t.Context(),
		&dynamodb.GetItemInput{TableName: table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	phc, _ := out.Item["password_hash"].(*types.AttributeValueMemberS)
	if phc == nil {
		t.Fatalf("the user is %v, with no hash", slices.Sorted(maps.Keys(out.Item)))
	}
	return phc.Value
}

// TestInternationalDomains: both ways to write a domain are one account.
func TestInternationalDomains(t *testing.T) {
	t.Parallel()
	needStore(t)
	name := unique()
	a := send(t, call{method: "POST", path: "/users", body: signUp{name + "@RÖSER.example", password, "Ada"}})
	if got, want := decode[user](t, a).Email, name+"@xn--rser-5qa.example"; got != want {
		t.Errorf("signed up as %s, want %s", got, want)
	}
	for _, domain := range []string{"röser.example", "xn--rser-5qa.example", "XN--RSER-5QA.example"} {
		if _, err := loggedIn(t.Context(), name+"@"+domain, password); err != nil {
			t.Errorf("with %s: %v", domain, err)
		}
	}
}
