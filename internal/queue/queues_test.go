package queue

import (
	"slices"
	"testing"

	"shop/internal/notification"
)

// TestQueues: account mails go to their queue and all others to the other one; what either refuses is unsent.
func TestQueues(t *testing.T) {
	var toOrders, toAccounts []call
	q := &Queues{Orders: queueOver(taking(t, &toOrders, "1")), Accounts: queueOver(taking(t, &toAccounts, "0"))}
	var all []notification.Mail
	for _, id := range []string{"order-placed#ord_a", "password-reset#a", "order-shipped#ord_b", "verify-email#usr_a"} {
		all = append(all, notification.Mail{ID: id})
	}
	unsent, err := q.Send(t.Context(), all)
	if err == nil || !slices.Equal(unsent, []notification.Mail{all[2], all[1]}) {
		t.Errorf("unsent %v and error %v, want one of each queue", unsent, err)
	}
	if len(toOrders) != 1 || len(toOrders[0].Entries) != 2 || len(toAccounts) != 1 || len(toAccounts[0].Entries) != 2 {
		t.Errorf("sent %+v and %+v, want two events to each", toOrders, toAccounts)
	}
}
