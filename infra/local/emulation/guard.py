"""Who may call the emulator: no web page, and for AWS's APIs nobody who does not sign.

                        Host                   Origin, Sec-Fetch-Site   signature
deployed routes         this machine's names   any, as on AWS           none: the functions decide
forms for a bucket      the same, and the port any, as on AWS           in the form, by a function's key: uploads.py
health, mails, saving   the same, and the port this store's or none     none
AWS's APIs: all else    the same, and the port this store's or none     by a key that the store knows

A page whose own name was made to lead to this machine (DNS rebinding) shows it by the Host. A page of another site
shows it by the Origin, or, where a browser sends none with a GET, by Sec-Fetch-Site. Whether a signature is right the
emulator checks itself. It lets every page read AWS's APIs by CORS; that is taken out.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from emulation.ministack_internals import app, iam_evaluator, router, sts

NAMES = ("127.0.0.1", "localhost", "[::1]")
DEPLOYED = re.compile(r"/_aws/execute-api/[a-z0-9]+(/.*)?", re.DOTALL)
ANY_PORT = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
SAVE = "/_shop/save"
UNSIGNED = {"/_ministack/health", "/_ministack/ready", "/_ministack/ses/messages", SAVE}
OWN_SITE = {"none", "same-origin"}
CORS = b"access-control-"


class Guard:
    """Judges requests to one emulator."""

    def __init__(self, port, functions_endpoint) -> None:
        """functions_endpoint: where the functions call AWS; a proxy there passes their Host on."""
        self.hosts = {f"{name}:{port}" for name in NAMES} | {urlsplit(functions_endpoint).netloc}
        self.origins = {f"http://{host}" for host in self.hosts}

    def complaint(self, path, headers) -> str | None:
        """Why a request is refused, or None. headers: name → the values that came, as Headers makes them."""
        hosts = headers.get("host", [])
        if is_deployed(path):
            mine = len(hosts) == 1 and ANY_PORT.fullmatch(hosts[0].lower())
            return None if mine else "the Host is none of this machine's"
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return "the Host is none of this store's"
        if any(origin.lower() not in self.origins for origin in headers.get("origin", [])):
            return "the Origin is another one"
        if any(site not in OWN_SITE for site in headers.get("sec-fetch-site", [])):
            return "a page of another site asks"
        return None

    def is_mine(self, headers) -> bool:
        """Reports whether a request names this store as its Host. headers: as (name, value) bytes."""
        hosts = values(headers).get("host", [])
        return len(hosts) == 1 and hosts[0].lower() in self.hosts


def is_deployed(path) -> bool:
    """Reports whether a path leads to a deployed API's routes, and to nothing else of the emulator."""
    return DEPLOYED.fullmatch(path) is not None


def values(headers) -> dict[str, list[str]]:
    """Name in lower case → all its values. headers: as (name, value) bytes."""
    found = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())
    return found


def unknown_key(scope) -> tuple[int, dict, bytes] | None:
    """The answer to a request that no key of the store signed, in its service's protocol: status, headers, body.

    None if a known key did.
    """
    headers = {name: ", ".join(all_of) for name, all_of in values(scope["headers"]).items()}
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    key = router.extract_access_key_id(headers, query)
    if key and (iam_evaluator.is_root_access_key(key) or key in sts._sessions):
        return None
    code = "UnrecognizedClientException" if key else "MissingAuthenticationToken"
    error = iam_evaluator.AuthError(code, "No key of this store signed the request; `make aws-env` prints them.")
    service = router.detect_service(scope["method"], scope["path"], headers, query)
    return app._credential_failure(service, "", "", error, headers)


def without_cors(send) -> Callable:
    async def without(message) -> None:
        if message["type"] == "http.response.start":
            kept = [(n, v) for n, v in message.get("headers", []) if not n.lower().startswith(CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return without
