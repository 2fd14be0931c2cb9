package queue

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// patience of the impatientServer, with connections that nobody uses.
const patience = 150 * time.Millisecond

// impatientServer is an SQS that breaks a connection which was idle for too long between two requests. It does so when
// the next one arrives: that is what a client meets whose request and the server's end of the connection cross each
// other.
type impatientServer struct {
	url           string
	taken, broken atomic.Int64 // requests
}

func startImpatient(t *testing.T) *impatientServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &impatientServer{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(connection)
		}
	}()
	return s
}

func (s *impatientServer) serve(connection net.Conn) {
	defer connection.Close()
	in := bufio.NewReader(connection)
	for answered := (time.Time{}); ; answered = time.Now() {
		request, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if !answered.IsZero() && time.Since(answered) > patience {
			s.broken.Add(1)
			return
		}
		var c call
		_ = json.NewDecoder(request.Body).Decode(&c) // what is no JSON has another sum
		s.taken.Add(1)
		answer := fmt.Sprintf(`{"MessageId":"1","MD5OfMessageBody":%q}`, sum(c.MessageBody))
		fmt.Fprintf(connection,
			"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s", len(answer),
			answer)
	}
}

// queueAt is a queue at a server, over a client that keeps connections for so long.
func queueAt(url string, idle time.Duration) *Queue {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.IdleConnTimeout = idle })
	return &Queue{URL: url + "/000000000000/MailQueue", Client: sqs.New(sqs.Options{
		Region: "eu-west-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), HTTPClient: client,
	})}
}

// most is how many events are sent until one met a broken connection: on a busy machine Go does not keep every
// connection.
const most = 20

// TestClosedEarly: each event is sent though the server has closed the connection that it was to take.
func TestClosedEarly(t *testing.T) {
	server := startImpatient(t)
	q := queueAt(server.url, time.Minute)
	for range most {
		if err := q.OrderPlaced(t.Context(), orderID); err != nil {
			t.Fatal(err)
		}
		if server.broken.Load() > 0 {
			return
		}
		time.Sleep(2 * patience)
	}
	t.Error("no connection was broken off")
}

// TestFrozen: Lambda freezes a process between two requests. One that comes back sends its event, though the server
// closes the connection that it was to take.
func TestFrozen(t *testing.T) {
	server := startImpatient(t)
	p := startSender(t, server.url, time.Minute)
	for range most {
		p.send(t)
		if server.broken.Load() > 0 {
			return
		}
		p.freeze(t, 2*patience)
	}
	t.Error("no connection was broken off")
}

// TestFrozenForLongerThanIdle: a process that keeps its connections for a shorter time than the server takes a new one,
// and meets none that is closed: the time that it was frozen counts.
func TestFrozenForLongerThanIdle(t *testing.T) {
	server := startImpatient(t)
	p := startSender(t, server.url, patience/3)
	for range 3 {
		p.send(t)
		p.freeze(t, 2*patience)
	}
	if taken, broken := server.taken.Load(), server.broken.Load(); taken != 3 || broken != 0 {
		t.Errorf("%d requests were taken and %d broken off, want 3 and none", taken, broken)
	}
}

// sender is a process that sends an event for each line that it reads, and says what came of it.
type sender struct {
	process *os.Process
	in      io.Writer
	out     *bufio.Reader
}

func startSender(t *testing.T, url string, idle time.Duration) *sender {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestSender$")
	command.Env = append(os.Environ(), senderURL+"="+url, senderIdle+"="+idle.String())
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = command.Wait() })
	return &sender{command.Process, in, bufio.NewReader(out)}
}

// freeze stops the process for so long, as Lambda does, once its connection is idle.
func (s *sender) freeze(t *testing.T, duration time.Duration) {
	t.Helper()
	time.Sleep(patience / 3)
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(duration)
	if err := s.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

func (s *sender) send(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(s.in, "send\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := s.out.ReadString('\n'); err != nil || strings.TrimSpace(line) != "sent" {
		t.Fatalf("the sender says %q, %v", line, err)
	}
}

const senderURL, senderIdle = "QUEUE_TEST_URL", "QUEUE_TEST_IDLE"

// TestSender is no test but the process of a sender.
func TestSender(t *testing.T) {
	if os.Getenv(senderURL) == "" {
		return
	}
	idle, err := time.ParseDuration(os.Getenv(senderIdle))
	if err != nil {
		t.Fatal(err)
	}
	q := queueAt(os.Getenv(senderURL), idle)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		err := q.OrderPlaced(context.Background(), orderID)
		fmt.Println(map[bool]string{true: "sent", false: errors.Join(err, errors.New("not sent")).Error()}[err == nil])
	}
}
