"""What an issuer must do while an API with an authorizer is imported."""

import os
import unittest
from unittest import mock

from emulation import issuers
from tests.issuer import Issuer


class Require(unittest.TestCase):
    def issuer(self, **what) -> Issuer:
        made = Issuer(**what)
        self.addCleanup(made.close)
        return made

    def test_one_that_answers_is_asked_once(self) -> None:
        found = self.issuer()
        issuers.require("Token", f"{found.url}/")
        self.assertEqual(found.asked, 1)

    def test_others_are_refused(self) -> None:
        discovery = "'/.well-known/openid-configuration'"
        for why, url in {
            "refused": "http://127.0.0.1:9",
            "500": self.issuer(status=500).url,
            "no jwks_uri": self.issuer(document={"issuer": "me"}).url,
            "names no jwks": self.issuer(document=["jwks_uri"]).url,
        }.items():
            with self.subTest(why), self.assertRaisesRegex(issuers.NoIssuer, f"(?s)Token.*{discovery}.*{why}"):
                issuers.require("Token", url)

    def test_one_that_is_late_is_refused(self) -> None:
        late = self.issuer(delay=0.5)
        with mock.patch.object(issuers, "seconds", return_value=0.2), self.assertRaisesRegex(issuers.NoIssuer, "0.2 s"):
            issuers.require("Token", late.url)
        with mock.patch.object(issuers, "seconds", return_value=60):
            issuers.require("Token", late.url)

    def test_a_machine_that_is_busy_gives_more_time(self) -> None:
        for load, cores, want in ((0.1, 2, 1.5), (2.0, 2, 1.5), (8.0, 2, 6.0), (8.0, None, 12.0)):
            with (
                mock.patch.object(os, "getloadavg", return_value=(load, 0, 0)),
                mock.patch.object(os, "cpu_count", return_value=cores),
            ):
                self.assertEqual(issuers.seconds(), want)


if __name__ == "__main__":
    unittest.main()
