// Command log-out serves POST /sessions/revoke and POST /browser-sessions/revoke: it ends a session.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	AuthState string `env:"AUTH_STATE_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), logOut(&user.LogOut{
		End: (&dynamostore.Sessions{Client: dynamodb.NewFromConfig(aws), AuthState: s.AuthState}).End,
	})))
}
