"""What the emulator does over and over again, done once; and what it asks for twenty times a second, waited for.

Each running function costs the emulator three threads that wake up to look whether something has happened. After a
burst of two hundred calls that alone is a third of a processor. DynamoDB expressions are parsed for every item that a
query looks at, although they are the same for all of them. And each write copies its item some ten times by a copier
that is made for every kind of object, where an item is JSON. And each edge function that runs while another does gets
a process of Node of its own, which is ended afterwards: a page with twenty pictures starts twenty.
"""

import copy
import functools
import queue
import selectors
import socket
import socketserver
import threading
import types
from collections.abc import Callable

from emulation.ministack_internals import cloudfront_js, dynamodb, lambda_runtime

SECONDS_BETWEEN_LOOKS = 0.5  # how soon a function that died without a word is noticed
SECONDS_OF_PATIENCE = 30.0  # how long a thread sleeps that is woken when there is something for it
MOST_EXPRESSIONS = 1000
MOST_EDGE_FUNCTIONS = 2  # at once; as many processes as the emulator keeps


def install() -> None:
    lambda_runtime._PROVIDED_POLL = SECONDS_BETWEEN_LOOKS
    lambda_runtime.queue = types.SimpleNamespace(Queue=PatientQueue, Empty=queue.Empty, Full=queue.Full)
    socketserver.ThreadingTCPServer.server_activate = activate
    socketserver.ThreadingTCPServer.serve_forever = serve_until_shutdown
    socketserver.ThreadingTCPServer.shutdown = shutdown
    dynamodb._tokenize = parse_once(dynamodb._tokenize)
    dynamodb._condition_syntax_error = functools.lru_cache(MOST_EXPRESSIONS)(dynamodb._condition_syntax_error)
    cloudfront_js.evaluate = few_at_once(cloudfront_js.evaluate, MOST_EDGE_FUNCTIONS)
    dynamodb.copy = types.SimpleNamespace(deepcopy=copied, copy=copy.copy)


def few_at_once(call, most) -> Callable:
    """Let further calls wait: they take a millisecond, and wait for nothing themselves."""
    free = threading.BoundedSemaphore(most)

    @functools.wraps(call)
    def wait_and_call(*arguments) -> object:
        with free:
            return call(*arguments)

    return wait_and_call


class PatientQueue(queue.Queue):
    """A queue whose reader sleeps until something is put in, instead of asking ten times a second."""

    def get(self, block=True, timeout=None) -> object:
        return super().get(block, timeout and max(timeout, SECONDS_OF_PATIENCE))


def activate(server) -> None:
    """Listen, and be ready to be woken for the end."""
    socketserver.TCPServer.server_activate(server)
    server.woken, server.waker = socket.socketpair()
    server.ended = threading.Event()


def serve_until_shutdown(server, poll_interval=None) -> None:
    """Serve requests; between them sleep until the next one or the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ, server._handle_request_noblock)
        selector.register(server.woken, selectors.EVENT_READ, server.ended.set)
        while not server.ended.is_set():
            for key, _ in selector.select():
                key.data()
    server.woken.close()


def shutdown(server) -> None:
    server.waker.close()
    server.ended.wait(1)


def copied(value) -> object:
    """A deep copy, of JSON several times as quick as the library's, which remembers all that it has met."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        return {name: copied(member) for name, member in value.items()}
    if kind is list:
        return [copied(member) for member in value]
    return copy.deepcopy(value)


def parse_once(tokenize) -> Callable:
    """Remember an expression's tokens; each caller gets a list of its own."""
    remembered = functools.lru_cache(MOST_EXPRESSIONS)(lambda expression: tuple(tokenize(expression)))
    return lambda expression: list(remembered(expression))
