import asyncio
import json
import unittest

from emulation import gateway


def event(body=None, **headers) -> dict:
    return {
        "version": "2.0",
        "headers": headers,
        "body": body,
        "requestContext": {"http": {"method": "GET", "sourceIp": "127.0.0.1"}},
    }


class ThroughGateway(unittest.TestCase):
    def setUp(self) -> None:
        from emulation.ministack_internals import responses

        responses.set_request_client_ip("127.0.0.9")
        self.seen = []
        self.run = gateway.through_gateway(lambda function, event: self.seen.append(event) or {"body": "done"})

    def test_the_event_names_the_peer(self) -> None:
        self.assertEqual(self.run("function", event()), {"body": "done"})
        self.assertEqual(self.seen[0]["requestContext"]["http"]["sourceIp"], "127.0.0.9")
        self.assertEqual(self.seen[0]["headers"]["x-forwarded-for"], "127.0.0.9")

    def test_the_peer_is_added_to_what_the_client_claims(self) -> None:
        self.run("function", event(**{"x-forwarded-for": "1.2.3.4"}))
        self.assertEqual(self.seen[0]["headers"]["x-forwarded-for"], "1.2.3.4, 127.0.0.9")

    def test_cookies_stand_apart_from_the_headers(self) -> None:
        self.run("function", event(cookie="a=1; __Host-session=x=y;b=2 ;", accept="*/*"))
        self.assertEqual(self.seen[0]["cookies"], ["a=1", "__Host-session=x=y", "b=2"])
        self.assertEqual(sorted(self.seen[0]["headers"]), ["accept", "x-forwarded-for"])

    def test_without_cookies_the_event_has_none(self) -> None:
        for headers in ({}, {"cookie": ""}, {"cookie": " ; "}):
            self.run("function", event(**headers))
            self.assertNotIn("cookies", self.seen[-1])

    def test_other_events_pass_unchanged(self) -> None:
        for other in ({"Records": []}, ["a"], "text", None, {"version": "0", "source": "aws.events"}):
            with self.subTest(other):
                self.run("function", other)
                self.assertIs(self.seen[-1], other)

    def test_a_body_that_lambda_would_not_take(self) -> None:
        self.assertEqual(self.run("function", event("x" * gateway.MOST_BODY_BYTES)), {"body": "done"})
        answer = self.run("function", event("x" * (gateway.MOST_BODY_BYTES + 1)))["body"]
        self.assertEqual(
            (answer["statusCode"], json.loads(answer["body"])), (413, {"message": "Request Entity Too Large"})
        )
        self.assertEqual(len(self.seen), 1)


class ErrorText(unittest.TestCase):
    def test_a_failure_says_nothing(self) -> None:
        respond = gateway.without_error_text(lambda result: self.fail("it was asked"))
        with self.assertLogs("gateway", "ERROR") as logged:
            answer, _ = respond({"error": True, "body": {"errorMessage": "table shop-Users"}})
        self.assertEqual(
            (answer["statusCode"], json.loads(answer["body"])), (500, {"message": "Internal Server Error"})
        )
        self.assertIn("table shop-Users", logged.output[0])

    def test_an_answer_passes(self) -> None:
        respond = gateway.without_error_text(lambda result: (result["body"], None))
        self.assertEqual(respond({"body": {"statusCode": 404}}), ({"statusCode": 404}, None))


class Tokens(unittest.TestCase):
    def check(self, outcome) -> tuple:
        async def validate(route, authorizer, headers, query_params) -> tuple:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        refuse = gateway.refuse_what_is_no_token(validate, lambda: (401, {}, b""))
        return asyncio.run(refuse({}, {}, {}, {}))

    def test_what_breaks_the_check_is_no_token(self) -> None:
        for err in (
            AttributeError("list has no get"),
            ValueError("invalid literal for int"),
            TypeError(),
            KeyError("n"),
        ):
            with self.subTest(err):
                self.assertEqual(self.check(err), (None, None, (401, {}, b"")))

    def test_a_token_passes(self) -> None:
        self.assertEqual(self.check(({"sub": "usr_1"}, ["customer"], None)), ({"sub": "usr_1"}, ["customer"], None))

    def test_a_failure_of_the_emulator_is_not_hidden(self) -> None:
        with self.assertRaises(OSError):
            self.check(OSError("no network"))


if __name__ == "__main__":
    unittest.main()
