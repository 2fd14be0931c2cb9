package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/observe"
)

// packed is an event with these messages, as CloudWatch Logs packs them.
func packed(t testing.TB, messages ...string) []byte {
	t.Helper()
	data := events.CloudwatchLogsData{MessageType: "DATA_MESSAGE"}
	for _, m := range messages {
		data.LogEvents = append(data.LogEvents, events.CloudwatchLogsLogEvent{ID: "1", Timestamp: 1, Message: m})
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data64 := base64.StdEncoding.EncodeToString(out.Bytes())
	event, err := json.Marshal(map[string]any{"awslogs": map[string]any{"data": data64}})
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func invoke(t testing.TB, event []byte) (string, error) {
	t.Helper()
	var kept bytes.Buffer
	_, err := lambda.NewHandler(keepAudit(&kept)).Invoke(t.Context(), event)
	return kept.String(), err
}

// TestEvent: event.json is one that CloudWatch Logs sent, with two audited lines.
func TestEvent(t *testing.T) {
	event, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := invoke(t, event)
	if err != nil || strings.Count(kept, `"msg":"audit"`) != 2 || strings.Count(kept, "\n") != 2 {
		t.Errorf("kept %q, %v, want two lines", kept, err)
	}
}

// TestAuditedLinesAreKeptAsTheyAre, and nothing else is.
func TestAuditedLinesAreKeptAsTheyAre(t *testing.T) {
	var audited bytes.Buffer
	ctx := observe.WithLogger(t.Context(), observe.New(&audited))
	observe.Audit(ctx, observe.Event{Kind: observe.LoggedIn, UserID: "usr_1\n{}"})
	kept, err := invoke(t, packed(t, audited.String(), `{"msg":"answered","route":"audit"}`, `{"msg":"audit"`, "audit",
		"START RequestId: audit", "{\"msg\":\n\"audit\"}", strings.TrimSpace(audited.String())))
	if want := strings.Repeat(audited.String(), 2); err != nil || kept != want {
		t.Errorf("kept %q, %v, want %q", kept, err, want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the pipe is gone") }

// TestFaults: what cannot be read or written is an error, so that Lambda repeats the event.
func TestFaults(t *testing.T) {
	for _, data := range []string{`""`, `"%"`, `"aGVsbG8="`, `5`, `null`} {
		event := `{"awslogs":{"data":` + data + `}}`
		if kept, err := invoke(t, []byte(event)); err == nil || kept != "" {
			t.Errorf("%s: kept %q, no error", event, kept)
		}
	}
	var e events.CloudwatchLogsEvent
	if err := json.Unmarshal(packed(t, `{"msg":"audit"}`), &e); err != nil {
		t.Fatal(err)
	}
	if err := keepAudit(broken{})(context.Background(), e); err == nil {
		t.Error("a line that was not written is no error")
	}
}

func FuzzKeep(f *testing.F) {
	f.Add(`{"msg":"audit","user_id":"usr_1"}`)
	f.Add("{\"msg\":\"audit\"}\n{\"msg\":\"audit\"}")
	f.Fuzz(func(t *testing.T, message string) {
		var kept bytes.Buffer
		if err := keep(&kept, message); err != nil || strings.Count(kept.String(), "\n") > 1 {
			t.Errorf("%q: kept %q, %v", message, kept.String(), err)
		}
	})
}
