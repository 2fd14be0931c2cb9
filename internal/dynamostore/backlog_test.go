package dynamostore

import (
	"testing"
	"time"

	"shop/internal/notification"
)

func TestBacklog(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	backlog := &MailBacklog{Client: s.client, Mails: s.tables.Name("Mails")}
	want := func(overdue time.Time, want notification.Backlog) {
		t.Helper()
		got, err := backlog.Count(t.Context(), overdue)
		s.must(err)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	want(opened.Add(time.Hour), notification.Backlog{})
	sent := s.pendingMail("sent", opened.Add(-time.Hour))
	s.must(s.mails(func() time.Time { return opened }).MarkSent(t.Context(), sent.ID, "m", opened))
	for i := range 5 {
		s.pendingMail(number3(i), opened.Add(time.Duration(i)*time.Minute)) // each is due two minutes later
	}
	want(opened, notification.Backlog{Pending: 5, Oldest: opened})
	want(opened.Add(4*time.Minute), notification.Backlog{Pending: 5, Overdue: 2, Oldest: opened})
}
