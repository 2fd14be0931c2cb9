// Command cost prints what the store costs on AWS, as docs/cost.md has it: go run ./test/cost
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Prices in dollars, of US East (N. Virginia), without free tiers and discounts, each with the page that has it.
// docs/cost.md says which were compared with a published page.
const (
	apiRequest      = 1.00 / 1e6      // aws.amazon.com/api-gateway/pricing: HTTP APIs, the first 300 million a month
	apiRequestMore  = 0.90 / 1e6      // the others
	lambdaRequest   = 0.20 / 1e6      // aws.amazon.com/lambda/pricing
	lambdaGBSecond  = 0.0000133334    // Arm
	writeUnit       = 0.625 / 1e6     // aws.amazon.com/dynamodb/pricing/on-demand
	readUnit        = 0.125 / 1e6     //
	storedGB        = 0.25 + 0.20     // a month, and its point-in-time recovery
	sqsRequest      = 0.40 / 1e6      // aws.amazon.com/sqs/pricing: standard queues
	mail            = 0.10 / 1e3      // aws.amazon.com/ses/pricing
	logGB           = 0.50 + 3*0.03   // aws.amazon.com/cloudwatch/pricing: taken in, and kept for three months
	customMetric    = 0.30            // a month
	alarm           = 0.10            // a month
	dashboard       = 3.00            // a month
	rsaSignature    = 0.03 / 1e4      // aws.amazon.com/kms/pricing: RSA_2048
	signingKey      = 1.00            // a month
	trace           = 5.00 / 1e6      // aws.amazon.com/xray/pricing
	transferGB      = 0.09            // aws.amazon.com/ec2/pricing/on-demand: out to the internet
	secondsOfMonth  = 730 * 60 * 60.0 //
	apiFirstTier    = 300e6
	bytesOfGB       = 1e9
	relayRuns       = 730 * 60.0
	erasureRuns     = 730 * 12.0
	relayReadUnits  = 17 * 0.5           // a query for each shard of the index "due", and one of "unfinished"
	emptyReceives   = 5 * 3 * 730 * 60.0 // Lambda's five pollers look for messages every 20 seconds
	publishedSeries = 60                 // the metrics' names by their dimensions
	alarmsOfStack   = 21
)

// What one order takes. The tests that hold a quantity are named.
const (
	writeUnits  = 12.0        // internal/dynamostore/capacity_test.go: an order of one line, its mail's claim and mark
	readUnits   = 3.0         // test/e2e/calls_test.go: the product, the order, and whether its address is suppressed
	sqsRequests = 3.0         // test/e2e/calls_test.go: one event; Lambda receives and deletes it
	mails       = 1.0         // test/e2e/calls_test.go
	storedBytes = 2300        // the order in its table and two indexes, and the mail
	logBytes    = 4200        // an estimate, of which 1,500 are the lines that Lambda and API Gateway write
	sentBytes   = 1500        // the answer, its headers included
	checkoutGBs = 0.5 * 0.060 // memory of place-order, and an assumption of its time
	notifyGBs   = 0.5 * 0.150 // memory of notify, and an assumption of its time: SES's answer is most of it
	traced      = 0.05        // the share of requests that Lambda samples
)

// What a customer does besides for one order, an assumption: 20 product pages of which the distribution has half, 3
// other requests, a log-in for every second order and a refreshed session for each.
const (
	browsed, others, logIns, refreshes = 10.0, 3.0, 0.5, 1.0
	browseReads                        = 6.5 // read units: a page of the index, and 20 sale items, not consistent
	browseGBs, logInGBs, otherGBs      = 0.5 * 0.020, 1.0 * 0.150, 0.5 * 0.030
	logInWrites, refreshWrites         = 4.0, 1.0
	requestLogBytes                    = 1800 // of one request, the platform's lines and the access log's included
	browseBytes                        = 6000 // sent
)

// line is one line of the bill: dollars for one order in a month of so many.
type line struct {
	name  string
	order func(orders float64) float64
}

func each(dollars float64) func(float64) float64 { return func(float64) float64 { return dollars } }

// requests of the API at so many orders a month cost this, for one order.
func requests(perOrder float64) func(float64) float64 {
	return func(orders float64) float64 {
		all := perOrder * orders
		first := min(all, apiFirstTier)
		return (first*apiRequest + (all-first)*apiRequestMore) / orders
	}
}

var ofOrder = []line{
	{"SES: its mail", each(mails * mail)},
	{"DynamoDB: 12 write units", each(writeUnits * writeUnit)},
	{"CloudWatch Logs: 4.2 KB", each(logBytes / bytesOfGB * logGB)},
	{"Lambda: place-order and notify", each(2*lambdaRequest + (checkoutGBs+notifyGBs)*lambdaGBSecond)},
	{"SQS: 3 requests", each(sqsRequests * sqsRequest)},
	{"DynamoDB: 2.3 KB kept for a month", each(storedBytes / bytesOfGB * storedGB)},
	{"X-Ray: 5 % of two functions' runs", each(2 * traced * trace)},
	{"DynamoDB: 3 read units", each(readUnits * readUnit)},
	{"Data sent to the customer", each(sentBytes / bytesOfGB * transferGB)},
}

var ofCustomer = []line{
	{"API Gateway: all 15.5 requests, the checkout included", requests(1 + browsed + others + logIns + refreshes)},
	{"CloudWatch Logs", each((browsed + others + logIns + refreshes) * requestLogBytes / bytesOfGB * logGB)},
	{"DynamoDB",
		each((browsed*browseReads+2*others)*readUnit + (logIns*logInWrites+refreshes*refreshWrites)*writeUnit)},
	{"Lambda", each((browsed+others+logIns+refreshes)*lambdaRequest +
		(browsed*browseGBs+others*otherGBs+logIns*logInGBs+refreshes*otherGBs)*lambdaGBSecond)},
	{"KMS: signatures", each((logIns + refreshes) * rsaSignature)},
	{"Data sent to the customer", each(browsed * browseBytes / bytesOfGB * transferGB)},
}

// ofMonth are what costs the same however much is sold.
var ofMonth = []struct {
	name    string
	dollars float64
}{
	{"60 custom metrics", publishedSeries * customMetric},
	{"A dashboard", dashboard},
	{"21 alarms", alarmsOfStack * alarm},
	{"Two signing keys", 2 * signingKey},
	{"SQS: looking for messages", emptyReceives * sqsRequest},
	{"relay-mail every minute, erase-deleted-accounts every five",
		(relayRuns+erasureRuns)*(lambdaRequest+0.5*0.1*lambdaGBSecond) + relayRuns*relayReadUnits*readUnit},
}

// rates are orders a second.
var rates = []float64{1, 100, 1000}

func main() { write(os.Stdout) }

func write(w io.Writer) {
	fmt.Fprintln(w, "| line | per 1,000 orders | a month at 1 a second | at 100 | at 1,000 |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: |")
	all := make([]float64, len(rates))
	section(w, "An order and its mail", ofOrder, all)
	section(w, "What its customer does besides", ofCustomer, all)
	fixed := 0.0
	for _, f := range ofMonth {
		fixed += f.dollars
		fmt.Fprintf(w, "| %s | – | %s | %[2]s | %[2]s |\n", f.name, dollars(f.dollars))
	}
	fmt.Fprintf(w, "| **All** | |%s\n", months(all, fixed))
}

// section writes lines and their sum, and adds them to all.
func section(w io.Writer, name string, lines []line, all []float64) {
	sum, first := make([]float64, len(rates)), 0.0
	for _, l := range lines {
		month := make([]float64, len(rates))
		for i, rate := range rates {
			orders := rate * secondsOfMonth
			month[i] = l.order(orders) * orders
			sum[i] += month[i]
			all[i] += month[i]
		}
		perThousand := l.order(secondsOfMonth) * 1000
		first += perThousand
		fmt.Fprintf(w, "| %s | %s |%s\n", l.name, fmt.Sprintf("$%.5f", perThousand), months(month, 0))
	}
	fmt.Fprintf(w, "| **%s** | **$%.5f** |%s\n", name, first, months(sum, 0))
}

func months(month []float64, fixed float64) string {
	var cells strings.Builder
	for _, d := range month {
		cells.WriteString(" " + dollars(d+fixed) + " |")
	}
	return cells.String()
}

// dollars rounds to what matters, with commas.
func dollars(d float64) string {
	if d < 100 {
		return fmt.Sprintf("$%.2f", d)
	}
	digits := fmt.Sprintf("%.0f", d)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return "$" + digits
}
