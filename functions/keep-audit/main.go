// Command keep-audit gets the audited lines of the functions' log from CloudWatch Logs, and writes them to its own log
// group, which is kept for longer.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(keepAudit(os.Stdout)) }
