package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/token"
)

// fakeKeys are the part of a deployment that a rotation sees: a stack with two keys that follows its two parameters as
// template.yaml says, KMS, and the issuer's key set.
type fakeKeys struct {
	t       *testing.T
	url     string // of the server
	params  map[string]string
	slots   map[string]*fakeKey // by logical id; one that is not there is nil
	changed map[string]time.Time
	updates []string // what was updated, as parameter=value
	failing string   // an update to this ends in a rollback
	hidden  bool     // the issuer publishes an old set, without the standby key
}

type fakeKey struct {
	arn      string
	made     time.Time
	disabled bool
	public   *rsa.PublicKey
}

// startKeys makes a store whose two keys were made and published so long ago.
func startKeys(t *testing.T, ago time.Duration) *fakeKeys {
	t.Helper()
	store := startFake(t)
	since := time.Now().Add(-ago)
	k := &fakeKeys{t: t, url: os.Getenv("AWS_ENDPOINT_URL"),
		params: map[string]string{
			"Stage": "staging", "Sender": "shop@example.com", signedBy: firstKey, standbyKey: standbyPublished,
		},
		slots:   map[string]*fakeKey{},
		changed: map[string]time.Time{publisher: since, signer: since},
	}
	k.slots[firstKey], k.slots[secondKey] = k.newKey(since), k.newKey(since.Add(time.Second))
	store.keys = k
	return k
}

func (k *fakeKeys) newKey(made time.Time) *fakeKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		k.t.Fatal(err)
	}
	return &fakeKey{
		arn: "arn:aws:kms:eu-west-1:000000000000:key/" + rand.Text(), made: made, public: &private.PublicKey,
	}
}

func (k *fakeKeys) signing() *fakeKey { return k.slots[k.params[signedBy]] }

func (k *fakeKeys) standby() *fakeKey { return k.slots[k.otherSlot()] }

func (k *fakeKeys) otherSlot() string {
	return map[string]string{firstKey: secondKey, secondKey: firstKey}[k.params[signedBy]]
}

// age makes everything older.
func (k *fakeKeys) age(by time.Duration) {
	for name := range k.changed {
		k.changed[name] = k.changed[name].Add(-by)
	}
	for _, key := range k.slots {
		if key != nil {
			key.made = key.made.Add(-by)
		}
	}
}

// serve answers what concerns keys, and reports whether it did.
func (k *fakeKeys) serve(w http.ResponseWriter, r *http.Request, body string) bool {
	form, _ := url.ParseQuery(body)
	switch {
	case r.URL.Path == "/issuer"+token.JWKSPath:
		_ = json.NewEncoder(w).Encode(token.JWKS(k.published()))
	case strings.HasPrefix(r.Header.Get("X-Amz-Target"), "TrentService."):
		k.kms(w, strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService."), body)
	case form.Get("Action") == "DescribeStacks" && form.Get("StackName") == "shop":
		k.describeStack(w)
	case form.Get("Action") == "DescribeStackResource":
		fmt.Fprintf(w,
			`<DescribeStackResourceResponse><DescribeStackResourceResult><StackResourceDetail><LastUpdatedTimestamp>%s</LastUpdatedTimestamp>`+
				`</StackResourceDetail></DescribeStackResourceResult></DescribeStackResourceResponse>`,
			k.changed[form.Get("LogicalResourceId")].UTC().Format(time.RFC3339Nano))
	case form.Get("Action") == "UpdateStack":
		k.updateStack(w, form)
	default:
		return false
	}
	return true
}

func (k *fakeKeys) published() []*rsa.PublicKey {
	all := []*rsa.PublicKey{k.signing().public}
	if k.standby() != nil && !k.hidden {
		all = append(all, k.standby().public)
	}
	return all
}

func (k *fakeKeys) kms(w http.ResponseWriter, operation, body string) {
	var in struct{ KeyId string }
	_ = json.Unmarshal([]byte(body), &in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	for _, key := range k.slots {
		switch {
		case key == nil || key.arn != in.KeyId:
		case operation == "DescribeKey":
			_ = json.NewEncoder(w).Encode(map[string]any{"KeyMetadata": map[string]any{
				"KeyId": key.arn, "CreationDate": float64(key.made.UnixMilli()) / 1000, "Enabled": !key.disabled}})
			return
		case operation == "GetPublicKey" && !key.disabled:
			der, _ := x509.MarshalPKIXPublicKey(key.public)
			_ = json.NewEncoder(w).Encode(map[string]any{"KeyId": key.arn, "PublicKey": der})
			return
		}
	}
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(`{"__type":"DisabledException"}`))
}

func (k *fakeKeys) describeStack(w http.ResponseWriter) {
	outputs := map[string]string{"IssuerUrl": k.url + "/issuer", "SigningKeyArn": k.signing().arn}
	if k.standby() != nil {
		outputs["StandbyKeyArn"] = k.standby().arn
	}
	status := "UPDATE_COMPLETE"
	if k.failing != "" && slices.Contains(k.updates, k.failing) {
		status = "UPDATE_ROLLBACK_COMPLETE"
	}
	describe(w, status, outputs, k.params)
}

// updateStack does as it is told if it is told to change one parameter and nothing else.
func (k *fakeKeys) updateStack(w http.ResponseWriter, form url.Values) {
	changes, kept := map[string]string{}, 0
	for n := 1; form.Has(fmt.Sprintf("Parameters.member.%d.ParameterKey", n)); n++ {
		member := fmt.Sprintf("Parameters.member.%d.", n)
		if form.Get(member+"UsePreviousValue") == "true" {
			kept++
			continue
		}
		changes[form.Get(member+"ParameterKey")] = form.Get(member + "ParameterValue")
	}
	capabilities := []string{form.Get("Capabilities.member.1"), form.Get("Capabilities.member.2")}
	slices.Sort(capabilities)
	if form.Get("UsePreviousTemplate") != "true" || len(changes) != 1 || kept != len(k.params)-1 ||
		!slices.Equal(capabilities, []string{"CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"}) {
		k.t.Errorf("the stack was updated with %v", form)
	}
	for parameter, value := range changes {
		k.updates = append(k.updates, parameter+"="+value)
		if k.failing != parameter+"="+value {
			k.follow(parameter, value)
		}
	}
	fmt.Fprint(w,
		`<UpdateStackResponse><UpdateStackResult><StackId>shop</StackId></UpdateStackResult></UpdateStackResponse>`)
}

func (k *fakeKeys) follow(parameter, value string) {
	k.params[parameter] = value
	switch {
	case parameter == signedBy:
		k.changed[signer] = time.Now()
		return
	case value == standbyAbsent:
		delete(k.slots, k.otherSlot())
	case k.standby() == nil:
		k.slots[k.otherSlot()] = k.newKey(time.Now())
	}
	k.changed[publisher] = time.Now()
}
