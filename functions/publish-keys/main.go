// Command publish-keys is the token issuer. It serves GET /.well-known/openid-configuration and GET
// /.well-known/jwks.json, where API Gateway and others find the public keys that verify access tokens.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/internal/config"
	"shop/internal/httpapi"
	"shop/internal/kmssign"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	KeyIDs []string `env:"PUBLISHED_KEY_IDS"`
	Issuer string   `env:"TOKEN_ISSUER" envDefault:""` // empty: the URL that a request was sent to
}

func main() {
	s, aws := config.MustLoad[settings]()
	keys := kmssign.NewRing(kms.NewFromConfig(aws), s.KeyIDs)
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), publishKeys(s.Issuer, keys)))
}
