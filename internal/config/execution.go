package config

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"shop/internal/deadline"
)

// execution is what Lambda tells every function of where it runs, and the credentials of its role. They are those of
// the execution environment and stay the same as long as it lives.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
type execution struct {
	Region          string `env:"AWS_REGION"`
	AccessKeyID     string `env:"AWS_ACCESS_KEY_ID"`
	SecretAccessKey string `env:"AWS_SECRET_ACCESS_KEY"`
	SessionToken    string `env:"AWS_SESSION_TOKEN" envDefault:""`
	Endpoint        string `env:"AWS_ENDPOINT_URL" envDefault:""` // of all services, where it is not AWS's own
}

func (e execution) config() aws.Config {
	c := aws.Config{
		Region:      e.Region,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, e.SessionToken),
		HTTPClient:  HTTPClient(deadline.Call),
	}
	if e.Endpoint != "" {
		c.BaseEndpoint = aws.String(e.Endpoint)
	}
	return c
}
