"""What failed in a test run, in a line each: the last lines of a long output should say it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

SECONDS_TO_END = 5  # what still runs may hold the output open
OUTPUTS = (1, 2)
LONGEST_LINE = 300
MOST = 20
LAST = 5
FURTHER = 200  # lines after a test's name, among which is its message

# A test of Go, whose message is indented below it; a subtest is indented below its test.
GO_TEST = re.compile(r"^\s*--- FAIL: (\S+)")
GO_PACKAGE = re.compile(r"^FAIL\t(\S+(?: \[.*\])?)")
GO_BROKEN = re.compile(r"^(panic: |WARNING: DATA RACE|\S+\.go:\d+:\d+: )")
PYTHON_TEST = re.compile(r"^(?:FAIL|ERROR): (\S+ \(\S+\).*)$")
PYTHON_ERROR = re.compile(r"^\w[\w.]*(?:Error|Exception|Expired|Exit)\b")
# The list at the end of Playwright's output; while tests run it says the same with another sign.
BROWSER_TEST = re.compile(r"^ {2}\d+\) (\[\w+\] \S .*?)\s*─*$")
BROWSER_ERROR = re.compile(r"^ {4}\w*Error: ")
SCHEMATHESIS = re.compile(r"^_{3,} ([A-Z]+ /\S*) _{3,}$")
CHECK = re.compile(r"^- ")
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def recorded(test: Callable[[], int]) -> tuple[int, str]:
    """Run a test. Return its exit code and all that this process and its children printed, which is shown, too."""
    with tempfile.TemporaryDirectory(prefix="shop-output-") as folder:
        output = Path(folder) / "output"
        with shown_and_kept(output):
            code = test()
        return code, output.read_text(errors="replace")


@contextlib.contextmanager
def shown_and_kept(path: Path) -> Iterator[None]:
    """Write what this process and its children print into a file, too. To them it is no terminal then."""
    flush()
    before = [os.dup(descriptor) for descriptor in OUTPUTS]
    # A session of its own: Ctrl-C does not end it before it has shown what the others say to that.
    tee = subprocess.Popen(["tee", str(path)], stdin=subprocess.PIPE, start_new_session=True)
    try:
        for descriptor in OUTPUTS:
            os.dup2(tee.stdin.fileno(), descriptor)
        tee.stdin.close()
        yield
    finally:
        flush()
        for descriptor, kept in zip(OUTPUTS, before, strict=True):
            os.dup2(kept, descriptor)
            os.close(kept)
        with contextlib.suppress(subprocess.TimeoutExpired):
            tee.wait(SECONDS_TO_END)


def flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def failures(output: str) -> list[str]:
    """Each failed test of an output and the first line of its message; the last lines, where none is recognized."""
    lines = COLOURS.sub("", output).splitlines()
    found = [line for at in range(len(lines)) if (line := failure(lines, at))]
    found = list(dict.fromkeys(found)) or lines[-LAST:]
    short = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in found]
    return short if len(short) <= MOST else [*short[:MOST], f"and {len(short) - MOST} more"]


def failure(lines: list[str], at: int) -> str:
    """The failed test that a line names and the first line of its message. Empty: the line names none."""
    line, following = lines[at], lines[at + 1 : at + FURTHER]
    if test := GO_TEST.match(line):
        message = following[0].strip() if following and following[0].startswith(" ") else ""
        return "" if GO_TEST.match(message) else f"{test[1]}: {message}"
    if test := GO_PACKAGE.match(line):
        # A package can fail by what it checks after its last test, and says that before this line.
        before = next((said for said in reversed(lines[:at]) if not said.startswith("exit status ")), "FAIL")
        return test[1] if re.match(r"FAIL|PASS|ok\b|\?", before) else f"{test[1]}: {before}"
    if GO_BROKEN.match(line):
        return line
    for names, messages in ((PYTHON_TEST, PYTHON_ERROR), (BROWSER_TEST, BROWSER_ERROR), (SCHEMATHESIS, CHECK)):
        if test := names.match(line):
            return f"{test[1]}: {first(messages, following)}"
    return ""


def first(pattern: re.Pattern[str], lines: list[str]) -> str:
    """The first line that the pattern matches, without the spaces around it."""
    return next((line.strip() for line in lines if pattern.match(line)), "")
