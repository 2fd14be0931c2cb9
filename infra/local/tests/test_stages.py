"""The store's own template, deployed into an emulator as another stage than local, as far as the emulator goes.

The functions are a program that does nothing: what is looked at are the resources and the settings that only other
stages have. Alarms with metric math, which the emulator has not, are left out, as in test_observability.py.
"""

import json
import tempfile
import unittest
from pathlib import Path

from localstore.settings import ROOT
from tests import stacks
from tests.test_emulator import Emulator, wait_for
from tests.test_observability import has_math
from translate import read, translate


class Staging(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(Path(folder.name) / "data")
        cls.emulator.start()
        cls.addClassCleanup(lambda: cls.emulator.end())
        cls.emulator.upload_function()
        nested = read(ROOT / "infra" / "observability" / "template.yaml")
        nested["Resources"] = {n: r for n, r in nested["Resources"].items() if not has_math(r)}
        cls.upload("alarms", nested)
        formation = cls.emulator.client("cloudformation")
        url = cls.upload("store", cls.template())
        formation.create_stack(StackName="shop", TemplateURL=url, Capabilities=["CAPABILITY_IAM"])
        wait_for(lambda: not cls.emulator.stack()["StackStatus"].endswith("IN_PROGRESS"), "the stack", 120)
        if cls.emulator.stack()["StackStatus"] != "CREATE_COMPLETE":
            events = formation.describe_stack_events(StackName="shop")["StackEvents"]
            raise AssertionError([e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]])

    @classmethod
    def upload(cls, key, template) -> str:
        """Put a template where CloudFormation reads it; larger ones it does not take in a request."""
        body = json.dumps(template, default=str)
        cls.emulator.client("s3").put_object(Bucket=stacks.BUCKET, Key=key, Body=body)
        return f"http://127.0.0.1:{cls.emulator.port}/{stacks.BUCKET}/{key}"

    @classmethod
    def template(cls) -> dict:
        given = {
            "Stage": "staging",
            "Sender": "shop@example.com",
            "IssuerUrl": stacks.standing_issuer(),
            "OperatorEmail": "ops@example.com",
        }
        template = translate(read(ROOT / "template.yaml"), given)
        for name, value in given.items():
            template["Parameters"][name]["Default"] = value
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["Code"] = {"S3Bucket": stacks.BUCKET, "S3Key": stacks.KEY}
            if resource["Type"] == "AWS::CloudFormation::Stack":
                resource["Properties"]["TemplateURL"] = f"http://127.0.0.1:{cls.emulator.port}/{stacks.BUCKET}/alarms"
        return template

    def variables(self, function) -> dict[str, str]:
        found = self.emulator.client("lambda").get_function_configuration(FunctionName=self.emulator.resource(function))
        return found["Environment"]["Variables"]

    def test_addresses_are_verified_by_default(self) -> None:
        variables = self.variables("SignUpFunction")
        self.assertEqual((variables["STAGE"], variables["REQUIRE_VERIFIED_EMAIL"]), ("staging", "true"))

    def test_alarms_tell_the_operator(self) -> None:
        topics = self.emulator.client("sns").list_subscriptions()["Subscriptions"]
        self.assertEqual([s["Endpoint"] for s in topics if s["Protocol"] == "email"], ["ops@example.com"])
        alarms = self.emulator.client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]
        self.assertIn("shop CheckoutsBusy", {a["AlarmName"] for a in alarms})


if __name__ == "__main__":
    unittest.main()
