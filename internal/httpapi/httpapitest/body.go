package httpapitest

import (
	"strings"
	"testing"

	"shop/internal/httpapi"
)

// CheckBodies shows what every handler that takes a body refuses of it. The event has a valid body, an object whose first
// member is a string, a number or a list without nested commas; the handler is to be one whose domain stores nothing.
func CheckBodies(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	const (
		notJSON   = "the body is not one valid JSON value"
		notObject = "the body must be a JSON object"
	)
	member, rest, _ := strings.Cut(strings.TrimSpace(e.Body[1:]), ":")
	name := strings.Trim(member, `"`)
	for what, c := range map[string]struct {
		event Event
		want  Problem
	}{
		"nothing":          {e.WithBody(""), FieldErrors("", notJSON)},
		"null":             {e.WithBody(" null "), FieldErrors("", notObject)},
		"list":             {e.WithBody("[]"), FieldErrors("", notObject)},
		"list of it":       {e.WithBody("[" + e.Body + "]"), FieldErrors("", notObject)},
		"text":             {e.WithBody(`"text"`), FieldErrors("", notObject)},
		"number":           {e.WithBody("1"), FieldErrors("", notObject)},
		"no JSON":          {e.WithBody("email=a"), FieldErrors("", notJSON)},
		"trailing data":    {e.WithBody(e.Body + "x"), FieldErrors("", notJSON)},
		"it twice":         {e.WithBody(e.Body + e.Body), FieldErrors("", notJSON)},
		"unknown member":   {e.WithBody(`{"colour":"red",` + e.Body[1:]), FieldErrors("colour", "is not a known member")},
		"member user_id":   {e.WithBody(`{"user_id":"usr_1",` + e.Body[1:]), FieldErrors("user_id", "is not a known member")},
		"capitals":         {e.WithBody(`{"` + strings.ToUpper(name) + `":` + rest), FieldErrors(strings.ToUpper(name), "is not a known member")},
		"twice":            {e.WithBody(strings.TrimSuffix(strings.TrimSpace(e.Body), "}") + `,"` + name + `":1}`), FieldErrors(name, "is given twice")},
		"member null":      {e.WithBody(`{"` + name + `":null}`), FieldErrors(name, "must not be null")},
		"other charset":    {e.WithHeader("Content-Type", "application/json; charset=utf-16"), Problem{Code: "unsupported_media_type"}},
		"no media type":    {e.WithHeader("Content-Type", ""), Problem{Code: "unsupported_media_type"}},
		"other media type": {e.WithHeader("Content-Type", "text/plain"), Problem{Code: "unsupported_media_type"}},
		"too large":        {e.WithBody(e.Body + strings.Repeat(" ", 64<<10+1-len(e.Body))), Problem{Code: "payload_too_large"}},
	} {
		t.Run(what, func(t *testing.T) { Call(t, h, c.event).CheckProblem(t, c.want) })
	}
}

// CheckRefreshTokens shows which members a body that shows a refresh token may not have. The handler is to be one whose domain
// is not called.
func CheckRefreshTokens(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	const wrong = "has a value of the wrong type or range"
	for body, want := range map[string]Problem{
		`{}`:                      FieldErrors("refresh_token", "is required"),
		`{"refresh_token":null}`:  FieldErrors("refresh_token", "must not be null"),
		`{"refresh_token":""}`:    FieldErrors("refresh_token", "is required"),
		`{"refresh_token":5}`:     FieldErrors("refresh_token", wrong),
		`{"refresh_token":["a"]}`: FieldErrors("refresh_token", wrong),
	} {
		t.Run(body, func(t *testing.T) { Call(t, h, e.WithBody(body)).CheckProblem(t, want) })
	}
}
