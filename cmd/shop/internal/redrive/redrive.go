// Package redrive sends again what failed for good: dead letters of the mail queue, and failed mails. Without the
// operator's confirmation it only counts them.
package redrive

import (
	"slices"
	"time"

	"shop/internal/notification"
)

// shown is how many examples a report names.
const shown = 5

// Letters counts dead letters.
type Letters struct {
	Understood   int      // events of mails
	Unrecognised int      // what this version does not understand
	First        []string // ids of foreign ones, at most five
	Resent       int      // sent to the mail queue, and deleted from that of dead letters
}

// Found returns how many dead letters were seen.
func (l Letters) Found() int { return l.Understood + l.Unrecognised }

func (l *Letters) add(letter notification.DeadLetter) {
	if letter.MailID != "" {
		l.Understood++
		return
	}
	l.Unrecognised++
	if len(l.First) < shown {
		l.First = append(l.First, letter.ID)
	}
}

// Mails counts mails that failed for good.
type Mails struct {
	Found    int
	First    []notification.FailedMail // those that failed first, at most five, in this order
	Last     time.Time                 // when the last of them failed
	Requeued int                       // made requeued
}

func (m *Mails) add(found []notification.FailedMail) {
	if len(found) == 0 {
		return
	}
	m.Found += len(found)
	all := slices.Concat(m.First, found)
	slices.SortFunc(all, func(a, b notification.FailedMail) int { return a.FailedAt.Compare(b.FailedAt) })
	m.First = all[:min(shown, len(all))]
	if last := all[len(all)-1].FailedAt; last.After(m.Last) {
		m.Last = last
	}
}
