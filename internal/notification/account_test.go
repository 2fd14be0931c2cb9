package notification

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"shop/internal/user"
)

const adas = "ada@example.com"

// fakeAccountMails is a fakeProvider that has accounts and keeps links.
type fakeAccountMails struct {
	*fakeProvider
	users    map[string]user.User // by address
	links    []user.Link
	rendered []string // kind, address and the hash of the token, of each mail
	found    error    // what looking a user up answers
	saved    error
	spoiled  error // what rendering answers
}

func (d *fakeAccountMails) ForMail(_ context.Context, address string) (user.User, error) {
	u, ok := d.users[address]
	switch {
	case d.found != nil:
		return user.User{}, d.found
	case d.list[user.AddressHash(address)]:
		return user.User{}, ErrSuppressed
	case !ok:
		return user.User{}, ErrNoRecipient
	}
	return u, nil
}

func (d *fakeAccountMails) Save(_ context.Context, l user.Link) error {
	if d.saved == nil {
		d.links = append(d.links, l)
	}
	return d.saved
}

func (d *fakeAccountMails) Render(kind Kind, address, token string) (Message, error) {
	var hash string
	var err error
	if token != "" {
		hash, err = user.LinkHash(token)
	}
	d.rendered = append(d.rendered, fmt.Sprint(kind, " ", address, " ", hash))
	return Message{To: address, Text: token}, errors.Join(err, d.spoiled)
}

func (d *fakeAccountMails) Send(_ context.Context, m Message) (string, error) {
	if d.fails != nil {
		return "", d.fails
	}
	d.sent[m.MailID]++
	return fmt.Sprint("message ", d.sent[m.MailID]), d.lost
}

func (d *fakeAccountMails) delivery() *Delivery {
	return &Delivery{
		Ledger: d.ledger, Accounts: d, Links: d, Mailer: d, AccountMail: d, Pace: atOnce,
		Lease: 35 * time.Second, NewID: d.ledger.newID, Now: d.ledger.time,
	}
}

// newFakeAccountMails has a pending mail of each kind for adas, who has not verified her address yet.
func newFakeAccountMails() *fakeAccountMails {
	l := newLedger()
	for _, m := range []Mail{
		NewVerificationMail("usr_1", adas, opened), NewAddressMail(SignUpAttempt, adas, opened),
		NewAddressMail(PasswordReset, adas, opened), NewPasswordChangedMail("usr_1", 7, adas, opened),
	} {
		l.entries[m.ID] = entry{Mail: m}
	}
	return &fakeAccountMails{
		fakeProvider: newFakeProvider(l),
		users:        map[string]user.User{adas: {ID: "usr_1", Email: adas, Generation: 7, Unverified: true}},
	}
}

var accountMails = map[Kind]struct {
	id      string
	purpose user.Purpose
}{
	VerifyEmail:     {"verify-email#usr_1", user.VerifyAddress},
	SignUpAttempt:   {"sign-up-attempt#tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI", user.SetPassword},
	PasswordReset:   {"password-reset#tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI", user.SetPassword},
	PasswordChanged: {"password-changed#usr_1-7", ""},
}

// linking are those of them that bring a link.
var linking = []Kind{VerifyEmail, SignUpAttempt, PasswordReset}

// TestDeliverAccountMails: each brings a token of which the hash is kept, with what it is for and for whom, for 30
// minutes; and the record has no address any more.
func TestDeliverAccountMails(t *testing.T) {
	for _, kind := range linking {
		want := accountMails[kind]
		t.Run(string(kind), func(t *testing.T) {
			d := newFakeAccountMails()
			d.ledger.pass(10 * time.Minute)
			outcome, err := d.delivery().Deliver(context.Background(), want.id)
			if err != nil || outcome != OutcomeSent || d.sent[want.id] != 1 || len(d.sent) != 1 || len(d.links) != 1 {
				t.Fatalf("got %s, sent %v, links %v and error %v, want one mail with one link",
					outcome, d.sent, d.links, err)
			}
			made := opened.Add(10 * time.Minute)
			link := user.Link{
				Hash: d.links[0].Hash, Purpose: want.purpose, UserID: "usr_1", Email: adas, Generation: 7,
				ExpiresAt: made.Add(30 * time.Minute),
			}
			if d.links[0] != link {
				t.Errorf("got the link %+v, want %+v", d.links[0], link)
			}
			if told := fmt.Sprint(kind, " ", adas, " ", link.Hash); len(d.rendered) != 1 || d.rendered[0] != told {
				t.Errorf("rendered %q, want %q", d.rendered, told)
			}
			if e := d.ledger.entries[want.id]; e.State != Sent || e.Address != "" || e.message != "message 1" {
				t.Errorf("got the entry %+v, want it sent and without an address", e)
			}
		})
	}
}

// TestTellOfAChangedPassword: the mail brings no link, and is not given up before one of an order is.
func TestTellOfAChangedPassword(t *testing.T) {
	for age, want := range map[time.Duration]Outcome{
		31 * time.Minute: OutcomePostponed, 73 * time.Hour: OutcomeFailed,
	} {
		d, id := newFakeAccountMails(), accountMails[PasswordChanged].id
		d.ledger.pass(age)
		d.fails = errDown
		if outcome, err := d.delivery().Deliver(t.Context(), id); outcome != want ||
			!errors.Is(err, errDown) && want == OutcomePostponed {
			t.Errorf("after %s: got %s and error %v, want %s", age, outcome, err, want)
		}
	}
	d, id := newFakeAccountMails(), accountMails[PasswordChanged].id
	outcome, err := d.delivery().Deliver(t.Context(), id)
	if err != nil || outcome != OutcomeSent || d.sent[id] != 1 || len(d.links) != 0 {
		t.Errorf("got %s, sent %v, links %v and error %v, want one mail without a link", outcome, d.sent, d.links, err)
	}
	if told := fmt.Sprint(PasswordChanged, " ", adas, " "); len(d.rendered) != 1 || d.rendered[0] != told ||
		d.ledger.entries[id].Address != "" {
		t.Errorf("rendered %q and left %+v, want %q and no address", d.rendered, d.ledger.entries[id], told)
	}
}

// TestDeliverAccountMailTwice: when the provider's yes is lost the mail is sent once more, with a token of its own.
func TestDeliverAccountMailTwice(t *testing.T) {
	d, id := newFakeAccountMails(), accountMails[PasswordReset].id
	d.lost = errDown
	if outcome, err := d.delivery().Deliver(context.Background(), id); !errors.Is(err, errDown) ||
		outcome != OutcomePostponed {
		t.Fatalf("got %s and error %v, want %s", outcome, err, OutcomePostponed)
	}
	d.lost = nil
	if outcome, err := d.delivery().Deliver(context.Background(), id); err != nil || outcome != OutcomeSent {
		t.Fatalf("got %s and error %v, want %s", outcome, err, OutcomeSent)
	}
	if len(d.links) != 2 || d.links[0].Hash == d.links[1].Hash {
		t.Errorf("got the links %+v, want two", d.links)
	}
}

// TestDropAccountMails: a mail to nobody is dropped, and nothing counts as a failure: no account has the address, or
// the one that was to be verified is another by now, or verified.
func TestDropAccountMails(t *testing.T) {
	nobody := func(d *fakeAccountMails) { delete(d.users, adas) }
	other := func(d *fakeAccountMails) { d.users[adas] = user.User{ID: "usr_2", Email: adas, Unverified: true} }
	sent := func(d *fakeAccountMails) {
		m := NewAddressMail(PasswordReset, adas, opened)
		m.Address = ""
		d.ledger.entries[m.ID] = entry{Mail: m}
		d.users[""] = user.User{ID: "usr_3"}
	}
	expired := func(d *fakeAccountMails) {
		d.users[adas] = user.User{ID: "usr_1", Email: adas, Unverified: true, ExpiresAt: opened}
	}
	verified := func(d *fakeAccountMails) { d.users[adas] = user.User{ID: "usr_1", Email: adas} }
	for name, c := range map[string]struct {
		kind  Kind
		spoil func(*fakeAccountMails)
		want  Outcome
		state State
	}{
		"unknown address":              {PasswordReset, nobody, OutcomeDropped, Dropped},
		"attempt, account gone":        {SignUpAttempt, nobody, OutcomeDropped, Dropped},
		"account gone":                 {VerifyEmail, nobody, OutcomeDropped, Dropped},
		"sent, bounced, pending again": {PasswordReset, sent, OutcomeDropped, Dropped},
		"another account":              {VerifyEmail, other, OutcomeDropped, Dropped},
		"account not verified in time": {VerifyEmail, expired, OutcomeDropped, Dropped},
		"reset of an expired account":  {PasswordReset, expired, OutcomeDropped, Dropped},
		"verified before":              {VerifyEmail, verified, OutcomeDropped, Dropped},
		"change of another account":    {PasswordChanged, other, OutcomeDropped, Dropped},
		"change, account gone":         {PasswordChanged, nobody, OutcomeDropped, Dropped},
		"reset of another account":     {PasswordReset, other, OutcomeSent, Sent},
		"reset of a verified account":  {PasswordReset, verified, OutcomeSent, Sent},
	} {
		t.Run(name, func(t *testing.T) {
			d, id := newFakeAccountMails(), accountMails[c.kind].id
			c.spoil(d)
			outcome, err := d.delivery().Deliver(context.Background(), id)
			if err != nil || outcome != c.want || d.ledger.entries[id].State != c.state ||
				d.ledger.entries[id].Address != "" {
				t.Errorf("got %s, error %v and the entry %+v, want %s", outcome, err, d.ledger.entries[id], c.want)
			}
			if sent := c.want == OutcomeSent; (len(d.links) == 1) != sent || (d.sent[id] == 1) != sent {
				t.Errorf("sent %v and made %v", d.sent, d.links)
			}
		})
	}
}

// TestFailExpiredAccountMails: account mails fail after 30 minutes, also where the provider is up again; while they are
// of use, faults leave them to the relay. What failed keeps its address, so that it can be sent again.
func TestFailExpiredAccountMails(t *testing.T) {
	const late = 30*time.Minute + time.Millisecond
	for name, c := range map[string]struct {
		pending time.Duration
		spoil   func(*fakeAccountMails)
		want    Outcome
		err     error
	}{
		"in time":  {30 * time.Minute, func(*fakeAccountMails) {}, OutcomeSent, nil},
		"too late": {late, func(*fakeAccountMails) {}, OutcomeFailed, ErrStale},
		"down": {30 * time.Minute, func(d *fakeAccountMails) {
			d.fails = errDown
		}, OutcomePostponed, errDown},
		"refused": {0, func(d *fakeAccountMails) { d.fails = ErrRefused }, OutcomeFailed, ErrRefused},
		"suppressed": {0, func(d *fakeAccountMails) {
			d.list[user.AddressHash(adas)] = true
		}, OutcomeFailed, ErrSuppressed},
		"accounts not readable": {0, func(d *fakeAccountMails) { d.found = errDown }, OutcomePostponed, errDown},
		"link not kept":         {0, func(d *fakeAccountMails) { d.saved = errDown }, OutcomePostponed, errDown},
		"not rendered":          {0, func(d *fakeAccountMails) { d.spoiled = errDown }, OutcomePostponed, errDown},
	} {
		t.Run(name, func(t *testing.T) {
			d, id := newFakeAccountMails(), accountMails[SignUpAttempt].id
			d.ledger.pass(c.pending)
			c.spoil(d)
			outcome, err := d.delivery().Deliver(context.Background(), id)
			if outcome != c.want || !errors.Is(err, c.err) || (d.sent[id] == 1) != (c.want == OutcomeSent) {
				t.Errorf("got %s, sent %v and error %v, want %s and %v", outcome, d.sent, err, c.want, c.err)
			}
			state := map[Outcome]State{OutcomeSent: Sent, OutcomeFailed: Failed, OutcomePostponed: Pending}[c.want]
			if e := d.ledger.entries[id]; e.State != state || (e.Address == "") != (state == Sent) {
				t.Errorf("got the entry %+v, want it %s", e, state)
			}
		})
	}
}

// TestDropOrderMail: the mail of an order whose customer is gone is dropped.
func TestDropOrderMail(t *testing.T) {
	l := newLedger("ord_1")
	p := newFakeProvider(l)
	p.missing["ord_1"] = ErrNoRecipient
	outcome, err := p.delivery().Deliver(context.Background(), mailID)
	if err != nil || outcome != OutcomeDropped || len(p.sent) != 0 {
		t.Errorf("got %s, sent %v and error %v, want %s", outcome, p.sent, err, OutcomeDropped)
	}
	wantEntry(t, l, settled(Dropped, ""))
	wantCalls(t, l, "claim", "mark dropped")
}

// TestDroppingFails: then the mail is pending still.
func TestDroppingFails(t *testing.T) {
	l := newLedger("ord_1")
	p := newFakeProvider(l)
	p.missing["ord_1"] = ErrNoRecipient
	l.fails["mark dropped"] = errDown
	if outcome, err := p.delivery().Deliver(context.Background(), mailID); !errors.Is(err, errDown) || outcome != "" {
		t.Errorf("got %q and error %v, want %v", outcome, err, errDown)
	}
}

func TestNewAccountMails(t *testing.T) {
	for kind, want := range accountMails {
		m := NewAddressMail(kind, adas, opened)
		switch kind {
		case VerifyEmail:
			m = NewVerificationMail("usr_1", adas, opened)
		case PasswordChanged:
			m = NewPasswordChangedMail("usr_1", 7, adas, opened)
		}
		full := Mail{
			ID: want.id, State: Pending, CreatedAt: opened, DueAt: opened.Add(2 * time.Minute),
			AddressHash: user.AddressHash(adas), Address: adas, ExpiresAt: opened.Add(7 * 24 * time.Hour),
		}
		if m != full {
			t.Errorf("got %+v, want %+v", m, full)
		}
		again := Requeue(want.id, opened.Add(time.Hour))
		if want := (Mail{
			ID: want.id, State: Pending, CreatedAt: opened.Add(time.Hour), DueAt: opened.Add(time.Hour),
			ExpiresAt: opened.Add(7*24*time.Hour + time.Hour),
		}); again != want {
			t.Errorf("pending again: got %+v, want %+v", again, want)
		}
	}
}
