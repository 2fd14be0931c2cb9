// Package config reads a function's settings from its environment, and makes the AWS configuration that its clients
// share. It reads only the variables that Lambda sets. The SDK's package config would also look for credentials in
// profiles, single sign-on and containers, which links four more clients: half a megabyte of a function's zip and a
// fifth of its start (docs/benchmarks.md).
package config

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/caarlos0/env/v11"
)

// MustLoad fills a T from the environment, by the tags of its fields, and makes the AWS configuration, whose attempts
// end after deadline.Call. It fits Go's scheduler and garbage collector to the function's memory. A function that is
// not configured cannot serve: MustLoad says what is missing and ends the process.
func MustLoad[T any]() (T, aws.Config) {
	settings, err := env.ParseAsWithOptions[T](env.Options{RequiredIfNoDef: true})
	if err != nil {
		exit(fmt.Errorf("reading the environment: %w", err))
	}
	lambda, err := env.ParseAsWithOptions[execution](env.Options{RequiredIfNoDef: true})
	if err != nil {
		exit(fmt.Errorf("configuring AWS: %w", err))
	}
	lambda.fitRuntime()
	return settings, lambda.config()
}

func exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Tokens are the settings by which access tokens are checked.
type Tokens struct {
	Issuer   string `env:"TOKEN_ISSUER"` // the issuer's URL, from which its keys are read, too
	Audience string `env:"TOKEN_AUDIENCE"`
}

// Front is what stands between clients and the API.
type Front struct {
	ProofSHA256 string `env:"ORIGIN_PROOF_SHA256" envDefault:""`            // of the distribution; empty without one
	Only        bool   `env:"ONLY_THROUGH_DISTRIBUTION" envDefault:"false"` // whether all other requests are refused
}
