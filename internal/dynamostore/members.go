package dynamostore

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// unless is the attribute of an optional member, or nil where there is none.
func unless(none bool, value types.AttributeValue) types.AttributeValue {
	if none {
		return nil
	}
	return value
}

// newItem is an item of a key and members, without those that are nil.
func newItem(key, members attributes) attributes {
	item := maps.Clone(key)
	for name, value := range members {
		if value != nil {
			item[name] = value
		}
	}
	return item
}

// updateMembers sets members of an item, removes those that are nil, and keeps all its other attributes. Their names
// are written as placeholders, because an attribute's name may be a reserved word.
func updateMembers(table string, key, members attributes) types.TransactWriteItem {
	var sets, removes []string
	names, values := map[string]string{}, attributes{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		names["#"+name] = name
		if value := members[name]; value != nil {
			sets, values[":"+name] = append(sets, "#"+name+" = :"+name), value
		} else {
			removes = append(removes, "#"+name)
		}
	}
	expression := "SET " + strings.Join(sets, ", ")
	if len(removes) > 0 {
		expression += " REMOVE " + strings.Join(removes, ", ")
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: key, UpdateExpression: aws.String(expression),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}
