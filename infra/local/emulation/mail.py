"""Which permission a function needs to send a mail, and which DNS records a sender's domain.

On AWS ses:SendEmail and ses:SendRawEmail are checked on the sender's identity, and a policy may name the address in
the condition ses:FromAddress. The emulator checks both calls on "*", so that a least-privilege role is refused.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html

An identity of a domain has the names and values of its three DKIM records as attributes, which the emulator lacks.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ses-emailidentity.html
"""

import base64
import binascii
import email
import functools
import hashlib
from collections.abc import Callable
from email.utils import parseaddr

from emulation.ministack_internals import iam_actions, provisioners, ses

SENDS = {"SendEmail", "SendRawEmail", "SendTemplatedEmail"}


def install() -> None:
    iam_actions.extract_resource_arn = check_on_identity(iam_actions.extract_resource_arn)
    iam_actions.request_tag_context = with_sender(iam_actions.request_tag_context)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SES::EmailIdentity"]
    handlers |= {name: with_dkim(handlers[name]) for name in ("create", "update")}


def with_dkim(handler) -> Callable:
    @functools.wraps(handler)
    def handle(*arguments, **named) -> tuple[str, dict]:
        name, attributes = handler(*arguments, **named)
        return name, attributes | dkim_records(name)

    return handle


def dkim_records(name) -> dict[str, str]:
    """The attributes of a domain's identity by which it is verified; an address has none."""
    if "@" in name:
        return {}
    tokens = {n: hashlib.sha256(f"{name}{n}".encode()).hexdigest()[:32] for n in (1, 2, 3)}
    names = {f"DkimDNSTokenName{n}": f"{token}._domainkey.{name}" for n, token in tokens.items()}
    return names | {f"DkimDNSTokenValue{n}": f"{token}.dkim.amazonses.com" for n, token in tokens.items()}


def check_on_identity(extract) -> Callable:
    @functools.wraps(extract)
    def resource(service, method, path, headers, body, params, region, account) -> str:
        address = sender(params) if service == "ses" else None
        if not address:
            return extract(service, method, path, headers, body, params, region, account)
        return f"arn:aws:ses:{region}:{account}:identity/{identity(address)}"

    return resource


def with_sender(context) -> Callable:
    @functools.wraps(context)
    def keys(service, action, body, params) -> dict:
        found = context(service, action, body, params)
        address = sender(params) if service == "ses" else None
        return {**found, "ses:FromAddress": address} if address else found

    return keys


def sender(params) -> str | None:
    """The bare address of the call's Source, or of its raw message's From; None for any other call."""
    if value(params, "Action") not in SENDS:
        return None
    return parseaddr(value(params, "Source") or raw_from(value(params, "RawMessage.Data")))[1] or None


def raw_from(data) -> str:
    try:
        return email.message_from_bytes(base64.b64decode(data)).get("From", "")
    except (binascii.Error, ValueError):
        return ""


def value(params, name) -> str:
    found = params.get(name, "")
    return found[0] if isinstance(found, list) and found else found or ""


def identity(address) -> str:
    """The verified identity that covers an address: the address itself, else its domain."""
    domain = address.rpartition("@")[2]
    return domain if address not in ses._identities and domain in ses._identities else address
