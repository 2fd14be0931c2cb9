package alarms

// Source is where the data come from by which an alarm's test fires it.
type Source string

// The sources.
const (
	// Run is a run of the store with a fault, in test/e2e: what functions logged, what the API answered, what the
	// proxy and the queues counted.
	Run Source = "run"
	// Recorded is a series in testdata: AWS alone emits the metric, or knows what is usual.
	Recorded Source = "recorded"
)

// Fault says what fires an alarm in its test.
type Fault struct {
	Source Source
	// What is the fault: of a run, what is done to the store; of a recorded series, what it shows.
	What string
}

// Faults are the faults by the names of the alarms. docs/operations.md has a section of the same name for each.
var Faults = map[string]Fault{
	"MailDeadLetters":        {Run, "a message that no version understands is given up"},
	"SuppressionDeadLetters": {Run, "a report that cannot be understood fails three times"},
	"MailsWait":              {Run, "SES refuses mails that have been pending for a quarter of an hour"},
	"MailsFail":              {Run, "SES refuses mails that have been pending for 72 hours"},
	"RelayStopped":           {Run, "DynamoDB refuses the relay's queries"},
	"ErasureStopped":         {Run, "DynamoDB refuses to list the accounts under deletion"},
	"WatchStopped":           {Run, "DynamoDB refuses to list who waits for products"},
	"AuditStopped":           {Run, "DynamoDB refuses to list what the audit compares"},
	"FunctionsFail":          {Run, "the process of place-order dies in each checkout"},
	"SyntheticCustomerFails": {Run, "the product of the synthetic customer is not on sale"},
	"ServerErrors":           {Run, "DynamoDB refuses every transaction"},
	"SlowAnswers":            {Run, "DynamoDB answers each transaction after 4 seconds"},
	"CheckoutsBusy":          {Run, "DynamoDB refuses every transaction"},
	"TokensUnsigned":         {Run, "KMS throttles every signature"},
	"TablesThrottled":        {Run, "DynamoDB throttles every transaction"},
	"Conflicts":              {Run, "every transaction meets another one"},
	"TokenKeysUnread":        {Run, "KMS gives no public key away, and the issuer has none in memory"},
	"InvariantsViolated":     {Run, "the audit finds a stock and a mail that somebody wrote past the store"},
	"BounceRate":             {Recorded, "a list of old addresses: 1.2 %, then 4.6 %"},
	"ComplaintRate":          {Recorded, "0.02 %, then 0.09 %"},
	"MailQuota":              {Recorded, "170 mails of the 200 of a day"},
	"NoOrders": {
		Recorded, "no order for 45 minutes of an evening that has 12 to 30 a quarter of an hour",
	},
	"KmsQuota":           {Recorded, "500 log-ins a second for three minutes"},
	"Concurrency":        {Recorded, "a rush: 850 of 1,000 at once"},
	"FunctionsThrottled": {Recorded, "a rush past the quota"},
}
