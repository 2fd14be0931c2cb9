package faultproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const callProxy = "FAULTPROXY_TEST_CALL"

// TestMain lets this test's own program be the function that is killed: a process called bootstrap that calls AWS.
func TestMain(m *testing.M) {
	if target := os.Getenv(callProxy); target != "" {
		resp, err := http.Post(target, "application/x-amz-json-1.0", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bench is a proxy, what its service was given, and what was watched.
type bench struct {
	proxy *Proxy
	url   string

	mu      sync.Mutex
	got     []string // bodies
	host    string
	watched []Call
}

const answered = `{"Item":{"stock":{"N":"12"}}}`

func newBench(t *testing.T) *bench {
	b := &bench{}
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.got, b.host = append(b.got, string(body)), r.Host
		b.mu.Unlock()
		_, _ = io.WriteString(w, answered)
	}))
	t.Cleanup(behind.Close)
	target, _ := url.Parse(behind.URL)
	b.proxy = New(target)
	b.proxy.Watch = func(c *Call) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.watched = append(b.watched, *c)
	}
	front := httptest.NewServer(b.proxy)
	t.Cleanup(front.Close)
	b.url = front.URL
	return b
}

func (b *bench) carried() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

// last waits for the end of the call that was made last.
func (b *bench) last(t *testing.T) Call {
	t.Helper()
	if err := b.proxy.Quiet(t.Context(), 10*time.Millisecond, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.watched[len(b.watched)-1]
}

func (b *bench) send(ctx context.Context, service, operation, body string) (int, string, error) {
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/"+service+
		"/aws4_request, SignedHeaders=host, Signature=0")
	r.Host = "signed.example"
	if operation == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	} else {
		r.Header.Set("X-Amz-Target", "Service."+operation)
	}
	r.GetBody = nil // no repeats by net/http
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(got), err
}

const twoActions = `{"TransactItems":[{},{}]}`

// TestFaults: what the function sees of each fault, and whether the service gets the call.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		rule               Rule
		service, operation string
		body               string
		status             int // 0: no answer, or half of one
		answer             string
		carried            int
		lost               bool
	}{
		"none": {Rule{Operation: "Other", Fault: Lost, Share: 1}, DynamoDB, "GetItem", "{}", 200,
			answered, 1, false},
		"never by its share": {Rule{Operation: "GetItem", Fault: Lost}, DynamoDB, "GetItem", "{}", 200, answered, 1,
			false},
		"refused": {Rule{Fault: Refused}, DynamoDB, "GetItem", "{}", 500, "v20120810#InternalServerError", 0,
			false},
		"refused by SQS": {Rule{Fault: Refused}, SQS, "SendMessage", "{}", 500, "sqs#InternalFailure", 0, false},
		"refused by SES": {Rule{Fault: Refused}, SES, "", "Action=SendEmail", 503, "<Code>ServiceUnavailable<", 0,
			false},
		"throttled": {Rule{Fault: Throttled}, DynamoDB, "GetItem", "{}", 400,
			"#ProvisionedThroughputExceededException", 0, false},
		"throttled by SQS": {Rule{Fault: Throttled}, SQS, "SendMessage", "{}", 400, "#RequestThrottled", 0, false},
		"throttled by SES": {Rule{Fault: Throttled}, SES, "", "Action=SendEmail", 400, "<Code>Throttling<", 0, false},
		"throttled by KMS": {Rule{Fault: Throttled}, KMS, "Sign", "{}", 400, `"ThrottlingException"`, 0, false},
		"a throttled transaction": {Rule{Fault: Throttled}, DynamoDB, "TransactWriteItems", twoActions, 400,
			`[{"Code":"ThrottlingError","Message":"injected"},{"Code":"ProvisionedThroughputExceeded","Message":"injected"}]`,
			0, false},
		"rate limited": {Rule{Fault: RateLimited}, DynamoDB, "GetItem", "{}", 400, "#ThrottlingException", 0,
			false},
		"rate limited by SES": {Rule{Fault: RateLimited}, SES, "", "Action=SendEmail", 400, "<Code>Throttling<", 0,
			false},
		"conflict of one": {Rule{Fault: Conflict}, DynamoDB, "UpdateItem", "{}", 400,
			"#TransactionConflictException", 0, false},
		"conflict": {Rule{Fault: Conflict}, DynamoDB, "TransactWriteItems", twoActions, 400,
			`[{"Code":"TransactionConflict","Message":"injected"},{"Code":"TransactionConflict","Message":"injected"}]`,
			0, false},
		"mixed conflict": {Rule{Fault: MixedConflict}, DynamoDB, "TransactWriteItems", twoActions, 400,
			`[{"Code":"TransactionConflict","Message":"injected"},{"Code":"ConditionalCheckFailed","Message":"injected"}]`, 0,
			false},
		"reset": {Rule{Fault: Reset}, DynamoDB, "GetItem", "{}", 0, "", 0, false},
		"slow": {Rule{Fault: Slow, Delay: time.Millisecond}, DynamoDB, "GetItem", "{}", 200, answered, 1,
			false},
		"lost": {Rule{Fault: Lost}, DynamoDB, "GetItem", "{}", 0, "", 1, true},
		"half": {Rule{Fault: Half}, DynamoDB, "GetItem", "{}", 0, "", 1, true},
		"late": {Rule{Fault: Late, Delay: time.Millisecond}, DynamoDB, "GetItem", "{}", 0, "", 1, true},
		"doubled": {Rule{Fault: Doubled, Delay: time.Millisecond}, SQS, "SendMessage", "{}", 200, answered,
			2, false},
		"killing nobody before": {Rule{Fault: KilledBefore}, DynamoDB, "GetItem", "{}", 0, "", 0, false},
		"killing nobody after":  {Rule{Fault: KilledAfter}, DynamoDB, "GetItem", "{}", 0, "", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if c.rule.Operation == "" {
				c.rule.Operation, c.rule.Share = c.operation, 1
				if c.operation == "" {
					c.rule.Operation = "SendEmail"
				}
			}
			b.proxy.Plan(1, c.rule)
			status, got, err := b.send(t.Context(), c.service, c.operation, c.body)
			if (err != nil) != (c.status == 0) {
				t.Fatalf("got %d, error %v, want status %d", status, err, c.status)
			}
			if err == nil && (status != c.status || !strings.Contains(got, c.answer)) {
				t.Errorf("got %d %s, want %d and %s", status, got, c.status, c.answer)
			}
			call := b.last(t)
			if b.carried() != c.carried || call.Carried != (c.carried > 0) || call.Lost != c.lost {
				t.Errorf("the service got %d calls, watched %+v; want %d, lost %v",
					b.carried(), call, c.carried, c.lost)
			}
			if call.Killed != 0 {
				t.Errorf("killed %d, want nobody: this process is no function", call.Killed)
			}
		})
	}
}

// TestHung: a call that hangs ends when its function gives up.
func TestHung(t *testing.T) {
	b := newBench(t)
	b.proxy.Plan(1, Rule{Operation: "GetItem", Fault: Hung, Share: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := b.send(ctx, DynamoDB, "GetItem", "{}"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
	}
	if call := b.last(t); call.Carried || b.carried() != 0 {
		t.Errorf("the service got the call: %+v", call)
	}
}

// TestKill: the process that called is dead, and the service got the call or not.
func TestKill(t *testing.T) {
	for kind, carried := range map[Kind]int{KilledBefore: 0, KilledAfter: 1} {
		b := newBench(t)
		b.proxy.Plan(1, Rule{Operation: "POST /", Fault: kind, Share: 1})
		function := exec.Command(bootstrap(t))
		function.Env = append(os.Environ(), callProxy+"="+b.url)
		if err := function.Run(); err == nil || function.ProcessState.String() != "signal: killed" {
			t.Errorf("%s: the function ended with %v, want it killed", kind, err)
		}
		if call := b.last(t); call.Killed != function.Process.Pid || b.carried() != carried {
			t.Errorf("%s: killed %d, carried %d, want %d and %d",
				kind, call.Killed, b.carried(), function.Process.Pid, carried)
		}
	}
}

// bootstrap returns a copy of this program under a function's name.
func bootstrap(t *testing.T) string {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(path, content, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRules: the first rule that applies decides, as often as it may, for the names that Name gives.
func TestRules(t *testing.T) {
	b := newBench(t)
	b.proxy.Name = func(c *Call) string { return c.Operation + " " + string(c.Body) }
	b.proxy.Plan(1,
		Rule{Operation: "UpdateItem mark", Fault: Refused, Share: 1, Times: 2},
		Rule{Operation: "UpdateItem mark", Fault: Throttled, Share: 1, Times: 1},
		Rule{Operation: "UpdateItem", Fault: Throttled, Share: 1})
	var got []int
	for _, body := range []string{"claim", "mark", "mark", "mark", "mark"} {
		status, _, err := b.send(t.Context(), DynamoDB, "UpdateItem", body)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if want := []int{200, 500, 500, 400, 200}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSequence: what follows a fault is done to the next attempts of the same call, and to no other call.
func TestSequence(t *testing.T) {
	p := New(&url.URL{})
	p.Plan(1,
		Rule{Operation: "TransactWriteItems", Fault: Lost, Share: 1, Times: 1, Then: []Kind{Throttled, Throttled}})
	var got []Kind
	for _, attempts := range []string{"a", "b", "a", "b", "a", "a"} {
		got = append(got, p.rule("TransactWriteItems", attempts).Fault)
	}
	if want := []Kind{Lost, "", Throttled, "", Throttled, ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := (Rule{Operation: "x", Fault: Lost, Share: 1, Then: []Kind{"gone"}}).validate(); err == nil {
		t.Error("a fault that is none is no error")
	}
}

// TestShare: a share of the calls is hit, and the same ones for the same seed.
func TestShare(t *testing.T) {
	p := New(&url.URL{})
	hits := func(seed uint64) []bool {
		p.Plan(seed, Rule{Operation: "GetItem", Fault: Lost, Share: 0.3})
		hit := make([]bool, 1000)
		for i := range hit {
			hit[i] = p.rule("GetItem", "").Fault == Lost
		}
		return hit
	}
	first, n := hits(7), 0
	for _, hit := range first {
		if hit {
			n++
		}
	}
	if n < 200 || n > 400 {
		t.Errorf("%d of 1000 calls were hit, want about 300", n)
	}
	if !slices.Equal(first, hits(7)) || slices.Equal(first, hits(8)) {
		t.Error("the seed does not decide which calls are hit")
	}
}

// TestControl: counts, and rules from another process.
func TestControl(t *testing.T) {
	b := newBench(t)
	control := httptest.NewServer(b.proxy.Control())
	defer control.Close()
	for _, operation := range []string{"GetItem", "GetItem", "SendMessage"} {
		if _, _, err := b.send(t.Context(), DynamoDB, operation, "{}"); err != nil {
			t.Fatal(err)
		}
	}
	if b.host != "signed.example" {
		t.Errorf("the service was called at host %q, want the signed one", b.host)
	}
	if got, want := counts(t, control.URL), (map[string]int{"GetItem": 2, "SendMessage": 1}); !reflect.DeepEqual(got,
		want) {
		t.Errorf("counts = %v, want %v", got, want)
	}
	if _, err := http.Post(control.URL+"/reset", "", nil); err != nil {
		t.Fatal(err)
	}
	if got := counts(t, control.URL); len(got) != 0 {
		t.Errorf("counts = %v after a reset, want none", got)
	}
	for body, want := range map[string]int{
		`{"seed":1,"rules":[{"operation":"GetItem","fault":"refused","share":1}]}`: 204,
		`{"rules":[{"operation":"GetItem","fault":"unknown","share":1}]}`:          400,
		`{"rules":[{"operation":"GetItem","fault":"refused","share":1.5}]}`:        400,
		`{"rules":[{"fault":"refused","share":1}]}`:                                400,
		`{`: 400,
	} {
		if got := put(t, control.URL+"/faults", body); got != want {
			t.Errorf("PUT /faults %s answered %d, want %d", body, got, want)
		}
	}
	if status, _, _ := b.send(t.Context(), DynamoDB, "GetItem", "{}"); status != http.StatusInternalServerError {
		t.Errorf("got %d, want what was planned", status)
	}
}

func put(t *testing.T, url, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func counts(t *testing.T, control string) map[string]int {
	t.Helper()
	resp, err := http.Get(control + "/counts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got map[string]int
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNotQuiet: calls that go on are not quiet.
func TestNotQuiet(t *testing.T) {
	b := newBench(t)
	b.proxy.Plan(1, Rule{Operation: "GetItem", Fault: Hung, Share: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _, _, _ = b.send(ctx, DynamoDB, "GetItem", "{}") }()
	for b.proxy.Counts()["GetItem"] == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := b.proxy.Quiet(t.Context(), time.Millisecond, 30*time.Millisecond); !errors.Is(err, errNotQuiet) {
		t.Errorf("got %v, want %v", err, errNotQuiet)
	}
	cancel()
	<-ended
	b.last(t)
}
