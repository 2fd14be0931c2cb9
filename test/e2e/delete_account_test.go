package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	storeduser "shop/internal/user"
)

func deleteAccount(from caller, password string) call {
	return call{method: "DELETE", path: "/users/me", from: from, body: map[string]string{"password": password}}
}

// erased is an order that has no address any more, and is as it was otherwise.
func erased(o order) order {
	o.Email = ""
	return o
}

func eraseDeletedAccounts(t *testing.T) {
	t.Helper()
	if out := string(
		invoke(t, "EraseDeletedAccountsFunction", map[string]any{}),
	); strings.Contains(out, "errorMessage") {
		t.Fatalf("erasing deleted accounts failed: %s", out)
	}
}

// TestDeleteAccount: the account and its sessions are gone, its orders stay
// without the address, and whoever has the address may sign up anew.
func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	c, p, boss := newCustomer(t), newProduct(t, stocked(plenty)).ProductID, admin(t)
	s := newSession(t, c)
	orders := []order{newOrder(t, c, one(p)), newOrder(t, c, one(p)), newOrder(t, c, some(p, 2))}
	awaitMails(t, c.Email, len(orders))
	awaitStatus(t, c, orders[2], "sent")
	before := seeOrder(t, boss, orders[2].OrderID)

	send(t, deleteAccount(c, "wrong "+password)).refused(t, http.StatusUnauthorized, "invalid_credentials")
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
	if a := send(t, deleteAccount(c, password)).want(t, http.StatusNoContent); len(a.body) != 0 {
		t.Errorf("the answer has a body: %s", a.body)
	}

	send(t, postSession(logIn{c.Email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	s.over(t)
	if got := seeOrder(t, boss, orders[2].OrderID); !sameOrder(got, erased(before)) {
		t.Errorf("the order is %+v, want %+v", got, erased(before))
	}
	eventually(t, time.Minute, "the lists show no address", func() bool {
		mine := pageOf[order](t, myOrders(c)).Items // the access token lives on
		for _, o := range mine {
			if o.Email != "" || o.UserID != c.UserID {
				return false
			}
		}
		return len(mine) == len(orders)
	})
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	send(t, deleteAccount(c, "wrong "+password)).want(t, http.StatusNoContent)

	again := decodeExact[user](t, send(t, postUser(signUp{c.Email, newPassword, "Ada"})).want(t, http.StatusCreated))
	if again.UserID == c.UserID {
		t.Errorf("the new account has the old id %s", again.UserID)
	}
	send(t, deleteAccount(c, newPassword)).want(t, http.StatusNoContent) // by the old token: nothing
	token, err := loggedIn(t.Context(), c.Email, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if mine := pageOf[order](t, myOrders(caller{token: token})).Items; len(mine) != 0 {
		t.Errorf("the new account has %d orders of the old one", len(mine))
	}
}

func sameOrder(a, b order) bool {
	return a.OrderID == b.OrderID && a.UserID == b.UserID && a.Email == b.Email && a.Total == b.Total &&
		a.PlacedAt == b.PlacedAt &&
		a.EmailStatus == b.EmailStatus && len(a.Items) == len(b.Items) && a.Items[0] == b.Items[0]
}

// TestDeleteAccountIsGuessing: wrong passwords are slowed as at log-in, and by
// the same count.
func TestDeleteAccountIsGuessing(t *testing.T) {
	t.Parallel()
	c, addr := newCustomer(t), freshAddr()
	for n := 0; ; n++ {
		a := send(t, deleteAccount(c, "wrong "+password).callingFrom(addr))
		if a.status == http.StatusTooManyRequests {
			break
		}
		a.refused(t, http.StatusUnauthorized, "invalid_credentials")
		if n == 100 {
			t.Fatal("100 wrong passwords and no 429")
		}
	}
	prolong(t, c.Email, addr, storeduser.PerAddressAndClient)
	send(t, deleteAccount(c, password).callingFrom(addr)).refused(t, http.StatusTooManyRequests, "too_many_requests")
	send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).refused(t, http.StatusTooManyRequests,
		"too_many_requests")
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}

// TestDeletionCutShort: what an interrupted deletion left, a repeat erases, and
// so does the schedule. An order is given its address back, as if it had not
// been come to.
func TestDeletionCutShort(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	orders := []order{newOrder(t, c, one(p)), newOrder(t, c, one(p))}
	awaitMails(t, c.Email, 2)
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	for what, finish := range map[string]func(){
		"a repeat":     func() { send(t, deleteAccount(c, password)).want(t, http.StatusNoContent) },
		"the schedule": func() { eraseDeletedAccounts(t) },
	} {
		eventually(t, time.Minute, "the list shows the address", func() bool {
			giveAddress(t, orders[0], c.Email) // again and again: a run of the schedule may have erased it
			return len(pageOf[order](t, myOrders(c)).Items) == 2 && seeOrder(t, c, orders[0].OrderID).Email == c.Email
		})
		finish()
		for _, o := range orders {
			if got := seeOrder(t, c, o.OrderID).Email; got != "" {
				t.Errorf("after %s the order %s has the address %s", what, o.OrderID, got)
			}
		}
	}
}

// TestOrderAfterDeletion: an access token outlives its account by a quarter of
// an hour. What is ordered with it loses its address, and only then the deletion
// is settled.
func TestOrderAfterDeletion(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	o := newOrder(t, c, one(p))
	eventually(t, mailPatience, "the mail is sent, or dropped", func() bool {
		status := seeOrder(t, c, o.OrderID).EmailStatus
		if status == "failed" { // a run of the schedule, or another test's, erased the address before
			journal.forget(o)
		}
		return status != "pending"
	})
	eventually(t, time.Minute, "the order has no address", func() bool {
		eraseDeletedAccounts(t)
		return seeOrder(t, c, o.OrderID).Email == ""
	})
	if stored(t, "AccountDeletionsTable", "user_id", c.UserID) == nil {
		t.Fatal("the deletion is finished while tokens live")
	}
	rewrite(t, "AccountDeletionsTable", "user_id", c.UserID, "SET deleted_at = :at",
		map[string]types.AttributeValue{":at": stamp(time.Now().Add(-21 * time.Minute))})
	eraseDeletedAccounts(t)
	if item := stored(t, "AccountDeletionsTable", "user_id", c.UserID); item != nil {
		t.Errorf("the deletion is not finished: %+v", item)
	}
}

// TestPendingMailOfADeletedAccount: it is not sent, and is no failure that the
// operator would be told of.
func TestPendingMailOfADeletedAccount(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t).ProductID
	o := newOrder(t, c, one(p))
	awaitStatus(t, c, o, "sent")
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	requeue(t, o)
	relayMails(t)
	awaitState(t, "order-placed#"+o.OrderID, "dropped")
	if item := stored(t, "MailsTable", "mail_id", "order-placed#"+o.OrderID); attribute(item, "address_hash") != "" {
		t.Errorf("the mail has the hash of the address still: %+v", item)
	}
	awaitStatus(t, c, o, "failed")
	awaitMails(t, c.Email, 1)
}

// TestDeletedAdmin: the right goes with the account.
func TestDeletedAdmin(t *testing.T) {
	t.Parallel()
	boss := newAdmin(t)
	send(t, history(boss)).want(t, http.StatusOK)
	send(t, deleteAccount(boss, password)).want(t, http.StatusNoContent)
	send(t, history(boss)).refused(t, http.StatusForbidden, "forbidden")
}
