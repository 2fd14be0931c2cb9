package alarms

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/test/project"
	"shop/test/testenv"
)

var now = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

// parameters are what template.yaml hands to the stack, as far as it is no name.
var parameters = map[string]string{"Stage": "local", "MailsPerDay": "200", "LambdaConcurrency": "1000",
	"KmsCallsPerSecond": "500"}

var read = sync.OnceValues(func() (map[string]*Definition, error) { return Read(parameters) })

// all returns the alarms.
func all(t *testing.T) map[string]*Definition {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	testenv.File(t, filepath.Join(root, ".tools/emulator/bin/python"))
	found, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func text(t *testing.T, path string) string {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestEveryAlarmHasItsFaultAndItsRunbook: an alarm, its fault and its section of the runbook are there together or not
// at all, its description leads to the section, and it tells the operator when it begins and when it ends.
func TestEveryAlarmHasItsFaultAndItsRunbook(t *testing.T) {
	runbook := text(t, "docs/operations.md")
	sections := regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(runbook, -1)
	alarms := all(t)
	for name, alarm := range alarms {
		if Faults[name].What == "" {
			t.Errorf("%s: no fault fires it", name)
		}
		if !strings.HasSuffix(alarm.Description, `docs/operations.md, "`+name+`"`) {
			t.Errorf("%s: its description is %q", name, alarm.Description)
		}
		for _, actions := range []string{"AlarmActions", "OKActions"} {
			if got, _ := json.Marshal(alarm.Properties[actions]); string(got) != `["Alarms"]` {
				t.Errorf("%s: %s are %s", name, actions, got)
			}
		}
	}
	for _, section := range sections {
		if alarms[section[1]] == nil {
			t.Errorf("docs/operations.md has a section on %s, which is no alarm", section[1])
		}
		_, body, _ := strings.Cut(runbook, "### "+section[1]+"\n")
		body, _, _ = strings.Cut(body, "\n### ")
		for _, part := range []string{"**Means.**", "**Look.**", "**Do.**"} {
			if !strings.Contains(body, part) {
				t.Errorf("%s: its section lacks %s", section[1], part)
			}
		}
	}
	for name := range Faults {
		if alarms[name] == nil {
			t.Errorf("%s has a fault and is no alarm", name)
		}
		if !slices.ContainsFunc(sections, func(s []string) bool { return s[1] == name }) {
			t.Errorf("%s has no section in docs/operations.md", name)
		}
	}
}

// names are metrics and dimensions as AWS documents them, by the first word of their Key; a wrong one is an alarm that
// never fires.
//
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
// https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html
// https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-cloudwatch.html
var names = map[string]string{
	"AWS/ApiGateway": `(5xx|Count|Latency) ApiId=\w+`,
	"AWS/Lambda":     `((Invocations|Errors|Throttles) FunctionName=\w+|ConcurrentExecutions)`,
	"AWS/SQS":        `ApproximateNumberOfMessagesVisible QueueName=\w+`,
	"AWS/DynamoDB":   `(ReadThrottleEvents|WriteThrottleEvents|TransactionConflict) TableName=\w+`,
	"AWS/SES":        `(Reputation\.BounceRate|Reputation\.ComplaintRate|Send)`,
	"AWS/Usage":      `CallCount Class=None Resource=CryptographicOperationsRsa Service=KMS Type=API`,
	"Shop":           `\w+( Code=\w+)? Stage=local`,
}

func TestMetricsAreAWSs(t *testing.T) {
	code := text(t, "internal/observe/metrics.go")
	for name, alarm := range all(t) {
		for _, key := range alarm.Keys() {
			namespace, rest, _ := strings.Cut(key, " ")
			if !regexp.MustCompile(`^`+names[namespace]+`$`).MatchString(rest) || names[namespace] == "" {
				t.Errorf("%s looks at %q, which is not known", name, key)
			}
			metric, _, _ := strings.Cut(rest, " ")
			if namespace == "Shop" && !strings.Contains(code, `"`+metric+`"`) {
				t.Errorf("%s looks at %s, which no function measures", name, metric)
			}
		}
		most := 24 * time.Hour
		if alarm.Period() >= time.Hour {
			most *= 7
		}
		if window := alarm.Period() * time.Duration(alarm.Periods()); window > most {
			t.Errorf("%s looks at %s; CloudWatch takes %s at most, by its period", name, window, most)
		}
	}
}

// record is a series of testdata: what AWS emitted in each period, oldest first, in its units.
type record struct {
	Alarm  string
	Values map[string][]float64 // by the metric's Key
	Lower  float64              // of the band of what is usual
	Calm   int                  // how many periods belong to ordinary days; the alarm fires at the end of the others
}

func records(t *testing.T) map[string]record {
	t.Helper()
	var series []record
	if err := json.Unmarshal([]byte(text(t, "test/alarms/testdata/recorded.json")), &series); err != nil {
		t.Fatal(err)
	}
	found := map[string]record{}
	for _, r := range series {
		found[r.Alarm] = r
	}
	return found
}

// TestRecordedSeriesFire: each alarm on what AWS alone emits is silent in the ordinary part of its series and fires at
// its end.
func TestRecordedSeriesFire(t *testing.T) {
	alarms, recorded := all(t), records(t)
	for name, fault := range Faults {
		if _, there := recorded[name]; there != (fault.Source == Recorded) {
			t.Errorf("%s: recorded is %v, and its fault is of a %s", name, there, fault.Source)
		}
	}
	for name, r := range recorded {
		length := 0
		data := Series{}
		for key, values := range r.Values {
			length = len(values)
			for i, value := range values {
				data.Add(key, now.Add(time.Duration(i)*alarms[name].Period()), value)
			}
		}
		for _, c := range []struct {
			end  int
			want string
		}{{r.Calm, OK}, {length, Alarm}} {
			end := now.Add(time.Duration(c.end) * alarms[name].Period())
			if got, err := alarms[name].State(data, end, r.Lower); got != c.want || err != nil {
				t.Errorf("%s: after %d periods it is %s, %v, want %s", name, c.end, got, err, c.want)
			}
		}
	}
}

// TestSilenceIsNoise: where nothing arrives at all, the alarms tell that do so by their treatment of missing data.
func TestSilenceIsNoise(t *testing.T) {
	var told []string
	for name, alarm := range all(t) {
		if state, err := alarm.State(Series{}, now, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if state == Alarm {
			told = append(told, name)
		}
	}
	slices.Sort(told)
	want := []string{"AuditStopped", "ErasureStopped", "RelayStopped", "SyntheticCustomerFails", "WatchStopped"}
	if !slices.Equal(told, want) {
		t.Errorf("in silence these fire: %v, want %v", told, want)
	}
}

func TestEvaluate(t *testing.T) {
	in := scope{"a": 6, "b": 2, "z": 0, "none": missing}
	for expression, want := range map[string]float64{
		"a": 6, "1.5": 1.5, "a - b - 1": 3, "a + b * 2": 10, "(a + b) * 2": 16, "100 * a / (6 * b)": 50,
		"FILL(none, 7)": 7, "FILL(a,7)": 6, "IF(a >= 6, 1, 2)": 1, "IF(a < b, 1, 2)": 2, "a > 6": 0, "a <= 6": 1,
		"none + 1": missing, "a / z": missing, "IF(none > 1, 1, 2)": missing, "FILL(none, 0) - FILL(none, 0)": 0,
	} {
		got, err := evaluate(expression, in)
		if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s: got %v, %v, want %v", expression, got, err, want)
		}
	}
	for _, wrong := range []string{"", "a +", "c", "(a", "a)", "FILL(a)", "IF(a, 1)", "AVG(a)", "a b",
		strings.Repeat("(", 1000)} {
		if got, err := evaluate(wrong, in); err == nil {
			t.Errorf("%q: got %v, want an error", wrong, got)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{
		"IF(errors >= 5, 100 * errors / requests, 0)", "FILL(a, 0) - FILL(b, 0)", "((1", "é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, expression string) {
		_, _ = evaluate(expression, scope{"a": 1})
	})
}

// TestState: the statistic of each period, how many of them breach, and missing data.
func TestState(t *testing.T) {
	d := func(more string) *Definition {
		properties := map[string]any{}
		base := `{"Namespace":"N","MetricName":"M","Statistic":"Sum","Period":60,"EvaluationPeriods":3,
			"DatapointsToAlarm":2,"Threshold":5,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"notBreaching"}`
		for _, text := range []string{base, more} {
			if err := json.Unmarshal([]byte(text), &properties); err != nil {
				t.Fatal(err)
			}
		}
		alarm, err := define("A", properties)
		if err != nil {
			t.Fatal(err)
		}
		return alarm
	}
	const none = -1.0
	ago := func(values ...float64) Series { // one value in each of the last periods, the newest first
		data := Series{}
		for i, v := range values {
			if v != none {
				data.Add("N M", now.Add(-time.Duration(i)*time.Minute-time.Second), v)
			}
		}
		return data
	}
	for name, c := range map[string]struct {
		more string
		data Series
		want string
	}{
		"two of three":          {`{}`, ago(5, 0, 5, 0, 0), Alarm},
		"one of three":          {`{}`, ago(5, 4, 4, 5, 5), OK},
		"too long ago":          {`{}`, ago(5, none, none, none, none, 5), OK},
		"the newest with data":  {`{}`, ago(none, 5, none, 5, 0), Alarm},
		"missing are few":       {`{"TreatMissingData":"breaching"}`, ago(none, none, 0, 0, 5), OK},
		"missing do not breach": {`{}`, ago(none, none, 5, none, 0), OK},
		"missing breach":        {`{"TreatMissingData":"breaching"}`, ago(none, none, 5, none, 0), Alarm},
		"none but a calm one":   {`{"TreatMissingData":"breaching"}`, ago(0, none, none, none, none), Alarm},
		"a sum": {`{"EvaluationPeriods":1,"DatapointsToAlarm":1}`,
			Lasting(Series{"N M": {{now, 2}, {now, 3}}}, time.Minute, 1, now), Alarm},
		"a maximum": {`{"EvaluationPeriods":1,"DatapointsToAlarm":1,"Statistic":"Maximum"}`,
			Lasting(Series{"N M": {{now, 2}, {now, 3}}}, time.Minute, 1, now), OK},
		"a dimension": {`{"Dimensions":[{"Name":"D","Value":"V"}]}`, ago(5, 5, 5), OK},
	} {
		if got, err := d(c.more).State(c.data, now, 0); got != c.want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, c.want)
		}
	}
	if _, err := d(`{"Statistic":"IQM"}`).State(ago(5), now, 0); err == nil {
		t.Error("an unknown statistic is no error")
	}
}
