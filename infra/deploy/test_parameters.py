"""Which values are sent."""

import hashlib
import unittest

import parameters
from parameters import Refused

DECLARED = {
    "Stage": {},
    "Sender": {"Description": "Who mails."},
    "SenderDomain": {"Default": ""},
    "ShopName": {"Default": "The Shop"},
    "Pages": {"Default": "on"},
    "TimeZone": {"Default": "UTC"},
    "OriginProof": {"Default": ""},
    "OriginProofSha256": {"Default": ""},
    "TokensSignedBy": {"Default": "SigningKey"},
    "StandbyKey": {"Default": "published"},
}
PRESENT = {
    "Stage": "staging",
    "Sender": "shop@example.com",
    "OriginProof": "****",
    "OriginProofSha256": "ab" * 32,
    "TokensSignedBy": "SecondSigningKey",
    "StandbyKey": "absent",
    "Forgotten": "a parameter that the template has no more",
}


def sent(present, stage="staging", **given) -> dict[str, str]:
    """The values by name; "as it is" where the stack's stays."""
    chosen = parameters.choose(DECLARED, present, given, stage)
    return {p["ParameterKey"]: "as it is" if p.get("UsePreviousValue") else p["ParameterValue"] for p in chosen}


class Choose(unittest.TestCase):
    def test_a_deployment_changes_what_was_given_and_nothing_else(self) -> None:
        kept = dict.fromkeys(PRESENT.keys() - {"Forgotten"}, "as it is")
        self.assertEqual(sent(PRESENT), kept | {"Stage": "staging"})
        self.assertEqual(sent(PRESENT, ShopName="Ours"), kept | {"Stage": "staging", "ShopName": "Ours"})

    def test_the_first_makes_the_proof(self) -> None:
        first = sent(None, Sender="shop@example.com")
        proof = first["OriginProof"]
        self.assertGreaterEqual(len(proof), 32)
        self.assertEqual(first["OriginProofSha256"], hashlib.sha256(proof.encode()).hexdigest())
        self.assertEqual(set(first), {"Stage", "Sender", "OriginProof", "OriginProofSha256"})
        self.assertNotEqual(sent(None, Sender="shop@example.com")["OriginProof"], proof)

    def test_so_does_one_to_a_stack_that_was_made_without(self) -> None:
        bare = PRESENT | {"OriginProof": "", "OriginProofSha256": ""}
        self.assertEqual(len(sent(bare)["OriginProofSha256"]), 64)

    def test_no_proof_is_made_where_there_is_no_distribution_or_another_one(self) -> None:
        self.assertNotIn("OriginProof", sent(None, Sender="shop@example.com", Pages="off"))
        other = sent(None, Sender="shop@example.com", OriginProofSha256="cd" * 32)
        self.assertEqual((other.get("OriginProof"), other["OriginProofSha256"]), (None, "cd" * 32))

    def test_a_proof_that_is_given_has_its_own_hash(self) -> None:
        mine = hashlib.sha256(b"mine").hexdigest()
        for present in (None, PRESENT):
            found = sent(present, Sender="shop@example.com", OriginProof="mine")
            self.assertEqual((found["OriginProof"], found["OriginProofSha256"]), ("mine", mine))
            self.assertEqual(sent(present, Sender="a@b", OriginProof="", OriginProofSha256="")["OriginProofSha256"], "")

    def test_what_is_refused(self) -> None:
        for complaint, present, stage, given in (
            ("Sender has no default.*Who mails", None, "staging", {}),
            ("the template has no parameter Sendr", None, "staging", {"Sendr": "a@b"}),
            ("shop rotate-key", PRESENT, "staging", {"TokensSignedBy": "SigningKey"}),
            ("shop rotate-key", None, "staging", {"Sender": "a@b", "StandbyKey": "absent"}),
            ("deployed with Stage=staging", PRESENT, "production", {}),
            ("no address of SenderDomain=other", PRESENT, "staging", {"SenderDomain": "other"}),
            ("TimeZone=Europe/Londn is no time zone", PRESENT, "staging", {"TimeZone": "Europe/Londn"}),
            ("not the SHA-256", PRESENT, "staging", {"OriginProof": "mine", "OriginProofSha256": "ab" * 32}),
            ("parameters say Stage=production", PRESENT, "staging", {"Stage": "production"}),
        ):
            with self.subTest(complaint), self.assertRaisesRegex(Refused, complaint):
                sent(present, stage, **given)

    def test_a_domain_goes_with_its_address(self) -> None:
        self.assertEqual(sent(PRESENT, SenderDomain="example.com")["SenderDomain"], "example.com")

    def test_a_zone_is_one_of_the_database(self) -> None:
        self.assertEqual(sent(PRESENT, TimeZone="Europe/London")["TimeZone"], "Europe/London")


class Read(unittest.TestCase):
    def test_as_sam_writes_them(self) -> None:
        self.assertEqual(
            parameters.read(["A=1 B='two words'", "C=x=y", "D="]), {"A": "1", "B": "two words", "C": "x=y", "D": ""}
        )
        self.assertEqual(parameters.read([]), {})
        for wrong in ("A", "=1", "A=1 B"):
            with self.subTest(wrong), self.assertRaisesRegex(Refused, "is no NAME=VALUE"):
                parameters.read([wrong])


if __name__ == "__main__":
    unittest.main()
