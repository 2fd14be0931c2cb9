// Package observe writes what operators need to see to standard output: logs as JSON lines, and counts in CloudWatch's
// embedded metric format. Nothing that it writes contains a password, a token or an e-mail address.
package observe

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"
)

type key struct{}

// New returns a logger that writes JSON lines to w, with times in UTC. Each has the id of the invocation's trace, so it
// is made for one invocation.
func New(w io.Writer) *slog.Logger {
	lines := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: utc}))
	return lines.With("function", os.Getenv(functionName), "trace_id", TraceID(TraceHeader()))
}

func utc(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}

// WithLogger returns ctx with a logger.
func WithLogger(ctx context.Context, l *slog.Logger) context.Context {
	return context.WithValue(ctx, key{}, l)
}

// Log returns the logger of ctx, or one that writes to standard output.
func Log(ctx context.Context) *slog.Logger {
	if l, ok := ctx.Value(key{}).(*slog.Logger); ok {
		return l
	}
	return New(os.Stdout)
}

// With returns ctx with a logger that adds fields to each line.
func With(ctx context.Context, fields ...any) context.Context {
	return WithLogger(ctx, Log(ctx).With(fields...))
}

// Request logs that a request was answered.
func Request(ctx context.Context, route string, status int, took time.Duration) {
	Log(ctx).Info("answered", "route", route, "status", status, "duration_ms", took.Milliseconds())
}

// Refused logs why a request was refused: as an error when it is the store's fault.
func Refused(ctx context.Context, status int, code string, cause error) {
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	Log(ctx).Log(ctx, level, "refused", "code", code, "error", cause)
}

// EventNotSent notes an event that was not sent. The mail is pending all the same, and the relay returns to it.
func EventNotSent(ctx context.Context, mailID string, err error) {
	Log(ctx).Warn("event not sent", "mail_id", mailID, "error", err)
	Count(EventsNotSent, 1)
}

// OrderEventNotSent is EventNotSent for a mail about an order.
func OrderEventNotSent(ctx context.Context, orderID string, err error) {
	Log(ctx).Warn("event not sent", "order_id", orderID, "error", err)
	Count(EventsNotSent, 1)
}
