// Command shop is the operator's tool of the store. It imports products, grants and revokes rights of staff, rotates
// the signing key, sends failed mails again, checks the stored data, and replays past sales as a test. It works on any
// deployed stack, by the stack's outputs, and on the local store.
//
// See shop --help and the help of each command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// streams are where a command reads and writes: results go to out, progress and errors to err.
type streams struct {
	in       *os.File
	out, err io.Writer
}

// run executes a command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(s.err, "shop: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(s.err, "shop:", err)
	return exitFailed
}
