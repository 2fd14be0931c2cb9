"""A release: what is said of it, what it is made of, and what the next one is held to."""

import json
import os
import re
import subprocess
import sys

from localstore import tools, web
from localstore.settings import LOCAL, ROOT, UserError, say

OASDIFF = "github.com/oasdiff/oasdiff@v1.37.0"
CYCLONEDX = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"
CONTRACT = "docs/openapi.yaml"
TABLES = ROOT / "test" / "template" / "testdata" / "released-tables.json"
KEPT_OF_TABLES = ("AttributeDefinitions", "KeySchema")
KEPT_OF_INDEXES = ("IndexName", "KeySchema", "Projection")
NEXT_STEPS = """
{folder} has the notes and the bills of materials. The next release is held to {tables}. Then:

  git commit -am "Release {version}" && git tag {version} && git push origin main {version}
"""


def contract_diff() -> int:
    """Compare the contract with that of the last release; fail where a client would break. Return the exit code."""
    tags = git("tag", "--list", "v*", "--sort=-v:refname").split()
    if not tags:
        say("there is no release yet that a client could have been written against")
        return 0
    folder = ROOT / "dist"
    folder.mkdir(exist_ok=True)
    before = folder / f"openapi-{tags[0]}.yaml"
    before.write_text(git("show", f"{tags[0]}:{CONTRACT}"))
    say(f"comparing {CONTRACT} with that of {tags[0]} …")
    command = ["go", "run", OASDIFF, "breaking", "--fail-on", "ERR", str(before), CONTRACT]
    return subprocess.run(command, cwd=ROOT).returncode


def prepare() -> int:
    """Notes and bills of materials in dist/VERSION, and what the next release is held to. Return the exit code."""
    version = os.environ.get("VERSION", "")
    notes = notes_of((ROOT / "CHANGELOG.md").read_text(), version)
    if contract_diff():
        return 1
    folder = ROOT / "dist" / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.md").write_text(notes)
    bills_of_materials(folder)
    TABLES.write_text(json.dumps(tables_of(translated()), indent=1, sort_keys=True) + "\n")
    relative = [path.relative_to(ROOT) for path in (folder, TABLES)]
    print(NEXT_STEPS.format(folder=relative[0], tables=relative[1], version=version))
    return 0


def notes_of(changelog, version) -> str:
    """What the changelog says of a version: the section below `## 1.2.3`, with brackets or without."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", version):
        raise UserError("say which version: make release VERSION=v1.2.3")
    number = re.escape(version.removeprefix("v"))
    found = re.search(rf"^## \[?{number}\]?\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise UserError(f"CHANGELOG.md has no section `## {version.removeprefix('v')}`: name what is in Unreleased so")
    return found[1].strip() + "\n"


def bills_of_materials(folder) -> None:
    """CycloneDX: the Go modules of the functions and the tool, and the packages that reach a browser."""
    run(["go", "run", CYCLONEDX, "mod", "-licenses", "-json", "-output", str(folder / "go.cdx.json")], ROOT)
    node = tools.node()
    command = [str(node), str(tools.npm(node)), "sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]
    with open(folder / "web.cdx.json", "w") as file:
        run([*command, "--omit", "dev"], web.WEB, file)


def run(command, folder, out=None) -> None:
    if subprocess.run(command, cwd=folder, stdout=out or sys.stderr).returncode != 0:
        raise UserError(f"{' '.join(command[:3])} failed")


def tables_of(template) -> dict[str, dict]:
    """Keys and indexes of each table of a translated template: what the next release must not change."""
    tables = {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == "AWS::DynamoDB::Table"}
    return {
        name: {key: table[key] for key in KEPT_OF_TABLES}
        | {
            "GlobalSecondaryIndexes": [
                {key: index[key] for key in KEPT_OF_INDEXES} for index in table.get("GlobalSecondaryIndexes", ())
            ]
        }
        for name, table in tables.items()
    }


def translated() -> dict:
    command = [tools.emulator_python(), str(LOCAL / "translate.py")]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def git(*arguments) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
