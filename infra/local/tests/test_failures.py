"""What is said again of a failed test run, from outputs as the tools print them."""

# Playwright prints such signs.
# ruff: noqa: RUF001

import subprocess
import sys
import unittest

from localstore import failures
from localstore.settings import LOCAL

GO = """\
--- FAIL: TestA (0.00s)
    --- FAIL: TestA/sub (0.00s)
        a_test.go:3: got 1, want 2
--- FAIL: TestB (0.00s)
    a_test.go:4: no answer
FAIL
FAIL\texample.com/a\t0.002s
ok  \texample.com/b\t0.100s
PASS
permissions that nothing used: sqs:SendMessage
FAIL\texample.com/c\t0.002s
FAIL\texample.com/d [build failed]
FAIL
"""
PYTHON = """\
E.
======================================================================
ERROR: test_b (tests.test_x.T.test_b)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "test_x.py", line 6, in test_b
    def test_b(self): raise KeyError("a")
KeyError: 'a'

======================================================================
FAIL: test_a (tests.test_x.T.test_a) (a=1)
A doc.
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: 1 != 2 : why
"""
BROWSER = """\
  ✘  2 [store] › tests/browser/shop.spec.ts:8:1 › journey 4 (5.1s)
  1) [store] › tests/browser/shop.spec.ts:8:1 › journey 4 ─────────────────────

    \x1b[31mTestTimeoutError: page.click: Timeout 5000ms exceeded.\x1b[39m
    Error: another

  1 failed
    [store] › tests/browser/shop.spec.ts:8:1 › journey 4 ─────────────────────────
"""
SCHEMATHESIS = """\
=================================== FAILURES ===================================
_________________________________ GET /products _________________________________
1. Test Case ID: a1

- Undocumented HTTP status code

    Received: 500
"""
NOTHING_KNOWN = "building\n" * 9 + "bench: no answer of the emulator\n"


class FailuresTest(unittest.TestCase):
    def test_each_failed_test_is_named_with_its_message(self) -> None:
        for output, expected in {
            GO: [
                "TestA/sub: a_test.go:3: got 1, want 2",
                "TestB: a_test.go:4: no answer",
                "example.com/a",
                "example.com/c: permissions that nothing used: sqs:SendMessage",
                "example.com/d [build failed]",
            ],
            PYTHON: [
                "test_b (tests.test_x.T.test_b): KeyError: 'a'",
                "test_a (tests.test_x.T.test_a) (a=1): AssertionError: 1 != 2 : why",
            ],
            BROWSER: [
                "[store] › tests/browser/shop.spec.ts:8:1 › journey 4: "
                "TestTimeoutError: page.click: Timeout 5000ms exceeded.",
            ],
            SCHEMATHESIS: ["GET /products: - Undocumented HTTP status code"],
            NOTHING_KNOWN: ["building"] * 4 + ["bench: no answer of the emulator"],
        }.items():
            with self.subTest(output=output):
                self.assertEqual(failures.failures(output), expected)

    def test_what_children_print_is_shown_and_kept(self) -> None:
        program = (
            "import subprocess, sys\n"
            "from localstore import failures\n"
            "def test():\n"
            "    print('ours')\n"
            "    return subprocess.run(['sh', '-c', 'echo theirs; echo worse >&2; exit 3']).returncode\n"
            "code, kept = failures.recorded(test)\n"
            "print('after', code, repr(kept))\n"
        )
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=LOCAL, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.splitlines()[-1], "after 3 'ours\\ntheirs\\nworse\\n'")
        self.assertEqual(done.stdout.splitlines()[:3], ["ours", "theirs", "worse"])
        self.assertEqual(done.stderr, "")

    def test_a_long_list_and_a_long_line_are_cut(self) -> None:
        lines = [f"--- FAIL: Test{i:02}\n    {'x' * 400}" for i in range(failures.MOST + 2)]
        found = failures.failures("\n".join(lines))
        self.assertEqual(len(found), failures.MOST + 1)
        self.assertEqual(found[-1], "and 2 more")
        self.assertEqual(len(found[0]), failures.LONGEST_LINE + 1)
