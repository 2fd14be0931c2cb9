"""What API Gateway does when it makes or changes a JWT authorizer: it reads the issuer's discovery document.

It waits for 1.5 seconds; an issuer that does not answer by then, or not with such a document, fails the import of the
API, and with FailOnWarnings the deployment. So an issuer that is deployed too late, or starts too slowly, fails here.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html

On AWS nothing else runs beside the issuer's function. Here everything does, so where more programs want this machine's
processors than it has, the issuer gets as much more time.
"""

import json
import os
import time
import urllib.request

SECONDS = 1.5
PATH = "/.well-known/openid-configuration"


class NoIssuer(ValueError):
    """There is no authorizer without an issuer that answers."""


def seconds() -> float:
    """How long the issuer may take on this machine now."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def require(name, issuer) -> None:
    """Raise NoIssuer unless the issuer of an authorizer answers in time with a document that names its keys."""
    started, limit = time.monotonic(), seconds()
    try:
        with urllib.request.urlopen(issuer.rstrip("/") + PATH, timeout=limit) as answer:
            document = json.loads(answer.read())
    except (OSError, ValueError) as err:
        raise NoIssuer(refusal(name, issuer, f"{err}, within {limit:.1f} s")) from err
    if (took := time.monotonic() - started) > limit:
        raise NoIssuer(refusal(name, issuer, f"answered after {took:.1f} s, not within {limit:.1f} s"))
    if not isinstance(document, dict) or not isinstance(document.get("jwks_uri"), str):
        raise NoIssuer(refusal(name, issuer, "its document names no jwks_uri"))


def refusal(name, issuer, why) -> str:
    return (
        f"Unable to create authorizer {name}: invalid issuer {issuer}. "
        f"Issuer must have a valid discovery endpoint ended with '{PATH}' ({why})"
    )
