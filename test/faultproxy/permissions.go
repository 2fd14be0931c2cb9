package faultproxy

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Permissions returns what IAM asks for the call, each as an action and a resource: "dynamodb:Query TABLE/index/NAME",
// "sqs:SendMessage QUEUE-URL", "kms:Sign KEY", "ses:SendEmail identity/SENDER", "s3:GetObject BUCKET/PREFIX/*".
// Resources are named as the call names them, of an object's name the part before its first slash. Calls of several
// items are asked about item by item, as these pages have it:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func (c *Call) Permissions() []string {
	switch c.Service {
	case DynamoDB:
		return c.ofTables()
	case SES:
		return c.ofMail()
	case S3:
		return c.ofObjects()
	}
	var in struct{ QueueUrl, KeyId, SecretId string }
	_ = json.Unmarshal(c.Body, &in)
	action := c.Operation
	if action == "SendMessageBatch" { // SQS has one action for both
		action = "SendMessage"
	}
	return []string{c.Service + ":" + action + " " + in.QueueUrl + in.KeyId + secretName(in.SecretId)}
}

// secretName is the name in a secret's ARN, which ends with six characters more.
func secretName(arn string) string {
	_, name, _ := strings.Cut(arn, ":secret:")
	return name[:max(0, strings.LastIndex(name, "-"))]
}

func (c *Call) ofTables() []string {
	var in struct {
		TableName, IndexName string
		RequestItems         map[string]json.RawMessage
		TransactItems        []map[string]struct{ TableName string }
	}
	_ = json.Unmarshal(c.Body, &in)
	needed := map[string]bool{}
	for table := range in.RequestItems {
		needed["dynamodb:"+c.Operation+" "+table] = true
	}
	for _, item := range in.TransactItems {
		for action, on := range item {
			needed["dynamodb:"+transactActions[action]+" "+on.TableName] = true
		}
	}
	switch {
	case in.IndexName != "":
		needed["dynamodb:"+c.Operation+" "+in.TableName+"/index/"+in.IndexName] = true
	case len(needed) == 0:
		needed["dynamodb:"+c.Operation+" "+in.TableName] = true
	}
	return slices.Sorted(maps.Keys(needed))
}

// transactActions are IAM's names of a transaction's actions.
var transactActions = map[string]string{
	"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
	"ConditionCheck": "ConditionCheckItem",
}

// ofObjects: who lists a bucket needs ListBucket, whichever the operation's name.
func (c *Call) ofObjects() []string {
	bucket, key, _ := strings.Cut(c.object, "/")
	if c.Operation == "ListObjectsV2" {
		return []string{"s3:ListBucket " + bucket}
	}
	prefix, _, _ := strings.Cut(key, "/")
	return []string{"s3:" + c.Operation + " " + bucket + "/" + prefix + "/*"}
}

func (c *Call) ofMail() []string {
	form := c.Form()
	needed := []string{"ses:" + c.Operation + " identity/" + form.Get("Source")}
	if set := form.Get("ConfigurationSetName"); set != "" {
		needed = append(needed, "ses:"+c.Operation+" configuration-set/"+set)
	}
	return needed
}

// Ledger keeps which permissions were used by which credentials. Its zero value is empty; [Ledger.Note] is a Proxy's
// Watch.
type Ledger struct {
	mu   sync.Mutex
	used map[string]map[string]bool // by access key and permission
}

// Note keeps what the call needed. A call is kept whatever became of it: its function made it.
func (l *Ledger) Note(c *Call) {
	needed := c.Permissions()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used == nil {
		l.used = map[string]map[string]bool{}
	}
	if l.used[c.AccessKey] == nil {
		l.used[c.AccessKey] = map[string]bool{}
	}
	for _, permission := range needed {
		l.used[c.AccessKey][permission] = true
	}
}

// ServeHTTP answers a JSON object from access keys to sorted lists of the permissions that they used.
func (l *Ledger) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := map[string][]string{}
	for key, permissions := range l.used {
		listed[key] = slices.Sorted(maps.Keys(permissions))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(listed)
}
