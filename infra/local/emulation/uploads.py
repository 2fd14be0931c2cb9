"""Forms by which a page uploads to a bucket of S3. S3 takes them from any page; the guard alone would refuse them all.

    POST /BUCKET, multipart/form-data       passes if a key that the store knows signed the form's policy
    OPTIONS /BUCKET, before such a POST     passes
    the same to a bucket without CORS       is for the guard to decide

The emulator checks the signature, the policy's conditions and end, and the signer's role; CORS it answers by the
bucket's rules. An unsigned form it would store, as S3 does where a bucket is open to everybody.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

import re
from collections.abc import Callable

from emulation.guard import values
from emulation.ministack_internals import app, s3, sts

BUCKET = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
MOST_BODY_BYTES = 6_000_000
SIGNED = {"policy", "x-amz-credential", "x-amz-signature", "x-amz-security-token"}
MULTIPART = "multipart/form-data"


def is_form(scope) -> bool:
    """Reports whether a request is a page's upload to a bucket that has CORS, or asks whether it may be made."""
    found = BUCKET.fullmatch(scope["path"])
    headers = values(scope["headers"])
    asks = scope["method"] == "OPTIONS" and headers.get("access-control-request-method") == ["POST"]
    sends = scope["method"] == "POST" and headers.get("content-type", [""])[0].startswith(MULTIPART)
    return bool(found and (asks or sends) and not scope["query_string"] and has_cors(found[1]))


def has_cors(bucket) -> bool:
    app._get_module("s3")  # with the state that was saved
    return bool(s3._cors_rules(bucket))


async def receive_signed(scope, receive) -> Callable | None:
    """The request's body once more, or None if no known key signed the form or it is larger than any picture."""
    if scope["method"] == "OPTIONS":
        return receive
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            break
    return once(body) if is_signed(values(scope["headers"])["content-type"][0], body) else None


def is_signed(content_type, body) -> bool:
    """Reports whether a function's key signed the form. Whether the signature is right the emulator checks."""
    fields = {name.lower(): value for name, _, _, value in s3._parse_multipart_form(content_type, body)}
    key = fields.get("x-amz-credential", b"").decode("latin-1").partition("/")[0]
    return fields.keys() >= SIGNED and key in sts._sessions


def once(body) -> Callable:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
