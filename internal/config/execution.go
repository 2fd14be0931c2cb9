package config

import (
	"runtime/debug"

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
	MemoryMB        int64  `env:"AWS_LAMBDA_FUNCTION_MEMORY_SIZE"`
}

// A function's memory comes with its share of the processor and is mostly idle: some 6 MB of 256 and more live. So the
// collector runs when the heap is five times what lives, instead of twice, and as often as it must where that would
// come near the memory. docs/benchmarks.md has what it saves.
const (
	heapGrowth  = 400 // percent
	memoryShare = 80  // percent; the rest is for what is not the heap's
)

func (e execution) tuneCollector() {
	debug.SetGCPercent(heapGrowth)
	debug.SetMemoryLimit(e.MemoryMB << 20 * memoryShare / 100)
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
