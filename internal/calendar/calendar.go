// Package calendar says on which day an instant is, in the shop's time zone. A day is represented by midnight UTC of
// its date.
package calendar

import (
	"sort"
	"time"
)

// reach is more than any zone's clock differs from UTC.
const reach = 26 * time.Hour

// Start returns the first instant of the day d in the zone: midnight, or the end of the gap where the clocks are put
// forward at midnight. A day that a zone left out ends where it begins.
func Start(d time.Time, in *time.Location) time.Time {
	low := d.Add(-reach)
	seconds := sort.Search(int(2*reach/time.Second), func(s int) bool {
		return !date(low.Add(time.Duration(s)*time.Second), in).Before(d)
	})
	return low.Add(time.Duration(seconds) * time.Second)
}

// Next returns the day after d.
func Next(d time.Time) time.Time { return d.AddDate(0, 0, 1) }

// Of returns the day to which the instant t belongs: from the day's start to that of the next.
func Of(t time.Time, in *time.Location) time.Time {
	d := date(t, in)
	for t.Before(Start(d, in)) {
		d = d.AddDate(0, 0, -1)
	}
	for !t.Before(Start(Next(d), in)) {
		d = Next(d)
	}
	return d
}

// date returns the date in the zone.
func date(t time.Time, in *time.Location) time.Time {
	year, month, day := t.In(in).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
