package main

import "testing"

// TestSameCalls: calls are alike if they differ in nothing but values, and hardly in length.
func TestSameCalls(t *testing.T) {
	const put = "DynamoDB_20120810.PutItem"
	read := func(target, body string) recordedCall {
		t.Helper()
		c, err := describe(target, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ours := read(put, `{"TableName":"a-1","Item":{"id":{"S":"x"},"n":{"N":"1"}},"ConditionExpression":"a = :b"}`)
	for name, c := range map[string]struct {
		target, body string
		alike        bool
	}{
		"another order and other values": {
			put, `{"Item":{"n":{"N":"2"},"id":{"S":"y"}},"ConditionExpression":"a = :b","TableName":"b-1"}`, true,
		},
		"another operation": {
			put + "s", `{"TableName":"a-1","Item":{"id":{"S":"x"},"n":{"N":"1"}},"ConditionExpression":"a = :b"}`, false,
		},
		"another condition": {
			put, `{"TableName":"a-1","Item":{"id":{"S":"x"},"n":{"N":"1"}},"ConditionExpression":"a > :b"}`, false,
		},
		"an attribute less": {put, `{"TableName":"a-1","Item":{"id":{"S":"x"}},"ConditionExpression":"a = :b"}`, false},
		"another type": {
			put, `{"TableName":"a-1","Item":{"id":{"S":"x"},"n":{"S":"1"}},"ConditionExpression":"a = :b"}`, false,
		},
		"longer": {
			put, `{"TableName":"a-1","Item":{"id":{"S":"xxxxxxxxxxxxxxxx"},"n":{"N":"1"}},"ConditionExpression":"a = :b"}`,
			false,
		},
	} {
		if err := ours.like(read(c.target, c.body)); (err == nil) != c.alike {
			t.Errorf("%s: %v", name, err)
		}
	}
	mail := read("", "Action=SendEmail&Source=a&Tags.member.1.Name=b")
	if mail.like(read("", "Action=SendEmail&Source=a&Tags.member.1.Value=b")) == nil || mail.target != "SendEmail" {
		t.Errorf("forms with other fields are alike: %+v", mail)
	}
	if got := shape(map[string]any{"bench-1-OrdersTable": true}); got != "map[OrdersTable:true]" {
		t.Errorf("a table's name is %s", got)
	}
	if _, err := describe(put, []byte("{")); err == nil {
		t.Error("half a body was read")
	}
}
