"""The drill of a restore: a store of its own is backed up, sells on, loses a table, is killed, and comes back."""

import itertools
import json
import secrets
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from localstore import demo, deploy, process
from localstore.settings import STACK, Settings, UserError, operator_environment
from localstore.testrun import free_ports

SUFFIX = "-restored"
BEFORE, AFTER = 20, 5  # orders before and after the moment that is restored


def run(start_store) -> int:
    """Drill, and print what was done and how long it took, as Markdown. Return the exit code."""
    with tempfile.TemporaryDirectory(prefix="shop-drill-") as folder:
        port, pages = free_ports(2)
        settings = Settings(port, Path(folder) / "store", "", pages)
        emulator = start_store(settings)
        try:
            return steps(settings, emulator, lambda: start_store(settings))
        finally:
            process.stop(settings)


def steps(settings, emulator, start) -> int:
    shop, step = demo.build_tool(settings), Steps()
    kept = settings.data / "kept.jsonl"
    restore = ["restore", "--suffix", SUFFIX]
    first = step("20 orders are placed", lambda: order(settings, BEFORE))
    step("the mails are sent", lambda: wait_for_mails(settings, first))
    step("a customer asks to be told of a product", lambda: request_of(settings, "PUT"))
    step(
        "DynamoDB restores the five tables to this moment", lambda: deploy.ask_stack(settings, "restore-tables", SUFFIX)
    )
    later = step("5 more orders are placed", lambda: order(settings, AFTER))
    step("the table Orders loses every item", lambda: deploy.ask_stack(settings, "empty-table", "OrdersTable"))
    step(
        "the table StockAlerts loses every item", lambda: deploy.ask_stack(settings, "empty-table", "StockAlertsTable")
    )
    step("shop audit", lambda: operate(settings, shop, ["audit"], fails="differences"))
    step("the state reaches the disk", lambda: process.save(settings))
    step("the store is killed (SIGKILL)", lambda: kill(emulator))
    step("it is started again", start)
    step("shop restore, to look", lambda: operate(settings, shop, restore))
    step("shop restore --yes, and its audit", lambda: operate(settings, shop, [*restore, "--kept", str(kept), "--yes"]))
    step("shop audit", lambda: operate(settings, shop, ["audit"]))
    step("shop status", lambda: operate(settings, shop, ["status"]))
    check(settings, first, later, kept)
    print(step.table())
    return 0


class Steps:
    """Does steps, and notes how long each took and the last line that it said."""

    def __init__(self) -> None:
        self.rows = []

    def __call__(self, name, do) -> object:
        began = time.monotonic()
        result = do()
        said = str(result).strip().splitlines()[-1:] if isinstance(result, str) else []
        self.rows.append((name, f"{time.monotonic() - began:.1f}", said[0] if said else ""))
        print(f"{name}: {said[0] if said else 'done'}", flush=True)
        return result

    def table(self) -> str:
        lines = [f"| {name} | {seconds} | {said} |" for name, seconds, said in self.rows]
        return "\n".join(["", "| step | seconds | what it said last |", "| --- | ---: | --- |", *lines])


def kill(emulator) -> None:
    emulator.send_signal(signal.SIGKILL)
    emulator.wait()


def operate(settings, shop, arguments, fails="") -> str:
    """Run the operator's tool, which has to succeed, or to fail and say so in the words given."""
    environment = operator_environment(settings) | {"SHOP_STACK": STACK, "SHOP_DATA": str(settings.data)}
    done = subprocess.run(
        [str(shop), "--local", *arguments], env=environment, cwd=settings.data, capture_output=True, text=True
    )
    if (done.returncode != 0) != bool(fails) or fails not in done.stdout + done.stderr:
        raise UserError(f"shop {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def call(settings, path, body=None, method=None, **headers) -> dict:
    """The JSON that the store answers with: to a GET, or a POST of a body, if no method is named."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{settings.url}{path}", data, {"Content-Type": "application/json"} | headers, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def token(settings) -> dict[str, str]:
    session = call(settings, "/sessions", demo.credentials(settings)["customer"])
    return {"Authorization": f"Bearer {session['access_token']}"}


def order(settings, count) -> list[str]:
    """Place orders as the demo customer and return their ids."""
    who, ids = token(settings), []
    goods = [p["product_id"] for p in call(settings, "/products?limit=20")["items"] if p["stock_status"] == "in_stock"]
    for product in itertools.islice(itertools.cycle(goods), count):
        lines = {"items": [{"product_id": product, "quantity": 1}]}
        key = {"Idempotency-Key": secrets.token_hex(16)}
        ids.append(call(settings, "/orders", lines, **who, **key)["order_id"])
    return ids


def request_of(settings, method) -> dict:
    """The demo customer's request to be told of a product that is sold out."""
    return call(settings, "/products/doormat-coir/back-in-stock", method=method, **token(settings))


def wait_for_mails(settings, ids, seconds=60) -> None:
    who, end = token(settings), time.monotonic() + seconds
    while any(call(settings, f"/orders/{order_id}", **who)["email_status"] != "sent" for order_id in ids):
        if time.monotonic() > end:
            raise UserError("the mails were not sent")
        time.sleep(0.5)


def check(settings, first, later, kept) -> None:
    """What is from before the moment is there as it was; orders from after it are kept in the file or were lost."""
    who = token(settings)
    if not request_of(settings, "GET")["requested"]:
        raise UserError("the request to be told of a product did not come back")
    for order_id in first:
        if call(settings, f"/orders/{order_id}", **who)["email_status"] != "sent":
            raise UserError(f"{order_id} came back otherwise")
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    mails = {line["item"]["mail_id"]["S"] for line in lines if "mail_id" in line["item"]}
    missing = [order_id for order_id in later if f"order-placed#{order_id}" not in mails]
    if missing:
        raise UserError(f"the mails of {missing} went, and are not in {kept}")
