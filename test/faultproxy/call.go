package faultproxy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The services that the store calls.
const (
	DynamoDB = "dynamodb"
	SQS      = "sqs"
	SES      = "ses"
	KMS      = "kms"
	S3       = "s3"
)

// Call is one call of a function to AWS, and what became of it.
type Call struct {
	Begin, End time.Time
	Service    string // as it stands in the signature, such as dynamodb; empty if there is none
	Operation  string // such as TransactWriteItems
	AccessKey  string // whose credentials signed it: each function has its own; empty if there is none
	Body       []byte // as it was sent
	object     string // of S3: BUCKET/KEY

	Fault   Kind // what was done to it; empty when it was passed on as it was
	Carried bool // AWS was given the call and answered it with success
	Lost    bool // the function did not get AWS's answer
	Killed  int  // the process that was killed for it, or 0
}

// signedFor finds the access key and the service in a signature (AWS: "Signature Version 4 signing process", the
// credential scope).
var signedFor = regexp.MustCompile(`Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/aws4_request`)

// read names a request's call: the operation by the header X-Amz-Target in AWS's JSON protocols, by the form's Action
// in its query protocol, by the method in S3's, by method and path else.
func read(r *http.Request, body []byte) *Call {
	c := &Call{Begin: time.Now(), Body: body, Operation: r.Method + " " + r.URL.Path}
	if found := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		c.AccessKey, c.Service = found[1], found[2]
	}
	if _, operation, found := strings.Cut(r.Header.Get("X-Amz-Target"), "."); found {
		c.Operation = operation
	} else if action := c.Form().Get("Action"); isForm(r) && action != "" {
		c.Operation = action
	} else if c.Service == S3 {
		c.object = strings.TrimPrefix(r.URL.Path, "/")
		c.Operation = operationOfS3(r)
	}
	return c
}

// operationOfS3 names what the store asks S3 for: an object, or a list of some.
func operationOfS3(r *http.Request) string {
	if r.URL.Query().Get("list-type") == "2" {
		return "ListObjectsV2"
	}
	return map[string]string{
		http.MethodGet: "GetObject", http.MethodPut: "PutObject", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// Form returns the parameters of a call in the query protocol, which SES speaks. It is empty for a body that is no
// form.
func (c *Call) Form() url.Values {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return url.Values{}
	}
	return form
}

// actions returns how many actions a transaction has.
func (c *Call) actions() int {
	var transaction struct{ TransactItems []json.RawMessage }
	if json.Unmarshal(c.Body, &transaction) != nil {
		return 0
	}
	return len(transaction.TransactItems)
}
