// Package simulate models many customers who buy one product at once. It simulates discrete events in virtual time, so
// that minutes of 10,000 buyers take seconds. It repeats as the store does, by internal/contention. Its model of
// DynamoDB is that of "Distributed Transactions at Scale in Amazon DynamoDB" (USENIX ATC 2023): a transaction that
// prepared an item holds it until it is committed, and another one that comes meanwhile is refused with
// TransactionConflict.
package simulate

import (
	"container/heap"
	"time"
)

// world is the queue of planned events, and the time. Events of the same time happen in the order in which they were
// planned, so that each run is the same.
type world struct {
	now     time.Duration
	planned queue
	made    int
}

type event struct {
	at    time.Duration
	order int
	do    func()
}

// after plans an event.
func (w *world) after(d time.Duration, do func()) {
	w.made++
	heap.Push(&w.planned, event{w.now + d, w.made, do})
}

// run does all planned events, and those that they plan.
func (w *world) run() {
	for len(w.planned) > 0 {
		e := heap.Pop(&w.planned).(event)
		w.now = e.at
		e.do()
	}
}

// queue implements [heap.Interface].
type queue []event

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].order < q[j].order
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements [heap.Interface].
func (q *queue) Push(e any) { *q = append(*q, e.(event)) }

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}
