package awsfault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Stale makes DynamoDB's eventually consistent reads as old as they may be: GetItem, BatchGetItem, Query and Scan without
// ConsistentRead, those of an index included, answer each item as it was before its last write, and leave it out when that write
// made it. Consistent reads, transactions and writes pass as they are. What a write deleted stays deleted in a Query or Scan.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
//
// Only writes that pass through it are known to it. Before each it reads the items that are written, so it is no measure of time.
type Stale struct {
	// Next carries calls out; nil means http.DefaultTransport.
	Next http.RoundTripper
	// Sign signs Stale's own calls; nil leaves them with the header of the call that they are made for, which DynamoDB Local takes.
	Sign func(r *http.Request, body []byte) error

	mu     sync.Mutex
	keys   map[string][]string // of a table: the names of its key's attributes
	before map[string]item     // by table and key: the item before its last write; nil when there was none
	served int
}

// item is an item in DynamoDB's JSON, or a part of one.
type item map[string]json.RawMessage

// Served returns how many reads were answered with something older than what is stored.
func (s *Stale) Served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// RoundTrip implements http.RoundTripper.
func (s *Stale) RoundTrip(r *http.Request) (*http.Response, error) {
	_, operation, dynamo := strings.Cut(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	if !dynamo {
		return s.next().RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	_ = r.Body.Close()
	var in call
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	r = withBody(r, body)
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems":
		return s.write(r, in)
	case "GetItem", "BatchGetItem", "Query", "Scan":
		return s.read(r, operation, in)
	}
	return s.next().RoundTrip(r)
}

func (s *Stale) next() http.RoundTripper {
	if s.Next == nil {
		return http.DefaultTransport
	}
	return s.Next
}

// call is what Stale needs to know of a call.
type call struct {
	TableName      string
	Key, Item      item
	ConsistentRead bool
	TransactItems  []struct{ Put, Update, Delete *call }
	RequestItems   map[string]struct {
		ConsistentRead bool
		Keys           []item
	}
}

// written returns the actions that write an item.
func (c call) written() []call {
	if c.TransactItems == nil {
		return []call{c}
	}
	var all []call
	for _, t := range c.TransactItems {
		for _, action := range []*call{t.Put, t.Update, t.Delete} {
			if action != nil {
				all = append(all, *action)
			}
		}
	}
	return all
}

// write keeps the items as they were, if the call is carried out.
func (s *Stale) write(r *http.Request, in call) (*http.Response, error) {
	before := map[string]item{}
	for _, c := range in.written() {
		name, old, err := s.look(r, c)
		if err != nil {
			return nil, err
		}
		before[name] = old
	}
	out, err := s.next().RoundTrip(r)
	if err != nil || out.StatusCode != http.StatusOK {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before == nil {
		s.before = map[string]item{}
	}
	for name, old := range before {
		s.before[name] = old
	}
	return out, nil
}

// look reads the item that a write is about.
func (s *Stale) look(r *http.Request, c call) (name string, old item, err error) {
	keys, err := s.keysOf(r, c.TableName)
	if err != nil {
		return "", nil, err
	}
	key := item{}
	for _, k := range keys {
		if key[k] = c.Key[k]; key[k] == nil {
			key[k] = c.Item[k]
		}
	}
	var out struct{ Item item }
	err = s.ask(r, "GetItem", map[string]any{"TableName": c.TableName, "Key": key, "ConsistentRead": true}, &out)
	return nameOf(c.TableName, keys, key), out.Item, err
}

func (s *Stale) keysOf(r *http.Request, table string) ([]string, error) {
	s.mu.Lock()
	known := s.keys[table]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var out struct {
		Table struct {
			KeySchema []struct{ AttributeName string }
		}
	}
	if err := s.ask(r, "DescribeTable", map[string]any{"TableName": table}, &out); err != nil {
		return nil, err
	}
	for _, k := range out.Table.KeySchema {
		known = append(known, k.AttributeName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[string][]string{}
	}
	s.keys[table] = known
	return known, nil
}

// ask makes a call of Stale's own.
func (s *Stale) ask(like *http.Request, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r := withBody(like, body)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	if s.Sign != nil {
		if err := s.Sign(r, body); err != nil {
			return err
		}
	}
	resp, err := s.next().RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s before a write: %d %s", operation, resp.StatusCode, content)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(content, out)
}

// withBody is the request again, with another body.
func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = nil
	return r
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

// read answers with what was stored before, as far as the call lets it.
func (s *Stale) read(r *http.Request, operation string, in call) (*http.Response, error) {
	resp, err := s.next().RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK || in.ConsistentRead {
		return resp, err
	}
	defer resp.Body.Close()
	out := item{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	switch operation {
	case "GetItem":
		err = s.ageItem(r, in, out)
	case "BatchGetItem":
		err = s.ageBatch(r, in, out)
	default:
		err = s.ageList(r, in.TableName, out)
	}
	if err != nil {
		return nil, err
	}
	return answerLike(resp, out)
}

func (s *Stale) ageItem(r *http.Request, in call, out item) error {
	keys, err := s.keysOf(r, in.TableName)
	if err != nil {
		return err
	}
	old, known := s.was(nameOf(in.TableName, keys, in.Key))
	if !known {
		return nil
	}
	delete(out, "Item")
	if old != nil {
		out["Item"], err = json.Marshal(old)
	}
	return err
}

// ageBatch has the answer's tables age that are not read consistently.
func (s *Stale) ageBatch(r *http.Request, in call, out item) error {
	var tables map[string][]item
	if err := json.Unmarshal(out["Responses"], &tables); err != nil {
		return err
	}
	for table, asked := range in.RequestItems {
		if asked.ConsistentRead {
			continue
		}
		keys, err := s.keysOf(r, table)
		if err != nil {
			return err
		}
		for _, key := range asked.Keys {
			name := nameOf(table, keys, key)
			if old, known := s.was(name); known {
				tables[table] = slices.DeleteFunc(tables[table], func(it item) bool { return nameOf(table, keys, it) == name })
				if old != nil {
					tables[table] = append(tables[table], old)
				}
			}
		}
	}
	var err error
	out["Responses"], err = json.Marshal(tables)
	return err
}

// ageList has a Query's or Scan's answer age. Its Count is left as it was: nobody reads it.
func (s *Stale) ageList(r *http.Request, table string, out item) (err error) {
	out["Items"], err = s.age(r, table, out["Items"])
	return err
}

func (s *Stale) age(r *http.Request, table string, list json.RawMessage) (json.RawMessage, error) {
	keys, err := s.keysOf(r, table)
	if err != nil {
		return nil, err
	}
	var items []item
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, err
	}
	aged := slices.DeleteFunc(items, func(it item) bool {
		old, known := s.was(nameOf(table, keys, it))
		if known && old != nil {
			clear(it)
			for name, value := range old {
				it[name] = value
			}
		}
		return known && old == nil
	})
	return json.Marshal(aged)
}

// was returns the item before its last write, if a write of it is known.
func (s *Stale) was(name string) (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.before[name]
	if known {
		s.served++
	}
	return old, known
}

// answerLike is the answer with another body. The checksum that DynamoDB gives of a body goes with the body that it was for.
func answerLike(resp *http.Response, out item) (*http.Response, error) {
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("X-Amz-Crc32")
	resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}
