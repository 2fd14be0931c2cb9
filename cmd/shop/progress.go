package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal, and nothing anywhere else.
type bar struct{ shown *progressbar.ProgressBar }

const steps = 1000

func newBar(w io.Writer, description string) *bar {
	if !isTerminal(w) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(description),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// show moves the bar to a part from 0 to 1. What goes wrong in drawing is no reason to stop working.
func (b *bar) show(part float64) {
	if b.shown != nil {
		_ = b.shown.Set(int(part * steps))
	}
}

func (b *bar) describe(description string) {
	if b.shown != nil {
		b.shown.Describe(description)
	}
}

// done takes the bar off the screen.
func (b *bar) done() {
	if b.shown != nil {
		_ = b.shown.Finish()
	}
}
