"""The template's own section "The pages", deployed into an emulator, with files and an API behind it."""

import http.client
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from botocore.exceptions import ClientError

import stack
from emulation.ministack_internals import cloudfront_js
from localstore import deploy, process, tools, web
from localstore.settings import ROOT, Settings, UserError
from tests import stacks
from tests.test_emulator import Emulator
from translate import read

PROOF = "p" * 32
SHOP = "https://shop.example"
UPLOADS = "http://127.0.0.1:9"
PARAMETERS = {"OriginProof": PROOF, "OriginProofSha256": "0" * 64, "ShopUrl": SHOP, "UploadsOrigin": UPLOADS}
ROUTES = {
    "GET /products": ("show-event", None),
    "GET /orders/{id}": ("show-event", None),
    "POST /sessions": ("show-event", None),
    "GET /crash": ("crash", None),
}
FILES = {
    "shop.html": "the shop",
    "admin/index.html": "the desk",
    "reference/index.html": "the reference",
    "assets/shop-Ab3x.js": "let shop",
    "favicon.svg": "<svg/>",
}
PATHS = {  # what a browser asks for → the file that answers, by the template's PagePathFunction
    "/": "/shop.html",
    "/cart": "/shop.html",
    "/products/brass-desk-lamp": "/shop.html",
    "/products/lamp.v2": "/shop.html",
    "/admin/products/lamp.v2": "/admin/index.html",
    "/images/lamp.v2.svg": "/images/lamp.v2.svg",
    "/images/0f1e": "/images/0f1e",
    "/orders/ord_1/": "/shop.html",
    "/v1.2/cart": "/shop.html",
    "/administrator": "/shop.html",
    "/api": "/shop.html",
    "/admin": "/admin/index.html",
    "/admin/": "/admin/index.html",
    "/admin/orders/ord_1": "/admin/index.html",
    "/reference/": "/reference/index.html",
    "/assets/shop-Ab3x.js": "/assets/shop-Ab3x.js",
    "/favicon.svg": "/favicon.svg",
    "/admin/index.html": "/admin/index.html",
    "/.well-known/security.txt": "/.well-known/security.txt",
}
API_PATHS = {  # by the template's ApiPathFunction
    "/api/products": "/products",
    "/api/orders/ord_1": "/orders/ord_1",
    "/api/api/x": "/api/x",
    "/api/": "/",
    "/apis/x": "/apis/x",
}


def section() -> dict:
    """The template's resources of the pages, with what they refer to."""
    template = read(ROOT / "template.yaml")
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource.get("Condition") == "ServesPages" and resource["Type"] != "AWS::Serverless::Function"
    }
    parameters = {n: p for n, p in template["Parameters"].items() if "Default" in p}
    return {"Parameters": parameters, "Conditions": template["Conditions"], "Resources": resources}


def with_node() -> dict[str, str]:
    return os.environ | {"PATH": f"{tools.node().parent}{os.pathsep}{os.environ['PATH']}"}


class EdgeFunctions(unittest.TestCase):
    """The JavaScript that AWS gets is what the emulator runs; one table of cases holds it."""

    def run_function(self, name, uri) -> str:
        code = section()["Resources"][name]["Properties"]["FunctionCode"]
        event = {"version": "1.0", "request": {"method": "GET", "uri": uri, "headers": {}, "querystring": {}}}
        with mock.patch.dict(os.environ, with_node()):
            return cloudfront_js.evaluate(code.encode(), event)["uri"]

    def test_page_paths(self) -> None:
        self.assertEqual({uri: self.run_function("PagePathFunction", uri) for uri in PATHS}, PATHS)

    def test_api_paths(self) -> None:
        self.assertEqual({uri: self.run_function("ApiPathFunction", uri) for uri in API_PATHS}, API_PATHS)


class Distribution(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(Path(folder.name) / "data")
        cls.pages = cls.emulator.pages_port
        cls.enterClassContext(mock.patch.dict(os.environ, with_node()))
        cls.emulator.start()
        cls.addClassCleanup(lambda: cls.emulator.end())
        cls.emulator.upload_function()
        pages = section()
        template = stacks.template(ROUTES, ("show-event", "crash"))
        template["Resources"] |= pages["Resources"]
        for name, value in PARAMETERS.items():
            pages["Parameters"][name]["Default"] = value
        template |= {"Parameters": pages["Parameters"], "Conditions": pages["Conditions"]}
        template["Outputs"] = {"PagesBucket": {"Value": {"Ref": "PagesBucket"}}}
        status = cls.emulator.deploy(template)
        if status != "CREATE_COMPLETE":
            raise AssertionError(cls.emulator.stack())
        cls.files = Path(folder.name) / "dist"
        for name, text in FILES.items():
            (cls.files / name).parent.mkdir(parents=True, exist_ok=True)
            (cls.files / name).write_text(text)
        cls.upload(cls.files)

    @classmethod
    def upload(cls, folder) -> None:
        with mock.patch.object(stack, "boto3", mock.Mock(client=cls.emulator.client)):
            stack.upload_pages("shop", str(folder))

    def ask(self, method, path, body=None, headers=None, peer="127.0.0.1") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.pages, timeout=60, source_address=(peer, 0))
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def event(self, *request, **options) -> dict:
        status, _, body = self.ask(*request, **options)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_pages_and_files(self) -> None:
        for path, file in PATHS.items():
            with self.subTest(path):
                status, _, body = self.ask("GET", path)
                want = FILES.get(file.lstrip("/"))
                self.assertEqual((status, body) if want else status, (200, want) if want else 403)

    def test_how_long_files_are_kept(self) -> None:
        cases = {
            "/": ("no-cache", "text/html; charset=utf-8"),
            "/assets/shop-Ab3x.js": ("public, max-age=31536000, immutable", "text/javascript; charset=utf-8"),
            "/favicon.svg": ("public, max-age=3600", "image/svg+xml"),
        }
        for path, want in cases.items():
            _, headers, _ = self.ask("GET", path)
            self.assertEqual((headers["cache-control"], headers["content-type"]), want, path)

    def test_headers_of_pages(self) -> None:
        _, headers, _ = self.ask("GET", "/cart")
        policy = headers["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"):
            self.assertIn(part, policy)
        self.assertEqual(headers["strict-transport-security"], "max-age=31536000; includeSubDomains")
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertEqual(headers["referrer-policy"], "same-origin")
        self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")
        self.assertEqual(headers["cross-origin-resource-policy"], "same-origin")

    def test_only_the_desk_may_upload(self) -> None:
        policies = {
            path: self.ask("GET", path)[1]["content-security-policy"] for path in ("/cart", "/admin/", "/admin")
        }
        self.assertIn("connect-src 'self';", policies["/cart"])
        for path in ("/admin/", "/admin"):
            self.assertEqual(
                policies[path], policies["/cart"].replace("connect-src 'self'", f"connect-src 'self' {UPLOADS}")
            )

    def form(self, bucket, method="POST", body=b"", **headers) -> tuple[int, dict[str, str]]:
        """Send a page's form to a bucket, or ask whether it may be sent; status and headers of CORS."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=60)
        try:
            connection.request(method, f"/{bucket}", body, {n.replace("_", "-"): v for n, v in headers.items()})
            answer = connection.getresponse()
            answer.read()
            found = {n.lower(): v for n, v in answer.getheaders() if n.lower().startswith("access-control-allow")}
            return answer.status, found
        finally:
            connection.close()

    def test_the_pages_may_send_forms_to_the_uploads_alone(self) -> None:
        uploads, asks = self.emulator.resource("PictureUploads"), {"Access_Control_Request_Method": "POST"}
        for origin in (SHOP, "https://d111.cloudfront.net"):
            status, cors = self.form(uploads, "OPTIONS", Origin=origin, **asks)
            self.assertEqual((status, cors["access-control-allow-origin"]), (200, origin))
            self.assertEqual(cors["access-control-allow-methods"], "POST")
        for bucket, origin, method in (
            (uploads, "https://evil.example", "POST"),
            (uploads, SHOP, "PUT"),
            (uploads, SHOP, "GET"),
            (self.emulator.resource("PagesBucket"), SHOP, "POST"),
            ("no-such-bucket", SHOP, "POST"),
        ):
            with self.subTest(f"{method} {bucket} from {origin}"):
                asked = {"Access_Control_Request_Method": method}
                self.assertEqual(self.form(bucket, "OPTIONS", Origin=origin, **asked), (403, {}))

    def test_a_form_that_no_function_signed_is_refused(self) -> None:
        root = self.emulator.root
        for key in (None, "AKIAEXAMPLE", root["aws_access_key_id"]):
            fields = {"key": "uploads/a", "file": "text"}
            if key:
                credential = f"{key}/20260101/eu-west-1/s3/aws4_request"
                fields |= dict.fromkeys(("policy", "x-amz-signature", "x-amz-security-token"), "e30=")
                fields |= {"x-amz-credential": credential}
            parts = "".join(
                f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in fields.items()
            )
            for bucket in ("PictureUploads", "PagesBucket"):
                sent = {"Origin": SHOP, "Content_Type": "multipart/form-data; boundary=b"}
                status, _ = self.form(self.emulator.resource(bucket), body=f"{parts}--b--\r\n".encode(), **sent)
                self.assertEqual(status, 403, (key, bucket))
                found = self.emulator.client("s3").list_objects_v2(
                    Bucket=self.emulator.resource(bucket), Prefix="uploads/"
                )
                self.assertEqual(found["KeyCount"], 0)

    def test_an_answer_of_the_api_stays_its_own(self) -> None:
        status, headers, body = self.ask("GET", "/api/nothing")
        self.assertEqual((status, json.loads(body)), (404, {"message": "Not Found"}))
        self.assertTrue(headers["content-type"].startswith("application/json"))
        self.assertEqual(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'")
        status, _, body = self.ask("GET", "/api/crash")
        self.assertEqual((status, json.loads(body)), (500, {"message": "Internal Server Error"}))

    def test_what_reaches_the_api(self) -> None:
        sent = {
            "Authorization": "Bearer t",
            "Content-Type": "application/json",
            "Idempotency-Key": "k",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "__Host-session=s; other=o; __Host-device=d",
            "X-Origin-Proof": "forged",
            "X-Other": "o",
        }
        event = self.event("GET", "/api/orders/a%20b?x=1&y=%2F", headers=sent)
        self.assertEqual((event["rawPath"], event["rawQueryString"]), ("/orders/a b", "x=1&y=%2F"))
        self.assertEqual(event["cookies"], ["__Host-session=s", "__Host-device=d"])
        for name in ("Authorization", "Content-Type", "Idempotency-Key", "Sec-Fetch-Site"):
            self.assertEqual(event["headers"][name.lower()], sent[name])
        self.assertEqual(event["headers"]["x-origin-proof"], PROOF)
        self.assertNotIn("x-other", event["headers"])
        event = self.event(
            "POST", "/api/sessions", body='{"a":"ä"}'.encode(), headers={"Content-Type": "application/json"}
        )
        self.assertEqual(event["body"], '{"a":"ä"}')

    def test_the_catalogue_sees_nothing_of_a_customer(self) -> None:
        sent = {"Authorization": "Bearer t", "Cookie": "__Host-session=s"}
        event = self.event("GET", "/api/products?q=lamp&limit=3&x=1", headers=sent)
        self.assertEqual(event["rawQueryString"], "q=lamp&limit=3")
        self.assertFalse({"authorization", "cookie"} & set(event["headers"]))
        self.assertNotIn("cookies", event)
        self.assertEqual(self.ask("POST", "/api/products", body="{}")[0], 403)

    def test_the_viewers_address_is_the_real_one(self) -> None:
        forged = {"CloudFront-Viewer-Address": "192.0.2.1:1", "X-Forwarded-For": "192.0.2.1"}
        event = self.event("GET", "/api/orders/1", headers=forged, peer="127.0.0.7")
        self.assertRegex(event["headers"]["cloudfront-viewer-address"], r"^127\.0\.0\.7:\d+$")
        self.assertNotIn("192.0.2.1", json.dumps(event))
        self.assertNotEqual(event["requestContext"]["http"]["sourceIp"], "127.0.0.7")

    def test_nothing_else_of_the_emulator_is_behind_the_port(self) -> None:
        for path in ("/_ministack/health", "/_shop/save", "/_aws/execute-api/api/products", "/_ministack/ses/messages"):
            status, _, body = self.ask("GET", path)
            self.assertEqual((status, body), (200, "the shop"), path)
        self.assertEqual(self.ask("GET", "/", headers={"Host": "shop.example"})[0], 403)
        self.assertEqual(self.ask("GET", "/api/products", body="x")[0], 403)
        self.assertEqual(self.ask("HEAD", "/")[2], "")
        bucket = self.emulator.resource("PagesBucket")
        self.assertEqual(process.status(f"http://127.0.0.1:{self.emulator.port}/{bucket}/shop.html"), 403)

    def test_parameters_that_do_not_go_together_are_refused(self) -> None:
        template = read(ROOT / "template.yaml")
        parts = {name: template[name] for name in ("Parameters", "Rules", "Conditions")}
        body = json.dumps(parts | {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
        certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
        cases = {
            "ShopUrl says where the pages are": {"Pages": "off"},
            "no distribution": {
                "Pages": "off",
                "ShopUrl": "https://a",
                "PagesDomain": "a.b",
                "PagesCertificateArn": certificate,
            },
            "PagesDomain needs PagesCertificateArn": {"PagesDomain": "shop.example.com"},
            "OriginProof needs its hash": {"OriginProof": PROOF},
            "OnlyThroughDistribution needs": {"OnlyThroughDistribution": "true"},
            None: {"Pages": "off", "ShopUrl": "https://shop.example"},
        }
        formation = self.emulator.client("cloudformation")
        for complaint, chosen in cases.items():
            given = {"Stage": "local", "Sender": "a@b.example", **chosen}
            values = [{"ParameterKey": n, "ParameterValue": v} for n, v in given.items()]
            with self.subTest(chosen):
                if complaint is None:
                    formation.create_stack(StackName="rules", TemplateBody=body, Parameters=values)
                else:
                    with self.assertRaisesRegex(ClientError, complaint):
                        formation.create_stack(StackName="rules", TemplateBody=body, Parameters=values)

    def test_it_outlives_a_restart(self) -> None:
        self.emulator.end()
        self.emulator.start()
        self.assertEqual(self.ask("GET", "/")[2], "the shop")
        self.assertEqual(self.ask("GET", "/api/orders/1")[0], 200)


class Upload(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, *names) -> None:
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(name)

    def test_pages_go_last_and_what_they_name_first(self) -> None:
        self.write("index.html", "a.svg", "admin/index.html", "assets/z.js", "assets/a.css")
        keys = [key for key, _ in stack.in_order(self.folder)]
        self.assertEqual(keys, ["assets/a.css", "assets/z.js", "a.svg", "admin/index.html", "shop.html"])

    def test_only_what_changed_is_uploaded(self) -> None:
        self.write("dist/shop.html")
        settings = Settings(1, self.folder)
        with mock.patch.object(deploy, "ask_stack") as ask:
            web.upload(settings, self.folder / "dist")
            web.upload(settings, self.folder / "dist")
            self.assertEqual(ask.call_count, 1)
            self.write("dist/assets/a.js")
            web.upload(settings, self.folder / "dist")
            self.assertEqual(ask.call_count, 2)

    def test_an_upload_that_failed_is_done_again(self) -> None:
        self.write("dist/shop.html")
        settings = Settings(1, self.folder)
        with mock.patch.object(deploy, "ask_stack", side_effect=UserError("cut off")), self.assertRaises(UserError):
            web.upload(settings, self.folder / "dist")
        with mock.patch.object(deploy, "ask_stack") as ask:
            web.upload(settings, self.folder / "dist")
        ask.assert_called_once()


class Build(unittest.TestCase):
    """Pages of a folder whose npm is a script of ours, run by the real Node."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.web = self.folder / "web"
        (self.web / "src").mkdir(parents=True)
        (self.folder / "docs").mkdir()
        (self.folder / "docs" / "openapi.yaml").write_text("{}")
        (self.web / "package-lock.json").write_text("{}")
        (self.web / "src" / "shop.ts").write_text("1")
        npm = self.folder / "npm.js"
        npm.write_text(NPM)
        for name, value in {
            "ROOT": self.folder,
            "WEB": self.web,
            "DIST": self.web / "dist",
            "BUILD_STAMP": self.web / "node_modules" / ".built-from",
        }.items():
            self.enterContext(mock.patch.object(web, name, value))
        self.enterContext(mock.patch.object(tools, "npm", return_value=npm))
        self.log = self.folder / "log"

    def calls(self) -> list[str]:
        web.build(self.log)
        file = self.web / "calls"
        found = file.read_text().split() if file.exists() else []
        file.unlink(missing_ok=True)
        return found

    def test_it_does_what_changed_asks_for(self) -> None:
        self.assertEqual(self.calls(), ["ci", "run"])
        self.assertEqual(self.calls(), [])
        (self.web / "src" / "shop.ts").write_text("2")
        self.assertEqual(self.calls(), ["run"])
        (self.web / "package-lock.json").write_text('{"a":1}')
        self.assertEqual(self.calls(), ["ci", "run"])

    def test_a_failure_is_said_and_stops_nothing(self) -> None:
        (self.web / "src" / "shop.ts").write_text("broken")
        with self.assertRaisesRegex(UserError, "npm run build failed:\nsyntax error"):
            web.build(self.log)
        with (
            mock.patch.object(web, "upload") as upload,
            mock.patch.object(web, "say") as say,
        ):
            self.assertFalse(web.bring_up_to_date(Settings(1, self.folder)))
        upload.assert_not_called()
        self.assertIn("syntax error", say.call_args.args[0])


NPM = """
const fs = require('fs');
const [command] = process.argv.slice(2);
if (command === 'ci') fs.mkdirSync('node_modules', { recursive: true });
if (fs.readFileSync('src/shop.ts', 'utf8') === 'broken' && command === 'run') {
  console.error('syntax error');
  process.exit(1);
}
for (const folder of command === 'run' ? ['dist', 'reference', 'public/images', 'public/reference'] : []) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(folder + '/made', '');
}
fs.appendFileSync('calls', command + '\\n');
"""


if __name__ == "__main__":
    unittest.main()
