"""Which value each parameter of the template is sent with: no deployment undoes what a tool or an earlier one set."""

import hashlib
import secrets
import shlex
import zoneinfo
from collections.abc import Iterable

ROTATED = ("TokensSignedBy", "StandbyKey")
PROOF, PROOF_HASH = "OriginProof", "OriginProofSha256"


class Refused(Exception):
    """Why nothing is deployed; the text says what to do."""


def read(texts: Iterable[str]) -> dict[str, str]:
    """Parameters as they are written for SAM: NAME=VALUE, several in one text as a shell would part them."""
    found = {}
    for text in texts:
        for pair in shlex.split(text):
            name, is_pair, value = pair.partition("=")
            if not is_pair or not name:
                raise Refused(f"{pair!r} is no NAME=VALUE")
            found[name] = value
    return found


def choose(declared: dict, present: dict[str, str] | None, given: dict[str, str], stage: str) -> list[dict]:
    """The Parameters of the change set.

    declared: the template's. present: the stack's, None at the first deployment. given: by the operator. What the stack
    has stays as it is unless it was given; CloudFormation itself puts it in, secrets too.
    """
    refuse(declared, present, given, stage)
    given = given | {"Stage": stage} | proof(declared, present, given)
    chosen = []
    for name, declaration in declared.items():
        if name in given:
            chosen.append({"ParameterKey": name, "ParameterValue": given[name]})
        elif present and name in present:
            chosen.append({"ParameterKey": name, "UsePreviousValue": True})
        elif "Default" not in declaration:
            raise Refused(f"{name} has no default: say PARAMETERS='{name}=…' ({declaration.get('Description', '')})")
    return chosen


def refuse(declared, present, given, stage) -> None:
    for name in given:
        if name not in declared:
            raise Refused(f"the template has no parameter {name}")
        if name in ROTATED:
            raise Refused(
                f"{name} is not a deployment's to set: `shop rotate-key` does it, and each deployment keeps it"
            )
    if given.get("Stage", stage) != stage:
        raise Refused(f"the parameters say Stage={given['Stage']}, and this is a deployment to {stage}")
    sender, domain = (value(name, declared, present, given) for name in ("Sender", "SenderDomain"))
    if domain and not sender.endswith(f"@{domain}"):
        raise Refused(f"Sender={sender} is no address of SenderDomain={domain}")
    zone = value("TimeZone", declared, present, given)
    if "TimeZone" in given and not is_zone(zone):
        raise Refused(f"TimeZone={zone} is no time zone of the IANA database, such as Europe/London or UTC")
    if present and present.get("Stage", stage) != stage:
        raise Refused(
            f"the stack was deployed with Stage={present['Stage']}, and no deployment changes that to {stage}"
        )


def is_zone(name: str) -> bool:
    """Whether there is a zone of this name; where the machine has no database, the functions themselves refuse it."""
    known = zoneinfo.available_timezones()
    return not known or name in known


def proof(declared, present, given) -> dict[str, str]:
    """The secret by which the distribution proves itself, and its hash, where the stack has none and needs one.

    A secret that is given has its own hash: with an older one the functions would not know the distribution any more.
    """
    if PROOF in given:
        hashed = sha256(given[PROOF]) if given[PROOF] else ""
        if given.get(PROOF_HASH, hashed) != hashed:
            raise Refused(f"{PROOF_HASH} is not the SHA-256 of {PROOF}, in lower-case hexadecimal: leave it out")
        return {PROOF_HASH: hashed}
    has = given.get(PROOF_HASH) or (present or {}).get(PROOF_HASH)
    if PROOF not in declared or has or value("Pages", declared, present, given) != "on":
        return {}
    made = secrets.token_urlsafe(32)
    return {PROOF: made, PROOF_HASH: sha256(made)}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def value(name, declared, present, given) -> str:
    """What a parameter will be."""
    for known in (given, present or {}):
        if name in known:
            return known[name]
    return str(declared.get(name, {}).get("Default", ""))
