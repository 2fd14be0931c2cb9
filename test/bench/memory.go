package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	wholeProcessor = 1769.0               // MB of memory at which Lambda gives one: docs.aws.amazon.com/lambda
	gbSecond       = 0.0000133334         // dollars, Arm: aws.amazon.com/lambda/pricing
	awsCall        = 5 * time.Millisecond // an assumption: what a function waits for DynamoDB or SQS
)

// waits are the AWS calls of the hot flows (test/e2e/calls_test.go); SES takes its own time.
var waits = []struct {
	function string
	waiting  time.Duration
}{
	{"view-product", awsCall}, {"place-order", 3 * awsCall}, {"notify", 3*awsCall + sesLatency},
}

// memorySizes are what the table compares. template.yaml gives the hot functions 512.
var memorySizes = []float64{128, 256, 512, 1024}

// memoryTable says how long the measured processor time of a call takes at each size of memory, and what the call
// costs, its waits included. It is empty if the rows have no processor times.
func memoryTable(rows []row) string {
	var b strings.Builder
	for _, w := range waits {
		for _, r := range rows {
			if r.what != w.function+processorTime {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s |", w.function, r.figure)
			for _, size := range memorySizes {
				processor := r.measured * wholeProcessor / size // ms
				seconds := (processor + milliseconds(w.waiting)) / 1000
				fmt.Fprintf(&b, " %.1f ms, $%.5f |", processor, 1000*seconds*size/1024*gbSecond)
			}
			b.WriteString("\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	head := "| function | processor time a call, here | at 128 MB | at 256 MB | at 512 MB | at 1,024 MB |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: |\n"
	return head + b.String()
}
