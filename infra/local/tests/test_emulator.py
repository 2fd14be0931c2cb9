"""The emulator as a whole: started as a process, given stacks by CloudFormation, called over HTTP."""

import base64
import contextlib
import functools
import hashlib
import http.client
import io
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import stack
from emulation import issuers, keys
from localstore import process, testrun
from tests import stacks
from tests.issuer import Issuer

LOCAL = Path(__file__).resolve().parents[1]
FUNCTIONS = ("show-event", "show-environment", "wait", "crash", "use-table", "receive", "sign", "send-mail")
ROUTES = {
    "GET /events/{id}": ("show-event", None),
    "POST /events/{id}": ("show-event", None),
    "GET /environment": ("show-environment", None),
    "GET /wait": ("wait", None),
    "GET /crash": ("crash", None),
    "GET /table": ("use-table", None),
    "GET /sign": ("sign", None),
    "GET /mail": ("send-mail", None),
    "GET /private": ("show-event", ["customer"]),
}

REFUSALS = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidToken",
}


@functools.cache
def client(service, port, **credentials) -> BaseClient:
    """A client is made once: that takes longer than most calls, and tests ask for it each time that they look."""
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-west-1", **credentials)


class Emulator:
    """One emulator process with data of its own."""

    def __init__(self, data) -> None:
        self.data = data
        self.port, self.pages_port = testrun.free_ports(2)
        self.process = None

    def start(self) -> None:
        command = [sys.executable, str(LOCAL / "emulator.py"), "--port", str(self.port), "--data", str(self.data)]
        command += ["--pages-port", str(self.pages_port)]
        self.data.mkdir(exist_ok=True)
        with open(self.data / "log", "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: process.status(f"http://127.0.0.1:{self.port}/_ministack/health") == 200, "the emulator")

    def end(self, number=signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(120)

    @property
    def log(self) -> str:
        return (self.data / "log").read_text()

    def client(self, service, **credentials) -> BaseClient:
        return client(service, self.port, **(credentials or self.root))

    @property
    def root(self) -> dict[str, str]:
        found = keys.read(self.data)
        return {"aws_access_key_id": found["access_key_id"], "aws_secret_access_key": found["secret_access_key"]}

    def upload_function(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, f"#!{sys.executable}\n" + (LOCAL / "tests" / "bootstrap.py").read_text())
        s3 = self.client("s3")
        s3.create_bucket(Bucket=stacks.BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=stacks.BUCKET, Key=stacks.KEY, Body=packed.getvalue())

    def deploy(self, template, update=False) -> str:
        """Create or update the stack; return its final status and reason."""
        formation = self.client("cloudformation")
        apply = formation.update_stack if update else formation.create_stack
        apply(StackName="shop", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
        wait_for(lambda: not self.stack()["StackStatus"].endswith("IN_PROGRESS"), "the stack")
        return self.stack()["StackStatus"]

    def stack(self) -> dict:
        return self.client("cloudformation").describe_stacks(StackName="shop")["Stacks"][0]

    def resource(self, logical_id) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName="shop", LogicalResourceId=logical_id)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def ask(self, method, path, body=None, headers=None, peer="127.0.0.1") -> tuple[int, object]:
        """Call the HTTP API from an address of this machine; return status and decoded body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(peer, 0))
        with contextlib.closing(connection):
            connection.request(method, f"/_aws/execute-api/api{path}", body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def queue_length(self) -> tuple[int, ...]:
        attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.client("sqs").get_queue_attributes(QueueUrl=self.resource("Queue"), AttributeNames=attributes)
        return tuple(int(got["Attributes"][name]) for name in attributes)


def cors(headers) -> set[str]:
    return {name for name in headers if name.lower().startswith("access-control-")}


def wait_for(condition, what, seconds=120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


class Deployed(unittest.TestCase):
    """Tests on one stack that all of them leave as it is."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shop-emulator-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(Path(folder.name))
        cls.emulator.start()
        cls.addClassCleanup(cls.emulator.end)
        cls.emulator.upload_function()
        status = cls.emulator.deploy(stacks.template(ROUTES, FUNCTIONS))
        assert status == "CREATE_COMPLETE", (status, cls.emulator.stack())

    def test_every_route_is_there(self) -> None:
        found = self.emulator.client("apigatewayv2").get_routes(ApiId="api")["Items"]
        self.assertEqual({r["RouteKey"] for r in found}, set(ROUTES))

    def test_it_listens_on_this_machine_only(self) -> None:
        with socket.socket() as other, self.assertRaises(OSError):
            other.settimeout(2)
            other.connect((own_address(), self.emulator.port))

    def test_the_event_names_the_peer(self) -> None:
        status, event = self.emulator.ask("GET", "/events/7?a=1", peer="127.0.0.5")
        self.assertEqual(status, 200)
        self.assertEqual(event["requestContext"]["http"]["sourceIp"], "127.0.0.5")
        self.assertEqual(event["headers"]["x-forwarded-for"], "127.0.0.5")
        self.assertEqual((event["routeKey"], event["pathParameters"]), ("GET /events/{id}", {"id": "7"}))

    def test_a_large_body_is_refused(self) -> None:
        json_body = {"Content-Type": "application/json"}
        status, event = self.emulator.ask("POST", "/events/1", b"x" * 2_000_000, json_body)
        self.assertEqual((status, len(event["body"])), (200, 2_000_000))
        status, answer = self.emulator.ask("POST", "/events/1", b"x" * 6_500_000, json_body)
        self.assertEqual((status, answer), (413, {"message": "Request Entity Too Large"}))

    def test_a_function_sees_what_it_would_see_on_aws(self) -> None:
        status, environment = self.emulator.ask("GET", "/environment")
        self.assertEqual(status, 200)
        self.assertEqual(environment["AWS_ENDPOINT_URL"], f"http://127.0.0.1:{self.emulator.port}")
        self.assertEqual(environment["DO"], "show-environment")
        self.assertFalse(set(self.emulator.root.values()) & set(environment.values()), "the function has root's keys")
        self.assertFalse({"HOME", "AUTH", "STATE_DIR", "GATEWAY_PORT", "PYTHONPATH"} & set(environment))

    def test_a_crash_says_nothing_to_the_caller(self) -> None:
        self.assertEqual(self.emulator.ask("GET", "/crash"), (500, {"message": "Internal Server Error"}))
        self.assertIn("a secret", self.emulator.log)

    def test_a_role_is_enforced(self) -> None:
        status, answers = self.emulator.ask("GET", "/table")
        self.assertEqual((status, answers), (200, {"put": "AccessDeniedException", "get": 200}))

    def test_a_stranger_is_refused(self) -> None:
        unsigned = process.status(f"http://127.0.0.1:{self.emulator.port}/?Action=ListQueues&Version=2012-11-05")
        self.assertEqual(unsigned, 403)

    def raw(self, method, path, body=None, **headers) -> tuple[int, dict[str, str], str]:
        """Ask with headers of one's own; return status, headers and text."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")

    def signed(self, service, url, body="", method="POST", secret=None, **headers) -> dict[str, str]:
        """Headers that sign a request with root's keys, or with another secret."""
        root = self.emulator.root
        credentials = Credentials(root["aws_access_key_id"], secret or root["aws_secret_access_key"])
        request = AWSRequest(method, url, data=body, headers=headers)
        SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
        return dict(request.headers)

    def test_keys_that_everybody_knows_are_refused(self) -> None:
        """The emulator's own root: the key `test`, an account's number; and what its functions' keys would be."""
        name = self.emulator.resource("ShowEventFunction")
        function = self.emulator.client("lambda").get_function_configuration(FunctionName=name)
        digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()
        guessed = {
            "aws_access_key_id": f"ASIA{digest[:16].upper()}",
            "aws_secret_access_key": hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
            "aws_session_token": hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        }
        self.emulator.ask("GET", "/events/1")  # from now on the function's keys are known
        stranger = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        number = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test"}
        wrong_secret = self.emulator.root | {"aws_secret_access_key": "test"}
        for who in (stranger, number, wrong_secret, guessed):
            for service, call in {
                "lambda": lambda c: c.list_functions(),
                "dynamodb": lambda c: c.list_tables(),
                "s3": lambda c: c.list_buckets(),
                "cloudformation": lambda c: c.list_stacks(),
                "sts": lambda c: c.get_caller_identity(),
                "sqs": lambda c: c.list_queues(),
                "ses": lambda c: c.list_identities(),
                "iam": lambda c: c.list_roles(),
            }.items():
                with self.subTest(service, key=who["aws_access_key_id"]), self.assertRaises(ClientError) as refused:
                    call(self.emulator.client(service, **who))
                self.assertIn(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], (400, 401, 403))
                self.assertIn(refused.exception.response["Error"]["Code"], REFUSALS)

    def test_root_is_root(self) -> None:
        caller = self.emulator.client("sts").get_caller_identity()
        self.assertEqual(caller["Arn"], "arn:aws:iam::000000000000:root")

    def test_nothing_unsigned_reaches_an_api(self) -> None:
        for method, path in (
            ("GET", "/"),
            ("GET", f"/{stacks.BUCKET}"),
            ("GET", f"/{stacks.BUCKET}/{stacks.KEY}"),
            ("PUT", "/a-new-bucket"),
            ("OPTIONS", "/"),
            ("GET", "/2015-03-31/functions/"),
            ("GET", "/latest/meta-data/iam/security-credentials/"),
            ("GET", "/_aws/execute-api//api"),
            ("GET", "/?Action=ListQueues&Version=2012-11-05"),
            ("POST", "/oauth2/token"),
        ):
            with self.subTest(f"{method} {path}"):
                self.assertIn(self.raw(method, path)[0], (400, 403))

    def test_a_page_cannot_make_a_function(self) -> None:
        """What a web page sent once: the emulator ran its code as a program of this machine."""
        role = self.emulator.client("iam").list_roles()["Roles"][0]["Arn"]
        code = base64.b64encode(b"no zip").decode()
        body = json.dumps(
            {
                "FunctionName": "evil",
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Role": role,
                "Code": {"ZipFile": code},
            }
        )
        path = "/2015-03-31/functions"
        url = f"http://127.0.0.1:{self.emulator.port}{path}"
        signed = self.signed("lambda", url, body)
        credential = (
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
        )
        for headers in (
            signed | {"Origin": "https://evil.example"},
            signed | {"Sec-Fetch-Site": "cross-site"},
            signed | {"Host": f"evil.example:{self.emulator.port}"},
            {"Origin": "https://evil.example", "Authorization": credential},
            {"Authorization": credential},
            {},
        ):
            with self.subTest(headers):
                self.assertEqual(self.raw("POST", path, body, **headers)[0], 403)
        names = [f["FunctionName"] for f in self.emulator.client("lambda").list_functions()["Functions"]]
        self.assertNotIn("evil", names)

    def test_no_page_reads_an_api_or_the_mails(self) -> None:
        port = self.emulator.port
        for path in ("/_ministack/ses/messages", "/_ministack/health", "/"):
            for headers in (
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
                {"Origin": "http://127.0.0.1:1"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site"},
                {"Host": f"evil.example:{port}"},
                {"Host": "evil.example"},
            ):
                for method in ("GET", "OPTIONS"):
                    with self.subTest(f"{method} {path} {headers}"):
                        status, answered, _ = self.raw(method, path, **headers)
                        self.assertEqual(status, 403)
                        self.assertEqual(cors(answered), set())

    def test_saving_is_no_page_s_affair(self) -> None:
        self.assertEqual(self.raw("POST", "/_shop/save", Origin="https://evil.example")[0], 403)
        self.assertEqual(self.raw("POST", "/_shop/save", Host="evil.example")[0], 403)

    def test_the_mails_open_in_a_browser(self) -> None:
        for host in (f"127.0.0.1:{self.emulator.port}", f"localhost:{self.emulator.port}"):
            status, answered, _ = self.raw("GET", "/_ministack/ses/messages", Host=host, Sec_Fetch_Site="none")
            self.assertEqual((status, cors(answered)), (200, set()))

    def test_no_api_allows_other_pages_to_read_it(self) -> None:
        for service, path, body, target in (
            ("dynamodb", "/", "{}", "DynamoDB_20120810.ListTables"),
            ("lambda", "/2015-03-31/functions/", "", None),
            ("s3", "/", "", None),
            ("s3", f"/{stacks.BUCKET}", "", None),
        ):
            url = f"http://127.0.0.1:{self.emulator.port}{path}"
            named = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"} if target else {}
            digest = {"X-Amz-Content-SHA256": hashlib.sha256(body.encode()).hexdigest()}
            method = "POST" if target else "GET"
            with self.subTest(f"{service} {path}"):
                headers = self.signed(service, url, body, method, **named, **digest)
                status, answered, text = self.raw(method, path, body, **headers)
                self.assertEqual((status, cors(answered)), (200, set()), text)

    def test_the_routes_take_every_origin_and_no_foreign_host(self) -> None:
        path = "/_aws/execute-api/api/events/1"
        origin = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
        status, _, text = self.raw("GET", path, **origin)
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(text)["headers"]["origin"], "https://shop.example")
        self.assertEqual(self.raw("GET", path, Host=f"evil.example:{self.emulator.port}")[0], 403)
        self.assertEqual(self.raw("GET", path, Host="localhost:5173")[0], 200)

    def test_the_key_signs(self) -> None:
        self.assertEqual(self.emulator.ask("GET", "/sign"), (200, {"bits": 2048}))

    def test_a_mail_is_sent_and_listed(self) -> None:
        status, answer = self.emulator.ask("GET", "/mail")
        self.assertEqual(status, 200, self.emulator.log[-2000:])
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/_ministack/ses/messages")
            self.assertIn(answer["message_id"], connection.getresponse().read().decode())

    def test_its_own_administration_is_hidden(self) -> None:
        for method, path in (
            ("POST", "/_ministack/reset"),
            ("POST", "/_ministack/config"),
            ("GET", "/_localstack/health"),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=10)
            with self.subTest(path), contextlib.closing(connection):
                connection.request(method, path)
                self.assertEqual(connection.getresponse().status, 404)

    def test_what_is_no_token_is_refused(self) -> None:
        def part(value) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        tokens = [
            "",
            "Bearer",
            "Bearer a",
            "Bearer a.b.c",
            f"Bearer {part([])}.{part([])}.x",
            f"Bearer {part('a')}.{part(1)}.",
        ]
        for token in tokens:
            with self.subTest(token):
                self.assertEqual(self.emulator.ask("GET", "/private", headers={"Authorization": token})[0], 401)

    def test_many_at_once_each_get_their_answer(self) -> None:
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda n: self.emulator.ask("GET", f"/wait?id={n}"), range(32)))
        self.assertEqual([a[0] for a in answers], [200] * 32)
        self.assertEqual([a[1]["id"] for a in answers], [str(n) for n in range(32)])
        self.assertGreater(len({a[1]["process"] for a in answers}), 8, "they ran one after the other")

    def test_a_warm_process_is_used_again(self) -> None:
        answers = [self.emulator.ask("GET", "/wait?id=1")[1]["process"] for _ in range(3)]
        self.assertEqual(len(set(answers)), 1)

    def test_a_warm_call_is_quick(self) -> None:
        """One call is enough to tell: those delays were in each."""
        self.emulator.ask("GET", "/events/1")
        wait_for(lambda: self.timed() < 0.04, "a call without the emulator's own delays of 40 and 50 ms")

    def timed(self) -> float:
        started = time.monotonic()
        self.emulator.ask("GET", "/events/1")
        return time.monotonic() - started

    def test_a_queue_calls_its_function(self) -> None:
        sqs, queue = self.emulator.client("sqs"), self.emulator.resource("Queue")
        sqs.send_message(QueueUrl=queue, MessageBody="first")
        wait_for(lambda: "received first" in self.emulator.log, "the function")
        wait_for(lambda: self.emulator.queue_length() == (0, 0), "the message's deletion")

    def test_mappings_are_listed(self) -> None:
        found = self.emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        self.assertEqual([m["FunctionResponseTypes"] for m in found], [["ReportBatchItemFailures"]])


class Changing(unittest.TestCase):
    """Tests that change the stack or end the emulator."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shop-emulator-test-")
        self.addCleanup(folder.cleanup)
        self.emulator = Emulator(Path(folder.name))
        self.emulator.start()
        self.addCleanup(lambda: self.emulator.end(signal.SIGKILL))
        self.emulator.upload_function()
        self.routes = {
            "GET /a": ("show-event", None),
            "GET /b": ("show-event", ["customer"]),
            "GET /sign": ("sign", None),
        }
        self.functions = ("show-event", "sign", "receive")
        status = self.emulator.deploy(stacks.template(self.routes, self.functions))
        self.assertEqual(status, "CREATE_COMPLETE", self.emulator.stack())

    def route_keys(self) -> set[str]:
        return {r["RouteKey"] for r in self.emulator.client("apigatewayv2").get_routes(ApiId="api")["Items"]}

    def test_an_update_exchanges_the_routes(self) -> None:
        changed = {"GET /b": ("show-event", None), "POST /c": ("show-event", None), "GET /sign": ("sign", None)}
        self.assertEqual(self.emulator.deploy(stacks.template(changed, self.functions), update=True), "UPDATE_COMPLETE")
        self.assertEqual(self.route_keys(), set(changed))
        self.assertEqual(self.emulator.ask("GET", "/a")[0], 404)
        self.assertEqual(self.emulator.ask("GET", "/b")[0], 200)

    def test_one_other_origin_may_call_if_the_template_says_so(self) -> None:
        mine, other = "https://shop.example", "https://evil.example"
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        self.assertEqual(self.cross_origin("OPTIONS", mine, preflight)[1], {})
        shared = stacks.template(self.routes, self.functions)
        shared["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"] = {
            "allowOrigins": [mine],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["authorization"],
            "exposeHeaders": ["location"],
        }
        self.assertEqual(self.emulator.deploy(shared, update=True), "UPDATE_COMPLETE")
        status, headers = self.cross_origin("OPTIONS", mine, preflight)
        self.assertEqual((status, headers["access-control-allow-origin"]), (204, mine))
        self.assertEqual(headers["access-control-allow-headers"], "authorization")
        status, headers = self.cross_origin("GET", mine)
        self.assertEqual((status, headers["access-control-allow-origin"]), (200, mine))
        self.assertEqual(headers["access-control-expose-headers"], "location")
        self.assertEqual(self.cross_origin("GET", other), (200, {}))
        self.assertEqual(self.cross_origin("OPTIONS", other, preflight)[1], {})
        self.assertEqual(
            self.emulator.deploy(stacks.template(self.routes, self.functions), update=True), "UPDATE_COMPLETE"
        )
        self.assertEqual(self.cross_origin("GET", mine)[1], {})

    def cross_origin(self, method, origin, headers=None) -> tuple[int, dict[str, str]]:
        """The status, and the headers that say which origins may read the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, "/_aws/execute-api/api/a", headers={"Origin": origin, **(headers or {})})
            answer = connection.getresponse()
            answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, {name: value for name, value in found.items() if name.startswith("access-control-")}

    def test_an_alias_leads_to_a_version_until_another_is_made(self) -> None:
        """A changed setting alone makes none, as on AWS; a changed description does, and so does push."""

        keys_seen = set()

        def answered(text, description) -> str:
            template = stacks.aliased("show-environment", text, description)
            self.assertEqual(self.emulator.deploy(template, update=True), "UPDATE_COMPLETE", self.emulator.stack())
            seen = self.emulator.ask("GET", "/a")[1]
            keys_seen.add(seen["AWS_ACCESS_KEY_ID"])
            return seen["TEXT"]

        self.assertEqual(answered("one", "1"), "one")
        self.assertEqual(answered("two", "1"), "one")
        self.assertEqual(answered("two", "2"), "two")
        self.assertEqual(len(keys_seen), 1, "versions of one function have its one role")
        program = Path(self.emulator.data) / "bootstrap"
        source = (LOCAL / "tests" / "bootstrap.py").read_text().replace("dict(os.environ)", '{"TEXT": "pushed"}')
        program.write_text(f"#!{sys.executable}\n{source}")
        with mock.patch("stack.boto3", mock.Mock(client=self.emulator.client)):
            stack.push("shop", {"ShowEnvironmentFunction": program})
        self.assertEqual(self.emulator.ask("GET", "/a")[1]["TEXT"], "pushed")

    def test_a_refused_update_leaves_what_was(self) -> None:
        broken = stacks.template(self.routes, self.functions)
        broken["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-policy"] = {}
        self.assertEqual(self.emulator.deploy(broken, update=True), "UPDATE_ROLLBACK_COMPLETE")
        events = self.emulator.client("cloudformation").describe_stack_events(StackName="shop")["StackEvents"]
        self.assertIn("x-amazon-apigateway-policy is not emulated", json.dumps(events, default=str))
        self.assertEqual(self.route_keys(), set(self.routes))
        self.assertEqual(self.emulator.ask("GET", "/b")[0], 401)

    def test_an_issuer_that_answers_late_fails_the_deployment(self) -> None:
        late = Issuer(delay=10 * issuers.seconds())  # the load of the machine, by which it goes, may rise meanwhile
        self.addCleanup(late.close)
        changed = stacks.template(self.routes, self.functions, late.url)
        self.assertEqual(self.emulator.deploy(changed, update=True), "UPDATE_ROLLBACK_COMPLETE")
        events = self.emulator.client("cloudformation").describe_stack_events(StackName="shop")["StackEvents"]
        self.assertIn("Unable to create authorizer Jwt", json.dumps(events, default=str))
        self.assertEqual(late.asked, 1)
        self.assertEqual(self.emulator.ask("GET", "/b")[0], 401)

    def test_a_killed_emulator_lost_nothing_older_than_some_seconds(self) -> None:
        self.put("ord_1")
        wait_for(lambda: "ord_1" in self.saved("dynamodb"), "the save")
        wait_for(lambda: "shop-SignFunction" in self.saved("lambda"), "the save")
        self.emulator.end(signal.SIGKILL)
        self.emulator.start()
        self.assert_all_is_there("ord_1")

    def test_a_folder_of_before_gets_keys(self) -> None:
        """A folder without keys has data of a store whose root was `test`; a removed file is made anew."""
        before = self.emulator.root
        self.put("ord_0")
        self.emulator.end(signal.SIGTERM)
        (self.emulator.data / keys.FILE).unlink()
        self.emulator.start()
        self.assertNotEqual(self.emulator.root, before)
        self.assert_all_is_there("ord_0")

    def test_an_ended_emulator_lost_nothing(self) -> None:
        self.put("ord_2")
        self.assertEqual(self.emulator.end(signal.SIGTERM), 0)
        self.emulator.start()
        self.assert_all_is_there("ord_2")

    def test_saving_on_demand(self) -> None:
        self.put("ord_3")
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", "/_shop/save")
            self.assertEqual(connection.getresponse().status, 204)
        self.assertIn("ord_3", self.saved("dynamodb"))
        self.assertIn("GET /sign", self.saved("apigateway"))

    def test_a_refused_message_stays(self) -> None:
        self.emulator.client("sqs").send_message(QueueUrl=self.emulator.resource("Queue"), MessageBody="refuse")
        wait_for(lambda: "received refuse" in self.emulator.log, "the function")
        time.sleep(0.3)
        self.assertEqual(self.emulator.queue_length(), (0, 1))

    def test_no_process_of_a_function_outlives_the_emulator(self) -> None:
        pid = self.pid_of_function()
        self.assertTrue(Path(f"/proc/{pid}").exists())
        self.emulator.end(signal.SIGTERM)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the function's end")

    def pid_of_function(self) -> int:
        self.emulator.ask("GET", "/a")
        children = Path(f"/proc/{self.emulator.process.pid}/task").glob("*/children")
        return next(int(pid) for file in children for pid in file.read_text().split())

    def put(self, key) -> None:
        table = self.emulator.resource("Table")
        self.emulator.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}})

    def saved(self, service) -> str:
        file = self.emulator.data / "state" / f"{service}.json"
        return file.read_text() if file.exists() else ""

    def assert_all_is_there(self, key) -> None:
        table = self.emulator.resource("Table")
        got = self.emulator.client("dynamodb").get_item(TableName=table, Key={"id": {"S": key}})
        self.assertEqual(got.get("Item"), {"id": {"S": key}})
        self.assertEqual(self.route_keys(), set(self.routes))
        self.assertEqual(self.emulator.ask("GET", "/a")[0], 200)
        self.assertEqual(self.emulator.ask("GET", "/b")[0], 401)
        self.assertEqual(self.emulator.ask("GET", "/sign"), (200, {"bits": 2048}))
        self.emulator.client("sqs").send_message(QueueUrl=self.emulator.resource("Queue"), MessageBody=f"after {key}")
        wait_for(lambda: f"received after {key}" in self.emulator.log, "the mapping")


class Starting(unittest.TestCase):
    """What stands in the way of a start is said."""

    def start(self, data, port, pages_port=0) -> subprocess.CompletedProcess:
        command = [sys.executable, str(LOCAL / "emulator.py"), "--port", str(port), "--data", str(data)]
        command += ["--pages-port", str(pages_port)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def test_a_port_in_use(self) -> None:
        with tempfile.TemporaryDirectory() as data, socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            done = self.start(data, port)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"port {port} on 127.0.0.1 cannot be used: Address already in use", done.stderr)

    def test_keys_that_cannot_be_read(self) -> None:
        with tempfile.TemporaryDirectory() as data:
            (Path(data) / keys.FILE).write_text("{}")
            with kept_ports(2) as ports:
                done = self.start(data, *ports)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the root keys cannot be read", done.stderr)
        self.assertIn(f"remove {Path(data).resolve() / keys.FILE}, and new ones are made", done.stderr)

    def test_a_folder_in_use(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            emulator = Emulator(Path(folder))
            emulator.start()
            self.addCleanup(lambda: emulator.end(signal.SIGKILL))
            with kept_ports(2) as ports:
                done = self.start(folder, *ports)
            emulator.end()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is in use by another store", done.stderr)


@contextlib.contextmanager
def kept_ports(count) -> Iterator[list[int]]:
    """Ports that nobody else takes meanwhile, and that an emulator finds free."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", 0))
        yield [one.getsockname()[1] for one in sockets]


def own_address() -> str:
    """An address of this machine other than the loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as err:
            raise unittest.SkipTest("this machine has no network address but the loopback's") from err
        return probe.getsockname()[0]


if __name__ == "__main__":
    unittest.main()
