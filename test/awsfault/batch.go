package awsfault

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// asked is a BatchGetItem: by table, what is asked of it. Only the keys are looked into.
type asked map[string]tableAsked

type tableAsked map[string]json.RawMessage

// answered is the answer to one.
type answered struct {
	Responses       map[string][]json.RawMessage
	UnprocessedKeys asked
}

// LeaveOut has a BatchGetItem leave its first key, of the first of its tables by name, for another call, as DynamoDB
// may.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
func LeaveOut(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	r, in, err := readBatch(r)
	if err != nil {
		return nil, err
	}
	table := slices.Min(slices.Collect(maps.Keys(in)))
	var keys []json.RawMessage
	if err := json.Unmarshal(in[table]["Keys"], &keys); err != nil {
		return nil, err
	}
	left := asked{table: in[table].with(keys[:1])}
	if in[table] = in[table].with(keys[1:]); len(keys) == 1 {
		delete(in, table)
	}
	out := answered{Responses: map[string][]json.RawMessage{}}
	if len(in) > 0 {
		if out, err = in.get(next, r); err != nil {
			return nil, err
		}
	}
	out.UnprocessedKeys = left
	return answerBatch(r, out)
}

// Torn reads the keys of one table, and those of the others after what between does: a batch is no snapshot.
func Torn(table string, between func()) Fault {
	return func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		r, in, err := readBatch(r)
		if err != nil {
			return nil, err
		}
		out, err := asked{table: in[table]}.get(next, r)
		if err != nil {
			return nil, err
		}
		between()
		delete(in, table)
		rest, err := in.get(next, r)
		if err != nil {
			return nil, err
		}
		maps.Copy(out.Responses, rest.Responses)
		return answerBatch(r, out)
	}
}

func readBatch(r *http.Request) (*http.Request, asked, error) {
	var in struct{ RequestItems asked }
	err := json.NewDecoder(r.Body).Decode(&in)
	_ = r.Body.Close()
	return r, in.RequestItems, err
}

// with is what is asked of a table, with other keys.
func (a tableAsked) with(keys []json.RawMessage) tableAsked {
	other := maps.Clone(a)
	other["Keys"], _ = json.Marshal(keys) // they were read from JSON
	return other
}

func (a asked) get(next http.RoundTripper, r *http.Request) (out answered, err error) {
	err = ask(next, r, "BatchGetItem", map[string]any{"RequestItems": a}, &out)
	return out, err
}

func answerBatch(r *http.Request, out answered) (*http.Response, error) {
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return Answer(http.StatusOK, string(body))(nil, r)
}
