package faultproxy

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
)

func TestPermissions(t *testing.T) {
	for name, c := range map[string]struct {
		call Call
		want []string
	}{
		"one item": {Call{Service: DynamoDB, Operation: "PutItem",
			Body: []byte(`{"TableName":"T","Item":{"TableName":{"S":"other"}}}`)},
			[]string{"dynamodb:PutItem T"}},
		"a query of a table": {Call{Service: DynamoDB, Operation: "Query", Body: []byte(`{"TableName":"T"}`)},
			[]string{"dynamodb:Query T"}},
		"a query of an index": {Call{Service: DynamoDB, Operation: "Query",
			Body: []byte(`{"TableName":"T","IndexName":"I"}`)}, []string{"dynamodb:Query T/index/I"}},
		"a batch of reads": {Call{Service: DynamoDB, Operation: "BatchGetItem",
			Body: []byte(`{"RequestItems":{"T":{"Keys":[]},"U":{"Keys":[]}}}`)},
			[]string{"dynamodb:BatchGetItem T", "dynamodb:BatchGetItem U"}},
		"a batch of writes": {Call{Service: DynamoDB, Operation: "BatchWriteItem",
			Body: []byte(`{"RequestItems":{"T":[{"PutRequest":{}}]}}`)},
			[]string{"dynamodb:BatchWriteItem T"}},
		"a transaction of writes": {Call{Service: DynamoDB, Operation: "TransactWriteItems", Body: []byte(`{
			"ClientRequestToken":"x","TransactItems":[
			{"Put":{"TableName":"T"}},{"Update":{"TableName":"U"}},{"Update":{"TableName":"U"}},{"Delete":{"TableName":"T"}},
			{"ConditionCheck":{"TableName":"V"}}]}`)},
			[]string{
				"dynamodb:ConditionCheckItem V", "dynamodb:DeleteItem T", "dynamodb:PutItem T", "dynamodb:UpdateItem U",
			}},
		"a transaction of reads": {Call{Service: DynamoDB, Operation: "TransactGetItems",
			Body: []byte(`{"TransactItems":[{"Get":{"TableName":"T"}}]}`)},
			[]string{"dynamodb:GetItem T"}},
		"a message": {Call{Service: SQS, Operation: "SendMessage",
			Body: []byte(`{"QueueUrl":"http://q/1/Q"}`)}, []string{"sqs:SendMessage http://q/1/Q"}},
		"messages": {Call{Service: SQS, Operation: "SendMessageBatch",
			Body: []byte(`{"QueueUrl":"http://q/1/Q"}`)}, []string{"sqs:SendMessage http://q/1/Q"}},
		"a key": {Call{Service: KMS, Operation: "Sign",
			Body: []byte(`{"KeyId":"arn:aws:kms:eu-west-1:1:key/K"}`)},
			[]string{"kms:Sign arn:aws:kms:eu-west-1:1:key/K"}},
		"a secret": {Call{Service: "secretsmanager", Operation: "GetSecretValue", Body: []byte(
			`{"SecretId":"arn:aws:secretsmanager:eu-west-1:1:secret:shop-S-1a2b3c"}`)},
			[]string{"secretsmanager:GetSecretValue shop-S"}},
		"a mail": {Call{Service: SES, Operation: "SendEmail",
			Body: []byte("Action=SendEmail&Source=a%40b.c")}, []string{"ses:SendEmail identity/a@b.c"}},
		"a mail set": {Call{Service: SES, Operation: "SendEmail",
			Body: []byte("Source=a%40b.c&ConfigurationSetName=S")}, []string{"ses:SendEmail identity/a@b.c",
			"ses:SendEmail configuration-set/S"}},
		"an object": {Call{Service: S3, Operation: "GetObject", object: "b/uploads/usr_a/0f"},
			[]string{"s3:GetObject b/uploads/*"}},
		"a list of objects": {Call{Service: S3, Operation: "ListObjectsV2", object: "b"},
			[]string{"s3:ListBucket b"}},
		"no body": {Call{Service: DynamoDB, Operation: "ListTables"},
			[]string{"dynamodb:ListTables "}},
		"a service that the store does not call": {Call{Service: "sts", Operation: "AssumeRole"},
			[]string{"sts:AssumeRole "}},
	} {
		if got := c.call.Permissions(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestLedger: who used what, once each, is read over HTTP.
func TestLedger(t *testing.T) {
	b, l := newBench(t), &Ledger{}
	b.proxy.Watch = l.Note
	for _, table := range []string{"U", "T", "T"} {
		if _, _, err := b.send(t.Context(), DynamoDB, "GetItem", `{"TableName":"`+table+`"}`); err != nil {
			t.Fatal(err)
		}
	}
	out := httptest.NewRecorder()
	l.ServeHTTP(out, nil)
	var got map[string][]string
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := map[string][]string{
		"AKIA": {"dynamodb:GetItem T", "dynamodb:GetItem U"},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
