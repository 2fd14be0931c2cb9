"""Reading the functions' logs."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from localstore import logs

FIELDS = {
    "time": "2026-11-28T05:44:40.146557244Z",
    "level": "INFO",
    "msg": "answered",
    "function": "shop-PlaceOrderFunction-AFE96CE8C2DB9",
    "request_id": "r1",
    "route": "POST /orders",
    "status": 201,
    "reason": "",
}
PREFIX = "2026-11-28 05:44:41 INFO [functions] shop-PlaceOrderFunction-AFE96CE8C2DB9 "


class Lines(unittest.TestCase):
    def test_what_a_function_logged(self) -> None:
        self.assertEqual(
            logs.readable(PREFIX + json.dumps(FIELDS)),
            '05:44:40.146 INFO  PlaceOrder         answered  request_id=r1 route="POST /orders" status=201',
        )

    def test_what_is_no_line_of_the_logger_is_shown_as_it_is(self) -> None:
        for text in ("panic: index out of range", "[]", '{"level":"INFO"}', '{"time":7,"level":"INFO"}'):
            with self.subTest(text):
                self.assertEqual(logs.readable(PREFIX + text), f"05:44:41     -     PlaceOrder         {text}")

    def test_one_function_is_named_by_its_folder_or_its_logical_id(self) -> None:
        line = PREFIX + json.dumps(FIELDS)
        for wanted in ("", "place-order", "PlaceOrder", "PlaceOrderFunction", "order"):
            self.assertIsNotNone(logs.readable(line, wanted), wanted)
        self.assertIsNone(logs.readable(line, "list-orders"))

    def test_copies_of_audited_lines_are_shown_on_request_only(self) -> None:
        line = PREFIX.replace("PlaceOrder", "KeepAudit") + json.dumps(FIELDS)
        self.assertIsNone(logs.readable(line))
        self.assertIsNotNone(logs.readable(line, "keep-audit"))

    def test_the_emulators_own_lines_are_none(self) -> None:
        self.assertIsNone(logs.readable("2026-11-28 05:44:40 INFO [lambda] Lambda shop-F output:"))


class Follow(unittest.TestCase):
    def follow(self, *answers, wanted="", last=0) -> list[str]:
        """What is printed of a log of three lines, to which each look at whether the store is alive adds one more."""
        with tempfile.TemporaryDirectory() as folder:
            path, looks = Path(folder) / "log", iter(answers)
            path.write_text("".join(f"{PREFIX}old {n}\n" for n in range(3)))

            def alive() -> bool:
                with open(path, "a") as file:
                    file.write(f"{PREFIX}new\nx WARNING [app] low\n")
                return next(looks)

            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                logs.follow(path, alive, wanted, last)
        return [line.split(maxsplit=3)[-1] for line in out.getvalue().splitlines()]

    def test_it_begins_with_the_last_lines_and_ends_with_the_store(self) -> None:
        self.assertEqual(self.follow(True, False, last=2), ["old 1", "old 2", "new", "low", "new", "low"])

    def test_of_one_function_alone(self) -> None:
        self.assertEqual(self.follow(False, wanted="place-order"), ["new"])
        self.assertEqual(self.follow(False, wanted="log-in"), [])
