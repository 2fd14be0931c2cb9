package config

import (
	"runtime"
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
	Memory          int    `env:"AWS_LAMBDA_FUNCTION_MEMORY_SIZE"` // in MB of 2^20 bytes
	Endpoint        string `env:"AWS_ENDPOINT_URL" envDefault:""`  // of all services, where it is not AWS's own
}

// processorMemory is the memory, in MB, with which Lambda gives a function one whole processor. With less it gives a
// share of one, but Go sees two. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const processorMemory = 1769

// garbage is how much memory may be allocated before the next garbage collection, in percent of what is in use. Go's
// own 100 would collect every 4 MB: every thirty checkouts or so.
const garbage = 400

// fitRuntime has goroutines run on as many threads as Lambda gives processors: to wake a second one costs more than it
// brings where there is one processor or less. Garbage is collected late, but before the memory is full.
func (e execution) fitRuntime() {
	runtime.GOMAXPROCS(max(1, e.Memory/processorMemory))
	debug.SetGCPercent(garbage)
	debug.SetMemoryLimit(int64(e.Memory) << 20 / 4 * 3)
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
