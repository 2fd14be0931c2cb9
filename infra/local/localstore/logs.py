"""What the functions of a store logged, one readable line each: time, level, function, message and the rest.

06:10:12.345 INFO  PlaceOrder  answered  route="POST /orders" status=201 duration_ms=53 request_id=e7…
"""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LINE = re.compile(r"\S+ (?P<time>\S+) \w+ \[functions\] (?P<function>\S+) (?P<text>.*)")
# The stack's name, the logical id without its last word, and what CloudFormation adds.
NAME = re.compile(r"^[^-]+-(?P<name>\w+?)(Function)?(-[0-9A-Za-z]+)?$")
COPIES = "KeepAudit"  # what it logs is what others have logged
SECONDS_BETWEEN_LOOKS = 0.2
TROUBLE = (" WARNING ", " ERROR ")
LEFT_OUT = ("time", "level", "msg", "function")


def readable(line, wanted="") -> str | None:
    """A line of the emulator's log as a person reads it, or None if no function that is wanted logged it.

    wanted: part of a function's name, as its folder or its logical id has it: place-order, PlaceOrder; empty: all.
    """
    found = LINE.match(line)
    if not found:
        return None
    function = short_name(found["function"])
    if plain(wanted) not in plain(function) or (not wanted and function == COPIES):
        return None
    try:
        fields = json.loads(found["text"])
        when, level = fields["time"][11:23].rstrip("Z"), fields["level"]
    except (ValueError, KeyError, TypeError):  # no line of the project's logger, such as a panic
        return f"{found['time']:12} {'-':5} {function:18} {found['text']}"
    rest = " ".join(f"{name}={shown(v)}" for name, v in fields.items() if name not in LEFT_OUT and v not in ("", None))
    return f"{when:12} {level:5} {function:18} {fields.get('msg', '')}  {rest}".rstrip()


def short_name(function) -> str:
    found = NAME.match(function)
    return found["name"] if found else function


def plain(name) -> str:
    return name.replace("-", "").lower().removesuffix("function")


def shown(value) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r"\s", text) else text


def lines(path: Path, alive: Callable[[], bool], last: int = 0) -> Iterator[str]:
    """The last lines of a growing file, then what is added, until it is not alive."""
    with open(path, errors="replace") as file:
        before = file.readlines()
        yield from before[len(before) - last :]
        while True:
            ended = not alive()
            yield from file
            if ended:
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)


def follow(path: Path, alive: Callable[[], bool], wanted: str = "", last: int = 0) -> None:
    """Print what functions log, until the store ends or Ctrl-C; the emulator's warnings, too, where all is wanted."""
    with contextlib.suppress(KeyboardInterrupt):
        for line in lines(path, alive, last):
            text = readable(line, wanted)
            if text is None and not wanted and any(word in line for word in TROUBLE):
                text = line.rstrip("\n")
            if text is not None:
                print(text, flush=True)
