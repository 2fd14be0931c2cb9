"""The HTTP server of the emulator: on 127.0.0.1 only, ended by SIGTERM or SIGINT, with its state saved."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from emulation import pages, state, uploads
from emulation.guard import SAVE, UNSIGNED, Guard, is_deployed, unknown_key, values, without_cors
from emulation.ministack_internals import lambda_runtime

HOST = "127.0.0.1"
ADMINISTRATION = ("/_ministack/", "/_localstack/")


def application(emulator, saver, guard, pages_port=None) -> Callable:
    """The emulator as an ASGI application that is guarded, saves its state and hides its own administration."""

    distribution = pages.application()

    async def app(scope, receive, send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close"})  # nothing that the store deploys has one
        if scope["type"] != "http":
            return await emulator(scope, receive, send)
        if (scope.get("server") or ("", 0))[1] == pages_port:
            return await distribution(scope, receive, send)
        if guard.is_mine(scope["headers"]) and uploads.is_form(scope):
            return await upload(emulator, scope, receive, send)
        if complaint := guard.complaint(scope["path"], values(scope["headers"])):
            return await reply(send, 403, body=f"refused: {complaint}\n".encode())
        if is_deployed(scope["path"]):
            return await emulator(scope, receive, send)
        await protected(emulator, saver, scope, receive, without_cors(send))

    return app


async def protected(emulator, saver, scope, receive, send) -> None:
    """Answer what is no deployed route: AWS's APIs, and the emulator's own paths."""
    path = scope["path"]
    if path == SAVE and scope["method"] == "POST":
        await saver.save(everything=True)
        return await reply(send, 204)
    if is_hidden(path):
        return await reply(send, 404)
    if path not in UNSIGNED and (answer := unknown_key(scope)):
        return await reply(send, *answer)
    try:
        await emulator(scope, receive, send)
    finally:
        saver.note(scope["headers"], path)


async def upload(emulator, scope, receive, send) -> None:
    """Take a page's form for a bucket, whose CORS decides which pages may read the answer."""
    signed = await uploads.receive_signed(scope, receive)
    if signed is None:
        return await reply(send, 403, body=b"refused: no key of this store signed the form\n")
    await emulator(scope, signed, send)


def is_hidden(path) -> bool:
    """The emulator has paths that empty and reconfigure it, open to every program on this machine."""
    return path.startswith(ADMINISTRATION) and path not in UNSIGNED


async def reply(send, status, headers=None, body=b"") -> None:
    all_headers = {"Content-Type": "text/plain; charset=utf-8"} | (headers or {}) | {"Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode()) for name, value in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def serve(emulator, port, pages_port, folder, functions_endpoint) -> None:
    """Serve until SIGTERM or SIGINT.

    folder: where the state is kept. functions_endpoint: where the functions call AWS.
    """
    from hypercorn.asyncio import serve as run_server
    from hypercorn.config import Config

    saver = state.Saver(folder)
    state.install(saver)
    saving = asyncio.create_task(saver.run())
    config = Config()
    config.bind = [f"{HOST}:{port}", f"{HOST}:{pages_port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 5
    guarded = application(emulator, saver, Guard(port, functions_endpoint), pages_port)
    await run_server(guarded, config, shutdown_trigger=end_of(saving))
    end_functions()


def end_of(saving) -> Callable:
    """What the server waits for: a signal, and then the end of a save that has begun."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def wait() -> None:
        await stop.wait()
        saving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saving

    return wait


def end_functions() -> None:
    """End the functions' processes, which the emulator would leave behind."""
    lambda_runtime.reset()
