package dynamostore

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TableCopy makes a table's items those of another: what differs is written, what the other has not is removed. A copy
// that was interrupted is finished by another one. Nobody else may write to either table meanwhile.
type TableCopy struct {
	Client   *dynamodb.Client
	From, To string
	Write    bool // else it only counts
	// Keep is called with each item of To before it is written over or removed, as DynamoDB's JSON, with one at a time.
	Keep func(table string, item json.RawMessage) error
}

// copied is what a copy found, and did if it writes.
type copied struct{ Same, Written, Removed int }

// copying is a copy under way.
type copying struct {
	*TableCopy
	keeping sync.Mutex
}

// Run copies. It returns how far it got with the error.
func (t *TableCopy) Run(ctx context.Context) (copied, error) {
	var done copied
	c := &copying{TableCopy: t}
	key, err := c.key(ctx)
	if err != nil {
		return done, err
	}
	if err := c.put(ctx, key, &done); err != nil {
		return done, err
	}
	return done, c.remove(ctx, key, &done)
}

// key returns the names of the key's attributes, which both tables must have.
func (c *copying) key(ctx context.Context) ([]string, error) {
	var keys [2][]string
	for i, table := range []string{c.From, c.To} {
		out, err := c.Client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
		if err != nil {
			return nil, failed("describing "+table, err)
		}
		for _, k := range out.Table.KeySchema {
			keys[i] = append(keys[i], aws.ToString(k.AttributeName))
		}
	}
	if !slices.Equal(keys[0], keys[1]) {
		return nil, fmt.Errorf("%s has the key %v, and %s the key %v", c.From, keys[0], c.To, keys[1])
	}
	return keys[0], nil
}

// put writes what To has not, or has otherwise.
func (c *copying) put(ctx context.Context, key []string, done *copied) error {
	return c.scan(ctx, c.From, func(ctx context.Context, items []attributes) (func(), error) {
		there, err := c.find(ctx, c.To, key, items)
		if err != nil {
			return nil, err
		}
		var writes []types.WriteRequest
		var replaced []attributes
		for _, item := range items {
			old := there[keyText(key, item)]
			if reflect.DeepEqual(old, item) {
				continue
			}
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			if old != nil {
				replaced = append(replaced, old)
			}
		}
		return func() {
			done.Same, done.Written = done.Same+len(items)-len(writes),
				done.Written+len(writes)
		}, c.write(ctx, writes, replaced)
	})
}

// remove takes away what From has not.
func (c *copying) remove(ctx context.Context, key []string, done *copied) error {
	return c.scan(ctx, c.To, func(ctx context.Context, items []attributes) (func(), error) {
		there, err := c.find(ctx, c.From, key, items)
		if err != nil {
			return nil, err
		}
		var writes []types.WriteRequest
		var removed []attributes
		for _, item := range items {
			if there[keyText(key, item)] == nil {
				writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: keyOf(key, item)}})
				removed = append(removed, item)
			}
		}
		return func() { done.Removed += len(writes) }, c.write(ctx, writes, removed)
	})
}

func (c *copying) scan(ctx context.Context, table string, prepare func(context.Context, []attributes) (func(),
	error)) error {
	in := dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)}
	return scan(ctx, c.Client, in, func(ctx context.Context, items []attributes, _ time.Time) (func(),
		error) {
		return prepare(ctx, items)
	})
}

// find reads what a table has under the keys of items.
func (c *copying) find(ctx context.Context, table string, key []string, items []attributes) (map[string]attributes,
	error) {
	found := map[string]attributes{}
	for part := range slices.Chunk(items, maxBatch) {
		keys := make([]attributes, len(part))
		for i, item := range part {
			keys[i] = keyOf(key, item)
		}
		out, err := batchGet(ctx, c.Client, map[string]types.KeysAndAttributes{table: {Keys: keys,
			ConsistentRead: aws.Bool(true)}})
		if err != nil {
			return nil, err
		}
		for _, item := range out[table] {
			found[keyText(key, item)] = item
		}
	}
	return found, nil
}

// write keeps what goes, then writes.
func (c *copying) write(ctx context.Context, writes []types.WriteRequest, going []attributes) error {
	if !c.Write {
		return nil
	}
	if err := c.keep(going); err != nil {
		return err
	}
	for part := range slices.Chunk(writes, maxWrites) {
		if err := batchWrite(ctx, c.Client, c.To, part); err != nil {
			return err
		}
	}
	return nil
}

func (c *copying) keep(going []attributes) error {
	c.keeping.Lock()
	defer c.keeping.Unlock()
	for _, item := range going {
		text, err := json.Marshal(plainItem(item))
		if err != nil {
			return fmt.Errorf("writing an item as JSON: %w", err)
		}
		if err := c.Keep(c.To, text); err != nil {
			return fmt.Errorf("keeping an item: %w", err)
		}
	}
	return nil
}

func keyOf(key []string, item attributes) attributes {
	of := attributes{}
	for _, name := range key {
		of[name] = item[name]
	}
	return of
}

// keyText tells keys apart. The store's keys are texts.
func keyText(key []string, item attributes) string {
	var parts []string
	for _, name := range key {
		r := reader{item: item}
		parts = append(parts, r.text(name))
	}
	return fmt.Sprintf("%q", parts)
}

// plainItem is an item as DynamoDB's JSON has it, which `aws dynamodb put-item` takes.
func plainItem(item attributes) map[string]any {
	plain := map[string]any{}
	for name, value := range item {
		plain[name] = plainValue(value)
	}
	return plain
}

func plainValue(value types.AttributeValue) map[string]any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": v.Value}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": plainItem(v.Value)}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, element := range v.Value {
			list[i] = plainValue(element)
		}
		return map[string]any{"L": list}
	}
	return map[string]any{"NULL": true} // the store writes no other type
}
