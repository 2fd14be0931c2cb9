"""Whose signature the emulator takes: that of the store's root keys, and of its functions' roles.

The emulator takes the key `test`, every account's number and no key at all for the account's root, does not check
root's signature, and gives roles credentials that everybody can compute from a function's name. Here root has one pair
of random keys, each store its own; its signature is checked as any other; and a role's secret is derived from root's.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable

from emulation.ministack_internals import iam_evaluator, lambda_runtime, lambda_svc, sts

FILE = "root-keys.json"
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
WORKING = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def make(folder) -> dict[str, str]:
    """The root keys of the store in a folder, {"access_key_id","secret_access_key"}; made if there are none yet.

    Only the owner may read the file. It appears whole or not at all.
    """
    path = folder / FILE
    if not path.exists():
        beside = folder / f"{FILE}.new"
        beside.unlink(missing_ok=True)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(random_keys(), file)
        beside.replace(path)
    path.chmod(0o600)
    return read(folder)


def random_keys() -> dict[str, str]:
    """An id in the letters of AWS's, with 80 random bits, and a secret of 40 characters, with 240."""
    found = "".join(secrets.choice(ID_LETTERS) for _ in range(16))
    return {"access_key_id": f"SHOPROOT{found}", "secret_access_key": secrets.token_urlsafe(30)}


def read(folder) -> dict[str, str]:
    """The root keys of the store in a folder. Raises OSError where there are none, ValueError for a file without."""
    found = json.loads((folder / FILE).read_text())
    try:
        keys = {name: found[name] for name in ("access_key_id", "secret_access_key")}
    except (KeyError, TypeError) as err:
        raise ValueError(f"{folder / FILE} holds no keys") from err
    if not all(isinstance(value, str) and len(value) >= 16 for value in keys.values()):
        raise ValueError(f"{folder / FILE} holds no keys")
    return keys


def install() -> None:
    """Change whom the emulator takes for root; the root keys stand in its environment."""
    # A request to a deployed route has no key; the guard lets no other request through without one.
    root = os.environ["AWS_ACCESS_KEY_ID"]
    iam_evaluator.is_root_access_key = sts.is_root_access_key = lambda key: not key or key == root
    iam_evaluator._is_root_key = lambda key: False  # whose signature need not be checked
    of_role = role_credentials(os.environ["AWS_SECRET_ACCESS_KEY"], sts.register_session)
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = of_role


def role_credentials(secret, register) -> Callable:
    """The credentials of a function's role: the same ones at each start, and secret as long as root's are."""

    def credentials(config) -> dict[str, str]:
        function = ":".join(config["FunctionArn"].split(":")[:7])  # without a version: all versions have one role
        role = config.get("Role", "")
        session = f"{role.rsplit('/', 1)[-1]}/{config.get('FunctionName', '')[:64]}"
        key_id = "ASIA" + hashlib.sha256(f"{function}:{role}".encode()).hexdigest()[:16].upper()
        key, token = (derived(secret, purpose, function, role) for purpose in ("secret", "token"))
        register(
            key_id,
            {
                "Arn": f"arn:aws:sts::{function.split(':')[4]}:assumed-role/{session}",
                "UserId": session.replace("/", ":"),
                "SecretAccessKey": key,
                "SessionToken": token,
            },
        )
        return dict(zip(WORKING, (key_id, key, token), strict=True))

    return credentials


def derived(secret, *parts) -> str:
    return hmac.new(secret.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()
