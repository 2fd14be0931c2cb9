// Command log-in serves POST /sessions: credentials are exchanged for a session: an access token and a refresh
// token.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/kmssign"
	"shop/internal/password"
	"shop/internal/token"
	"shop/internal/user"
)

type settings struct {
	config.Tokens
	Users    string `env:"USERS_TABLE"`
	Sessions string `env:"SESSIONS_TABLE"`
	Proof    string `env:"ORIGIN_PROOF_SHA256" envDefault:""` // empty: there is no distribution in front
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	key := &kmssign.Key{Client: kms.NewFromConfig(aws), ID: s.SigningKeyID}
	guesses := &dynamostore.Guesses{Client: db, Table: s.Sessions, Users: s.Users}
	lambda.Start(httpapi.Lambda(logIn(&user.LogIn{
		Guesses:   guesses,
		Passwords: password.New(password.DefaultParams),
		Tokens:    tokens{&token.Issuer{URL: s.Issuer, Audience: s.Audience, Signer: key, Now: clock.Now}},
		Sessions:  guesses,
		Now:       clock.Now,
	}, httpapi.Front{ProofSHA256: s.Proof})))
}

// tokens issues tokens for users.
type tokens struct{ issuer *token.Issuer }

// Issue returns an access token for u and how long it lives.
func (t tokens) Issue(ctx context.Context, u user.User) (string, time.Duration, error) {
	return t.issuer.Issue(ctx, token.Subject{UserID: u.ID, Email: u.Email, Scopes: u.Scopes()})
}
