"""The distribution of the pages, on a port of its own: what CloudFront does, where the emulator does something else.

The Host              a request to the pages' port is one to the distribution, under whatever name this machine has
TLS                   the port stands for the distribution's https: nothing is redirected to where nobody listens
The viewer's address  CloudFront-Viewer-Address is the real peer; one that a client sends is dropped, as on AWS
The API               the HTTP API is an origin, reached in this process; the emulator refuses to call AWS's host names
A GET with a body     403, as CloudFront answers it

Nothing else of the emulator can be reached by this port: the request goes to the distribution, and to no other path.
Its edge functions are run by Node, as they stand in the template; without Node the pages are answered with 503.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
"""

import asyncio
import functools
import http.client
import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote

from emulation.guard import ANY_PORT, values
from emulation.ministack_internals import app, cloudfront

API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
MOST_BODY_BYTES = 10_000_000
# A client's own are dropped: CloudFront writes them, and this port stands for its https.
WRITTEN_HERE = ("cloudfront-", "x-forwarded-", "x-origin-proof")
# Of the addresses of CloudFront; what API Gateway takes for the caller.
EDGE = "130.176.0.1"


def install() -> None:
    cloudfront._fetch_from_origin = with_api(cloudfront._fetch_from_origin)


def application() -> Callable:
    """The distribution as an ASGI application."""

    async def serve(scope, receive, send) -> None:
        headers = values(scope["headers"])
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not ANY_PORT.fullmatch(hosts[0].lower()):
            return await plain(send, 403, "refused: the Host is none of this machine's\n")
        distribution = the_distribution()
        if distribution is None:
            return await plain(send, 503, "This store has no pages.\n")
        body = await read_body(receive)
        if body is None:
            return await plain(send, 413, "The body is too large.\n")
        if body and scope["method"] in ("GET", "HEAD"):
            return await plain(send, 403, "A GET has no body.\n")
        await answer(send, scope["method"], await ask(distribution, scope, headers, body))

    return serve


def the_distribution() -> dict | None:
    """The one that the stack has; a deployment that replaced it may have left the old one for a moment."""
    app._get_module("cloudfront")  # with the state that was saved
    found = list(cloudfront._distributions.values())
    return found[-1] if found else None


async def ask(distribution, scope, headers, body) -> tuple[int, dict, bytes]:
    peer, port = scope["client"]
    query = scope["query_string"].decode("latin-1")
    sent = {name: ", ".join(all_of) for name, all_of in headers.items() if not name.startswith(WRITTEN_HERE)}
    if "cookie" in headers:
        sent["cookie"] = "; ".join(headers["cookie"])
    sent |= {
        "host": distribution["DomainName"],
        "x-forwarded-proto": "https",
        "cloudfront-viewer-address": f"{peer}:{port}",
    }
    uri = scope["raw_path"].decode("latin-1").partition("?")[0]
    parameters = parse_qs(query, keep_blank_values=True)
    return await cloudfront.handle_viewer_request(
        distribution, scope["method"], scope["path"], uri, query, sent, body, parameters, peer
    )


def with_api(fetch) -> Callable:
    """Let an HTTP API be an origin; others are fetched as before."""

    @functools.wraps(fetch)
    async def fetch_from(
        origin, method, uri, query, headers, body, viewer_is_https, client_ip, forwarded_for, arn
    ) -> tuple:
        found = API_HOST.fullmatch(origin["domain_name"])
        if not found:
            return await fetch(
                origin, method, uri, query, headers, body, viewer_is_https, client_ip, forwarded_for, arn
            )
        sent = cloudfront._origin_request_headers(origin, headers, client_ip, forwarded_for)
        path = f"/_aws/execute-api/{found[1]}{(origin.get('origin_path') or '') + uri}"
        # A task of its own, because the emulator notes whose request is under way in the task's context.
        return await asyncio.create_task(call_api(method, path, query, sent, body))

    return fetch_from


async def call_api(method, path, query, headers, body) -> tuple:
    """Ask the emulator as an ASGI client would. Returns status, reason, headers (name → value or values) and body."""
    sent = {name.lower(): value for name, value in headers.items()} | {"host": "localhost"}
    if body:
        sent["content-length"] = str(len(body))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
        "client": (EDGE, 443),
        "server": ("localhost", 443),
    }
    requests, answered = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive() -> dict:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(message) -> None:
        answered.append(message)

    await app.app(scope, receive, send)
    start = answered[0]
    content = b"".join(m.get("body", b"") for m in answered[1:])
    return start["status"], http.client.responses.get(start["status"], ""), joined(start["headers"]), content


def joined(pairs) -> dict[str, str | list[str]]:
    """Name in lower case → its value, or its values where there are several; without what ends at this hop."""
    found = values(pairs)
    return {name: all_of if len(all_of) > 1 else all_of[0] for name, all_of in found.items()}


async def read_body(receive) -> bytes | None:
    """The request's body, or None if it is larger than API Gateway takes."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return body


async def answer(send, method, response) -> None:
    status, headers, body = response
    body = body.encode() if isinstance(body, str) else body or b""
    pairs = [
        (name.lower().encode("latin-1"), one.encode("latin-1"))
        for name, value in headers.items()
        for one in (value if isinstance(value, list) else [str(value)])
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    ]
    if status not in (204, 304) and not (method == "HEAD" and not body):
        pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def plain(send, status, text) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
