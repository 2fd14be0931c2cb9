"""Saving the emulator's state while it runs, so that a killed store loses a few seconds and nothing else.

The emulator saves on a clean end only. Here what changed is saved every few seconds:

the tables and the queues   after a write to them; both are read in one step of the event loop, in which no
                            request is half done, so that a transaction is in the file whole or not at all
all the rest                after a call to any other service: a deployment, in short

Each file is written beside its place and renamed over it. The tables are on disk before the queues: a message whose
order is not stored would be wrong, an order whose message is missing is what the mails table is there for.
"""

import asyncio
import hashlib
import json
import logging
import re
import time

from emulation.ministack_internals import app, dynamodb, persistence, responses, sqs

SECONDS_BETWEEN = 2.0
MOST_OF_THE_TIME = 0.05
READS = re.compile(r"\.(Get|BatchGet|TransactGet|Query|Scan|List|Describe)")
SIGNED_FOR = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
TABLES, QUEUES = "dynamodb", "sqs"
CHANGE_NOTHING = {"kms", "ses", "sts", "logs", "monitoring"}
INVOCATIONS = "/invocations"

log = logging.getLogger("state")


class Saver:
    """Knows what changed and writes it; `note` is called after every request, `run` writes until it is cancelled."""

    def __init__(self, folder) -> None:
        """folder: the Path of the emulator's state files."""
        self.folder = folder
        self.data_changed = False
        self.rest_changed = False
        self.written = {}
        self.saving = asyncio.Lock()

    def note(self, headers, path="/") -> None:
        """Remember what a request to the emulator may have changed. headers: the request's, as (name, value) bytes."""
        found = dict(headers)
        signed = SIGNED_FOR.search(found.get(b"authorization", b""))
        service = signed.group(1).decode("latin-1") if signed else ""
        if service in (TABLES, QUEUES):
            self.data_changed |= not READS.search(found.get(b"x-amz-target", b"").decode("latin-1"))
        elif service and service not in CHANGE_NOTHING and not path.endswith(INVOCATIONS):
            self.rest_changed = True

    def note_queues(self) -> None:
        """Remember that the queues changed without a request: an event source mapping took or deleted messages."""
        self.data_changed = True

    async def run(self) -> None:
        """Save what changed, every two seconds, or less often if saving takes more than a twentieth of the time."""
        pause = SECONDS_BETWEEN
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            await self.save()
            pause = max(SECONDS_BETWEEN, (time.monotonic() - started) / MOST_OF_THE_TIME)

    async def save(self, everything=False) -> None:
        """Write what changed since the last save; everything: whether or not it is known to have changed."""
        async with self.saving:
            rest, self.rest_changed = self.rest_changed or everything, False
            data, self.data_changed = self.data_changed or everything, False
            if rest:
                await self.save_rest()
            if data:
                await self.save_data()

    async def save_data(self) -> None:
        try:
            queues = encoded(QUEUES, service_state(QUEUES))
            tables = encoded(TABLES, live_tables())
        except RuntimeError as err:  # a thread of the emulator changed what was being read
            log.info("the tables and queues are saved next time: %s", err)
            self.data_changed = True
            return
        await asyncio.to_thread(self.write, TABLES, tables)
        await asyncio.to_thread(self.write, QUEUES, queues)

    async def save_rest(self) -> None:
        for name in loaded_services():
            if name in (TABLES, QUEUES):
                continue
            try:
                await asyncio.to_thread(self.save_service, name)
            except RuntimeError as err:
                log.info("%s is saved next time: %s", name, err)
                self.rest_changed = True

    def save_service(self, name) -> None:
        state = service_state(name)
        if state is not None:
            self.write(name, encoded(name, state))

    def write(self, name, content) -> None:
        """Put one service's state on disk, unless it is there already."""
        digest = hashlib.sha256(content).digest()
        if self.written.get(name) == digest:
            return
        path = self.folder / f"{name}.json"
        beside = self.folder / f"{name}.json.new"
        beside.write_bytes(content)
        beside.replace(path)
        self.written[name] = digest


def encoded(name, state) -> bytes:
    """The bytes of a service's state file, as the emulator reads them when it starts."""
    wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    return json.dumps(wrapped, default=persistence._json_default).encode()


def loaded_services() -> list[str]:
    return list(app._build_persistence_save_dict())


def service_state(name) -> dict | None:
    """A service's state as the emulator itself would save it; None when it was never used."""
    read = app._build_persistence_save_dict().get(name)
    return read() if read else None


def live_tables() -> dict[str, object]:
    """The state of DynamoDB without the emulator's deep copy of every item, which takes twenty times as long.

    It is only true until the event loop goes on: encode it at once.
    """
    tables = responses.AccountRegionScopedDict()
    for (account, region, name), table in dynamodb._tables.all_items():
        tables.set_scoped(account, region, name, {k: v for k, v in table.items() if k != dynamodb._INDEX_MEMBERS})
    return {"tables": tables} | {name: getattr(dynamodb, f"_{name}") for name in TABLE_SETTINGS}


TABLE_SETTINGS = (
    "tags",
    "ttl_settings",
    "pitr_settings",
    "kinesis_destinations",
    "contributor_insights",
    "backups",
    "resource_policies",
    "exports",
    "imports",
)


def install(saver) -> None:
    """Tell the saver when an event source mapping changes a queue."""
    receive, delete = sqs._receive_messages_for_esm, sqs._delete_messages_for_esm

    def receive_and_note(queue_url, most) -> list:
        batch = receive(queue_url, most)
        if batch:
            saver.note_queues()
        return batch

    def delete_and_note(queue_url, receipt_handles) -> None:
        delete(queue_url, receipt_handles)
        saver.note_queues()

    sqs._receive_messages_for_esm = receive_and_note
    sqs._delete_messages_for_esm = delete_and_note
