package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"shop/test/bench/profiling"
)

// process is one environment of a function: its bootstrap, and the runtime API that it polls.
type process struct {
	api     *runtimeAPI
	command *exec.Cmd
	log     string
	ended   context.Context // ends with the process
	started time.Duration   // from exec to the first poll
	calls   int
	profile bool // it is profiled, and takes a moment to end
}

// launch starts a binary and waits for its first poll.
func launch(ctx context.Context, s *store, binary string, environment []string) (*process, error) {
	api, err := listen()
	if err != nil {
		return nil, err
	}
	p := &process{api: api, log: s.file("log")}
	output, err := os.Create(p.log)
	if err != nil {
		api.close()
		return nil, fmt.Errorf("making a log: %w", err)
	}
	defer output.Close()
	p.command = exec.Command(binary)
	p.command.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + api.address}, environment...)
	p.command.Stdout, p.command.Stderr = output, output
	if s.profiles != "" {
		folder := filepath.Join(s.profiles, filepath.Base(filepath.Dir(binary)), filepath.Base(binary))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			api.close()
			return nil, fmt.Errorf("making a folder for profiles: %w", err)
		}
		p.profile, p.command.Env = true, append(p.command.Env, profiling.Folder+"="+folder)
	}
	if err := p.start(ctx); err != nil {
		p.end()
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	return p, nil
}

func (p *process) start(ctx context.Context) error {
	began := time.Now()
	if err := p.command.Start(); err != nil {
		p.ended = context.Background() // there is nothing to wait for
		return err
	}
	p.watch()
	ctx, cancel := p.untilEnd(ctx)
	defer cancel()
	polled, err := receive(ctx, p.api.polls)
	if err != nil {
		return p.explain(err)
	}
	p.started = polled.Sub(began)
	p.api.polls <- polled // the event that it asked for is still to come
	return nil
}

func (p *process) watch() {
	ended, end := context.WithCancelCause(context.Background())
	p.ended = ended
	go func() { end(fmt.Errorf("the process ended: %v", p.command.Wait())) }()
}

// untilEnd returns ctx, cut off by the end of the process.
func (p *process) untilEnd(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.ended, func() { cancel(context.Cause(p.ended)) })
	return ctx, func() { stop(); cancel(nil) }
}

// call invokes the function, whose answer has to hold want.
func (p *process) call(ctx context.Context, payload []byte, want string) (time.Duration, error) {
	p.calls++
	ctx, cancel := p.untilEnd(ctx)
	defer cancel()
	got, took, err := p.api.invoke(ctx, event{id: requestID(), payload: payload})
	if err != nil {
		return 0, p.explain(err)
	}
	if !bytes.Contains(got, []byte(want)) {
		return 0, p.explain(fmt.Errorf("%w: it answered %.300s, not %s", errInvocation, got, want))
	}
	return took, nil
}

// explain adds the end of what the process logged.
func (p *process) explain(err error) error {
	logged, _ := os.ReadFile(p.log)
	return fmt.Errorf("%w\nits log ends with: %s", err, bytes.TrimSpace(logged[max(0, len(logged)-1000):]))
}

// end kills the process, as Lambda ends an environment, and waits for its end.
func (p *process) end() {
	if p.command.Process != nil {
		if p.profile {
			_ = p.command.Process.Signal(syscall.SIGTERM)
		} else {
			_ = p.command.Process.Kill()
		}
		<-p.ended.Done()
	}
	p.api.close()
}

// processorTime returns what a call took of all processors, of a process that has ended. Its start is a part of it.
func (p *process) processorTime() time.Duration {
	state := p.command.ProcessState
	return (state.UserTime() + state.SystemTime()) / time.Duration(max(1, p.calls))
}

var requests atomic.Int64

func requestID() string { return "bench-" + strconv.FormatInt(requests.Add(1), 10) }
