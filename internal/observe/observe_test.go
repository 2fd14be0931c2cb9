package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// traced is the id of the invocation's trace.
const traced = "1-5759e988-bd862e3fe1be46a994272793"

// logged returns the lines that use writes, each as its fields. Every line has to be one JSON object.
func logged(t *testing.T, use func(context.Context)) []map[string]any {
	t.Helper()
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "shop-PlaceOrder")
	t.Setenv("_X_AMZN_TRACE_ID", "Root="+traced+";Parent=53995c3f42cd8ad8;Sampled=1")
	var out bytes.Buffer
	use(WithLogger(t.Context(), New(&out)))
	return lines(t, out.String())
}

func lines(t *testing.T, text string) []map[string]any {
	t.Helper()
	if text != "" && !strings.HasSuffix(text, "\n") {
		t.Errorf("the last line has no end: %q", text)
	}
	var all []map[string]any
	for line := range strings.Lines(text) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, fields)
	}
	return all
}

// wantFields expects one line with these fields and a time, and no other.
func wantFields(t *testing.T, got []map[string]any, want map[string]any) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("%d lines, want 1: %v", len(got), got)
	}
	at, err := time.Parse(time.RFC3339Nano, got[0]["time"].(string))
	if err != nil || at.Location() != time.UTC || time.Since(at) > time.Minute || time.Until(at) > time.Minute {
		t.Errorf("time = %v, want now in UTC", got[0]["time"])
	}
	delete(got[0], "time")
	if !maps.Equal(got[0], want) {
		t.Errorf("got  %v\nwant %v", got[0], want)
	}
}

func TestRequest(t *testing.T) {
	got := logged(t, func(ctx context.Context) {
		Request(With(ctx, "request_id", "r1"), "GET /orders/{order_id}", 200, 1999*time.Microsecond)
	})
	wantFields(t, got, map[string]any{
		"level": "INFO", "msg": "answered", "function": "shop-PlaceOrder", "trace_id": traced, "request_id": "r1",
		"route": "GET /orders/{order_id}", "status": 200.0, "duration_ms": 1.0,
	})
}

func TestRefused(t *testing.T) {
	for status, level := range map[int]string{
		400: "INFO", 404: "INFO", 429: "INFO", 499: "INFO", 500: "ERROR", 503: "ERROR",
	} {
		got := logged(t, func(ctx context.Context) { Refused(ctx, status, "some_code", errors.New("the cause")) })
		wantFields(t, got, map[string]any{
			"level": level, "msg": "refused", "function": "shop-PlaceOrder", "trace_id": traced, "code": "some_code",
			"error": "the cause",
		})
	}
}

// TestForgery: whatever a field holds, it stays inside its field.
func TestForgery(t *testing.T) {
	for _, text := range []string{
		"a\n" + `{"time":"2026-01-01T00:00:00Z","level":"ERROR","msg":"forged"}`, "a\r\nb", `","level":"ERROR","x":"`,
		"\x1b[31mred", "a\u2028b\u2029c", "\x00", `\u000a{"msg":"forged"}`, "</script>",
	} {
		got := logged(t,
			func(ctx context.Context) { Refused(With(ctx, "request_id", text), 400, text, errors.New(text)) })
		wantFields(t, got, map[string]any{
			"level": "INFO", "msg": "refused", "function": "shop-PlaceOrder", "trace_id": traced, "request_id": text,
			"code": text, "error": text,
		})
	}
	var out bytes.Buffer
	Log(WithLogger(t.Context(), New(&out))).Info("a\nb", "k\n", "\xff\n")
	if got := lines(t, out.String()); len(got) != 1 || got[0]["msg"] != "a\nb" ||
		strings.ContainsAny(strings.TrimSuffix(out.String(), "\n"), "\n\r\x1b") {
		t.Errorf("log = %q", out.String())
	}
}

func TestTimesAreUTC(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("east", 5*3600)
	got := logged(t, func(ctx context.Context) { Log(ctx).Info("now") })
	if at, _ := got[0]["time"].(string); !strings.HasSuffix(at, "Z") {
		t.Errorf("time = %q, want it in UTC", at)
	}
}

// TestWith: fields are added for what follows, and what went before is left alone.
func TestWith(t *testing.T) {
	got := logged(t, func(ctx context.Context) {
		inner := With(With(ctx, "request_id", "r1"), "user_id", "u1")
		Log(inner).Info("inner")
		Log(ctx).Info("outer")
	})
	if len(got) != 2 || got[0]["request_id"] != "r1" || got[0]["user_id"] != "u1" || got[1]["request_id"] != nil ||
		got[1]["user_id"] != nil {
		t.Errorf("log = %v", got)
	}
}

// written returns what use writes to standard output.
func written(t *testing.T, use func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	use()
	os.Stdout = stdout
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStandardOutput(t *testing.T) {
	text := written(t, func() {
		Log(t.Context()).Info("without a logger")
		Count("MailsFailed", 2)
	})
	got := lines(t, text)
	if len(got) != 2 || got[0]["msg"] != "without a logger" || got[1]["MailsFailed"] != 2.0 {
		t.Errorf("standard output = %s", text)
	}
}

func TestCountTellsTheTime(t *testing.T) {
	before := time.Now().UnixMilli()
	text := written(t, func() { Count("MailsFailed", 1) })
	var line struct {
		AWS struct{ Timestamp int64 } `json:"_aws"`
	}
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted([]int64{before, line.AWS.Timestamp, time.Now().UnixMilli()}) {
		t.Errorf("the time is %d", line.AWS.Timestamp)
	}
}
