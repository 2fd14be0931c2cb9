package awsfault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// item is an item in DynamoDB's JSON, or a part of one.
type item map[string]json.RawMessage

// call is what faults need to know of a call to DynamoDB.
type call struct {
	TableName      string
	Key, Item      item
	ConsistentRead bool
	TransactItems  []struct{ Put, Update, Delete, ConditionCheck, Get *call }
	RequestItems   map[string]struct {
		ConsistentRead bool
		Keys           []item
	}
}

// action is one item that a call is about.
type action struct {
	*call
	writes bool
}

// actions returns what a write of one item or a transaction is about.
func (c *call) actions() []action {
	if c.TransactItems == nil {
		return []action{{c, true}}
	}
	var all []action
	for _, t := range c.TransactItems {
		for i, one := range []*call{t.Put, t.Update, t.Delete, t.ConditionCheck, t.Get} {
			if one != nil {
				all = append(all, action{one, i < 3})
			}
		}
	}
	return all
}

// readCall reads a call's body, and returns the request with it. The operation is empty for a call that is none of
// DynamoDB's.
func readCall(r *http.Request) (*http.Request, string, *call, error) {
	_, operation, dynamo := strings.Cut(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	if !dynamo {
		return r, "", nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", nil, fmt.Errorf("reading a call: %w", err)
	}
	_ = r.Body.Close()
	in := &call{}
	if err := json.Unmarshal(body, in); err != nil {
		return nil, "", nil, fmt.Errorf("reading a call: %w", err)
	}
	return withBody(r, body), operation, in, nil
}

// withBody is the request again, with another body. DynamoDB Local does not look whether the signature is that of the
// body.
func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = nil
	return r
}

func carrier(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		return http.DefaultTransport
	}
	return next
}

// ask makes a call of a fault's own, in the name of another.
func ask(next http.RoundTripper, like *http.Request, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r := withBody(like, body)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	resp, err := carrier(next).RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s for a fault: %d %s", operation, resp.StatusCode, content)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(content, out)
}

// tables knows which attributes are the keys of tables.
type tables struct {
	// describe returns the names of the attributes of a table's key; nil means by a call of DynamoDB in the name of
	// another.
	describe func(table string) ([]string, error)

	mu    sync.Mutex
	known map[string][]string
}

// keys returns the names of the attributes of a table's key.
func (t *tables) keys(next http.RoundTripper, like *http.Request, table string) ([]string, error) {
	t.mu.Lock()
	known := t.known[table]
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	known, err := t.look(next, like, table)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string][]string{}
	}
	t.known[table] = known
	return known, nil
}

func (t *tables) look(next http.RoundTripper, like *http.Request, table string) (names []string, err error) {
	if t.describe != nil {
		return t.describe(table)
	}
	var out struct {
		Table struct {
			KeySchema []struct{ AttributeName string }
		}
	}
	err = ask(next, like, "DescribeTable", map[string]any{"TableName": table}, &out)
	for _, k := range out.Table.KeySchema {
		names = append(names, k.AttributeName)
	}
	return names, err
}

// name returns the key of the item that an action is about, and its name among all items of all tables.
func (t *tables) name(next http.RoundTripper, like *http.Request, c *call) (string, item, error) {
	keys, err := t.keys(next, like, c.TableName)
	if err != nil {
		return "", nil, err
	}
	key := item{}
	for _, k := range keys {
		if key[k] = c.Key[k]; key[k] == nil {
			key[k] = c.Item[k]
		}
	}
	return nameOf(c.TableName, keys, key), key, nil
}

func nameOf(table string, keys []string, of item) string {
	name := table
	for _, k := range keys {
		var compact bytes.Buffer
		_ = json.Compact(&compact, of[k])
		name += "\x00" + compact.String()
	}
	return name
}

// answerLike is the answer with another body. The checksum that DynamoDB gives of a body goes with the body that it was
// for.
func answerLike(resp *http.Response, out any) (*http.Response, error) {
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("X-Amz-Crc32")
	resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}
