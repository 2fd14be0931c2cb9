package calendar

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t rapid.TB, name string) *time.Location {
	t.Helper()
	in, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestStart: days of 24, 23 and 25 hours, a clock that is put forward at midnight, a day that was left out, and minutes
// after midnight that the clock showed twice.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		zone, day, start string
		lasts            time.Duration
	}{
		{"UTC", "2026-03-29", "2026-03-29T00:00:00Z", 24 * time.Hour},
		{"Europe/London", "2026-03-29", "2026-03-29T00:00:00Z", 23 * time.Hour},
		{"Europe/London", "2026-10-25", "2026-10-24T23:00:00Z", 25 * time.Hour},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23 * time.Hour},
		{"Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z", 24 * time.Hour},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24*time.Hour + 30*time.Minute},
		{"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23 * time.Hour},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", 24 * time.Hour},
	} {
		d, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		start := Start(d, zone(t, c.zone))
		if got := start.Format(time.RFC3339); got != c.start {
			t.Errorf("%s in %s begins %s, want %s", c.day, c.zone, got, c.start)
		}
		if lasts := Start(Next(d), zone(t, c.zone)).Sub(start); lasts != c.lasts {
			t.Errorf("%s in %s lasts %s, want %s", c.day, c.zone, lasts, c.lasts)
		}
	}
}

// TestDaysPartTheTime: every instant is in one day, and days follow one another.
func TestDaysPartTheTime(t *testing.T) {
	zones := rapid.SampledFrom([]string{
		"UTC", "Europe/London", "America/St_Johns", "America/Havana", "Africa/Cairo", "Pacific/Apia",
		"Australia/Lord_Howe", "Asia/Beirut", "America/Sao_Paulo", "Antarctica/Troll", "Asia/Manila",
	})
	rapid.Check(t, func(rt *rapid.T) {
		in := zone(rt, zones.Draw(rt, "zone"))
		at := time.UnixMilli(rapid.Int64Range(0, 2_000_000_000_000).Draw(rt, "instant")).UTC()
		d := Of(at, in)
		if at.Before(Start(d, in)) || !at.Before(Start(Next(d), in)) {
			rt.Fatalf("%s is of %s, from %s to %s", at, d, Start(d, in), Start(Next(d), in))
		}
		if lasts := Start(Next(d), in).Sub(Start(d, in)); lasts < 22*time.Hour || lasts > 26*time.Hour {
			rt.Fatalf("%s lasts %s", d, lasts)
		}
	})
}
