"""The processes that run the functions: quick answers, a clean environment, logs one can read.

The emulator starts each function's bootstrap on this machine and hands it the emulator's own environment. A
function sees here what it would see on AWS: what its template declares, what Lambda sets, and AWS_ENDPOINT_URL.
"""

import contextvars
import functools
import json
import logging
import os
import re
import socketserver
import threading
import time
from collections.abc import Callable

from emulation.ministack_internals import cloudwatch_logs, lambda_runtime, lambda_svc, provisioners

SET_BY_LAMBDA = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "LANG",
    "PATH",
}
SET_BY_EMULATOR = {"AWS_ENDPOINT_URL"}
ONE_FIELD = re.compile(r'\{ \$\.(?P<name>\w+) = "(?P<value>[^"]*)" \}')
MOST_LOG_STREAMS = 500
LONGEST_INVOCATION = 900  # seconds, and more than any function's timeout
UPDATING = contextvars.ContextVar("updating", default=False)

log = logging.getLogger("functions")


def install() -> None:
    # The runtime API answers in two writes; without this a warm call waits some 40 ms on Nagle and delayed ACK.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    lambda_svc._provided_worker_env = clean_environment(lambda_svc._provided_worker_env)
    lambda_svc._emit_lambda_logs = keep_newest_streams(lambda_svc._emit_lambda_logs)
    cloudwatch_logs._subscription_pattern_matches = by_field(cloudwatch_logs._subscription_pattern_matches)
    lambda_svc._update_code = as_update(lambda_svc._update_code)
    lambda_svc._update_config = as_update(lambda_svc._update_config)
    lambda_runtime.kill_workers = finish_first(lambda_runtime.kill_workers)
    worker = lambda_runtime.ProvidedWorker
    worker._pump_output = print_output(worker._pump_output)
    worker._drain_stderr_bounded = wait_less(worker._drain_stderr_bounded)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    handlers |= {name: with_whole_numbers(handlers[name]) for name in ("create", "update")}


def with_whole_numbers(handler) -> Callable:
    """A parameter's value is a text. CloudFormation makes MaximumConcurrency a number; else no message is received."""

    @functools.wraps(handler)
    def handle(*arguments, **named) -> tuple[str, dict]:
        return handler(*(whole_numbers(argument) for argument in arguments), **named)

    return handle


def whole_numbers(properties) -> object:
    if not isinstance(properties, dict) or not properties.get("ScalingConfig"):
        return properties
    numbers = {name: int(value) for name, value in properties["ScalingConfig"].items()}
    return properties | {"ScalingConfig": numbers}


def by_field(matches) -> Callable:
    """Understand filter patterns of one field, such as { $.msg = "audit" }, which the emulator takes for words."""

    @functools.wraps(matches)
    def match(pattern, message) -> bool:
        wanted = ONE_FIELD.fullmatch(pattern or "")
        if not wanted:
            return matches(pattern, message)
        try:
            return json.loads(message)[wanted["name"]] == wanted["value"]
        except (ValueError, KeyError, TypeError):  # no JSON object, or without the field
            return False

    return match


def as_update(update) -> Callable:
    """Mark what happens while a function's code or configuration is replaced."""

    @functools.wraps(update)
    def marked(*args, **options) -> object:
        token = UPDATING.set(True)
        try:
            return update(*args, **options)
        finally:
            UPDATING.reset(token)

    return marked


def finish_first(kill) -> Callable:
    """A process of what a function was before ends the invocation that it has, as on AWS; then it is ended."""

    @functools.wraps(kill)
    def end(workers) -> None:
        busy = [w for w in workers if UPDATING.get() and w is not None and w.in_use]
        kill([w for w in workers if w not in busy])
        if busy:
            threading.Thread(target=end_when_idle, args=(kill, busy), daemon=True).start()

    return end


def end_when_idle(kill, workers) -> None:
    deadline = time.monotonic() + LONGEST_INVOCATION
    while any(w.in_use for w in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    kill(workers)


def clean_environment(build) -> Callable:
    """Drop from a function's environment what it would not have on AWS."""

    @functools.wraps(build)
    def environment(config, code_dir, port) -> dict[str, str]:
        declared = (config.get("Environment") or {}).get("Variables") or {}
        allowed = SET_BY_LAMBDA | SET_BY_EMULATOR | set(declared)
        built = {name: value for name, value in build(config, code_dir, port).items() if name in allowed}
        return {"TZ": ":UTC", "LANG": "en_US.UTF-8", "PATH": os.defpath} | built

    return environment


class Printed:
    """A queue of log lines that writes each line into the emulator's log at once."""

    def __init__(self, lines, name) -> None:
        self.lines, self.name = lines, name

    def put_nowait(self, line) -> None:
        log.info("%s %s", self.name, line)
        self.lines.put_nowait(line)

    def get_nowait(self) -> str:
        return self.lines.get_nowait()


def print_output(pump) -> Callable:
    """Write what a function logs into the emulator's log while it runs."""

    @functools.wraps(pump)
    def read(worker, stream, lines) -> None:
        pump(worker, stream, Printed(lines, worker.func_name))

    return read


def wait_less(drain) -> Callable:
    """A function that logged nothing kept its caller waiting 50 ms for a line that never came."""

    @functools.wraps(drain)
    def collect(worker, first_line_wait=0.001, idle_confirm=0.001, hard_cap=0.25) -> list[str]:
        return drain(worker, first_line_wait, idle_confirm, hard_cap)

    return collect


def keep_newest_streams(emit) -> Callable:
    @functools.wraps(emit)
    def record(function, *args, **options) -> None:
        emit(function, *args, **options)
        config = function.get("config") or function
        forget_oldest_streams(
            (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        )

    return record


def forget_oldest_streams(group_name) -> None:
    """The emulator opens one log stream per invocation and keeps all of them: a long run would fill the memory."""
    group = cloudwatch_logs._log_groups.get(group_name)
    streams = group["streams"] if group else {}
    for _ in range(len(streams) - MOST_LOG_STREAMS):
        streams.pop(next(iter(streams)), None)
