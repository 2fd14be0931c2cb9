package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const newPassword = "another horse, another battery"

// TestResetPassword: the link in the mail sets a password once; the old one is
// good no more, and all sessions are over.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	s := newSession(t, c)
	token := resetToken(t, c)

	for what, bad := range map[string]string{
		"short": "x7#Qp!2", "common": "password1", "the address": "it is " + c.Email,
	} {
		p := send(t, resetPassword(token, bad)).refused(t, http.StatusBadRequest, "invalid_request")
		if len(p.Errors) != 1 || p.Errors[0].Field != "password" {
			t.Errorf("a password that is %s: errors = %+v, want one of the field password", what, p.Errors)
		}
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated) // it is as it was
	if a := send(t, resetPassword(token, newPassword)).want(t, http.StatusNoContent); len(a.body) != 0 {
		t.Errorf("the answer has a body: %s", a.body)
	}
	send(t, postSession(logIn{c.Email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	send(t, postSession(logIn{c.Email, newPassword})).want(t, http.StatusCreated)
	s.over(t)
	session{RefreshToken: s.RefreshToken}.over(t)
	send(t, resetPassword(token, password)).badToken(t)
	send(t, verifyEmail(token)).badToken(t)
	send(t, postSession(logIn{c.Email, newPassword})).want(t, http.StatusCreated)
}

// TestResetAfterReset: once a link was used the next one is mailed at once.
func TestResetAfterReset(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	token := resetToken(t, c)
	awaitState(t, "password-reset#"+hashOf(c.Email), "sent")
	send(t, resetPassword(token, newPassword)).want(t, http.StatusNoContent)
	journal.linked(c.Email, 1)
	send(t, requestReset(c.Email)).want(t, http.StatusAccepted)
	for _, m := range awaitLinks(t, c.Email, 2) {
		if next := tokenOf(t, m, "reset-password"); next != token {
			send(t, resetPassword(next, password)).want(t, http.StatusNoContent)
		}
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}

// TestResetAgain: a repeat with the key of a request that was done is answered
// like it, whatever its password; without the key it is refused.
func TestResetAgain(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	reset := resetPassword(resetToken(t, c), newPassword)
	unkeyed := reset
	reset.key = unique()
	for range 2 {
		send(t, reset).want(t, http.StatusNoContent)
	}
	another := resetPassword(reset.body.(map[string]string)["token"], "a third horse, a third battery")
	another.key = reset.key
	send(t, another).want(t, http.StatusNoContent)
	send(t, postSession(logIn{c.Email, newPassword})).want(t, http.StatusCreated)
	send(t, unkeyed).badToken(t)
	unkeyed.key = unique()
	send(t, unkeyed).badToken(t)
}

// TestResetTwiceAtOnce: of many who show one token at once, one sets a password.
func TestResetTwiceAtOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	token := resetToken(t, c)
	statuses := make([]int, 6)
	atOnce(t, len(statuses), len(statuses), func(i int) error {
		a, err := resetPassword(token, fmt.Sprint(newPassword, i)).untilNotBusy(t.Context())
		statuses[i] = a.status
		return err
	})
	set := 0
	for i, status := range statuses {
		if status == http.StatusNoContent {
			set++
			send(t, postSession(logIn{c.Email, fmt.Sprint(newPassword, i)})).want(t, http.StatusCreated)
		}
	}
	if set != 1 {
		t.Errorf("answers = %v, want one 204", statuses)
	}
}

// TestResetTellsNothing: a known address and an unknown one get the same answer,
// to the header, also the second time; only one of them gets a mail.
func TestResetTellsNothing(t *testing.T) {
	t.Parallel()
	c, unknown := newCustomer(t), freshEmail()
	journal.linked(c.Email, 1)
	journal.linked(unknown, 0)
	answers := map[string]string{}
	for range 2 {
		for _, address := range []string{c.Email, unknown, " " + strings.ToUpper(unknown)} {
			a := send(t, requestReset(address)).want(t, http.StatusAccepted)
			for _, varies := range []string{"X-Request-Id", "Apigw-Requestid", "Date", "X-Amzn-Requestid"} {
				a.header.Del(varies)
			}
			answers[fmt.Sprint(a.header, string(a.body))] = address
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers can be told apart: %v", answers)
	}
	awaitLinks(t, c.Email, 1)
	awaitState(t, "password-reset#"+hashOf(unknown), "dropped")
	if n := len(mailsTo(t, unknown)); n != 0 {
		t.Errorf("%d mails to an address that nobody has", n)
	}
}

// TestResetFlood: however often somebody asks, at once and after the mail was
// sent, a mailbox gets one mail; the whole run's check looks again at its end.
func TestResetFlood(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	journal.linked(c.Email, 1)
	ask := func(int) error {
		a, err := requestReset(c.Email).untilNotBusy(t.Context())
		if err == nil && a.status != http.StatusAccepted {
			err = fmt.Errorf("answered %d: %s", a.status, clip(a.body))
		}
		return err
	}
	atOnce(t, 20, 8, ask)
	awaitLinks(t, c.Email, 1)
	atOnce(t, 20, 8, ask)
	awaitState(t, "password-reset#"+hashOf(c.Email), "sent")
}

// TestResetExpires: after its time a token is no good, and nothing of it is
// stored but its hash.
func TestResetExpires(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	token := resetToken(t, c)
	item := stored(t, "AuthStateTable", "session_id", "link#"+hashOf(token))
	if item == nil || strings.Contains(fmt.Sprintf("%+v", item), token) {
		t.Fatalf("the link is stored as %+v, want by the hash of its token", item)
	}
	expire(t, token, time.Now())
	send(t, resetPassword(token, newPassword)).badToken(t)
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}

// TestResetMailAgain: a mail that is sent twice, because the provider's yes was
// lost, brings two tokens. Both are good until one is used. The relay sends it,
// and the record has no address once it was sent.
func TestResetMailAgain(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	journal.linked(c.Email, 1)
	first := resetToken(t, c)
	id := "password-reset#" + hashOf(c.Email)
	awaitState(t, id, "sent")
	if item := stored(t, "MailsTable", "mail_id", id); strings.Contains(fmt.Sprintf("%+v", item), c.Email) ||
		attribute(item, "email") != "" {
		t.Errorf("the record of the mail has the address: %+v", item)
	}
	requeueLink(t, id, c.Email, time.Now())
	relayMails(t)
	var second string
	for _, m := range awaitLinks(t, c.Email, 2) {
		if token := tokenOf(t, m, "reset-password"); token != first {
			second = token
		}
	}
	send(t, resetPassword(second, newPassword)).want(t, http.StatusNoContent)
	send(t, resetPassword(first, password)).badToken(t)
}

// TestStaleResetMail: one that could not be sent for half an hour is given up,
// though it could be sent now.
func TestStaleResetMail(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	resetToken(t, c)
	id := "password-reset#" + hashOf(c.Email)
	awaitState(t, id, "sent")
	requeueLink(t, id, c.Email, time.Now().Add(-31*time.Minute))
	relayMails(t)
	awaitState(t, id, "failed")
}

// TestRedriveResetMail: the operator has a mail that was given up sent. It runs
// alone, as all tests of redrive do.
func TestRedriveResetMail(t *testing.T) {
	c := newCustomer(t)
	journal.linked(c.Email, 1)
	resetToken(t, c)
	id := "password-reset#" + hashOf(c.Email)
	awaitState(t, id, "sent")
	requeueLink(t, id, c.Email, time.Now().Add(-31*time.Minute))
	relayMails(t)
	awaitState(t, id, "failed")
	operator(t, "redrive", "--yes", "--only", "mails")
	relayMails(t)
	awaitState(t, id, "sent")
	send(t, resetPassword(tokenOf(t, awaitLinks(t, c.Email, 2)[1], "reset-password"), newPassword)).
		want(t, http.StatusNoContent)
}

// TestResetOfASuppressedAddress: it is mailed no more, by no kind of mail.
func TestResetOfASuppressedAddress(t *testing.T) {
	t.Parallel()
	c, p := simulated(t, "bounce"), newProduct(t, stocked(plenty)).ProductID
	awaitStatus(t, c, newOrder(t, c, one(p)), "failed")
	eventually(t, mailPatience, "the address is suppressed", func() bool {
		return stored(t, "SuppressedAddressesTable", "address_hash", hashOf(c.Email)) != nil
	})
	journal.linked(c.Email, 0)
	send(t, requestReset(c.Email)).want(t, http.StatusAccepted)
	awaitState(t, "password-reset#"+hashOf(c.Email), "failed")
}

// TestResetOfAnotherAccount: a link of an account that is gone does not open the
// next one of the address.
func TestResetOfAnotherAccount(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	token := resetToken(t, c)
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	send(t, resetPassword(token, newPassword)).badToken(t)
	send(t, postUser(signUp{c.Email, password, "Ada"})).want(t, http.StatusCreated)
	send(t, resetPassword(token, newPassword)).badToken(t)
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}
