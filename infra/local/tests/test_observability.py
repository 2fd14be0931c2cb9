"""The stack of alarms and dashboard, deployed into an emulator, with what template.yaml hands to it.

The emulator has no metric math, so the alarms with expressions are left out; cfn-lint and test/alarms read those.
"""

import json
import tempfile
import unittest
from pathlib import Path

from localstore.settings import ROOT
from tests.test_emulator import Emulator
from translate import read

NUMBERS = {"MailsPerDay": "200", "LambdaConcurrency": "1000", "KmsCallsPerSecond": "1000"}


def has_math(resource) -> bool:
    return "Metrics" in resource["Properties"]


class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.template = read(ROOT / "infra" / "observability" / "template.yaml")
        cls.emulator = Emulator(Path(folder.name) / "data")
        cls.emulator.start()
        cls.addClassCleanup(lambda: cls.emulator.end())
        for name, parameter in cls.template["Parameters"].items():
            parameter["Default"] = NUMBERS.get(name, "ops@example.com" if name == "OperatorEmail" else name)
        cls.template["Resources"] = {n: r for n, r in cls.template["Resources"].items() if not has_math(r)}
        status = cls.emulator.deploy(cls.template)
        if status != "CREATE_COMPLETE":
            raise AssertionError(cls.emulator.stack())

    def test_the_store_hands_over_every_parameter_and_no_other(self) -> None:
        nested = read(ROOT / "template.yaml")["Resources"]["Observability"]["Properties"]
        self.assertEqual(set(nested["Parameters"]), set(self.template["Parameters"]))
        self.assertTrue((ROOT / nested["TemplateURL"]).exists())

    def test_every_alarm_of_one_metric_is_there_and_tells_the_operator(self) -> None:
        found = self.emulator.client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]
        declared = [n for n, r in self.template["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"]
        self.assertEqual(sorted(a["AlarmName"] for a in found), sorted(f"Store {name}" for name in declared))
        topic = self.emulator.resource("Alarms")
        for alarm in found:
            self.assertEqual(alarm["AlarmActions"], [topic], alarm["AlarmName"])
        told = self.emulator.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual([(s["Protocol"], s["Endpoint"]) for s in told], [("email", "ops@example.com")])

    def test_the_dashboard_is_json_without_a_name_left_in_it(self) -> None:
        body = self.emulator.client("cloudwatch").get_dashboard(DashboardName="Store")["DashboardBody"]
        self.assertNotIn("${", body)
        widgets = json.loads(body)["widgets"]
        places = {(w["x"], w["y"]) for w in widgets}
        self.assertEqual(len(places), len(widgets), "two widgets have one place")
        self.assertTrue(all(w["properties"]["metrics"] for w in widgets))


if __name__ == "__main__":
    unittest.main()
