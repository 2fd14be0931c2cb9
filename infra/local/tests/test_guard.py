"""Which requests the guard refuses; test_emulator.py has the same over HTTP."""

import asyncio
import unittest

from emulation.guard import Guard, is_deployed, without_cors
from emulation.server import application

APIS = (
    "/",
    "/2015-03-31/functions",
    "/some-bucket/key",
    "/_ministack/ses/messages",
    "/_ministack/health",
    "/_shop/save",
)
ROUTE = "/_aws/execute-api/api/products"


class Complaints(unittest.TestCase):
    def setUp(self) -> None:
        self.guard = Guard(4566, "http://127.0.0.1:4600")

    def refused(self, path, host="127.0.0.1:4566", **headers) -> bool:
        found = {name.replace("_", "-"): [value] for name, value in headers.items()}
        return self.guard.complaint(path, {"host": [host]} | found) is not None

    def test_hosts_of_this_store(self) -> None:
        for host in ("127.0.0.1:4566", "localhost:4566", "LOCALHOST:4566", "[::1]:4566", "127.0.0.1:4600"):
            for path in (*APIS, ROUTE):
                with self.subTest(host=host, path=path):
                    self.assertFalse(self.refused(path, host))

    def test_foreign_hosts(self) -> None:
        for host in (
            "evil.example",
            "evil.example:4566",
            "127.0.0.1.evil.example:4566",
            "127.0.0.1:4566.evil.example",
            "bucket.localhost:4566",
            "localhost.:4566",
            "0.0.0.0:4566",
            "127.0.0.1:4566@evil.example",
            "",
        ):
            for path in (*APIS, ROUTE):
                with self.subTest(host=host, path=path):
                    self.assertTrue(self.refused(path, host))

    def test_another_port(self) -> None:
        """A program of this machine may stand before the routes, but not before AWS's APIs."""
        self.assertFalse(self.refused(ROUTE, "localhost:5173"))
        for path in APIS:
            with self.subTest(path):
                self.assertTrue(self.refused(path, "localhost:5173"))

    def test_no_host_and_two_hosts(self) -> None:
        for path in (*APIS, ROUTE):
            with self.subTest(path):
                self.assertIsNotNone(self.guard.complaint(path, {}))
                self.assertIsNotNone(self.guard.complaint(path, {"host": ["127.0.0.1:4566", "evil.example"]}))

    def test_without_a_proxy_there_is_no_other_port(self) -> None:
        self.guard = Guard(4566, "http://127.0.0.1:4566")
        self.assertTrue(self.refused("/", "127.0.0.1:4600"))

    def test_foreign_origins(self) -> None:
        for origin in (
            "https://evil.example",
            "null",
            "http://127.0.0.1:8080",
            "https://127.0.0.1:4566",
            "file://",
            "",
        ):
            for path in APIS:
                with self.subTest(origin=origin, path=path):
                    self.assertTrue(self.refused(path, origin=origin))
            self.assertFalse(self.refused(ROUTE, origin=origin), "the functions decide")

    def test_ones_own_origin(self) -> None:
        for path in APIS:
            with self.subTest(path):
                self.assertFalse(self.refused(path, origin="http://127.0.0.1:4566", sec_fetch_site="same-origin"))

    def test_sites(self) -> None:
        for path in APIS:
            for site in ("cross-site", "same-site", "something-new"):
                with self.subTest(site=site, path=path):
                    self.assertTrue(self.refused(path, sec_fetch_site=site))
            self.assertFalse(self.refused(path, sec_fetch_site="none"), "an address that somebody typed")
        self.assertFalse(self.refused(ROUTE, origin="https://evil.example", sec_fetch_site="cross-site"))


class Deployed(unittest.TestCase):
    def test_what_is_a_route(self) -> None:
        for path in (
            "/_aws/execute-api/api",
            "/_aws/execute-api/api/",
            ROUTE,
            "/_aws/execute-api/issuer/.well-known/a\nb",
        ):
            with self.subTest(path):
                self.assertTrue(is_deployed(path))

    def test_what_is_none(self) -> None:
        for path in (
            "/",
            "/_aws/execute-api/",
            "/_aws/execute-api//api",
            "/_aws/execute-api/../api/x",
            "/_aws/x/api",
            "/x" + ROUTE,
        ):
            with self.subTest(path):
                self.assertFalse(is_deployed(path))


class Application(unittest.TestCase):
    """What is passed on to the emulator, and what is answered before it."""

    def ask(self, scope) -> tuple[list, list]:
        """What was sent, and which requests the emulator got."""
        sent, passed_on = [], []

        async def emulator(scope, receive, send) -> None:
            passed_on.append(scope["type"])

        async def send(message) -> None:
            sent.append(message)

        guarded = application(emulator, None, Guard(4566, "http://127.0.0.1:4566"))
        asyncio.run(guarded(scope, None, send))
        return sent, passed_on

    def test_no_websocket_opens(self) -> None:
        """The emulator has some, and would take whom it likes."""
        headers = [(b"host", b"127.0.0.1:4566"), (b"origin", b"https://evil.example")]
        for path in ("/mqtt", ROUTE):
            sent, passed_on = self.ask({"type": "websocket", "path": path, "headers": headers})
            self.assertEqual((sent, passed_on), ([{"type": "websocket.close"}], []))

    def test_a_refusal_says_why(self) -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"evil.example:4566")]}
        sent, passed_on = self.ask(scope)
        self.assertEqual((sent[0]["status"], passed_on), (403, []))
        self.assertEqual(sent[1]["body"], b"refused: the Host is none of this store's\n")

    def test_starting_and_ending_is_the_emulator_s(self) -> None:
        self.assertEqual(self.ask({"type": "lifespan"}), ([], ["lifespan"]))


class Cors(unittest.TestCase):
    def test_it_is_taken_out(self) -> None:
        sent = []

        async def send(message) -> None:
            sent.append(message)

        async def answer() -> None:
            headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-max-age", b"1"), (b"etag", b"x")]
            await without_cors(send)({"type": "http.response.start", "status": 200, "headers": headers})
            await without_cors(send)({"type": "http.response.body", "body": b"x"})

        asyncio.run(answer())
        self.assertEqual(sent[0]["headers"], [(b"etag", b"x")])
        self.assertEqual(sent[1]["body"], b"x")


if __name__ == "__main__":
    unittest.main()
