package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// member is a member of a JSON object, name and value as they are written in it.
type member struct{ name, value string }

type object []member

func (o object) String() string {
	var parts []string
	for _, m := range o {
		parts = append(parts, `"`+m.name+`":`+m.value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (o object) with(name, value string) object {
	changed := append(object{}, o...)
	for i := range changed {
		if changed[i].name == name {
			changed[i].value = value
			return changed
		}
	}
	return append(changed, member{name, value})
}

func (o object) without(name string) object {
	var rest object
	for _, m := range o {
		if m.name != name {
			rest = append(rest, m)
		}
	}
	return rest
}

func (o object) renamed(from, to string) object {
	changed := append(object{}, o...)
	for i := range changed {
		if changed[i].name == from {
			changed[i].name = to
		}
	}
	return changed
}

// bodyRoute is a route that takes a body.
type bodyRoute struct {
	call     call
	valid    object
	optional []string // members that may be missing
	nested   string   // the member that holds an object or a list of them
}

func bodyRoutes(t *testing.T) map[string]bodyRoute {
	t.Helper()
	boss, c, word := admin(t), newCustomer(t), unique()
	sold, counted, adjusted := newProduct(t), newProduct(t), newProduct(t)
	resetting := freshEmail() // nobody's: no mail follows
	gbp := `{"amount":1999,"currency":"GBP"}`
	return map[string]bodyRoute{
		"sign-up": {
			call{method: "POST", path: "/users"},
			object{{"email", strconv.Quote(freshEmail())}, {"password", strconv.Quote(password)}, {"name", `"Ada"`}}, nil, "",
		},
		"log-in": {
			call{method: "POST", path: "/sessions"},
			object{{"email", strconv.Quote(c.Email)}, {"password", strconv.Quote(password)}}, nil, "",
		},
		"refresh": {
			refresh(""), object{{"refresh_token", strconv.Quote(newSession(t, c).RefreshToken)}}, nil, "",
		},
		"log-out": {
			logOut(""), object{{"refresh_token", strconv.Quote(newSession(t, c).RefreshToken)}}, nil, "",
		},
		"request reset": {
			requestReset(""), object{{"email", strconv.Quote(resetting)}}, nil, "",
		},
		"delete account": {
			deleteAccount(newCustomer(t), ""), object{{"password", strconv.Quote(password)}}, nil, "",
		},
		"end sessions": {
			endSessions(newCustomer(t), ""), object{{"password", strconv.Quote(password)}}, nil, "",
		},
		"change password": {
			changePassword(newCustomer(t), "", ""),
			object{{"current", strconv.Quote(password)}, {"new", strconv.Quote(newPassword)}}, nil, "",
		},
		"rename": {
			rename(newCustomer(t), ""), object{{"name", `"Ada"`}}, nil, "",
		},
		"checkout": {
			place(c, "bad-"+word, nil),
			object{{"items", `[{"product_id":"` + sold.ProductID + `","quantity":1}]`}, {"expected_total", gbp}}, []string{"expected_total"}, "items",
		},
		"save": {
			save(boss, "e2e-bad-"+word, nil),
			object{{"name", `"Lamp"`}, {"description", `""`}, {"price", gbp}, {"image_url", `""`}, {"active", `true`}, {"stock", `1`}},
			[]string{"stock"}, "price",
		},
		"set stock": {
			stockSet(boss, counted.ProductID, nil),
			object{{"quantity", "9"}, {"compare_quantity", "10"}, {"reason", `"r"`}}, nil, "",
		},
		"adjust stock": {
			stockAdjust(boss, adjusted.ProductID, nil),
			object{{"delta", "-1"}, {"reason", `"r"`}}, nil, "",
		},
	}
}

// badBodies are bodies that no route takes, made from one that it would take.
func (r bodyRoute) badBodies() map[string]string {
	good := r.valid.String()
	bad := map[string]string{
		"nothing":          "",
		"blanks":           " \n\t ",
		"null":             "null",
		"list":             "[]",
		"list of it":       "[" + good + "]",
		"text":             `"` + "body" + `"`,
		"number":           "1",
		"true":             "true",
		"empty object":     "{}",
		"cut":              good[:len(good)-1],
		"half":             good[:len(good)/2],
		"trailing letter":  good + "x",
		"trailing bracket": good + "}",
		"trailing comma":   good[:len(good)-1] + ",}",
		"it twice":         good + good,
		"trailing null":    good + " null",
		"comment":          good[:len(good)-1] + "/* */}",
		"single quotes":    strings.ReplaceAll(good, `"`, "'"),
		"unknown member":   r.valid.with("colour", `"red"`).String(),
		"member user_id":   r.valid.with("user_id", `"usr_01890a5d-ac96-774b-bcce-b302099a8057"`).String(),
		"member role":      r.valid.with("role", `"admin"`).String(),
		"empty member":     r.valid.with("", `1`).String(),
		"deep list":        r.valid.with(r.valid[0].name, strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)).String(),
		"deep, open":       strings.Repeat("[", 60_000),
		"deep object":      strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"deep unknown":     r.valid.with("colour", strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)).String(),
		"long number":      r.valid.with(r.valid[0].name, strings.Repeat("9", 50_000)).String(),
		"NaN":              r.valid.with(r.valid[0].name, "NaN").String(),
		"leading zero":     r.valid.with(r.valid[0].name, "01").String(),
		"lone surrogate":   r.valid.with(r.valid[0].name, `"\ud800"`).String(),
		"unknown escape":   r.valid.with(r.valid[0].name, `"\x41"`).String(),
		"line end in text": r.valid.with(r.valid[0].name, "\"a\nb\"").String(),
		"open text":        r.valid.with(r.valid[0].name, `"abc`).String(),
		"form":             "email=a&password=b",
		"XML":              "<a/>",
	}
	for _, m := range r.valid {
		r.addBadMember(bad, m)
	}
	r.addBadNested(bad)
	r.addBadNumbers(bad)
	return bad
}

var wholeNumber = regexp.MustCompile(`":(-?[0-9]+)`)

// addBadNumbers puts into each place of a whole number what is none, or none
// that the store could hold.
func (r bodyRoute) addBadNumbers(bad map[string]string) {
	good := r.valid.String()
	for n, at := range wholeNumber.FindAllStringSubmatchIndex(good, -1) {
		for _, number := range []string{"1.5", "15e-1", "null", "1e400", "-1e400", "1000000000001", "9223372036854775808", "-9223372036854775809", `"1"`, "+1", "0x1", ".5", "1.", "--1"} {
			bad[fmt.Sprintf("number %d is %s", n, number)] = good[:at[2]] + number + good[at[3]:]
		}
	}
}

// addBadMember adds what can be wrong with one member.
func (r bodyRoute) addBadMember(bad map[string]string, m member) {
	twice := append(append(object{}, r.valid...), m)
	bad[m.name+" twice"] = twice.String()
	escaped := append(append(object{}, r.valid...), member{escaped(m.name), m.value})
	bad[m.name+" twice by an escape"] = escaped.String()
	bad[m.name+" in capitals"] = r.valid.renamed(m.name, strings.ToUpper(m.name)).String()
	bad[m.name+" capitalised"] = r.valid.renamed(m.name, strings.ToUpper(m.name[:1])+m.name[1:]).String()
	bad[m.name+" with a blank"] = r.valid.renamed(m.name, m.name+" ").String()
	bad[m.name+" a list"] = r.valid.with(m.name, `["a"]`).String()
	bad[m.name+" an object"] = r.valid.with(m.name, `{"a":1}`).String()
	bad[m.name+" another type"] = r.valid.with(m.name, otherType(m.value)).String()
	bad[m.name+" null"] = r.valid.with(m.name, "null").String()
	if !slices.Contains(r.optional, m.name) {
		bad[m.name+" missing"] = r.valid.without(m.name).String()
	}
}

// otherType writes a number as a string, and all else as a number.
func otherType(value string) string {
	if strings.Trim(value, "-0123456789") == "" {
		return strconv.Quote(value)
	}
	return "5"
}

// addBadNested does inside the nested object what is done outside of it.
func (r bodyRoute) addBadNested(bad map[string]string) {
	if r.nested == "" {
		return
	}
	for _, m := range r.valid {
		if m.name != r.nested {
			continue
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(m.value, "["), "]")
		name, rest, _ := strings.Cut(strings.TrimPrefix(inner, `{"`), `"`)
		for what, value := range map[string]string{
			"unknown member":  strings.Replace(inner, "{", `{"colour":1,`, 1),
			"member twice":    strings.TrimSuffix(inner, "}") + `,"` + name + `"` + rest[:strings.Index(rest, ",")] + "}",
			"twice by escape": strings.TrimSuffix(inner, "}") + `,"` + escaped(name) + `"` + rest[:strings.Index(rest, ",")] + "}",
			"capitals":        strings.Replace(inner, name, strings.ToUpper(name), 1),
			"empty":           "{}",
			"missing":         "{" + rest[strings.Index(rest, ",")+1:],
			"null":            "null",
			"text":            `"a"`,
		} {
			if strings.HasPrefix(m.value, "[") {
				value = "[" + value + "]"
			}
			bad["in "+r.nested+": "+what] = r.valid.with(r.nested, value).String()
		}
	}
}

func hexOf(b byte) string { return fmt.Sprintf("%02x", b) }

func TestBadBodies(t *testing.T) {
	t.Parallel()
	for name, route := range bodyRoutes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, body := range route.badBodies() {
				c := route.call
				c.body = body
				a := send(t, c)
				if p, err := a.problem(); err != nil || a.status != http.StatusBadRequest || p.Code != "invalid_request" {
					t.Errorf("%s: answered %d: %s", what, a.status, clip(a.body))
				}
			}
			route.wantGood(t)
		})
	}
}

// wantGood shows that nothing but the one thing was wrong with each bad body,
// and that none of them did what it said: the whole one is accepted as new.
func (r bodyRoute) wantGood(t *testing.T) {
	t.Helper()
	c := r.call
	c.body = r.valid.String()
	a := send(t, c)
	if !a.accepted() || a.header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("the good body was answered %d: %s", a.status, clip(a.body))
	}
	if strings.Contains(c.path, "/stock") {
		if got := decode[stock](t, a).Quantity; got != 9 {
			t.Errorf("stock = %d, want 9", got)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	for name, route := range bodyRoutes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, wrong := range []string{
				"", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/xml", "application/problem+json",
				"application/jsonp", "json", "*/*", "application/*", "multipart/form-data; boundary=x", "application/json/", "application/octet-stream",
				"application/json; charset=iso-8859-1",
			} {
				send(t, route.typed(wrong)).refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
			}
			missing := route.typed("")
			missing.header = http.Header{"Content-Type": nil}
			send(t, missing).refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
			a := send(t, route.typed("Application/JSON; charset=utf-8"))
			if !a.accepted() {
				t.Errorf("with a charset: answered %d: %s", a.status, clip(a.body))
			}
		})
	}
}

func (r bodyRoute) typed(contentType string) call {
	c := r.call
	c.body, c.header = r.valid.String(), http.Header{"Content-Type": {contentType}}
	return c
}

// TestLargeBodies: 64 KiB are taken, a byte more is not, and neither are 2 MB.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	for name, route := range bodyRoutes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{64<<10 + 1, 100_000, 2_000_000} {
				send(t, route.padded(size)).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
			}
			c := route.call
			c.body = route.valid.with(route.valid[0].name, `"`+strings.Repeat("a", 2_000_000)+`"`).String()
			send(t, c).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
			a := send(t, route.padded(64<<10))
			if !a.accepted() {
				t.Errorf("64 KiB were answered %d: %s", a.status, clip(a.body))
			}
		})
	}
}

// padded is the good body with blanks up to the size.
func (r bodyRoute) padded(size int) call {
	c, body := r.call, r.valid.String()
	c.body = body + strings.Repeat(" ", size-len(body))
	return c
}

// TestInvalidUTF8: the local gateway repairs such a body before a function
// sees it, so this one goes past the gateway, as it may reach a function on
// AWS: base64-encoded.
func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	functions := map[string]string{
		"sign-up": "SignUpFunction", "log-in": "LogInFunction", "refresh": "RefreshSessionFunction", "log-out": "LogOutFunction",
		"request reset": "RequestResetFunction", "delete account": "DeleteAccountFunction",
		"rename": "RenameAccountFunction", "end sessions": "EndSessionsFunction",
		"change password": "ChangePasswordFunction", "checkout": "PlaceOrderFunction",
		"save": "SaveProductFunction", "set stock": "UpdateStockFunction", "adjust stock": "UpdateStockFunction",
	}
	for name, route := range bodyRoutes(t) {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf"} {
				last := route.valid[len(route.valid)-1].name
				body := []byte(route.valid.with(last, `"`+text+`"`).String())
				invocation{function: functions[name], call: route.call, body: body}.invoke(t).
					refused(t, http.StatusBadRequest, "invalid_request")
			}
			good := invocation{function: functions[name], call: route.call, body: []byte(route.valid.String())}.invoke(t)
			if !good.accepted() {
				t.Errorf("the good body was answered %d: %s", good.status, clip(good.body))
			}
		})
	}
}

// TestInvalidUTF8ThroughTheGateway: whatever it makes of it, the store does
// not fail.
func TestInvalidUTF8ThroughTheGateway(t *testing.T) {
	needStore(t)
	t.Parallel()
	for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "\x00", "\\u0000", "\\u001b[31m", "\ufeff"} {
		send(t, postUser(`{"email":"`+freshEmail()+`","password":"`+password+`","name":"`+text+`"}`))
	}
	send(t, postUser("\ufeff{}"))
}
