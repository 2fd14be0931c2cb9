"""What became of a mail: the events of SES's mailbox simulator.

On AWS a mail to bounce@simulator.amazonses.com comes back, and one to complaint@simulator.amazonses.com is called
unwanted; both take a label, as in bounce+one@. SES publishes that to the event destinations of the mail's configuration
set, with the mail's tags. The emulator keeps such destinations, and publishes nothing to them.
https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr

from emulation.mail import value
from emulation.ministack_internals import eventbridge, responses, ses, ses_v2

DETAIL_TYPES = {"Bounce": "Email Bounced", "Complaint": "Email Complaint Received"}


def install() -> None:
    ses._send_email = with_reports(ses._send_email)


def with_reports(send) -> Callable:
    @functools.wraps(send)
    def send_and_report(params) -> tuple:
        answer = send(params)
        if answer[0] == 200:
            publish(params)
        return answer

    return send_and_report


def publish(params) -> None:
    """Publish what the simulator reports of the mail that was sent last, with these parameters."""
    name = value(params, "ConfigurationSetName")
    mail = described(ses._sent_emails_list()[-1], name, tags(params))
    for address in mail["destination"]:
        for kind, subtype in outcomes(address):
            what = ses._notification_detail(kind, address, mail["timestamp"], subtype)
            entries = [entry(bus, name, kind, {"eventType": kind, "mail": mail} | what) for bus in buses(name, kind)]
            eventbridge._put_events({"Entries": entries}, allow_aws_source=True)


def described(sent, name, own_tags) -> dict:
    """The mail as an event describes it."""
    return {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": sent["Source"],
        "messageId": sent["MessageId"],
        "destination": sent["To"] + sent["CC"] + sent["BCC"],
        "headersTruncated": False,
        "tags": {"ses:configuration-set": [name]} | own_tags,
    }


def tags(params) -> dict[str, list[str]]:
    found, number = {}, 1
    while tag := value(params, f"Tags.member.{number}.Name"):
        found[tag] = [value(params, f"Tags.member.{number}.Value")]
        number += 1
    return found


def outcomes(address) -> list[tuple]:
    """The kinds of events that a mail to the address has, each with the subtype of its bounce."""
    local, _, domain = parseaddr(address)[1].lower().partition("@")
    if domain != ses._SIMULATOR_DOMAIN:
        return []
    return [found for found in ses._SIMULATOR_OUTCOMES.get(local.split("+")[0], ()) if found[0] in DETAIL_TYPES]


def buses(name, kind) -> list[str]:
    """The event buses that the configuration set wants such events on."""
    destinations = (ses_v2._config_sets.get(name) or {}).get("EventDestinations") or {}
    return [
        destination["EventBridgeDestination"]["EventBusArn"]
        for destination in destinations.values()
        if destination.get("Enabled")
        and kind.upper() in destination.get("MatchingEventTypes", ())
        and destination.get("EventBridgeDestination")
    ]


def entry(bus, name, kind, detail) -> dict[str, object]:
    return {
        "Source": "aws.ses",
        "DetailType": DETAIL_TYPES[kind],
        "Detail": json.dumps(detail),
        "EventBusName": bus,
        "Resources": [f"arn:aws:ses:{responses.get_region()}:{responses.get_account_id()}:configuration-set/{name}"],
    }
