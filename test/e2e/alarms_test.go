package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"shop/test/alarms"
	"shop/test/faultproxy"
	"shop/test/testenv"
)

// alarmFaults do to the store what alarms.Faults says of each alarm, and return
// what else than the functions' log tells of it: what AWS would have counted.
var alarmFaults = map[string]func(*testing.T) alarms.Series{
	"MailDeadLetters":        deadMail,
	"SuppressionDeadLetters": deadReport,
	"MailsWait":              func(t *testing.T) alarms.Series { return refusedMails(t, 20*time.Minute, 1) },
	"MailsFail":              func(t *testing.T) alarms.Series { return refusedMails(t, 73*time.Hour, 5) },
	"RelayStopped": func(t *testing.T) alarms.Series {
		faulty(t, failing("Query", faultproxy.Refused))
		return runs(t, "RelayMail", 3)
	},
	"ErasureStopped": func(t *testing.T) alarms.Series {
		faulty(t, failing("Scan", faultproxy.Refused))
		return runs(t, "EraseDeletedAccounts", 2)
	},
	"WatchStopped": func(t *testing.T) alarms.Series {
		faulty(t, failing("Query", faultproxy.Refused))
		return runs(t, "WatchStock", 2)
	},
	"AuditStopped": func(t *testing.T) alarms.Series {
		faulty(t, failing("Scan", faultproxy.Refused))
		return runs(t, "Audit", 1)
	},
	"FunctionsFail": crashedCheckouts,
	"ServerErrors":  func(t *testing.T) alarms.Series { return refusedCheckouts(t, faultproxy.Refused, 12, "") },
	"CheckoutsBusy": func(t *testing.T) alarms.Series { return refusedCheckouts(t, faultproxy.Refused, 12, "") },
	"SlowAnswers":   func(t *testing.T) alarms.Series { return refusedCheckouts(t, faultproxy.Slow, 3, "") },
	"TablesThrottled": func(t *testing.T) alarms.Series {
		return refusedCheckouts(t, faultproxy.Throttled, 20, "WriteThrottleEvents")
	},
	"Conflicts": func(t *testing.T) alarms.Series {
		return refusedCheckouts(t, faultproxy.Conflict, 20, "TransactionConflict")
	},
	"InvariantsViolated":     auditedPlants,
	"TokensUnsigned":         unsignedTokens,
	"TokenKeysUnread":        unreadKeys,
	"SyntheticCustomerFails": nothingToBuy,
}

// failing has every call of an operation fail.
func failing(operation string, fault faultproxy.Kind) faultproxy.Rule {
	return faultproxy.Rule{Operation: operation, Fault: fault, Share: 1, Delay: 4 * time.Second}
}

// deployedAlarms are the alarms, looking at this store.
func deployedAlarms(t *testing.T) map[string]*alarms.Definition {
	t.Helper()
	found, err := alarms.Read(map[string]string{"Stage": "local", "MailsPerDay": "200", "LambdaConcurrency": "1000",
		"KmsCallsPerSecond": "1000"})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFaultsFireTheirAlarms: each alarm whose fault is of a run fires by what
// the run emitted, in the alarm's own units and periods. The fault is taken to
// last for as many periods as the alarm looks at, with no more in each of them
// than the run emitted in some seconds.
func TestFaultsFireTheirAlarms(t *testing.T) {
	testenv.Env(t, "SHOP_PROXY_URL")
	deployed := deployedAlarms(t)
	for _, name := range slices.Sorted(maps.Keys(alarms.Faults)) {
		play := alarmFaults[name]
		if (play != nil) != (alarms.Faults[name].Source == alarms.Run) {
			t.Errorf("%s: its fault is of a %s, and there is a run: %v", name, alarms.Faults[name].Source, play != nil)
		}
		if play == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			run, alarm, now := emitted(t, play), deployed[name], time.Now()
			lasting := alarms.Lasting(run, alarm.Period(), alarm.Periods(), now)
			if state, err := alarm.State(lasting, now, 0); state != alarms.Alarm || err != nil {
				t.Errorf("it is %s, %v, after %v", state, err, toldOf(run, alarm))
			}
		})
	}
}

// TestAQuietHourFiresNoAlarm: ordinary traffic, in each period of an hour. It is
// recorded at its second time, because this machine starts processes slowly, and
// without its slowest answers: of some sixty the slowest is the p99, so that one
// in which this machine stood still would be one of a hundred.
func TestAQuietHourFiresNoAlarm(t *testing.T) {
	ordinary(t)
	run := emitted(t, ordinary)
	now := time.Now()
	answers := run[apiMetric("Latency")]
	slices.SortFunc(answers, func(a, b alarms.Point) int { return cmp.Compare(a.Value, b.Value) })
	run[apiMetric("Latency")] = answers[:len(answers)-3]
	for name, alarm := range deployedAlarms(t) {
		hour := alarms.Lasting(run, alarm.Period(), max(alarm.Periods(), int(time.Hour/alarm.Period())), now)
		last := max(1, time.Hour-alarm.Period()*time.Duration(alarm.Periods())) // with a whole evaluation before it
		for ago := time.Duration(0); ago < last; ago += alarm.Period() {
			if state, err := alarm.State(hour, now.Add(-ago), 1); state != alarms.OK || err != nil {
				t.Errorf("%s is %s, %v, after %v", name, state, err, toldOf(run, alarm))
				break
			}
		}
	}
}

// ordinary is a few customers who look around and order, their mails, and the
// scheduled functions; one of them finds a product sold out, as some always do.
func ordinary(t *testing.T) alarms.Series {
	scarce, goods := newProduct(t, stocked(1)).ProductID, newProduct(t, stocked(plenty)).ProductID
	for i := range 3 {
		c := newCustomer(t)
		for range 4 {
			o := newOrder(t, c, one(goods))
			seeOrder(t, c, o.OrderID)
			send(t, call{method: "GET", path: "/products/" + goods})
		}
		mails := 4
		if a := send(t, place(c, unique(), basket(one(scarce)))); i > 0 {
			a.refused(t, http.StatusConflict, "out_of_stock")
		} else {
			mails = 5
		}
		awaitMails(t, c.Email, mails)
	}
	counted := runs(t, "RelayMail", 2)
	maps.Copy(counted, runs(t, "EraseDeletedAccounts", 1))
	maps.Copy(counted, runs(t, "WatchStock", 2))
	maps.Copy(counted, runs(t, "Audit", 1))
	_, visit := visited(t)
	maps.Copy(counted, visit)
	return counted
}

// emitted is what the store emits while play runs, as the metrics of CloudWatch:
// the functions' own, those of the API by the requests that were answered, and
// what play counted.
func emitted(t *testing.T, play func(*testing.T) alarms.Series) alarms.Series {
	t.Helper()
	var run alarms.Series
	for _, line := range linesWhile(t, func() { run = play(t) }) {
		_, text, _ := strings.Cut(line, " ")
		measure(run, text)
	}
	return run
}

// linesWhile returns what the functions log while play runs: a function's name
// and its line.
func linesWhile(t *testing.T, play func()) []string {
	t.Helper()
	path := filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	play()
	var log []byte
	for end := time.Now().Add(5 * time.Second); ; { // for the last lines
		length := len(log)
		if log, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if len(log) == length || time.Now().After(end) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	var found []string
	for line := range strings.Lines(string(log[before.Size():])) {
		if _, logged, is := strings.Cut(line, " [functions] "); is && strings.Contains(logged, "{") {
			found = append(found, strings.TrimSuffix(logged, "\n"))
		}
	}
	return found
}

// measure adds what a line of a function tells.
func measure(run alarms.Series, line string) {
	var format struct {
		Msg      string
		Status   int
		Duration float64 `json:"duration_ms"`
		AWS      struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	members := map[string]any{}
	if json.Unmarshal([]byte(line), &format) != nil || json.Unmarshal([]byte(line), &members) != nil {
		return
	}
	for _, d := range format.AWS.CloudWatchMetrics {
		for _, names := range d.Dimensions {
			dimensions := map[string]string{}
			for _, name := range names {
				dimensions[name] = fmt.Sprint(members[name])
			}
			value, _ := members[d.Metrics[0].Name].(float64)
			run.Add(alarms.Key(d.Namespace, d.Metrics[0].Name, dimensions), time.Now(), value)
		}
	}
	if format.Msg == "answered" {
		api := func(metric string, value float64) { run.Add(apiMetric(metric), time.Now(), value) }
		api("Count", 1)
		api("Latency", format.Duration)
		if format.Status >= 500 {
			api("5xx", 1)
		}
	}
}

// apiMetric is a metric of the store's API.
func apiMetric(name string) string {
	return alarms.Key("AWS/ApiGateway", name, map[string]string{"ApiId": "Api"})
}

// toldOf is what a run tells of an alarm's metrics.
func toldOf(run alarms.Series, alarm *alarms.Definition) string {
	var text []string
	for _, key := range alarm.Keys() {
		var values []float64
		for _, point := range run[key] {
			values = append(values, point.Value)
		}
		text = append(text, fmt.Sprint(key, ": ", values))
	}
	return strings.Join(text, "; ")
}

// runs invokes a scheduled function n times, and counts as Lambda does.
func runs(t *testing.T, function string, n int) alarms.Series {
	t.Helper()
	return runsOf(t, function, map[string]any{}, n)
}

// runsOf invokes a function n times with an event, and counts as Lambda does.
func runsOf(t *testing.T, function string, event any, n int) alarms.Series {
	t.Helper()
	counted := alarms.Series{}
	for range n {
		countRun(counted, function, string(invoke(t, function+"Function", event)))
	}
	return counted
}

// countRun counts a run of a function, by its answer.
func countRun(counted alarms.Series, function, answer string) {
	named, failed := map[string]string{"FunctionName": function}, 0.0
	if strings.Contains(answer, "errorMessage") {
		failed = 1
	}
	counted.Add(alarms.Key("AWS/Lambda", "Invocations", named), time.Now(), 1)
	counted.Add(alarms.Key("AWS/Lambda", "Errors", named), time.Now(), failed)
}

// crashedCheckouts has the process of place-order die in each of three checkouts.
func crashedCheckouts(t *testing.T) alarms.Series {
	c, product := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	checkout := invocation{function: "PlaceOrderFunction", call: place(c, unique(), basket(one(product)))}
	defer faulty(t, failing("TransactWriteItems", faultproxy.KilledBefore))()
	return runsOf(t, "PlaceOrder", checkout.event(t), 3)
}

// refusedCheckouts has n checkouts meet the fault in their transaction, counts
// by the metric of the table Products how often that happened, and then has each
// succeed.
func refusedCheckouts(t *testing.T, fault faultproxy.Kind, n int, metric string) alarms.Series {
	t.Helper()
	product := newProduct(t, stocked(plenty)).ProductID
	checkouts := make([]call, n)
	for i, c := range newCustomers(t, n) {
		checkouts[i] = place(c, unique(), basket(one(product)))
		checkouts[i].mayBeBusy = true
	}
	release := faulty(t, failing("TransactWriteItems", fault))
	before := proxied(t)["TransactWriteItems"]
	atOnce(t, n, n, func(i int) error {
		_, err := checkouts[i].exchange(t.Context())
		return err
	})
	met := proxied(t)["TransactWriteItems"] - before
	release()
	for _, c := range checkouts {
		eventually(t, time.Minute, "the checkout is accepted", func() bool {
			return send(t, c).status == http.StatusCreated
		})
	}
	counted := alarms.Series{}
	if metric != "" {
		key := alarms.Key("AWS/DynamoDB", metric, map[string]string{"TableName": "Products"})
		counted.Add(key, time.Now(), float64(met))
	}
	return counted
}

// proxied is how many calls of each operation the functions made until now.
func proxied(t *testing.T) map[string]int {
	t.Helper()
	resp, err := transport.Get(strings.TrimSuffix(testenv.Env(t, "SHOP_PROXY_URL"), "/") + "/counts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	counts := map[string]int{}
	if err := json.NewDecoder(resp.Body).Decode(&counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// refusedMails has SES refuse the mails of n orders, which have been pending
// for so long, and the relay return to them.
func refusedMails(t *testing.T, age time.Duration, n int) alarms.Series {
	t.Helper()
	customers, product := newCustomers(t, n), newProduct(t, stocked(plenty)).ProductID
	var orders []order
	for _, c := range customers {
		o := newOrder(t, c, one(product))
		awaitStatus(t, c, o, "sent")
		journal.forget(o)
		orders = append(orders, o)
	}
	release := faulty(t, failing("SendEmail", faultproxy.Refused))
	for _, o := range orders {
		pendingSince(t, o, time.Now().Add(-age))
		requeue(t, o)
	}
	counted := runs(t, "RelayMail", 1)
	line := fmt.Sprintf("%d mails that were not sent", n)
	eventually(t, mailPatience, line, func() bool { return unsent(t, orders) })
	release()
	for i, o := range orders {
		settleMail(t, customers[i], o, age)
	}
	return counted
}

// unsent reports whether notify said of each order's mail that it was not sent.
func unsent(t *testing.T, orders []order) bool {
	return !slices.ContainsFunc(orders, func(o order) bool {
		_, said := logged(t, func(l logLine) bool {
			return l.Msg == "mail not sent" && l.MailID == "order-placed#"+o.OrderID
		})
		return !said
	})
}

// settleMail has a mail that is pending still be sent, so that it is not in the
// way of the tests that follow.
func settleMail(t *testing.T, c caller, o order, age time.Duration) {
	t.Helper()
	if age > 72*time.Hour {
		awaitStatus(t, c, o, "failed")
		return
	}
	requeue(t, o)
	runs(t, "RelayMail", 1)
	awaitStatus(t, c, o, "sent")
}

// pendingSince writes since when an order's mail is pending.
func pendingSince(t *testing.T, o order, since time.Time) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, "MailsTable")),
		Key: map[string]dynamotypes.AttributeValue{
			"mail_id": &dynamotypes.AttributeValueMemberS{Value: "order-placed#" + o.OrderID},
		},
		UpdateExpression: aws.String("SET created_at = :since"),
		ExpressionAttributeValues: map[string]dynamotypes.AttributeValue{
			":since": &dynamotypes.AttributeValueMemberS{Value: since.UTC().Format("2006-01-02T15:04:05.000Z")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func unsignedTokens(t *testing.T) alarms.Series {
	customers := newCustomers(t, 6)
	release := faulty(t, failing("Sign", faultproxy.Throttled))
	defer release()
	atOnce(t, len(customers), len(customers), func(i int) error {
		session := postSession(logIn{customers[i].Email, password})
		session.mayBeBusy = true
		a, err := session.exchange(t.Context())
		if err == nil && a.status != http.StatusServiceUnavailable {
			err = fmt.Errorf("a log-in was answered %d: %s", a.status, clip(a.body))
		}
		return err
	})
	return alarms.Series{}
}

// unreadKeys starts the issuer and three functions anew, so that none has a key
// in memory, and calls those past the gateway, which has.
func unreadKeys(t *testing.T) alarms.Series {
	c := newCustomer(t)
	release := faulty(t, failing("GetPublicKey", faultproxy.Refused))
	restart(t, "PublishKeysFunction")
	defer restart(t, "PublishKeysFunction")
	defer release()
	for function, path := range map[string]string{
		"ListMyOrdersFunction": "/orders",
		"ViewAccountFunction":  "/users/me",
		"ViewOrderFunction":    "/orders/ord_" + strings.Repeat("a", 26),
	} {
		restart(t, function)
		i := invocation{function: function, call: call{method: "GET", path: path, from: c}}
		if out := i.post(t, i.event(t)); out.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s answered %d without the issuer's keys", function, out.StatusCode)
		}
	}
	return alarms.Series{}
}

// restart has a function begin in new processes, as after a change of its
// memory: it is given the memory that it has.
func restart(t *testing.T, function string) {
	t.Helper()
	var deployed struct{ MemorySize int }
	if err := json.Unmarshal(configure(t, function, http.MethodGet, nil), &deployed); err != nil {
		t.Fatal(err)
	}
	configure(t, function, http.MethodPut, []byte(fmt.Sprintf(`{"MemorySize":%d}`, deployed.MemorySize)))
}

// configure reads or changes the configuration of a function.
func configure(t *testing.T, function, method string, body []byte) []byte {
	t.Helper()
	path := "/2015-03-31/functions/" + lookUp(t, stackResources, function) + "/configuration"
	req, err := http.NewRequestWithContext(lasting(t), method, needAWS(t)+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := sign(lasting(t), req, "lambda", body); err != nil {
		t.Fatal(err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answered, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s, %v", method, path, resp.StatusCode, clip(answered), err)
	}
	return answered
}

func deadMail(t *testing.T) alarms.Series {
	showAgainAfter(t, time.Second)
	id := sendTo(t, mailQueue, "{")
	defer bury(t, id)
	return visible(t, "MailDeadLetterQueue")
}

func deadReport(t *testing.T) alarms.Series {
	mark := "e2e-" + unique()
	invokeLater(t, "SuppressAddressFunction", `{"source":"aws.ses","detail":{"eventType":"`+mark+`"}}`)
	counted := visible(t, "SuppressionDeadLetterQueue")
	discard(t, mark)
	return counted
}

// visible waits for a message in a queue, and counts as SQS does.
func visible(t *testing.T, queue string) alarms.Series {
	t.Helper()
	const name = types.QueueAttributeNameApproximateNumberOfMessages
	counted := alarms.Series{}
	eventually(t, mailPatience, "a message in "+queue, func() bool {
		out, err := sqsClient(t).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl:       aws.String(lookUp(t, stackOutputs, queue+"Url")),
			AttributeNames: []types.QueueAttributeName{name}})
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.ParseFloat(out.Attributes[string(name)], 64)
		if n > 0 {
			key := alarms.Key("AWS/SQS", "ApproximateNumberOfMessagesVisible", map[string]string{"QueueName": queue})
			counted.Add(key, time.Now(), n)
		}
		return n > 0
	})
	return counted
}

// discard deletes the report that has the mark from the dead letters.
func discard(t *testing.T, mark string) {
	t.Helper()
	url := aws.String(lookUp(t, stackOutputs, "SuppressionDeadLetterQueueUrl"))
	out, err := sqsClient(t).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range out.Messages {
		if strings.Contains(*m.Body, mark) {
			letter := &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}
			_, _ = sqsClient(t).DeleteMessage(t.Context(), letter)
		}
	}
}
