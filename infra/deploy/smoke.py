"""What a deployment ends with: a stranger's first minute in the store, and the account is deleted again.

    python smoke.py STACK [OUTPUT=URL …]

tries a deployed store at any time; an output given here comes before the stack's. What "shop status" finds is shown and
fails nothing: SES's sandbox, for instance, in which every account begins.
"""

import base64
import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

from localstore.settings import ROOT, say

SECONDS = 60  # a new role or a new distribution may take some time to be known everywhere
WAIT = 3


class Failed(Exception):
    """What did not work."""


def ask(method, url, body=None, token=None) -> tuple[int, dict[str, str], bytes]:
    """Send one request and return status, headers by lower-case names, and body."""
    headers = {"User-Agent": "shop-deploy"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None
    if body is not None:
        data, headers = json.dumps(body).encode(), headers | {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as err:
        return err.code, {k.lower(): v for k, v in err.headers.items()}, err.read()


def wanted(statuses, method, url, body=None, token=None, seconds=SECONDS) -> tuple[int, dict[str, str], bytes]:
    """Ask until the answer is one of the statuses, or no answer of a store that is not ready yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            status, headers, content = ask(method, url, body, token)
        except OSError as err:
            status, headers, content = 0, {}, str(err).encode()
        if status in statuses:
            return status, headers, content
        if time.monotonic() + WAIT > end or status in (400, 401, 409, 422):
            raise Failed(
                f"{method} {url} is answered {status}, not {statuses}: {content[:300].decode(errors='replace')}"
            )
        time.sleep(WAIT)


def has_own_domain(outputs) -> bool:
    """Whether the pages have a name of their own, which the DNS has to lead to the distribution's."""
    distribution = outputs.get("PagesDistributionDomain")
    return bool(distribution) and urllib.parse.urlsplit(outputs["PagesUrl"]).hostname != distribution


def base_of_pages(outputs) -> str | None:
    """Where the pages answer whatever the DNS says: CloudFront serves the distribution's own name, too."""
    return f"https://{outputs['PagesDistributionDomain']}" if has_own_domain(outputs) else outputs.get("PagesUrl")


def run(outputs, shop: Callable[..., str], say, seconds=SECONDS) -> None:
    """Raise Failed unless pages, catalogue, keys and a new customer's way work. shop: runs the operator's tool."""
    pages, issuer = base_of_pages(outputs), outputs["IssuerUrl"]
    api = f"{pages}/api" if pages else outputs["ApiUrl"]
    if pages:
        for path in ("/", "/admin/"):
            _, headers, content = wanted((200,), "GET", pages + path, seconds=seconds)
            if "text/html" not in headers.get("content-type", "") or b"<script" not in content:
                raise Failed(f"GET {pages}{path} is no page of the store: {content[:100]!r}")
        say("  ok  the shop's and the desk's page")
    _, _, goods = wanted((200,), "GET", f"{api}/products?limit=1", seconds=seconds)
    if "items" not in json.loads(goods):
        raise Failed(f"GET {api}/products has no items: {goods[:100]!r}")
    say("  ok  the catalogue")
    kids = published(issuer, seconds)
    say(f"  ok  the issuer's documents, {len(kids)} keys")
    customer(api, kids, shop, say, seconds)
    try:
        shop("status")
        say("  ok  shop status")
    except Failed as err:
        say(f"  look at this: {err}")


def published(issuer, seconds) -> set[str]:
    """The ids of the keys that the issuer's key set has, found as API Gateway finds it."""
    _, _, text = wanted((200,), "GET", f"{issuer}/.well-known/openid-configuration", seconds=seconds)
    found = json.loads(text)
    if found["issuer"] != issuer:
        raise Failed(f"the issuer calls itself {found['issuer']}, not {issuer}")
    _, _, keys = wanted((200,), "GET", found["jwks_uri"], seconds=seconds)
    return {key["kid"] for key in json.loads(keys)["keys"]}


def customer(api, kids, shop, say, seconds) -> None:
    """Sign up at SES's mailbox simulator, log in, be somebody, and leave."""
    email = f"success+smoke-{secrets.token_hex(8)}@simulator.amazonses.com"
    password = secrets.token_urlsafe(24)
    account = {"email": email, "password": password, "name": "Smoke test"}
    status, _, _ = wanted((201, 202), "POST", f"{api}/users", account, seconds=seconds)
    if status == 202:  # addresses are verified here, and nobody reads this one's mails
        shop("verify-user", email, "--yes")
    _, _, text = wanted((201,), "POST", f"{api}/sessions", {"email": email, "password": password}, seconds=seconds)
    token = json.loads(text)["access_token"]
    kid = header(token).get("kid")
    if kid not in kids:
        raise Failed(f"tokens are signed by {kid}, which the issuer does not publish: {sorted(kids)}")
    wanted((200,), "GET", f"{api}/users/me", token=token, seconds=seconds)
    wanted((204,), "DELETE", f"{api}/users/me", {"password": password}, token, seconds)
    say(f"  ok  sign up{' and verify' if status == 202 else ''}, log in (key {kid}), view and delete the account")


def operators_tool(stack) -> Callable[..., str]:
    """Runs `shop` on the stack; returns what it printed."""

    def shop(*arguments) -> str:
        command = ["go", "run", "./cmd/shop", "--stack", stack, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"shop {' '.join(arguments)}: {(done.stdout + done.stderr).strip()[-4000:]}")
        return done.stdout

    return shop


def header(token) -> dict:
    """The header of a token."""
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


def main(argv) -> None:
    from stack import outputs

    given = dict(pair.split("=", 1) for pair in argv[1:])
    found = outputs(argv[0])
    if "PagesUrl" in given:  # these pages, whatever the distribution is called
        found.pop("PagesDistributionDomain", None)
    try:
        run(found | given, operators_tool(argv[0]), say)
    except Failed as err:
        sys.exit(f"smoke test: {err}")


if __name__ == "__main__":
    main(sys.argv[1:])
