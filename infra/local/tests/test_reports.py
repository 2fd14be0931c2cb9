import json
import unittest
from unittest import mock

from emulation import reports

BUS = "arn:aws:events:eu-west-1:000000000000:event-bus/default"
DESTINATION = {
    "Enabled": True,
    "MatchingEventTypes": ["BOUNCE", "COMPLAINT"],
    "EventBridgeDestination": {"EventBusArn": BUS},
}


def sent(address, answer=(200, {}, b""), destination=DESTINATION, **members) -> list[dict]:
    """The entries that are put on a bus when a mail is sent to address."""
    from emulation.ministack_internals import eventbridge, ses, ses_v2

    def send(params) -> tuple:
        record = {"MessageId": "m-1", "Source": "shop@example.com", "To": [address], "CC": [], "BCC": []}
        ses._sent_emails_list().append(record)
        return answer

    params = {
        "ConfigurationSetName": ["mails"],
        "Tags.member.1.Name": ["mail_kind"],
        "Tags.member.1.Value": ["order-placed"],
        "Tags.member.2.Name": ["mail_subject"],
        "Tags.member.2.Value": ["ord_7"],
    }
    with (
        mock.patch.object(ses_v2, "_config_sets", {"mails": {"EventDestinations": {"one": destination | members}}}),
        mock.patch.object(eventbridge, "_put_events") as put,
    ):
        assert reports.with_reports(send)(params) == answer
    return [entry for call in put.call_args_list for entry in call.args[0]["Entries"]]


class Reports(unittest.TestCase):
    def test_a_bounce_names_its_mail(self) -> None:
        (entry,) = sent("Ada <bounce+one@simulator.amazonses.com>")
        self.assertEqual(
            (entry["Source"], entry["DetailType"], entry["EventBusName"]), ("aws.ses", "Email Bounced", BUS)
        )
        self.assertTrue(entry["Resources"][0].endswith(":configuration-set/mails"))
        detail = json.loads(entry["Detail"])
        self.assertEqual((detail["eventType"], detail["bounce"]["bounceType"]), ("Bounce", "Permanent"))
        self.assertEqual(detail["mail"]["messageId"], "m-1")
        self.assertEqual(
            detail["mail"]["tags"],
            {"ses:configuration-set": ["mails"], "mail_kind": ["order-placed"], "mail_subject": ["ord_7"]},
        )

    def test_a_complaint(self) -> None:
        (entry,) = sent("complaint@simulator.amazonses.com")
        self.assertEqual(entry["DetailType"], "Email Complaint Received")
        recipients = json.loads(entry["Detail"])["complaint"]["complainedRecipients"]
        self.assertEqual(recipients, [{"emailAddress": "complaint@simulator.amazonses.com"}])

    def test_what_arrives_or_was_not_sent_is_not_reported(self) -> None:
        self.assertEqual(sent("success+one@simulator.amazonses.com"), [])
        self.assertEqual(sent("bounce@example.com"), [])
        self.assertEqual(sent("bounce@simulator.amazonses.com", answer=(400, {}, b"")), [])

    def test_what_the_destination_does_not_want_is_not_reported(self) -> None:
        bounce = "bounce@simulator.amazonses.com"
        self.assertEqual(sent(bounce, Enabled=False), [])
        self.assertEqual(sent(bounce, MatchingEventTypes=["COMPLAINT"]), [])
        self.assertEqual(sent(bounce, EventBridgeDestination=None), [])


if __name__ == "__main__":
    unittest.main()
