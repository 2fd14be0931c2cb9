"""The smoke test's refusals. That it passes on the whole store is a test of cmd/shop."""

import base64
import http.server
import json
import threading
import unittest
from unittest import mock

import smoke
import stack

PAGE = b"<!doctype html><script src=/a.js></script>"


class Store(http.server.BaseHTTPRequestHandler):
    """Answers by the table of its server: "METHOD /path" → (status, body)."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.answers[f"{self.command} {self.path.split('?')[0]}"]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if content.startswith(b"<") else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_arguments) -> None:
        """Nothing."""


def token(kid) -> str:
    return base64.urlsafe_b64encode(json.dumps({"kid": kid}).encode()).decode().rstrip("=") + ".e30.c2ln"


class Smoke(unittest.TestCase):
    def setUp(self) -> None:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.base = f"http://127.0.0.1:{server.server_port}"
        self.answers = server.answers = {
            "GET /": (200, PAGE),
            "GET /admin/": (200, PAGE),
            "GET /api/products": (200, {"items": []}),
            "GET /.well-known/openid-configuration": (200, {"issuer": self.base, "jwks_uri": f"{self.base}/keys"}),
            "GET /keys": (200, {"keys": [{"kid": "one"}, {"kid": "two"}]}),
            "POST /api/users": (202, b""),
            "POST /api/sessions": (201, {"access_token": token("two")}),
            "GET /api/users/me": (200, {}),
            "DELETE /api/users/me": (204, b""),
        }
        self.commands, self.fails = [], ""

    def shop(self, *arguments) -> str:
        self.commands.append(arguments[0])
        if arguments[0] == self.fails:
            raise smoke.Failed(f"shop {arguments[0]}: one thing is wrong")
        return ""

    def run_smoke(self) -> list[str]:
        said = []
        smoke.run({"PagesUrl": self.base, "IssuerUrl": self.base}, self.shop, said.append, seconds=0)
        return said

    def test_where_addresses_are_verified_an_operator_does_it(self) -> None:
        self.assertIn("sign up and verify, log in (key two)", "\n".join(self.run_smoke()))
        self.assertEqual(self.commands, ["verify-user", "status"])
        self.answers["POST /api/users"] = (201, {})
        self.commands.clear()
        self.run_smoke()
        self.assertNotIn("verify-user", self.commands)

    def test_what_shop_status_finds_is_said_and_fails_nothing(self) -> None:
        self.fails = "status"
        self.assertIn("look at this: shop status: one thing is wrong", "\n".join(self.run_smoke()))
        self.fails = "verify-user"
        self.assertRaises(smoke.Failed, self.run_smoke)

    def test_what_does_not_work_is_said(self) -> None:
        for complaint, route, answer in (
            ("is no page of the store", "GET /admin/", (200, b"<html>Welcome to nginx")),
            ("GET .*/products.* is answered 500, not .200", "GET /api/products", (500, {"code": "internal"})),
            ("the issuer calls itself", "GET /.well-known/openid-configuration", (200, {"issuer": "https://other"})),
            (
                "signed by three, which the issuer does not publish",
                "POST /api/sessions",
                (201, {"access_token": token("three")}),
            ),
            ("POST .*/sessions is answered 401", "POST /api/sessions", (401, {})),
            ("DELETE .*/users/me is answered 403", "DELETE /api/users/me", (403, {})),
        ):
            right = self.answers[route]
            self.answers[route] = answer
            with self.subTest(complaint), self.assertRaisesRegex(smoke.Failed, complaint):
                self.run_smoke()
            self.answers[route] = right

    def test_a_domain_that_leads_nowhere_yet(self) -> None:
        """The pages' own domain has no DNS record before its distribution is made: that fails nothing."""
        asked, ask = [], smoke.ask

        def through(method, url, *more) -> tuple[int, dict[str, str], bytes]:
            asked.append(url)
            return ask(method, url.replace("https://d1.cloudfront.net", self.base), *more)

        outputs = {"PagesUrl": "https://shop.example.com", "PagesDistributionDomain": "d1.cloudfront.net"}
        with mock.patch.object(smoke, "ask", through):
            smoke.run(outputs | {"IssuerUrl": self.base}, self.shop, lambda text: None, seconds=0)
        self.assertIn("https://d1.cloudfront.net/admin/", asked)
        self.assertIn("https://d1.cloudfront.net/api/products?limit=1", asked)
        self.assertEqual([url for url in asked if "shop.example.com" in url], [])

    def test_pages_without_a_domain_of_their_own(self) -> None:
        outputs = {"PagesUrl": "https://d1.cloudfront.net", "PagesDistributionDomain": "d1.cloudfront.net"}
        self.assertEqual(smoke.base_of_pages(outputs), "https://d1.cloudfront.net")
        self.assertIsNone(smoke.base_of_pages({"ApiUrl": "https://api"}))

    def test_pages_that_are_named_are_tried(self) -> None:
        found = {"PagesUrl": "https://shop", "PagesDistributionDomain": "d1.cloudfront.net", "IssuerUrl": self.base}
        with mock.patch.object(stack, "outputs", return_value=found), mock.patch.object(smoke, "run") as run:
            smoke.main(["shop", f"PagesUrl={self.base}"])
        self.assertEqual(smoke.base_of_pages(run.call_args.args[0]), self.base)

    def test_nobody_answers(self) -> None:
        with self.assertRaisesRegex(smoke.Failed, "is answered 0"):
            smoke.run({"ApiUrl": "http://127.0.0.1:9", "IssuerUrl": self.base}, self.shop, print, seconds=0)


if __name__ == "__main__":
    unittest.main()
