"""The AWS emulator that the store runs on: ministack, bound to this machine, with the project's changes to it.

    python emulator.py --port 4566 --data .shop [--pages-port 4567] [--functions-endpoint URL]

It needs no AWS account and no Docker. IAM is enforced: a function may do what its role allows. The deployer and the
operator come with the root keys of the store, which are made at its first start. What is changed in the emulator, and
why, is said in the modules of `emulation`.
"""

import argparse
import asyncio
import fcntl
import json
import os
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import TextIO

from emulation import keys

REGION = "eu-west-1"
MOST_EXECUTIONS = 1000  # AWS's own default for an account; the emulator's depends on the machine's memory
WARM_SECONDS = 60
KEPT_FROM_CALLER = ("PATH", "HOME", "LANG", "LC_ALL")


def arguments(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True, help="the port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="the folder that keeps the state")
    parser.add_argument("--pages-port", type=int, default=0, help="the distribution's port (default: the next one)")
    parser.add_argument(
        "--functions-endpoint", default="", help="the AWS endpoint that functions are given (default: this one)"
    )
    return parser.parse_args(argv)


def environment(port, data, root, functions_endpoint="") -> dict[str, str]:
    """All that the emulator is configured by; nothing else of the caller's environment reaches it. root: its keys."""
    kept = {name: os.environ[name] for name in KEPT_FROM_CALLER if name in os.environ}
    return kept | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": functions_endpoint or f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": root["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": root["secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "TMPDIR": str(data / "tmp"),
        "LAMBDA_ACCOUNT_CONCURRENCY": str(MOST_EXECUTIONS),
        "LAMBDA_WARM_TTL_SECONDS": str(WARM_SECONDS),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nowhere",
    }


def prepare(data) -> None:
    """Make the folders and end with a clear word where that is not possible."""
    for folder in (data, data / "state", data / "s3", data / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def clear(folder) -> None:
    """Unpacked code of an earlier start: each start unpacks what it runs anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def lock(data, port, pages_port) -> TextIO:
    """Hold the data folder for as long as this process lives, and say in the lock file who does."""
    file = open(data / "lock", "a+")  # noqa: SIM115 - it stays open
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.05)  # someone may be looking whether it is locked
    else:
        sys.exit(f"{data} is in use by another store")
    file.truncate(0)
    file.write(json.dumps({"pid": os.getpid(), "port": port, "pages_port": pages_port}))
    file.flush()
    return file


def root_keys(data) -> dict[str, str]:
    """The store's root keys. They are no part of its state: who removes the file gets new ones at the next start."""
    try:
        return keys.make(data)
    except (OSError, ValueError) as err:
        sys.exit(f"the root keys cannot be read ({err}): remove {data / keys.FILE}, and new ones are made")


def require_free(port) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            sys.exit(f"port {port} on 127.0.0.1 cannot be used: {err.strerror}")


def install() -> None:
    """Change the emulator; only after its environment is set, because it is read while it is imported."""
    from emulation import (
        batches,
        functions,
        gateway,
        http_api,
        mail,
        ministack_internals,
        pages,
        queries,
        reports,
        speed,
    )

    if gone := ministack_internals.missing():
        sys.exit("\n".join(gone))
    keys.install()
    http_api.install()
    gateway.install()
    functions.install()
    mail.install()
    reports.install()
    batches.install()
    speed.install()
    queries.install()
    pages.install()


def main(argv) -> None:
    args = arguments(argv)
    data = args.data.resolve()
    pages_port = args.pages_port or args.port + 1
    require_free(args.port)
    require_free(pages_port)
    prepare(data)
    held = lock(data, args.port, pages_port)
    clear(data / "tmp")
    root = root_keys(data)
    os.environ.clear()
    os.environ.update(environment(args.port, data, root, args.functions_endpoint))
    install()
    from emulation.ministack_internals import app
    from emulation.server import serve

    asyncio.run(serve(app.app, args.port, pages_port, data / "state", os.environ["AWS_ENDPOINT_URL"]))
    held.close()


if __name__ == "__main__":
    main(sys.argv[1:])
