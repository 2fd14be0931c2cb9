package awsfault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Stale makes DynamoDB's eventually consistent reads as old as they may be: GetItem, BatchGetItem, Query and Scan
// without ConsistentRead, those of an index included, answer each item as it was before its last write, and leave it
// out when that write made it. Consistent reads, transactions and writes pass as they are. What a write deleted stays
// deleted in a Query or Scan.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
//
// Only writes that pass through it are known to it. Before each it reads the items that are written, so it is no
// measure of time.
type Stale struct {
	// Next carries calls out; nil means http.DefaultTransport.
	Next http.RoundTripper

	tables tables
	mu     sync.Mutex
	before map[string]item // by table and key: the item before its last write; nil when there was none
	served int
}

// Served returns how many reads were answered with something older than what is stored.
func (s *Stale) Served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// RoundTrip implements http.RoundTripper.
func (s *Stale) RoundTrip(r *http.Request) (*http.Response, error) {
	r, operation, in, err := readCall(r)
	if err != nil {
		return nil, err
	}
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems":
		return s.write(r, in)
	case "GetItem", "BatchGetItem", "Query", "Scan":
		return s.read(r, operation, in)
	}
	return carrier(s.Next).RoundTrip(r)
}

// write keeps the items as they were, if the call is carried out.
func (s *Stale) write(r *http.Request, in *call) (*http.Response, error) {
	before := map[string]item{}
	for _, c := range in.actions() {
		if !c.writes {
			continue
		}
		name, key, err := s.tables.name(s.Next, r, c.call)
		if err != nil {
			return nil, err
		}
		var out struct{ Item item }
		if err := ask(s.Next, r, "GetItem",
			map[string]any{"TableName": c.TableName, "Key": key, "ConsistentRead": true}, &out); err != nil {
			return nil, err
		}
		before[name] = out.Item
	}
	out, err := carrier(s.Next).RoundTrip(r)
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

// read answers with what was stored before, as far as the call lets it.
func (s *Stale) read(r *http.Request, operation string, in *call) (*http.Response, error) {
	resp, err := carrier(s.Next).RoundTrip(r)
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

func (s *Stale) ageItem(r *http.Request, in *call, out item) error {
	keys, err := s.tables.keys(s.Next, r, in.TableName)
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
func (s *Stale) ageBatch(r *http.Request, in *call, out item) error {
	var tables map[string][]item
	if err := json.Unmarshal(out["Responses"], &tables); err != nil {
		return err
	}
	for table, asked := range in.RequestItems {
		if asked.ConsistentRead {
			continue
		}
		keys, err := s.tables.keys(s.Next, r, table)
		if err != nil {
			return err
		}
		for _, key := range asked.Keys {
			name := nameOf(table, keys, key)
			if old, known := s.was(name); known {
				tables[table] = slices.DeleteFunc(tables[table],
					func(it item) bool { return nameOf(table, keys, it) == name })
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
	keys, err := s.tables.keys(s.Next, r, table)
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
