"""The HTTP server of the emulator: on 127.0.0.1 only, ended by SIGTERM or SIGINT, with its state saved."""

import asyncio
import contextlib
import signal

from emulation import state

HOST = "127.0.0.1"
SAVE = "/_shop/save"
ADMINISTRATION = ("/_ministack/", "/_localstack/")
SHOWN = {"/_ministack/health", "/_ministack/ready", "/_ministack/ses/messages"}


def application(emulator, saver):
    """The emulator as an ASGI application that saves its state and hides its own administration."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return await emulator(scope, receive, send)
        if scope["path"] == SAVE and scope["method"] == "POST":
            await saver.save(everything=True)
            return await reply(send, 204)
        if is_hidden(scope["path"]):
            return await reply(send, 404)
        try:
            await emulator(scope, receive, send)
        finally:
            saver.note(scope["headers"], scope["path"])

    return app


def is_hidden(path):
    """The emulator has paths that empty and reconfigure it, open to every program and web page on this machine."""
    return path.startswith(ADMINISTRATION) and path not in SHOWN


async def reply(send, status):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def serve(emulator, port, folder):
    """Serve until SIGTERM or SIGINT. folder: where the state is kept."""
    from hypercorn.asyncio import serve as run_server
    from hypercorn.config import Config

    saver = state.Saver(folder)
    state.install(saver)
    saving = asyncio.create_task(saver.run())
    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 5
    await run_server(application(emulator, saver), config, shutdown_trigger=end_of(saving))
    end_functions()


def end_of(saving):
    """What the server waits for: a signal, and then the end of a save that has begun."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def wait():
        await stop.wait()
        saving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saving

    return wait


def end_functions():
    """End the functions' processes, which the emulator would leave behind."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()
