package httpapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shop/internal/page"
	"shop/internal/validation"
)

// maxBody is the largest body taken, in bytes.
const maxBody = 64 << 10

// maxFieldName is about how long a field's name in an answer may get, in bytes: it may be the client's own text.
const maxFieldName = 100

// maxProblems is the most problems of a query string that an answer lists: 10 KB of parameters would else be answered
// by much more.
const maxProblems = 10

const notAnObject = "the body must be a JSON object"

// Errors of a request, before any flow sees it.
var (
	// ErrMediaType says that the body is not application/json.
	ErrMediaType = errors.New("unsupported media type")
	// ErrTooLarge says that the body is larger than 64 KiB.
	ErrTooLarge = errors.New("payload too large")
)

// Request is a request as API Gateway hands it on.
type Request struct {
	event    events.APIGatewayV2HTTPRequest
	front    Front
	describe Describe
}

// ClientKey returns the key of the client, as the Front of the function makes it.
func (r *Request) ClientKey() string { return r.front.ClientKey(r) }

// ID returns the gateway's id of the request, never the client's.
func (r *Request) ID() string { return r.event.RequestContext.RequestID }

// Domain returns the host that the request was sent to.
func (r *Request) Domain() string { return r.event.RequestContext.DomainName }

// Header returns a header's value, or "". API Gateway joins a header that was sent more than once by commas.
func (r *Request) Header(name string) string {
	value, _ := r.header(name)
	return value
}

func (r *Request) header(name string) (value string, sent bool) {
	if v, ok := r.event.Headers[strings.ToLower(name)]; ok {
		return v, true
	}
	for key, v := range r.event.Headers {
		if strings.EqualFold(key, name) {
			return v, true
		}
	}
	return "", false
}

// maxKey is the longest Idempotency-Key, in characters.
const maxKey = 255

// IdempotencyKey returns the header Idempotency-Key, or "" without one. It returns validation.Errors for one that is no
// key, an empty one too: its sender means to repeat the request, and without a key the work would be done again.
func (r *Request) IdempotencyKey() (string, error) {
	key, sent := r.header("Idempotency-Key")
	unprintable := func(c rune) bool { return c < ' ' || c > '~' }
	if sent && key == "" || len(key) > maxKey || strings.ContainsFunc(key, unprintable) {
		return "", invalid("Idempotency-Key", "must have 1 to %d printable ASCII characters", maxKey)
	}
	return key, nil
}

// Path returns a path parameter.
func (r *Request) Path(name string) string { return r.event.PathParameters[name] }

// Decode reads the JSON body, an object in UTF-8, as the struct T. Members are case-sensitive; unknown and duplicate
// members, null and trailing data are refused. It returns ErrMediaType, ErrTooLarge and validation.Errors. A body that
// has nothing to say is a struct{}: an object without members.
func Decode[T any](r *Request) (T, error) {
	var v T
	return v, r.decode(&v)
}

func (r *Request) decode(v any) error {
	if !isJSON(r.Header("Content-Type")) {
		return ErrMediaType
	}
	body, err := r.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true), json.WithUnmarshalers(strictly)); err != nil {
		return explain(err)
	}
	if jsontext.Value(body).Kind() == 'n' { // the decoder takes null for an empty object
		return invalid("", notAnObject)
	}
	return nil
}

// isJSON reports whether a Content-Type is application/json, in UTF-8 if it says of a charset.
func isJSON(contentType string) bool {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	charset, given := parameters["charset"]
	return err == nil && mediaType == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

func (r *Request) body() ([]byte, error) {
	if !r.event.IsBase64Encoded {
		if len(r.event.Body) > maxBody {
			return nil, ErrTooLarge
		}
		return []byte(r.event.Body), nil
	}
	if base64.StdEncoding.DecodedLen(len(r.event.Body)) > maxBody+2 {
		return nil, ErrTooLarge
	}
	body, err := base64.StdEncoding.DecodeString(r.event.Body)
	if err != nil {
		return nil, invalid("", "the body is not what its encoding says")
	}
	if len(body) > maxBody {
		return nil, ErrTooLarge
	}
	return body, nil
}

// explain names the member at which the decoder stopped. What it says of Go's types stays inside.
func explain(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		field := fieldName(semantic.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			return invalid(field, "is not a known member")
		}
		if field == "" {
			return invalid("", notAnObject)
		}
		if errors.Is(err, errNull) {
			return invalid(field, "must not be null")
		}
		return invalid(field, "has a value of the wrong type or range")
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return invalid(fieldName(syntactic.JSONPointer), "is given twice")
		}
		return invalid(fieldName(syntactic.JSONPointer), "the body is not one valid JSON value")
	}
	return invalid("", "the body is not one valid JSON value")
}

// fieldName writes a JSON pointer as a path: /items/0/quantity becomes items[0].quantity. Of a path that is longer than
// any of ours it writes the beginning.
func fieldName(p jsontext.Pointer) string {
	var name strings.Builder
	for token := range p.Tokens() {
		if name.Len()+len(token) > maxFieldName {
			break
		}
		if _, err := strconv.Atoi(token); err == nil {
			fmt.Fprintf(&name, "[%s]", token)
			continue
		}
		if name.Len() > 0 {
			name.WriteByte('.')
		}
		name.WriteString(token)
	}
	return name.String()
}

// parameters has the query parameters of each route that takes any. docs/openapi.yaml has the same.
var parameters = map[string][]string{
	"GET /products":             {"category", "cursor", "ids", "in_stock", "limit", "q", "search"},
	"HEAD /products":            {"category", "cursor", "ids", "in_stock", "limit", "q", "search"},
	"GET /categories":           {"cursor", "limit"},
	"GET /orders":               {"cursor", "limit"},
	"GET /users/me/export":      {"cursor", "limit"},
	"GET /admin/products":       {"cursor", "limit", "q", "stock"},
	"GET /admin/orders":         {"cursor", "customer", "email", "format", "from", "limit", "status", "to"},
	"GET /admin/orders/summary": {"days", "from", "to", "top"},
	"GET /admin/products/{product_id}/stock/movements": {"cursor", "limit"},
}

// Query returns the query parameters. It returns validation.Errors for one that the route does not take, that cannot be
// read or that is given twice; of more than maxProblems, the first.
func (r *Request) Query() (Query, error) {
	return readQuery(r.event.RawQueryString, parameters[r.event.RouteKey])
}

func readQuery(raw string, known []string) (Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("", "the query string cannot be read")
	}
	var problems validation.Errors
	query := Query{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(problems) == maxProblems {
			break
		}
		checkParameter(&problems, known, name, values[name])
		query[name] = values[name][0]
	}
	return query, problems.Err()
}

// checkParameter leaves it to the store to judge a cursor: what is no UTF-8 is none of its cursors.
func checkParameter(problems *validation.Errors, known []string, name string, values []string) {
	switch {
	case !utf8.ValidString(name):
		problems.Add("", "the query string is not UTF-8")
	case !slices.Contains(known, name):
		problems.Add(parameterName(name), "is not a known parameter")
	case len(values) > 1:
		problems.Add(name, "is given more than once")
	case !utf8.ValidString(values[0]) && name != "cursor":
		problems.Add(name, "is not UTF-8")
	}
}

// parameterName returns the name of a parameter as an answer may repeat it: not one that is longer than any of ours.
func parameterName(name string) string {
	if len(name) > maxFieldName {
		return ""
	}
	return name
}

// Page returns the page that the query parameters limit and cursor ask for. It returns validation.Errors.
func (r *Request) Page() (page.Request, error) {
	query, err := r.Query()
	if err != nil {
		return page.Request{}, err
	}
	return query.Page()
}

// Query holds the query parameters by name.
type Query map[string]string

// Page returns the page that limit and cursor ask for. It returns validation.Errors, and page.ErrInvalidCursor for a
// cursor of which nothing is left.
func (q Query) Page() (page.Request, error) {
	limit, err := q.Int("limit", page.DefaultLimit, 1, page.MaxLimit)
	if err != nil {
		return page.Request{}, err
	}
	cursor, given := q["cursor"]
	if given && cursor == "" {
		return page.Request{}, page.ErrInvalidCursor
	}
	return page.Request{Limit: int(limit), Cursor: cursor}, nil
}

// Int returns a whole number from min to max, or fallback when the parameter is missing. It returns validation.Errors.
func (q Query) Int(name string, fallback, min, max int64) (int64, error) {
	value, given := q[name]
	if !given {
		return fallback, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < min || n > max {
		return 0, invalid(name, "must be a whole number from %d to %d", min, max)
	}
	return n, nil
}

// instant is RFC 3339's date-time. time.Parse takes more: 7:00:00, 00:00:00,5 and an offset of +24:00.
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// Instant returns an RFC 3339 time, or the zero time when the parameter is missing. It returns validation.Errors.
func (q Query) Instant(name string) (time.Time, error) {
	value, given := q[name]
	if !given {
		return time.Time{}, nil
	}
	value = strings.ToUpper(value) // by section 5.6, t and z will do
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil || !instant.MatchString(value) || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, invalid(name, "must be an RFC 3339 time such as 2011-09-30T00:00:00Z")
	}
	if t.IsZero() {
		t = t.Add(time.Millisecond) // the zero time means that none was given; nothing was ever between the two
	}
	return t.UTC(), nil
}

// Day returns a required day at midnight UTC. It returns validation.Errors.
func (q Query) Day(name string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, q[name])
	if err != nil || day.Year() < 1 {
		return time.Time{}, invalid(name, "must be a day such as 2011-09-30")
	}
	return day, nil
}

// Moment returns an instant, as Instant does, or a day, as Day does, and which of the two it is.
func (q Query) Moment(name string) (t time.Time, isDay bool, err error) {
	if day, err := q.Day(name); err == nil {
		return day, true, nil
	}
	if t, err = q.Instant(name); err != nil {
		err = invalid(name, "must be a day such as 2011-09-30 or an RFC 3339 time such as 2011-09-30T00:00:00Z")
	}
	return t, false, err
}

// invalid returns validation.Errors of one problem.
func invalid(field, format string, args ...any) error {
	var problems validation.Errors
	problems.Add(field, format, args...)
	return problems
}

// URL returns the absolute URL of a path of the API, at base, or at the host that the request was sent to if base is
// empty.
func (r *Request) URL(base, path string) string {
	if base == "" {
		base = "https://" + r.Domain()
	}
	return base + path
}
