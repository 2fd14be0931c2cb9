"""Print the CloudFormation template that SAM makes of template.yaml, as JSON: what is really deployed.

    python translate.py [TEMPLATE] [NAME=VALUE …]

It needs the SAM translator (.tools/emulator has it) and no AWS account. A parameter without a value given here has
its default. Linters and tests read the output.
"""

import json
import os
import sys
from pathlib import Path

REGION = "eu-west-1"
ANY_CODE = "s3://bucket/key"
ANY_TEMPLATE = "https://s3.amazonaws.com/bucket/key"


def read(path) -> dict:
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(Path(path).read_text())


def translate(template, parameters) -> dict:
    """The translated template. parameters: values that replace the defaults."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    from samtranslator.translator.transform import transform

    values = {
        name: p["Default"] for name, p in (template.get("Parameters") or {}).items() if "Default" in p
    } | parameters
    return transform(with_code(template), values, ManagedPolicies())


def with_code(template) -> dict:
    """The template with an address for functions' code and nested stacks, which have one only after an upload."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = ANY_CODE
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = ANY_TEMPLATE
    return template


class ManagedPolicies:
    """The names of AWS's managed policies; the translator looks up the ones it adds by itself."""

    def load(self) -> dict[str, str]:
        from samtranslator.internal.managed_policies import get_bundled_managed_policy_map

        return get_bundled_managed_policy_map("aws")


def main(argv) -> None:
    path = next((a for a in argv if "=" not in a), "template.yaml")
    parameters = dict(a.split("=", 1) for a in argv if "=" in a)
    json.dump(translate(read(path), parameters), sys.stdout, indent=2, default=str)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
