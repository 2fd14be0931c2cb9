import base64
import unittest

from emulation import mail

SHOP = "arn:aws:ses:eu-west-1:000000000000:identity/shop@example.com"


def resource(params, service="ses") -> str:
    check = mail.check_on_identity(lambda *args: "*")
    return check(service, "POST", "/", {}, b"", params, "eu-west-1", "000000000000")


def raw(text) -> str:
    return base64.b64encode(text.encode()).decode()


class Resource(unittest.TestCase):
    def test_a_mail_is_checked_on_its_sender(self) -> None:
        cases = [
            {"Action": ["SendEmail"], "Source": ["shop@example.com"]},
            {"Action": "SendEmail", "Source": "The Shop <shop@example.com>"},
            {"Action": "SendRawEmail", "Source": "shop@example.com"},
            {"Action": "SendRawEmail", "RawMessage.Data": raw("From: Shop <shop@example.com>\r\n\r\nhello")},
        ]
        for params in cases:
            with self.subTest(params):
                self.assertEqual(resource(params), SHOP)

    def test_what_names_no_sender_is_left_as_it_is(self) -> None:
        cases = [
            {"Action": "GetSendQuota"},
            {"Action": "SendEmail"},
            {"Action": "SendRawEmail", "RawMessage.Data": "%%%"},
            {"Action": "SendRawEmail", "RawMessage.Data": raw("Subject: none\r\n\r\n")},
        ]
        for params in cases:
            with self.subTest(params):
                self.assertEqual(resource(params), "*")
        self.assertEqual(resource({"Action": "SendEmail", "Source": "a@b.example"}, service="sns"), "*")

    def test_a_verified_domain_covers_its_addresses(self) -> None:
        from emulation.ministack_internals import ses

        ses._identities["domain.example"] = {}
        self.addCleanup(ses._identities.pop, "domain.example")
        self.assertTrue(
            resource({"Action": "SendEmail", "Source": "a@domain.example"}).endswith("identity/domain.example")
        )
        ses._identities["a@domain.example"] = {}
        self.addCleanup(ses._identities.pop, "a@domain.example")
        self.assertTrue(resource({"Action": "SendEmail", "Source": "a@domain.example"}).endswith("/a@domain.example"))


class Condition(unittest.TestCase):
    def test_the_sender_may_be_a_condition(self) -> None:
        keys = mail.with_sender(lambda *args: {"aws:tagkeys": None})
        params = {"Action": "SendEmail", "Source": "Shop <shop@example.com>"}
        want = {"aws:tagkeys": None, "ses:FromAddress": "shop@example.com"}
        self.assertEqual(keys("ses", "ses:SendEmail", b"", params), want)
        self.assertEqual(keys("sqs", "sqs:SendMessage", b"", params), {"aws:tagkeys": None})


class Dkim(unittest.TestCase):
    def test_a_domain_has_three_records_and_an_address_none(self) -> None:
        records = mail.dkim_records("example.com")
        self.assertEqual(len(set(records.values())), 6)
        for n in (1, 2, 3):
            token, _, zone = records[f"DkimDNSTokenName{n}"].partition(".")
            self.assertEqual(zone, "_domainkey.example.com")
            self.assertEqual(records[f"DkimDNSTokenValue{n}"], f"{token}.dkim.amazonses.com")
        self.assertEqual(mail.dkim_records("shop@example.com"), {})


if __name__ == "__main__":
    unittest.main()
