// Package alarms reads the alarms of infra/observability/template.yaml and computes, as CloudWatch does, which state
// each would have over given data: by its metric, statistic, period, threshold and treatment of missing data. It
// supports what these alarms use, and refuses everything else.
package alarms

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shop/test/project"
)

// The states of an alarm.
const (
	OK    = "OK"
	Alarm = "ALARM"
)

// Point is a value of a metric at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Series are the points of each metric, by the metric's Key.
type Series map[string][]Point

// Add adds a point.
func (s Series) Add(key string, at time.Time, value float64) {
	s[key] = append(s[key], Point{at, value})
}

// Key names a metric by its namespace, its name and its dimensions, whose order does not matter.
func Key(namespace, name string, dimensions map[string]string) string {
	key := namespace + " " + name
	for _, dimension := range slices.Sorted(maps.Keys(dimensions)) {
		key += " " + dimension + "=" + dimensions[dimension]
	}
	return key
}

// stat is one metric that an alarm looks at.
type stat struct {
	id, key, statistic string
}

// Definition is an alarm.
type Definition struct {
	Name        string // its logical id
	Description string
	Properties  map[string]any

	stats       []stat
	expressions []expression // in their order; the last one decides, but for a band
	band        bool         // the threshold is a band of what is usual
	period      time.Duration
	periods     int
	datapoints  int
	threshold   float64
	comparison  string
	missing     string
}

type expression struct{ id, text string }

// Read returns the alarms by their names. A parameter of the stack has the value given here, or its own name.
func Read(parameters map[string]string) (map[string]*Definition, error) {
	resources, err := Resources(parameters)
	if err != nil {
		return nil, err
	}
	found := map[string]*Definition{}
	for name, resource := range resources {
		if resource["Type"] != "AWS::CloudWatch::Alarm" {
			continue
		}
		alarm, err := define(name, resource["Properties"].(map[string]any))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[name] = alarm
	}
	return found, nil
}

// Resources returns the resources of the stack, with its parameters put in.
func Resources(parameters map[string]string) (map[string]map[string]any, error) {
	root, err := project.Root()
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(root, ".tools/emulator/bin/python"), "infra/local/translate.py",
		"infra/observability/template.yaml")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("reading the alarms: %w", err)
	}
	var read struct{ Resources map[string]map[string]any }
	if err := json.Unmarshal(out, &read); err != nil {
		return nil, err
	}
	for _, resource := range read.Resources {
		resource["Properties"] = resolve(resource["Properties"], parameters)
	}
	return read.Resources, nil
}

// resolve puts the parameters into what refers to them.
func resolve(v any, parameters map[string]string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = resolve(v[i], parameters)
		}
		return v
	case map[string]any:
		if name, ok := v["Ref"].(string); ok {
			return valueOf(name, parameters)
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return substitute(text, parameters)
		}
		for name := range v {
			v[name] = resolve(v[name], parameters)
		}
	}
	return v
}

func valueOf(name string, parameters map[string]string) string {
	if value, ok := parameters[name]; ok {
		return value
	}
	return name
}

func substitute(text string, parameters map[string]string) string {
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, ends := strings.Cut(rest, "}")
		if !found || !ends {
			return text
		}
		text = before + valueOf(name, parameters) + after
	}
}

func define(name string, properties map[string]any) (*Definition, error) {
	d := &Definition{Name: name, Properties: properties}
	var p struct {
		AlarmDescription, Namespace, MetricName, Statistic, ExtendedStatistic string
		ComparisonOperator, TreatMissingData, ThresholdMetricId               string
		Dimensions                                                            []dimension
		Period, EvaluationPeriods, DatapointsToAlarm                          int
		Threshold                                                             float64
		Metrics                                                               []query
	}
	text, err := json.Marshal(properties)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return nil, err
	}
	d.Description, d.threshold, d.comparison, d.missing = p.AlarmDescription, p.Threshold, p.ComparisonOperator,
		p.TreatMissingData
	d.periods, d.datapoints, d.band = p.EvaluationPeriods, max(p.DatapointsToAlarm, 0), p.ThresholdMetricId != ""
	if d.datapoints == 0 {
		d.datapoints = d.periods
	}
	// "ignore" keeps the state, and these alarms begin as OK, so it is the same as "notBreaching" here.
	if !slices.Contains([]string{"breaching", "notBreaching", "ignore"}, d.missing) {
		return nil, fmt.Errorf("missing data are treated as %q", d.missing)
	}
	if p.MetricName != "" {
		d.period = time.Duration(p.Period) * time.Second
		d.stats = []stat{{"m", Key(p.Namespace, p.MetricName, byName(p.Dimensions)), p.Statistic + p.ExtendedStatistic}}
		d.expressions = []expression{{"result", "m"}}
		return d, nil
	}
	return d, d.queries(p.Metrics)
}

type dimension struct{ Name, Value string }

type query struct {
	Id, Expression string
	MetricStat     *struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []dimension
		}
		Stat   string
		Period int
	}
}

func byName(dimensions []dimension) map[string]string {
	found := map[string]string{}
	for _, d := range dimensions {
		found[d.Name] = d.Value
	}
	return found
}

func (d *Definition) queries(all []query) error {
	for _, q := range all {
		switch {
		case q.MetricStat != nil:
			m := q.MetricStat.Metric
			d.stats = append(d.stats,
				stat{q.Id, Key(m.Namespace, m.MetricName, byName(m.Dimensions)), q.MetricStat.Stat})
			d.period = time.Duration(q.MetricStat.Period) * time.Second
		case !strings.HasPrefix(q.Expression, "ANOMALY_DETECTION_BAND("):
			d.expressions = append(d.expressions, expression{q.Id, q.Expression})
		}
	}
	if len(d.stats) == 0 || len(d.stats) > 10 || len(d.expressions) == 0 {
		return fmt.Errorf("it has %d metrics and %d expressions; CloudWatch takes up to ten metrics", len(d.stats),
			len(d.expressions))
	}
	return nil
}

// Period is the length of a period.
func (d *Definition) Period() time.Duration { return d.period }

// Periods is how many periods an evaluation looks at.
func (d *Definition) Periods() int { return d.periods }

// Keys are the metrics that the alarm looks at.
func (d *Definition) Keys() []string {
	var keys []string
	for _, s := range d.stats {
		keys = append(keys, s.key)
	}
	return keys
}

// spare is how many periods more than it evaluates an alarm reads, to take the newest ones that have data. AWS gives no
// number; in its examples, three periods of five minutes, it is two.
const spare = 2

// State is the alarm's state at now, by the periods that ended then. Of those that it reads it takes the newest ones
// with data; only if they are too few, missing ones are treated as the alarm says. lower is the lower edge of the band
// of what is usual, for an alarm that has one.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (d *Definition) State(data Series, now time.Time, lower float64) (string, error) {
	seen, breaching := 0, 0
	for i := 0; i < d.periods+spare && seen < d.periods; i++ {
		end := now.Add(-time.Duration(i) * d.period)
		value, err := d.value(data, end.Add(-d.period), end)
		if err != nil {
			return "", fmt.Errorf("%s: %w", d.Name, err)
		}
		if math.IsNaN(value) {
			continue
		}
		breaches, err := d.breaches(value, lower)
		if err != nil {
			return "", fmt.Errorf("%s: %w", d.Name, err)
		}
		seen++
		if breaches {
			breaching++
		}
	}
	if d.missing == "breaching" {
		breaching += d.periods - seen
	}
	if breaching >= d.datapoints {
		return Alarm, nil
	}
	return OK, nil
}

// value is what is compared with the threshold for one period.
func (d *Definition) value(data Series, from, to time.Time) (float64, error) {
	in := scope{}
	for _, s := range d.stats {
		value, err := statistic(s.statistic, within(data[s.key], from, to))
		if err != nil {
			return 0, err
		}
		in[s.id] = value
	}
	var value float64
	for _, e := range d.expressions {
		var err error
		if value, err = evaluate(e.text, in); err != nil {
			return 0, err
		}
		in[e.id] = value
	}
	return value, nil
}

func within(points []Point, from, to time.Time) []float64 {
	var found []float64
	for _, p := range points {
		if !p.At.Before(from) && p.At.Before(to) {
			found = append(found, p.Value)
		}
	}
	return found
}

// statistic is missing where there are no values.
func statistic(name string, values []float64) (float64, error) {
	if len(values) == 0 {
		return missing, nil
	}
	slices.Sort(values)
	switch name {
	case "Sum":
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		return sum, nil
	case "Maximum":
		return values[len(values)-1], nil
	case "p99":
		return values[int(math.Ceil(0.99*float64(len(values))))-1], nil
	}
	return 0, fmt.Errorf("%q is no statistic that is known here", name)
}

func (d *Definition) breaches(value, lower float64) (bool, error) {
	switch d.comparison {
	case "GreaterThanThreshold":
		return value > d.threshold, nil
	case "GreaterThanOrEqualToThreshold":
		return value >= d.threshold, nil
	case "LessThanThreshold":
		return value < d.threshold, nil
	case "LessThanLowerThreshold":
		return value < lower, nil
	}
	return false, fmt.Errorf("%q is no comparison that is known here", d.comparison)
}

// Lasting repeats what a run emitted in each of the last n periods before now: what lasts for a run's seconds is taken
// to last for the alarm's periods, and no more of it.
func Lasting(run Series, period time.Duration, n int, now time.Time) Series {
	lasting := Series{}
	for key, points := range run {
		for i := range n {
			for _, p := range points {
				lasting.Add(key, now.Add(-time.Duration(i)*period-period/2), p.Value)
			}
		}
	}
	return lasting
}
