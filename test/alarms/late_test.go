package alarms

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// flow is what AWS has of a metric: a value every so often. The zero flow is silence.
type flow struct {
	every time.Duration
	value float64
}

// ordinary are the metrics on an ordinary day, by their Key. In each hour a run of each scheduled function fails, but
// not the audit's one of the day, and so does a checkout.
var ordinary = map[string]flow{
	"AWS/Lambda Invocations FunctionName=RelayMail":            {time.Minute, 1},
	"AWS/Lambda Errors FunctionName=RelayMail":                 {time.Hour, 1},
	"AWS/Lambda Invocations FunctionName=EraseDeletedAccounts": {5 * time.Minute, 1},
	"AWS/Lambda Errors FunctionName=EraseDeletedAccounts":      {time.Hour, 1},
	"AWS/Lambda Invocations FunctionName=WatchStock":           {time.Minute, 1},
	"AWS/Lambda Errors FunctionName=WatchStock":                {time.Hour, 1},
	"AWS/Lambda Invocations FunctionName=Audit":                {24 * time.Hour, 1},
	"AWS/Lambda Errors FunctionName=Audit":                     {},
	"AWS/Lambda Invocations FunctionName=SyntheticCustomer":    {5 * time.Minute, 1},
	"AWS/Lambda Errors FunctionName=SyntheticCustomer":         {time.Hour, 1},
	"AWS/Lambda Errors FunctionName=PlaceOrder":                {time.Hour, 1},
	"AWS/Lambda Errors FunctionName=LogIn":                     {},
	"AWS/Lambda Errors FunctionName=Notify":                    {},
	"AWS/Lambda Throttles FunctionName=PlaceOrder":             {time.Hour, 1},
	"AWS/Lambda Throttles FunctionName=LogIn":                  {},
	"AWS/Lambda Throttles FunctionName=BrowseProducts":         {time.Hour, 1},
	"AWS/Lambda Throttles FunctionName=PublishKeys":            {},
	"AWS/Lambda Throttles FunctionName=Notify":                 {},
	"AWS/Lambda ConcurrentExecutions":                          {time.Minute, 40},

	"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=MailDeadLetterQueue":        {},
	"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=SuppressionDeadLetterQueue": {5 * time.Minute, 0},
	"AWS/SES Reputation.BounceRate":                                                   {time.Hour, 0.012},
	"AWS/SES Reputation.ComplaintRate":                                                {time.Hour, 0.0002},
	"AWS/SES Send":                                                                    {time.Hour, 4},
	"AWS/ApiGateway Count ApiId=Api":                                                  {10 * time.Second, 20},
	"AWS/ApiGateway 5xx ApiId=Api":                                                    {10 * time.Second, 0},
	"AWS/ApiGateway Latency ApiId=Api":                                                {10 * time.Second, 120},
	"AWS/DynamoDB WriteThrottleEvents TableName=Orders":                               {},
	"AWS/DynamoDB WriteThrottleEvents TableName=Products":                             {time.Hour, 10},
	"AWS/DynamoDB ReadThrottleEvents TableName=Products":                              {},
	"AWS/DynamoDB WriteThrottleEvents TableName=Mails":                                {},
	"AWS/DynamoDB ReadThrottleEvents TableName=Users":                                 {},
	"AWS/DynamoDB WriteThrottleEvents TableName=AuthState":                            {},
	"AWS/DynamoDB TransactionConflict TableName=Products":                             {time.Minute, 10},
	rsaCalls: {time.Minute, 1200},

	"Shop OldestMail Stage=local":                     {time.Minute, 90},
	"Shop MailsFailed Stage=local":                    {time.Hour, 1},
	"Shop CheckoutsRefused Code=internal Stage=local": {time.Hour, 1},
	"Shop CheckoutsRefused Code=busy Stage=local":     {5 * time.Minute, 1},
	"Shop OrdersPlaced Stage=local":                   {time.Minute, 3},
	"Shop InvariantsViolated Stage=local":             {24 * time.Hour, 0},
	"Shop TokenKeysNotRead Stage=local":               {time.Hour, 1},
	"Shop TokensNotSigned Stage=local":                {time.Hour, 1},
}

const rsaCalls = "AWS/Usage CallCount Class=None Resource=CryptographicOperationsRsa Service=KMS Type=API"

// least is the least that each alarm is there to tell: of one metric, and for how long, which is at least a period.
var least = map[string]struct {
	key   string
	as    flow
	lasts time.Duration
}{
	"MailDeadLetters": {
		"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=MailDeadLetterQueue", flow{time.Minute, 1}, 0},
	"SuppressionDeadLetters": {
		"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=SuppressionDeadLetterQueue", flow{time.Minute, 1}, 0},
	"MailsWait":      {"Shop OldestMail Stage=local", flow{time.Minute, 900}, 5 * time.Minute},
	"MailsFail":      {"Shop MailsFailed Stage=local", flow{3 * time.Minute, 1}, 15 * time.Minute},
	"RelayStopped":   {"AWS/Lambda Invocations FunctionName=RelayMail", flow{}, 10 * time.Minute},
	"ErasureStopped": {"AWS/Lambda Invocations FunctionName=EraseDeletedAccounts", flow{}, 30 * time.Minute},
	"WatchStopped":   {"AWS/Lambda Errors FunctionName=WatchStock", flow{time.Minute, 1}, 30 * time.Minute},
	"BounceRate":     {"AWS/SES Reputation.BounceRate", flow{time.Hour, 0.04}, 0},
	"ComplaintRate":  {"AWS/SES Reputation.ComplaintRate", flow{time.Hour, 0.0008}, 0},
	"MailQuota":      {"AWS/SES Send", flow{time.Hour, 7}, 24 * time.Hour},
	"ServerErrors":   {"AWS/ApiGateway 5xx ApiId=Api", flow{30 * time.Second, 1}, 10 * time.Minute},
	"FunctionsFail":  {"AWS/Lambda Errors FunctionName=PlaceOrder", flow{20 * time.Second, 1}, time.Minute},
	"SlowAnswers":    {"AWS/ApiGateway Latency ApiId=Api", flow{time.Second, 3000}, 10 * time.Minute},
	"CheckoutsBusy":  {"Shop CheckoutsRefused Code=busy Stage=local", flow{30 * time.Second, 1}, 5 * time.Minute},
	"NoOrders":       {"Shop OrdersPlaced Stage=local", flow{}, 45 * time.Minute},
	"InvariantsViolated": {
		"Shop InvariantsViolated Stage=local", flow{time.Hour, 1}, time.Hour},
	"AuditStopped": {"AWS/Lambda Invocations FunctionName=Audit", flow{}, 26 * time.Hour},
	"SyntheticCustomerFails": {
		"AWS/Lambda Errors FunctionName=SyntheticCustomer", flow{5 * time.Minute, 1}, 10 * time.Minute},
	"TokenKeysUnread": {"Shop TokenKeysNotRead Stage=local", flow{90 * time.Second, 1}, 10 * time.Minute},
	"TokensUnsigned":  {"Shop TokensNotSigned Stage=local", flow{time.Minute, 1}, 5 * time.Minute},
	"KmsQuota":        {rsaCalls, flow{time.Minute, 24000}, 3 * time.Minute},
	"Concurrency":     {"AWS/Lambda ConcurrentExecutions", flow{time.Minute, 800}, 2 * time.Minute},
	"FunctionsThrottled": {
		"AWS/Lambda Throttles FunctionName=PlaceOrder", flow{time.Minute, 1}, 5 * time.Minute},
	"TablesThrottled": {
		"AWS/DynamoDB WriteThrottleEvents TableName=Products", flow{time.Minute, 10}, 5 * time.Minute},
	"Conflicts": {"AWS/DynamoDB TransactionConflict TableName=Products", flow{time.Minute, 40}, 5 * time.Minute},
}

// TestFiguresComeLate: CloudWatch has no figures of the newest minutes yet, so the newest periods lack some or all.
// Each alarm is OK in every minute of an ordinary hour, and fires by the least that it is there to tell.
func TestFiguresComeLate(t *testing.T) {
	const usual = 10 // orders in a quarter of an hour, at least
	deployed := all(t)
	if missing := slices.DeleteFunc(slices.Collect(maps.Keys(deployed)), func(name string) bool {
		return least[name].key != ""
	}); len(missing) > 0 {
		t.Fatalf("nothing fires %v", missing)
	}
	for name, fault := range least {
		alarm := deployed[name]
		window := alarm.Period() * time.Duration(alarm.Periods()+spare)
		ends := now.Add(max(fault.lasts, alarm.Period()))
		data := Series{}
		for _, key := range alarm.Keys() {
			if _, known := ordinary[key]; !known {
				t.Fatalf("%s: nothing is known of an ordinary hour of %q", name, key)
			}
			as := ordinary[key]
			if key == fault.key {
				as = fault.as
			}
			emit(data, key, ordinary[key], now.Add(-time.Hour-window), now)
			emit(data, key, as, now, ends)
			emit(data, key, ordinary[key], ends, ends.Add(window))
		}
		for late := time.Minute; late <= 3*time.Minute; late += time.Minute {
			fires := func(at time.Time) bool {
				state, err := alarm.State(before(data, at.Add(-late)), at, usual)
				if err != nil {
					t.Fatal(err)
				}
				return state == Alarm
			}
			for at := now.Add(-time.Hour); at.Before(now); at = at.Add(time.Minute) {
				if fires(at) {
					t.Errorf("%s, %s late: it fires in an ordinary hour, at %s", name, late, at.Format(time.TimeOnly))
					break
				}
			}
			at := now
			for at.Before(ends.Add(window)) && !fires(at) {
				at = at.Add(time.Minute)
			}
			if !at.Before(ends.Add(window)) {
				t.Errorf("%s, %s late: it does not fire", name, late)
			}
		}
	}
}

// emit adds a flow's points from one time until another.
func emit(data Series, key string, f flow, from, until time.Time) {
	if f.every == 0 {
		return
	}
	for at := from.Add(min(f.every, time.Minute) / 2); at.Before(until); at = at.Add(f.every) {
		data.Add(key, at, f.value)
	}
}

// before is what was measured before a time.
func before(data Series, end time.Time) Series {
	seen := Series{}
	for key, points := range data {
		n, _ := slices.BinarySearchFunc(points, end, func(p Point, end time.Time) int { return p.At.Compare(end) })
		seen[key] = points[:n]
	}
	return seen
}
