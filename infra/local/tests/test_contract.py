"""What makes a run of Schemathesis worth nothing, and what its baseline must say."""

import json
import unittest

from localstore import contract
from localstore.settings import UserError

WHOLE = {
    "complete": True,
    "operations": {"selected": 23, "tested": 23},
    "test_cases": {"generated": 1500},
}


class Faults(unittest.TestCase):
    def test_a_whole_run_has_none(self) -> None:
        self.assertEqual(contract.faults_of(WHOLE), [])

    def test_no_report(self) -> None:
        self.assertEqual(len(contract.faults_of({})), 3)

    def test_a_run_that_was_cut_short(self) -> None:
        self.assertEqual(contract.faults_of(WHOLE | {"complete": False}), ["the run did not come to its end"])

    def test_no_operation(self) -> None:
        none = WHOLE | {"operations": {"selected": 0, "tested": 0}}
        self.assertEqual(contract.faults_of(none), ["0 of 0 operations were tested"])

    def test_not_every_operation(self) -> None:
        some = WHOLE | {"operations": {"selected": 23, "tested": 22}}
        self.assertEqual(contract.faults_of(some), ["22 of 23 operations were tested"])

    def test_no_request(self) -> None:
        self.assertEqual(contract.faults_of(WHOLE | {"test_cases": {"generated": 0}}), ["no request was sent"])


class Baseline(unittest.TestCase):
    def test_each_entry_has_a_reason(self) -> None:
        contract.check_baseline(json.loads(contract.BASELINE.read_text()))

    def test_an_entry_without_a_reason(self) -> None:
        with self.assertRaisesRegex(UserError, "reason for 2b673f"):
            contract.check_baseline({"entries": [{"id": "2b673f"}, {"id": "a90cdb", "reason": "so"}]})
