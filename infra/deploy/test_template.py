"""The store's whole template, made by the emulator's CloudFormation: by its defaults, and with what is optional."""

import io
import json
import tempfile
import unittest
import zipfile
from pathlib import Path

from localstore.settings import ROOT
from tests import issuer
from tests.test_emulator import Emulator, wait_for
from translate import ANY_CODE, read, translate

NEEDED = {"Stage": "local", "Sender": "shop@example.com"}
OPTIONAL = {
    "SenderDomain": "example.com",
    "KmsKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555",
    "WarmReadUnits": "20000",
    "WarmWriteUnits": "8000",
    "ApiRate": "500",
    "ApiBurst": "100",
    "SignUpRate": "0.5",
    "SignUpBurst": "5",
    "LogInRate": "10",
    "ResetRate": "2",
    "PlaceOrderConcurrency": "300",
    "NotifyConcurrency": "5",
    "StandbyKey": "absent",
    "Pages": "off",
    "ShopUrl": "https://shop.example.com",
}


class Template(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shop-template-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(Path(folder.name))
        cls.emulator.start()
        cls.addClassCleanup(cls.emulator.end)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("bootstrap", "no program: nothing is invoked")
        bucket, _, key = ANY_CODE.removeprefix("s3://").partition("/")
        s3 = cls.emulator.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=bucket, Key=key, Body=packed.getvalue())
        s3.put_object(Bucket=bucket, Key="template", Body=json.dumps(translate(read(ROOT / "template.yaml"), {})))
        cls.url = f"{s3.meta.endpoint_url}/{bucket}/template"
        cls.issuer = issuer.Issuer()
        cls.addClassCleanup(cls.issuer.close)

    def deploy(self, stack, parameters, update=False) -> dict:
        """The stack as it is at the end."""
        formation = self.emulator.client("cloudformation")
        values = parameters | {"IssuerUrl": self.issuer.url}
        (formation.update_stack if update else formation.create_stack)(
            StackName=stack,
            TemplateURL=self.url,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        )

        def described() -> dict:
            return formation.describe_stacks(StackName=stack)["Stacks"][0]

        wait_for(lambda: not described()["StackStatus"].endswith("IN_PROGRESS"), "the stack", seconds=300)
        return described()

    def routes_of_pictures(self) -> set[str]:
        """The paths of the store's API that take pictures."""
        gateway = self.emulator.client("apigatewayv2")
        apis = [api["ApiId"] for api in gateway.get_apis()["Items"]]
        keys = [r["RouteKey"] for api in apis for r in gateway.get_routes(ApiId=api)["Items"]]
        return {key.removeprefix("POST ") for key in keys if "/pictures" in key}

    def test_a_stack_is_made_with_the_defaults_and_takes_all_that_is_optional(self) -> None:
        made = self.deploy("made", NEEDED)
        self.assertEqual(made["StackStatus"], "CREATE_COMPLETE", made)
        self.assertEqual(self.routes_of_pictures(), {"/admin/pictures", "/admin/pictures/{sha256}/completion"})
        changed = self.deploy("made", NEEDED | OPTIONAL, update=True)
        self.assertEqual(changed["StackStatus"], "UPDATE_COMPLETE", changed)
        outputs = {o["OutputKey"]: o["OutputValue"] for o in changed["Outputs"]}
        records = {name: value for name, value in outputs.items() if name.startswith("SenderDns")}
        self.assertEqual(len(records), 6)
        self.assertRegex(records["SenderDnsDkim1"], r"^[0-9a-f]+\._domainkey\.example\.com CNAME [0-9a-f]+\.dkim")
        self.assertEqual(records["SenderDnsMailFromMx"], "mail.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com")
        self.assertNotIn("PagesUrl", outputs)
        self.assertEqual(self.routes_of_pictures(), set())
        known = self.emulator.client("sesv2").get_email_identity(EmailIdentity="example.com")
        self.assertEqual(known["MailFromAttributes"]["MailFromDomain"], "mail.example.com")

    def test_what_cannot_be_is_refused_before_anything_is_made(self) -> None:
        formation = self.emulator.client("cloudformation")
        for complaint, wrong in {
            "Stage": {"Sender": "shop@example.com"},
            "Sender": {"Stage": "local"},
            "WarmReadUnits": NEEDED | {"WarmReadUnits": "1"},
            "NotifyConcurrency": NEEDED | {"NotifyConcurrency": "3"},
            "KmsKeyArn": NEEDED | {"KmsKeyArn": "alias/mine"},
            "SenderDomain": NEEDED | {"SenderDomain": "https://example.com"},
        }.items():
            with self.subTest(complaint), self.assertRaisesRegex(formation.exceptions.ClientError, complaint):
                self.deploy("refused", wrong)


if __name__ == "__main__":
    unittest.main()
