package dynamostore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// attributes is an item or a key, as DynamoDB has it.
type attributes = map[string]types.AttributeValue

// timeFormat is RFC 3339 in UTC with milliseconds, of fixed width, so that texts sort as times do.
const timeFormat = "2006-01-02T15:04:05.000Z"

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func boolean(b bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: b} }

func texts(all []string) types.AttributeValue {
	list := make([]types.AttributeValue, len(all))
	for i, s := range all {
		list[i] = text(s)
	}
	return &types.AttributeValueMemberL{Value: list}
}

func blob(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

func instant(t time.Time) types.AttributeValue { return text(formatTime(t)) }

func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// reader reads the attributes of an item and remembers the first that is missing or of another type.
type reader struct {
	item attributes
	err  error
}

func (r *reader) text(name string) string {
	v, ok := r.item[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "text")
		return ""
	}
	return v.Value
}

func (r *reader) number(name string) int64 {
	v, ok := r.item[name].(*types.AttributeValueMemberN)
	if !ok {
		r.fail(name, "a number")
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		r.fail(name, "a whole number")
	}
	return n
}

func (r *reader) boolean(name string) bool {
	v, ok := r.item[name].(*types.AttributeValueMemberBOOL)
	if !ok {
		r.fail(name, "true or false")
		return false
	}
	return v.Value
}

func (r *reader) blob(name string) []byte {
	v, ok := r.item[name].(*types.AttributeValueMemberB)
	if !ok {
		r.fail(name, "binary")
		return nil
	}
	return v.Value
}

func (r *reader) instant(name string) time.Time { return r.parseTime(name, r.text(name)) }

// instantOf reads the time with which a sort key such as placed_at#order_id begins.
func (r *reader) instantOf(name string) time.Time {
	key := r.text(name)
	return r.parseTime(name, key[:min(len(key), len(timeFormat))])
}

func (r *reader) parseTime(name, value string) time.Time {
	t, err := time.Parse(timeFormat, value)
	if err != nil && r.err == nil {
		r.fail(name, "a time")
	}
	return t
}

func (r *reader) list(name string) []types.AttributeValue {
	v, ok := r.item[name].(*types.AttributeValueMemberL)
	if !ok {
		r.fail(name, "a list")
		return nil
	}
	return v.Value
}

func (r *reader) texts(name string) []string {
	list := r.list(name)
	all := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			r.fail(name, "a list of texts")
			return nil
		}
		all[i] = s.Value
	}
	return all
}

func (r *reader) has(name string) bool { return r.item[name] != nil }

func (r *reader) fail(name, kind string) {
	if r.err == nil {
		r.err = fmt.Errorf("stored attribute %s is not %s", name, kind)
	}
}
