"""The AWS commands of the docs have operations and options that AWS's own descriptions of its services know."""

import re
import unittest
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

DOCS = Path(__file__).parents[2] / "docs"
OF_ALL = {"query", "output", "region", "profile"}  # the options that every command takes
NAMES = {"deploy": "codedeploy"}  # services that the command line calls otherwise
WITHOUT_DESCRIPTION = {"s3"}  # the command line's own commands

CODE = re.compile(r"`([^`]+)`|((?:^    .*\n)+)", re.MULTILINE)
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
COMMAND = re.compile(r"\baws ([a-z0-9]+) ([a-z0-9-]+)([^|;)]*?)(?=\baws |[|;)]|\Z|\n(?! {5}))")


def commands(text) -> Iterator[tuple[str, str, list[str]]]:
    """Each command as service, operation and options, in the order of the text."""
    for inline, block in CODE.findall(text):
        code = QUOTED.sub("TEXT", (inline.replace("\n", " ") or block).replace("\\\n", " "))
        for service, operation, rest in COMMAND.findall(code):
            yield service, operation, re.findall(r"(?<=\s)--([a-z0-9-]+)", rest)


def fault(session, service, operation, options) -> str | None:
    """What is wrong with a command, or None. One that is named without any option need not be whole."""
    try:
        model = session.get_service_model(NAMES.get(service, service))
    except UnknownServiceError:
        return f"there is no service {service}"
    if operation == "wait":
        return None
    known = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in known:
        return f"{service} has no {operation}"
    shape = model.operation_model(known[operation]).input_shape
    members = {xform_name(name, "-") for name in shape.members} if shape else set()
    members |= {"no-" + name for name in members}  # of those that are true or false
    required = {xform_name(name, "-") for name in shape.required_members} if shape else set()
    if unknown := set(options) - members - OF_ALL:
        return f"{service} {operation} has no --{', --'.join(sorted(unknown))}"
    if options and (missing := required - set(options)):
        return f"{service} {operation} lacks --{', --'.join(sorted(missing))}"
    return None


class DocsTest(unittest.TestCase):
    session = botocore.session.get_session()

    def test_commands_of_the_docs(self) -> None:
        count = 0
        for page in sorted(DOCS.glob("*.md")):
            for service, operation, options in commands(page.read_text()):
                if service in WITHOUT_DESCRIPTION:
                    continue
                count += 1
                with self.subTest(page=page.name, command=f"aws {service} {operation}"):
                    self.assertIsNone(fault(self.session, service, operation, options))
        self.assertGreater(count, 30, "too few to be all")

    def test_a_wrong_command_is_found(self) -> None:
        for text, want in {
            "`aws sts get-caller-identity`": [None],
            "`aws sns list-subscriptions-by-topic\n--topic-arn T --query 'A[?B==`x`]'`": [None],
            "    x=$(aws logs get-query-results --query-id 1 | head)\n    aws kms disable-key \\\n      --key-id K\n": [
                None,
                None,
            ],
            "`aws nothing get-it`": ["there is no service nothing"],
            "`aws sts get-me`": ["sts has no get-me"],
            "`aws kms enable-key --key K`": ["kms enable-key has no --key"],
            "`aws cloudwatch set-alarm-state --alarm-name A --state-value ALARM`": [
                "cloudwatch set-alarm-state lacks --state-reason"
            ],
            "aws in a text": [],
        }.items():
            with self.subTest(text=text):
                self.assertEqual([fault(self.session, *c) for c in commands(text)], want)


if __name__ == "__main__":
    unittest.main()
