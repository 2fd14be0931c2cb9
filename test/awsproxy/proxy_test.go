package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// TestProxyPassesCallsOnAndCountsThem checks that body, Host and answer arrive unchanged, and what is counted.
func TestProxyPassesCallsOnAndCountsThem(t *testing.T) {
	var host string
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host = r.Host
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), body...))
	}))
	defer behind.Close()
	target, _ := url.Parse(behind.URL)
	p := newProxy(target)
	front, control := httptest.NewServer(p), httptest.NewServer(p.control())
	defer front.Close()
	defer control.Close()

	calls := []struct{ target, contentType, body string }{
		{"DynamoDB_20120810.GetItem", "application/x-amz-json-1.0", `{"TableName":"t"}`},
		{"DynamoDB_20120810.GetItem", "application/x-amz-json-1.0", `{}`},
		{"", "application/x-www-form-urlencoded; charset=utf-8", "Action=SendEmail&Source=a%40b.c"},
		{"", "text/plain", "else"},
	}
	for _, call := range calls {
		r, _ := http.NewRequest(http.MethodPost, front.URL+"/", strings.NewReader(call.body))
		r.Header.Set("Content-Type", call.contentType)
		r.Host = "dynamodb.signed.example"
		if call.target != "" {
			r.Header.Set("X-Amz-Target", call.target)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		if string(got) != "got "+call.body || resp.StatusCode != http.StatusTeapot || host != "dynamodb.signed.example" {
			t.Errorf("call %+v: got %d %q at host %q", call, resp.StatusCode, got, host)
		}
	}

	want := map[string]int{"DynamoDB_20120810.GetItem": 2, "SendEmail": 1, "POST /": 1}
	if got := counts(t, control.URL); !reflect.DeepEqual(got, want) {
		t.Errorf("counts: got %v, want %v", got, want)
	}
	if _, err := http.Post(control.URL+"/reset", "", nil); err != nil {
		t.Fatal(err)
	}
	if got := counts(t, control.URL); len(got) != 0 {
		t.Errorf("counts after a reset: got %v, want none", got)
	}
}

func counts(t *testing.T, control string) map[string]int {
	t.Helper()
	resp, err := http.Get(control + "/counts")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]int
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}
