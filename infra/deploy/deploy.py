"""Deploy the store to AWS: build, show what changes, refuse what would lose data, deploy, upload the pages, try it.

    python deploy.py STAGE [--set NAME=VALUE …] [--yes] [--stack NAME] [--template BUILT] [--no-smoke]

`make deploy STAGE=staging` runs it with the interpreter that has boto3, and infra/local on PYTHONPATH. The stack's
name, its region and its parameters are those of samconfig.toml's environment of the stage; parameters that are given
here come before them. README.md says what it asks for.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import changeset
import parameters
import smoke
import stack as deployed
from localstore import tools, web
from localstore.settings import ROOT, UserError, say
from parameters import Refused

STAGES = ("local", "staging", "production")
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
# What no update may replace or remove, however it is made. A rotation removes a key, and Pages=off the pages with their
# bucket, in which the products' pictures are, too.
STACK_POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Replace", "Update:Delete"],
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": list(changeset.KEPT)}},
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "Update:Replace",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": list(changeset.MAY_LEAVE)}},
        },
    ]
}


def arguments(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.py", description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the template")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--stack", help="the stack's name (default: as samconfig.toml says)")
    parser.add_argument("--template", type=Path, help="a template that SAM built; without it the store is built")
    parser.add_argument("--no-smoke", action="store_true", help="neither upload the pages nor try the store")
    return parser.parse_args(argv)


def configuration(stage, text) -> dict:
    """What samconfig.toml says of deployments to a stage."""
    return tomllib.loads(text).get(stage, {}).get("deploy", {}).get("parameters", {})


def given(config, arguments) -> dict[str, str]:
    """The parameters by samconfig.toml, which has them as one text or as a list, and those of the command line."""
    saved = config.get("parameter_overrides", [])
    return parameters.read([saved] if isinstance(saved, str) else saved) | parameters.read(arguments)


class Target:
    """One stack, there or not."""

    def __init__(self, name, stage, client=None) -> None:
        self.name, self.stage = name, stage
        self.client = client or boto3.client("cloudformation")
        found = self.describe()
        status = found["StackStatus"] if found else ""
        if advice := changeset.advice(name, status):
            raise Refused(f"the stack {name} is {status}. {advice}")
        self.exists = bool(found) and status != "REVIEW_IN_PROGRESS"
        self.present = {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]} if self.exists else None

    def describe(self) -> dict | None:
        try:
            return self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as err:
            if "does not exist" in str(err):
                return None
            raise

    def resources(self, **which) -> dict:
        """The Resources of the template that is deployed, or of a change set's."""
        body = self.client.get_template(StackName=self.name, TemplateStage="Processed", **which)["TemplateBody"]
        return (json.loads(body) if isinstance(body, str) else body)["Resources"]

    def plan(self, url, chosen) -> str | None:
        """Make the change set, show it, and refuse one that loses data. None: nothing changes. chosen: of `choose`."""
        made = changeset.make(self.client, self.name, url, chosen, self.exists)
        if made is None:
            return None
        found = changeset.changes(self.client, made)
        say("\n".join([f"{'Changes of' if self.exists else 'A new stack,'} {self.name}:", *changeset.lines(found)]))
        before = self.resources() if self.exists else {}
        complaints = changeset.complaints(found, before, self.resources(ChangeSetName=made))
        if complaints:
            self.client.delete_change_set(ChangeSetName=made)
            raise Refused("nothing was changed, because\n  " + "\n  ".join(complaints) + "\nSee docs/upgrading.md.")
        return made

    def protect(self) -> None:
        """In production nobody deletes the stack or replaces a table by mistake."""
        if self.stage == "production":
            self.client.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)
            self.client.set_stack_policy(StackName=self.name, StackPolicyBody=json.dumps(STACK_POLICY))


def agree(question) -> bool:
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to ask on: say YES=1")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def sender_is_known(target, declared, given) -> dict[str, str]:
    """Whether SES has the sender's identity before the first deployment: then the stack must not make it."""
    identity = given.get("SenderDomain") or given.get("Sender")
    if target.exists or not identity or "SenderIsKnown" in given or "SenderIsKnown" not in declared:
        return {}
    try:
        boto3.client("sesv2").get_email_identity(EmailIdentity=identity)
    except ClientError as err:
        if err.response["Error"]["Code"] == "NotFoundException":
            return {}
        raise
    say(f"SES knows {identity} already: the stack uses it")
    return {"SenderIsKnown": "true"}


def choose(target, declared, given) -> list[dict]:
    """The Parameters of the change set. It refuses what it can without CloudFormation, and before it asks SES."""
    parameters.refuse(declared, target.present, given, target.stage)
    return parameters.choose(declared, target.present, given | sender_is_known(target, declared, given), target.stage)


def build(architecture) -> Path:
    """`sam build` for a processor, with the flags of small binaries."""
    go = tools.go_environment(architecture) | {"SAM_CLI_TELEMETRY": "0"}
    run(["go", "build", "./functions/..."], go)
    run([tools.sam(), "build", "--parameter-overrides", f"Architecture={architecture}"], go)
    return BUILT


def upload(template, stack, region, prefix) -> str:
    """Upload the functions, under a prefix, and the template that names them. Returns its URL."""
    with tempfile.TemporaryDirectory(prefix="shop-deploy-") as folder:
        packaged = Path(folder) / "packaged.yaml"
        command = [tools.sam(), "package", "--template-file", str(template), "--output-template-file", str(packaged)]
        command += ["--resolve-s3", "--region", region, *(["--s3-prefix", prefix] if prefix else [])]
        run(command, os.environ | {"SAM_CLI_TELEMETRY": "0"}, stdout=subprocess.DEVNULL)
        text = packaged.read_text()
    bucket, s3 = re.search(r"s3://([^/]+)/", text)[1], boto3.client("s3")
    key = f"{stack}/template.yaml"
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def declared_in(template) -> dict:
    """The parameters that a template declares; building and uploading it leaves them as they are."""
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(template.read_text()).get("Parameters", {})


def run(command, environment, stdout=None) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=stdout).returncode != 0:
        raise Refused(f"{Path(command[0]).name} {command[1]} failed")


def finish(target, outputs) -> None:
    """Upload the pages and try the store."""
    if "PagesBucket" in outputs and web.WEB.is_dir():
        web.build(web.LOG)
        deployed.upload_pages(target.name, web.DIST)
        say("The pages are uploaded.")
    say("Trying the store:")
    try:
        smoke.run(outputs, smoke.operators_tool(target.name), say)
    except smoke.Failed as err:
        raise Refused(f"the stack is deployed, but the store does not work: {err}") from err


def urls(target, outputs) -> str:
    named = {"the shop": "PagesUrl", "API": "ApiUrl", "token issuer": "IssuerUrl"}
    lines = [f"  {what:<14}{outputs[name]}" for what, name in named.items() if name in outputs]
    if "PagesUrl" in outputs:
        lines.insert(1, f"  {'the desk':<14}{outputs['PagesUrl']}/admin/")
    if smoke.has_own_domain(outputs):
        domain = urllib.parse.urlsplit(outputs["PagesUrl"]).hostname
        record = f"{domain} CNAME {outputs['PagesDistributionDomain']}"
        lines += ["", "The pages' domain needs this DNS record:", f"  {record}"]
    if records := [value for name, value in sorted(outputs.items()) if name.startswith("SenderDns")]:
        lines += ["", "The sender's domain needs these DNS records:", *(f"  {record}" for record in records)]
    if target.present is None:
        lines += [
            "",
            f"The first admin: go run ./cmd/shop grant EMAIL admin --stack {target.name} (docs/first-deploy.md)",
        ]
    return "\n".join(["", f"{target.name} is deployed.", "", *lines])


def main(argv) -> None:
    args = arguments(argv)
    config = configuration(args.stage, (ROOT / "samconfig.toml").read_text())
    name = args.stack or config.get("stack_name") or sys.exit(f"samconfig.toml names no stack for {args.stage}")
    if config.get("region"):
        os.environ |= {"AWS_REGION": config["region"], "AWS_DEFAULT_REGION": config["region"]}
    region = boto3.session.Session().region_name or sys.exit("no region: set AWS_REGION")
    os.environ["AWS_REGION"] = region
    try:
        deploy(args, name, region, config)
    except (Refused, UserError, ClientError, BotoCoreError) as err:
        sys.exit(f"deploy: {err}")


def deploy(args, name, region, config) -> None:
    target, wanted = Target(name, args.stage), given(config, args.set)
    declared = declared_in(args.template or ROOT / "template.yaml")
    chosen = choose(target, declared, wanted)  # before minutes are spent on what will be refused
    template = args.template or build(parameters.value("Architecture", declared, target.present, wanted))
    made = target.plan(upload(template, name, region, config.get("s3_prefix")), chosen)
    if made is None:
        say("nothing changed in the stack")
    elif args.yes or agree(f"Deploy this to {args.stage}?"):
        changeset.execute(target.client, name, made, target.exists, say)
    else:
        target.client.delete_change_set(ChangeSetName=made)
        raise Refused("nothing was changed")
    target.protect()
    outputs = deployed.outputs(name)
    print(urls(target, outputs), flush=True)  # first, because who mends what does not work needs them
    if not args.no_smoke:
        finish(target, outputs)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1:])
        sys.exit(0)
    sys.exit(130)
