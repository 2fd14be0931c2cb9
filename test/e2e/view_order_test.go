package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestViewOrder(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	o := newOrder(t, c, some(newProduct(t).ProductID, 2))
	wantSameOrder(t, seeOrder(t, c, o.OrderID), o)
}

// TestViewOrderFollowsItsMail: pending, then sent.
func TestViewOrderFollowsItsMail(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	eventually(t, mailPatience, "email_status is sent", func() bool {
		switch status := seeOrder(t, c, o.OrderID).EmailStatus; status {
		case "sent":
			return true
		case "pending":
			return false
		default:
			t.Fatalf("email_status = %q", status)
			return false
		}
	})
	awaitMails(t, c.Email, 1)
}

// TestSomeoneElsesOrder is not found; an admin sees it.
func TestSomeoneElsesOrder(t *testing.T) {
	t.Parallel()
	owner, other := newCustomer(t), newCustomer(t)
	o := newOrder(t, owner, one(newProduct(t).ProductID))
	theirs := send(t, getOrder(other, o.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	nobodys := send(t, getOrder(other, "ord_"+strings.Repeat("a", 26))).
		refused(t, http.StatusNotFound, "order_not_found")
	if theirs.Detail != nobodys.Detail {
		t.Errorf("someone else's order is told apart: %q and %q", theirs.Detail, nobodys.Detail)
	}
	wantSameOrder(t, seeOrder(t, admin(t), o.OrderID), o)
	send(t, getOrder(admin(t), "ord_"+strings.Repeat("a", 26))).refused(t, http.StatusNotFound, "order_not_found")
}
