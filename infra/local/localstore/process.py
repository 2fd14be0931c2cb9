"""The emulator's process: started, waited for, ended; and the lock on the data folder that says who runs there."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from localstore import tools
from localstore.settings import HOST, LOCAL, UserError

SECONDS_TO_START = 120
SECONDS_TO_END = 120
LOCK = "lock"


def start(settings) -> subprocess.Popen:
    """Start the emulator in the background and return its process when it answers."""
    refuse_in_vain(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        tools.emulator_python(),
        str(LOCAL / "emulator.py"),
        "--port",
        str(settings.port),
        "--pages-port",
        str(settings.pages_port),
        "--data",
        str(settings.data),
    ]
    if settings.functions_endpoint:
        command += ["--functions-endpoint", settings.functions_endpoint]
    with open(settings.log, "w") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=with_node(), start_new_session=True
        )
    wait_until_answering(settings, process)
    return process


def with_node() -> dict[str, str]:
    """The environment in which the emulator finds the Node that runs the distribution's edge functions."""
    node = tools.installed_node()
    return os.environ | ({"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"} if node else {})


def refuse_in_vain(settings) -> None:
    """Say at once what would keep the store from starting, before anything is fetched for it."""
    refuse_if_running(settings)
    refuse_other_port(settings)
    refuse_used_port(settings)


def refuse_if_running(settings) -> None:
    holder = running(settings)
    if holder:
        raise UserError(
            f"{settings.data} is in use by the store on port {holder['port']} (process {holder['pid']}): "
            "stop it with `make down`, or choose another folder with SHOP_DATA"
        )


def refuse_other_port(settings) -> None:
    """The queues' addresses, which hold the port, are in the saved state and in the functions' environments."""
    with contextlib.suppress(OSError, ValueError):
        port = json.loads((settings.data / LOCK).read_text())["port"]
        if port != settings.port and (settings.data / "state").is_dir():
            raise UserError(
                f"the store in {settings.data} was made for port {port}: use SHOP_PORT={port}, "
                "choose another folder with SHOP_DATA, or remove that folder"
            )


def refuse_used_port(settings) -> None:
    for name, port in (("SHOP_PORT", settings.port), ("SHOP_PAGES_PORT", settings.pages_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError) as err:
                raise UserError(f"port {port} cannot be used ({err}): choose another one with {name}") from err


def running(settings) -> dict[str, int] | None:
    """Who runs on the data folder, {"pid","port","pages_port"}, or None. The lock ends when its process does."""
    try:
        with open(settings.data / LOCK) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return owner(settings)
    return None


def owner(settings) -> dict[str, int]:
    """What the lock's holder wrote into it; it writes just after it took the lock."""
    for _ in range(1000):
        with contextlib.suppress(ValueError):
            return json.loads((settings.data / LOCK).read_text())
        time.sleep(0.01)
    raise UserError(f"{settings.data} is locked, and {settings.data / LOCK} does not say by whom")


def wait_until_answering(settings, process) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise UserError(f"the emulator ended at once:\n{log_tail(settings)}")
        if status(f"{settings.endpoint}/_ministack/health") == 200:
            return
        time.sleep(0.1)
    end_process(process)
    raise UserError(f"the emulator did not answer within {SECONDS_TO_START} s:\n{log_tail(settings)}")


def status(url) -> int | None:
    """The status that a GET is answered with; None when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as err:
        return err.code
    except OSError:
        return None


def save(settings) -> None:
    """Have the emulator write all of its state now."""
    request = urllib.request.Request(f"{settings.endpoint}/_shop/save", method="POST")
    with urllib.request.urlopen(request, timeout=60):
        pass


def stop(settings) -> bool:
    """End the store that runs on the data folder, its state saved. Return whether there was one."""
    holder = running(settings)
    if not holder:
        return False
    os.kill(holder["pid"], signal.SIGTERM)
    end = time.monotonic() + SECONDS_TO_END
    while running(settings):
        if time.monotonic() > end:
            raise UserError(f"the store (process {holder['pid']}) does not end; its log is {settings.log}")
        time.sleep(0.05)
    return True


def end_process(process) -> None:
    """End a process that we started: kindly, then not."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_tail(settings, lines=30) -> str:
    """The end of the emulator's log, for an error message."""
    try:
        text = settings.log.read_text(errors="replace")
    except OSError:
        return "(it left no log)"
    return "\n".join(text.splitlines()[-lines:])
