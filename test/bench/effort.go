package main

import (
	"runtime"
	"time"

	"shop/internal/page"
)

// effort is how much is measured.
type effort struct {
	duration time.Duration // of each warm time, rate and page
	turn     time.Duration // how long one side of a rate works before it is the other's turn
	warmUp   int           // calls of each process that are not counted
	starts   int           // of each binary
	hashes   int           // of a password
	refusals int           // of log-ins, of each side
	lastPage int           // of the history, compared with the first
	goods    int           // of a local store with many products
	sold     [2]int        // orders a year of a store that sells little and of one that sells much
	soldPage int           // of the history of both
	mailTime time.Duration // how long SES takes for each backlog of mails
	resets   int           // that are asked for meanwhile

	mailLoads int // how many of the rates of mails
	buyers    int // of the hot product

	architecture string // of the zips
}

// thorough is what the figures in docs/benchmarks.md are measured with.
func thorough(duration time.Duration) effort {
	return effort{
		duration: duration, turn: time.Second, warmUp: 100, starts: 60, hashes: 30, refusals: 60, lastPage: 1000,
		goods: 3000, sold: [2]int{10_000, 100_000}, soldPage: 400, mailTime: 2 * duration, resets: 10,
		mailLoads: len(mailLoads), buyers: 24, architecture: deployedArchitecture,
	}
}

// short makes every row in some seconds. Its figures mean little: it shows that the benchmarks run. It zips what is
// built for this machine, because nothing else is built for the deployed architecture.
func short() effort {
	return effort{
		duration: time.Second, turn: 200 * time.Millisecond, warmUp: 5, starts: 3, hashes: 3, refusals: 6, lastPage: 20,
		goods: 300, sold: [2]int{200, 1000}, soldPage: 5, mailTime: 2 * time.Second, resets: 2, mailLoads: 1,
		buyers:       4,
		architecture: runtime.GOARCH,
	}
}

// historical is how many orders the history has: some more than its last page needs, so that this page looks into every
// shard as the first does.
func (e effort) historical() int { return e.lastPage*page.DefaultLimit + 2*shards*page.DefaultLimit }
