package main

import (
	"bytes"
	"context"
	"testing"
)

// TestStatusPage: lines stand in the order of the checks, whichever answers first, and what is wrong is counted.
func TestStatusPage(t *testing.T) {
	last := make(chan struct{})
	found := askAll(t.Context(), []check{
		{"slow", func(context.Context) []finding { <-last; return one(good, "%d of %d", 1, 2) }},
		{"two", func(context.Context) []finding {
			return append(one(wrong, "a"), finding{condition: unknown, subject: "another", detail: "b"})
		}},
		{"quick", func(context.Context) []finding { close(last); return one(wrong, "c") }},
	})
	var out bytes.Buffer
	problems := writePage(streams{out: &out}, found)
	want := "ok     slow     1 of 2\nWRONG  two      a\n?      another  b\nWRONG  quick    c\n"
	if problems != 2 || out.String() != want {
		t.Errorf("%d problems, want 2:\n%swant\n%s", problems, out.String(), want)
	}
}

func TestStatusOfSESQuota(t *testing.T) {
	for _, c := range []struct {
		sent, most float64
		want       condition
	}{
		{0, 50000, good}, {39999, 50000, good}, {40001, 50000, wrong}, {0, 200, wrong}, {5, -1, good}, // -1: unlimited
	} {
		if got := judgeQuota(c.sent, c.most, 14)[0]; got.condition != c.want {
			t.Errorf("%v of %v: %s %s, want %s", c.sent, c.most, got.condition, got.detail, c.want)
		}
	}
}

// TestStatusOfAStrangeStack: what is missing is wrong, and stops nothing else.
func TestStatusOfAStrangeStack(t *testing.T) {
	f := startFake(t)
	f.outputs = map[string]string{"PagesUrl": "x"}
	shop(t, "--local", "status").want(t, exitFailed, "ok stack CREATE_COMPLETE",
		"WRONG API the stack shop has no output ApiUrl",
		"WRONG keys the stack shop has no parameters TokensSignedBy",
		"WRONG mails the stack shop has no output MailsTable",
		"? sender the stack has no parameter Sender", "things are wrong")
}
