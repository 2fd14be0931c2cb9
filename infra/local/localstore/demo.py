"""The demo: a customer, an admin and a catalogue, made once per data folder, with passwords made on the spot."""

import json
import os
import secrets
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from localstore import tools
from localstore.settings import LOCAL, ROOT, STACK, UserError, architecture, operator_environment, say

CATALOGUE = LOCAL / "demo-catalogue.csv"
PEOPLE = {
    "customer": ("demo-customer@example.com", "Demo Customer"),
    "admin": ("demo-admin@example.com", "Demo Admin"),
}
DONE = "seeded"


def seed(settings) -> None:
    """Make the demo, unless it is there. Each step may be repeated, so that an interrupted one goes on."""
    done = settings.data / DONE
    if done.exists():
        return
    say("making the demo catalogue, a demo customer and a demo admin …")
    people = credentials(settings)
    for role, (_, name) in PEOPLE.items():
        sign_up(settings, people[role], name)
    shop = build_tool(settings)
    operate(settings, shop, ["grant", people["admin"]["email"], "admin", "--yes"])
    operate(settings, shop, ["import", str(CATALOGUE)])
    done.touch()


def credentials(settings) -> dict[str, dict[str, str]]:
    """{"customer":{"email","password"},"admin":{…}}; made and written before they are used, so that none is lost."""
    if settings.credentials.exists():
        return json.loads(settings.credentials.read_text())
    people = {role: {"email": email, "password": secrets.token_urlsafe(15)} for role, (email, _) in PEOPLE.items()}
    with open(os.open(settings.credentials, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(people, file)
    return people


def sign_up(settings, person, name) -> None:
    """POST /users; someone who is there already has these credentials from an interrupted run."""
    body = json.dumps(person | {"name": name}).encode()
    request = urllib.request.Request(f"{settings.url}/users", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            pass
    except urllib.error.HTTPError as err:
        if err.code != 409:
            raise UserError(f"signing up {person['email']}: {err.code} {err.read().decode(errors='replace')}") from err


def build_tool(settings) -> Path:
    """Build cmd/shop for this machine and return its path."""
    if not (ROOT / "cmd" / "shop").is_dir():
        raise UserError("cmd/shop is missing: the demo is made with the operator's tool")
    path = settings.data / "bin" / "shop"
    path.parent.mkdir(exist_ok=True)
    environment = tools.go_environment(architecture())  # the functions' own, so that what both use is compiled once
    if subprocess.run(["go", "build", "-o", str(path), "./cmd/shop"], cwd=ROOT, env=environment).returncode != 0:
        raise UserError("cmd/shop does not build")
    return path


def operate(settings, shop, arguments) -> None:
    """Run the operator's tool on this store, as the demo admin."""
    admin = credentials(settings)["admin"]
    environment = operator_environment(settings) | {
        "SHOP_STACK": STACK,
        "SHOP_ADMIN_EMAIL": admin["email"],
        "SHOP_ADMIN_PASSWORD": admin["password"],
    }
    done = subprocess.run([str(shop), *arguments], env=environment, cwd=settings.data, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"shop {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
