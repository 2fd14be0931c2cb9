package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// asFunction has the test's own binary be a function, on the Lambda library that the store's functions use.
const asFunction = "BENCH_TEST_FUNCTION"

func TestMain(m *testing.M) {
	switch os.Getenv(asFunction) {
	case "echo":
		lambda.Start(echo)
	case "exit":
		os.Stderr.WriteString("no such table\n")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

type greeting struct{ Name string }

func echo(ctx context.Context, g greeting) (greeting, error) {
	if _, ok := ctx.Deadline(); !ok {
		return g, errors.New("no deadline")
	}
	if g.Name == "nobody" {
		return g, errors.New("nobody is there")
	}
	fmt.Println(g.Name)
	return g, nil
}

func launchSelf(t *testing.T, as string) (*process, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p, err := launch(ctx, &store{folder: t.TempDir()}, self, []string{asFunction + "=" + as})
	if err == nil {
		t.Cleanup(p.end)
	}
	return p, err
}

func TestProcess(t *testing.T) {
	p, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	if p.started <= 0 {
		t.Errorf("it started in %v", p.started)
	}
	for _, name := range []string{"Ada", "Grace"} {
		took, err := p.call(t.Context(), []byte(`{"Name":"`+name+`"}`), name)
		if err != nil || took <= 0 {
			t.Errorf("%s: %v, %v", name, took, err)
		}
	}
}

func TestWrongAnswers(t *testing.T) {
	p, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.call(t.Context(), []byte(`{"Name":"nobody"}`), "nobody"); !errors.Is(err, errInvocation) ||
		!strings.Contains(err.Error(), "nobody is there") {
		t.Errorf("a function's error is %v", err)
	}
	if _, err := p.call(t.Context(), []byte(`{"Name":"Ada"}`), "Grace"); err == nil ||
		!strings.Contains(err.Error(), "Ada") {
		t.Errorf("another answer than the one wanted is %v", err)
	}
	p.end()
	if _, err := p.call(t.Context(), []byte(`{}`), ""); err == nil ||
		!strings.Contains(err.Error(), "the process ended") {
		t.Errorf("a call of a process that ended is %v", err)
	}
}

func TestFailedStart(t *testing.T) {
	_, err := launchSelf(t, "exit")
	if err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("a process that ends at once is %v", err)
	}
	if _, err := launch(t.Context(), &store{folder: t.TempDir()}, "/no/such/binary", nil); err == nil {
		t.Error("a missing binary started")
	}
}

// TestRounds checks that both sides are called as often, and take turns at being first.
func TestRounds(t *testing.T) {
	us, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	them, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	w := workload{want: "Name", losses: &losses{}, next: func(context.Context) ([]byte, error) {
		calls++
		return fmt.Appendf(nil, `{"Name":"%d"}`, calls), nil
	}}
	ours, bare, err := rounds(t.Context(), w, us, them, func(n int) bool { return n < 4 })
	if err != nil || len(ours) != 4 || len(bare) != 4 {
		t.Errorf("%d and %d times, %v; want 4 each", len(ours), len(bare), err)
	}
	checkLog(t, us, "1 4 5 8")
	checkLog(t, them, "2 3 6 7")
}

// TestALostAnswerEndsNoRun: one failed call of either side is left out and said; many end the run.
func TestALostAnswerEndsNoRun(t *testing.T) {
	us, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	them, err := launchSelf(t, "echo")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	w := workload{want: "Name", losses: &losses{}, next: func(context.Context) ([]byte, error) {
		if calls++; calls == 3 {
			return []byte(`{"Name":"nobody"}`), nil
		}
		return []byte(`{"Name":"Ada"}`), nil
	}}
	ours, bare, err := rounds(t.Context(), w, us, them, func(n int) bool { return n < 4 })
	if err != nil || len(ours)+len(bare) != 7 || w.losses.remark() != ", 1 failed and left out" {
		t.Errorf("with one failed call of 8: %d and %d times, %v%s", len(ours), len(bare), err, w.losses.remark())
	}
	w = workload{want: "Name", losses: &losses{}, next: func(context.Context) ([]byte, error) {
		return []byte(`{"Name":"nobody"}`), nil
	}}
	if _, _, err := rounds(t.Context(), w, us, them, func(n int) bool {
		return n < 4
	}); !errors.Is(err, errInvocation) {
		t.Errorf("with all calls failed: %v, want %v", err, errInvocation)
	}
	turn, err := us.callUntil(t.Context(), w, time.Now().Add(time.Minute))
	if turn != 0 || !errors.Is(err, errInvocation) {
		t.Errorf("in a turn in which all calls fail: %d calls, %v", turn, err)
	}
}

// TestTolerated: one call in a hundred, and one, may fail; what is no failed call ends the run at once.
func TestTolerated(t *testing.T) {
	for failing, want := range map[int]bool{1: true, 2: true, 3: true, 4: false} {
		l := &losses{}
		var err error
		for n := range 200 {
			if n < 200-failing {
				err = errors.Join(err, l.note(nil))
			} else {
				err = errors.Join(err, l.note(fmt.Errorf("writing: %w", errInvocation)))
			}
		}
		if got := err == nil; got != want {
			t.Errorf("%d of 200 calls fail: %v", failing, err)
		}
	}
	ended := errors.New("the process ended")
	if err := (&losses{}).note(ended); !errors.Is(err, ended) {
		t.Errorf("the end of a process: %v", err)
	}
}

func checkLog(t *testing.T, p *process, want string) {
	t.Helper()
	logged, err := os.ReadFile(p.log)
	if got := strings.Join(strings.Fields(string(logged)), " "); err != nil || got != want {
		t.Errorf("it was given the events %q, %v; want %q", got, err, want)
	}
}
