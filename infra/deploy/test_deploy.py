"""Deployments to a real CloudFormation, the emulator's, of a small template with the parameters of the store's."""

import contextlib
import copy
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from botocore.exceptions import ClientError

import changeset
import deploy
from parameters import Refused
from tests.test_emulator import Emulator

BUCKET = "templates"
GIVEN = {"Sender": "shop@example.com"}
OWN_DOMAIN = {
    "ApiUrl": "https://api",
    "IssuerUrl": "https://issuer",
    "PagesUrl": "https://shop.example.com",
    "PagesDistributionDomain": "d1.cloudfront.net",
    "SenderDnsDmarc": '_dmarc.a.b TXT "v=DMARC1"',
}


def parameter(default) -> dict:
    return {"Type": "String", "Default": default}


TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String", "AllowedValues": ["local", "staging", "production"]},
        "Sender": {"Type": "String"},
        "ShopName": parameter("The Shop"),
        "Pages": parameter("on"),
        "OriginProof": parameter("") | {"NoEcho": True},
        "OriginProofSha256": parameter(""),
        "TokensSignedBy": parameter("SigningKey"),
        "StandbyKey": parameter("published"),
    },
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        **{
            f"Shown{name}": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": name}}}
            for name in ("TokensSignedBy", "ShopName", "OriginProof")
        },
    },
}


class Deploy(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shop-deploy-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(Path(folder.name))
        cls.emulator.start()
        cls.addClassCleanup(cls.emulator.end)
        cls.client = cls.emulator.client("cloudformation")
        cls.s3 = cls.emulator.client("s3")
        cls.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def target(self, stage="staging") -> deploy.Target:
        return deploy.Target(self.id().rpartition("_")[2], stage, self.client)

    def plan(self, template=TEMPLATE, stage="staging", **given) -> tuple[deploy.Target, str | None, str]:
        """The target, the change set, and what was shown."""
        self.s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
        url = f"{self.s3.meta.endpoint_url}/{BUCKET}/template.json"
        target = self.target(stage)
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            chosen = deploy.choose(target, template["Parameters"], given)
            return target, target.plan(url, chosen), shown.getvalue()

    def deploy(self, template=TEMPLATE, stage="staging", **given) -> deploy.Target:
        target, made, _ = self.plan(template, stage, **given)
        changeset.execute(self.client, target.name, made, target.exists, lambda text: None, pause=0.1)
        target.protect()
        return target

    def shown(self, target, name) -> str:
        """A parameter as a resource of the stack was given it."""
        found = self.client.describe_stack_resource(StackName=target.name, LogicalResourceId=f"Shown{name}")
        physical = found["StackResourceDetail"]["PhysicalResourceId"]
        return self.emulator.client("ssm").get_parameter(Name=physical)["Parameter"]["Value"]

    def rotate(self, target) -> None:
        """What `shop rotate-key` does: one parameter, by an update of its own."""
        kept = [p for p in TEMPLATE["Parameters"] if p != "TokensSignedBy"]
        sent = [{"ParameterKey": p, "UsePreviousValue": True} for p in kept]
        sent.append({"ParameterKey": "TokensSignedBy", "ParameterValue": "SecondSigningKey"})
        self.client.update_stack(StackName=target.name, UsePreviousTemplate=True, Parameters=sent)
        self.client.get_waiter("stack_update_complete").wait(StackName=target.name, WaiterConfig={"Delay": 1})

    def test_a_rotation_and_the_proof_outlive_deployments_rotated(self) -> None:
        target = self.deploy(**GIVEN)
        proof = self.shown(target, "OriginProof")
        self.assertGreaterEqual(len(proof), 32)
        self.rotate(target)
        target = self.deploy(ShopName="Ours")
        self.assertEqual(self.shown(target, "TokensSignedBy"), "SecondSigningKey")
        self.assertEqual(self.shown(target, "OriginProof"), proof)
        self.assertEqual(self.shown(target, "ShopName"), "Ours")

    def test_what_changes_is_shown_before_it_happens_shown(self) -> None:
        _, made, shown = self.plan(**GIVEN)
        self.assertTrue(made)
        self.assertIn("A new stack, shown:\n", shown)
        self.assertIn("Add      Orders, AWS::DynamoDB::Table", shown)
        self.assertIsNone(self.target().present, "it was made without a yes")
        target = self.deploy(**GIVEN)
        _, made, shown = self.plan(ShopName="Ours")
        self.assertIn("Modify   ShownShopName, AWS::SSM::Parameter (Value)", shown)
        self.assertEqual(self.shown(target, "ShopName"), "The Shop")

    def test_nothing_to_do_is_no_failure_nothing(self) -> None:
        self.deploy(**GIVEN)
        self.assertIsNone(self.plan()[1])

    def test_a_table_is_not_replaced_table(self) -> None:
        self.deploy(**GIVEN)
        other = copy.deepcopy(TEMPLATE)
        table = other["Resources"]["Orders"]["Properties"]
        table["KeySchema"] = [{"AttributeName": "key", "KeyType": "HASH"}]
        table["AttributeDefinitions"] = [{"AttributeName": "key", "AttributeType": "S"}]
        with self.assertRaisesRegex(Refused, "the key of the table Orders would change"):
            self.plan(other)
        without = copy.deepcopy(TEMPLATE)
        del without["Resources"]["Orders"]
        with self.assertRaisesRegex(Refused, "Orders .*would leave the stack"):
            self.plan(without)
        left = self.client.list_change_sets(StackName="table")["Summaries"]
        self.assertEqual([c for c in left if c["ExecutionStatus"] == "AVAILABLE"], [])

    def test_indexes_come_one_by_one_indexes(self) -> None:
        self.deploy(**GIVEN)
        more = copy.deepcopy(TEMPLATE)
        table = more["Resources"]["Orders"]["Properties"]
        table["AttributeDefinitions"] += [{"AttributeName": "a", "AttributeType": "S"}]
        indexes = [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in ("first", "second")
        ]
        table["GlobalSecondaryIndexes"] = indexes
        with self.assertRaisesRegex(Refused, r"several indexes at once \(first, second\)"):
            self.plan(more)
        table["GlobalSecondaryIndexes"] = indexes[:1]
        self.deploy(more)
        table["GlobalSecondaryIndexes"] = indexes
        self.deploy(more)

    def test_a_stage_is_for_ever_stage(self) -> None:
        self.deploy(**GIVEN)
        with self.assertRaisesRegex(Refused, "deployed with Stage=staging"):
            self.plan(stage="production")

    def test_production_is_protected_production(self) -> None:
        target = self.deploy(stage="production", **GIVEN)
        self.assertTrue(target.describe()["EnableTerminationProtection"])
        policy = json.loads(self.client.get_stack_policy(StackName=target.name)["StackPolicyBody"])
        denied = {
            kind: s["Action"]
            for s in policy["Statement"][1:]
            for kind in s["Condition"]["StringEquals"]["ResourceType"]
        }
        self.assertEqual(denied["AWS::DynamoDB::Table"], ["Update:Replace", "Update:Delete"])
        self.assertEqual(denied["AWS::KMS::Key"], "Update:Replace", "a rotation removes a key")
        self.assertEqual(denied["AWS::S3::Bucket"], "Update:Replace", "Pages=off removes the pages' bucket")
        other = self.deploy(copy.deepcopy(TEMPLATE), "production", ShopName="Ours")
        self.assertEqual(self.shown(other, "ShopName"), "Ours")

    def test_a_sender_that_ses_knows_is_not_made_sender(self) -> None:
        ses = self.emulator.client("sesv2")
        declared = TEMPLATE["Parameters"] | {"SenderIsKnown": {}}

        def asked(**given) -> dict[str, str]:
            with mock.patch.object(deploy.boto3, "client", return_value=ses), contextlib.redirect_stderr(io.StringIO()):
                return deploy.sender_is_known(self.target(), declared, given)

        self.assertEqual(asked(Sender="new@example.org"), {})
        ses.create_email_identity(EmailIdentity="example.org")
        self.assertEqual(asked(Sender="a@example.org", SenderDomain="example.org"), {"SenderIsKnown": "true"})
        self.assertEqual(asked(Sender="new@example.org"), {})
        self.assertEqual(asked(Sender="a@example.org", SenderDomain="example.org", SenderIsKnown="false"), {})
        self.deploy(**GIVEN)
        self.assertEqual(asked(Sender="a@example.org", SenderDomain="example.org"), {}, "it may be the stack's own")

    def test_a_failed_first_try_says_what_failed_and_what_to_do_failed(self) -> None:
        broken = copy.deepcopy(TEMPLATE)
        broken["Resources"]["Broken"] = {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Body": {"openapi": "3.0.1", "paths": {}}},
        }
        with self.assertRaisesRegex(Refused, r"(?s)Broken: .*no route.*delete-stack --stack-name failed"):
            self.deploy(broken, **GIVEN)
        with self.assertRaisesRegex(Refused, r"ROLLBACK_COMPLETE.*delete-stack"):
            self.target()
        left = self.emulator.client("dynamodb").list_tables()["TableNames"]
        self.assertEqual([name for name in left if name.startswith("failed-")], [], "in the way of the next try")


class Order(unittest.TestCase):
    """What `make deploy` does first, and what later. What it calls is replaced."""

    def setUp(self) -> None:
        self.target = mock.Mock(exists=False, present=None, stage="staging")
        self.target.name, self.target.plan.return_value = "shop-staging", None
        self.ses, self.printed = mock.Mock(), io.StringIO()
        self.ses.get_email_identity.side_effect = ClientError({"Error": {"Code": "NotFoundException"}}, "")
        self.build = self.replace(deploy, "build")
        self.upload = self.replace(deploy, "upload", return_value="https://s3/template.yaml")
        self.replace(deploy, "Target", return_value=self.target)
        self.replace(deploy.boto3, "client", return_value=self.ses)
        self.replace(deploy.deployed, "outputs", return_value={})

    def replace(self, module, name, **more) -> mock.Mock:
        patch = mock.patch.object(module, name, **more)
        self.addCleanup(patch.stop)
        return patch.start()

    def deploy(self, *sets, smoke=False) -> None:
        args = deploy.arguments(["staging", "--yes", *(a for s in sets for a in ("--set", s))])
        args.no_smoke = not smoke
        with contextlib.redirect_stdout(self.printed), contextlib.redirect_stderr(io.StringIO()):
            deploy.deploy(args, "shop-staging", "eu-west-1", {"parameter_overrides": "Stage=staging"})

    def test_what_is_refused_is_refused_before_the_build(self) -> None:
        for complaint, sets in {
            "Sender has no default: say PARAMETERS='Sender=": [],
            "the parameters say Stage=production": ["Sender=a@example.com", "Stage=production"],
            "TokensSignedBy is not a deployment's to set": ["Sender=a@example.com", "TokensSignedBy=SecondSigningKey"],
            "the template has no parameter Sendr": ["Sendr=a@example.com"],
            "is no address of SenderDomain": ["Sender=a@example.com", "SenderDomain=example.org"],
        }.items():
            with self.subTest(complaint), self.assertRaisesRegex(Refused, complaint):
                self.deploy(*sets)
        self.ses.get_email_identity.assert_not_called()
        self.build.assert_not_called()
        self.upload.assert_not_called()

    def test_what_is_chosen_is_sent(self) -> None:
        self.ses.get_email_identity.side_effect = None
        self.deploy("Sender=a@example.com")
        url, chosen = self.target.plan.call_args.args
        sent = {p["ParameterKey"]: p.get("ParameterValue") for p in chosen}
        self.assertEqual(url, "https://s3/template.yaml")
        self.assertEqual((sent["Stage"], sent["Sender"], sent["SenderIsKnown"]), ("staging", "a@example.com", "true"))

    def test_who_mends_a_store_that_does_not_work_sees_its_addresses(self) -> None:
        deploy.deployed.outputs.return_value = OWN_DOMAIN
        failing = self.replace(deploy.smoke, "run", side_effect=deploy.smoke.Failed("no page"))
        self.replace(deploy.smoke, "operators_tool")
        with self.assertRaisesRegex(Refused, "deployed, but the store does not work: no page"):
            self.deploy("Sender=a@example.com", smoke=True)
        failing.assert_called_once()
        for shown in (OWN_DOMAIN["PagesUrl"], "shop.example.com CNAME d1.cloudfront.net", OWN_DOMAIN["SenderDnsDmarc"]):
            self.assertIn(shown, self.printed.getvalue())

    def test_what_is_built_is_for_the_processor_of_the_stack(self) -> None:
        for present, sets, processor in (
            (None, [], "arm64"),
            (None, ["Architecture=x86_64"], "x86_64"),
            ({"Stage": "staging", "Architecture": "x86_64"}, [], "x86_64"),
        ):
            self.target.present = present
            with self.subTest(present=present, sets=sets):
                self.deploy("Sender=a@example.com", *sets)
                self.build.assert_called_with(processor)


class Configuration(unittest.TestCase):
    def test_what_samconfig_says_of_a_stage(self) -> None:
        text = '[staging.deploy.parameters]\nstack_name = "s"\nparameter_overrides = "Stage=staging Sender=a@b"\n'
        config = deploy.configuration("staging", text)
        self.assertEqual(config["stack_name"], "s")
        self.assertEqual(deploy.given(config, ["Sender=c@d"]), {"Stage": "staging", "Sender": "c@d"})
        listed = {"parameter_overrides": ["Stage=staging", "ShopName='Our Shop'"]}
        self.assertEqual(deploy.given(listed, []), {"Stage": "staging", "ShopName": "Our Shop"})

    def test_the_records_of_the_senders_domain_are_printed(self) -> None:
        target = mock.Mock(present={})
        target.name = "shop"
        self.assertIn('DNS records:\n  _dmarc.a.b TXT "v=DMARC1"', deploy.urls(target, OWN_DOMAIN))

    def test_the_record_of_the_pages_domain_is_printed_where_it_is_needed(self) -> None:
        target = mock.Mock(present={})
        target.name = "shop"
        shown = deploy.urls(target, OWN_DOMAIN)
        self.assertIn("needs this DNS record:\n  shop.example.com CNAME d1.cloudfront.net", shown)
        without = OWN_DOMAIN | {"PagesUrl": "https://d1.cloudfront.net"}
        self.assertNotIn("CNAME", deploy.urls(target, without))

    def test_the_project_names_a_stack_for_each_stage(self) -> None:
        text = (deploy.ROOT / "samconfig.toml").read_text()
        names = [deploy.configuration(stage, text)["stack_name"] for stage in ("staging", "production")]
        self.assertEqual(names, ["shop-staging", "shop-production"])


if __name__ == "__main__":
    unittest.main()
