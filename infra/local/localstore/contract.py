"""Schemathesis over docs/openapi.yaml: requests that nobody of us wrote, against the store of a test run.

What it finds and a schema cannot say is in contract-baseline.json, each entry with its reason; anything else fails the
run.
"""

import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from localstore import tools
from localstore.settings import LOCAL, ROOT, UserError, say

BASELINE = LOCAL / "contract-baseline.json"
SEED = 20260314  # fixed: a run finds what the one before found
EXAMPLES = 12  # for each operation, beside those that the document's limits lead to
LONGEST_RUN = 840  # seconds; it takes about a minute and a half, and the tokens live for 15
# An HTTP API answers 404 where a path has no such method, and takes none of ours to say otherwise.
LEFT_OUT = "unsupported_method"


def run(variables) -> int:
    """Run Schemathesis against the store that the variables of a test run lead to. Return the exit code."""
    say("schemathesis: docs/openapi.yaml against the store …")
    check_baseline(json.loads(BASELINE.read_text()))
    with tempfile.TemporaryDirectory(prefix="shop-contract-") as folder:
        report = Path(folder) / "report.json"
        environment = os.environ | tokens(variables["SHOP_URL"], json.loads(variables["SHOP_CREDENTIALS"]))
        command = arguments(tools.contract_tester(), variables["SHOP_URL"], report)
        done = subprocess.run(command, cwd=folder, env=environment, timeout=LONGEST_RUN)
        faults = faults_of(json.loads(report.read_text()) if report.exists() else {})
    for fault in faults:
        say(f"schemathesis: {fault}")
    return done.returncode or min(len(faults), 1)


def arguments(program, url, report) -> list[str]:
    return [
        *[program, "--config-file", str(LOCAL / "schemathesis.toml"), "run", str(ROOT / "docs" / "openapi.yaml")],
        *["--url", url, "--exclude-tag", "issuer", "--exclude-checks", LEFT_OUT],  # the issuer has a URL of its own
        *["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)],
        *["--seed", str(SEED), "--workers", "1"],  # more are threads, and Python 3.11 parses wrongly in them
        *["--baseline", str(BASELINE), "--generation-database", "none", "--no-color", "--continue-on-failure"],
        *["--report", "json", "--report-json-path", str(report)],
    ]


def tokens(url, credentials) -> dict[str, str]:
    """The access tokens of the demo users, as the configuration names them."""
    return {f"{name.upper()}_TOKEN": log_in(url, credentials[name]) for name in ("customer", "admin")}


def log_in(url, credentials) -> str:
    body, header = json.dumps(credentials).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/sessions", body, header)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def faults_of(report) -> list[str]:
    """What makes a run worth nothing, whatever it found: no report, not to its end, operations that were not tested."""
    operations = report.get("operations") or {}
    faults = []
    if not report.get("complete"):
        faults.append("the run did not come to its end")
    if not operations.get("tested") or operations["tested"] != operations.get("selected"):
        faults.append(f"{operations.get('tested', 0)} of {operations.get('selected', 0)} operations were tested")
    if not (report.get("test_cases") or {}).get("generated"):
        faults.append("no request was sent")
    return faults


def check_baseline(baseline) -> None:
    """Raise UserError for an entry that does not say why it is one."""
    silent = [entry["id"] for entry in baseline["entries"] if not entry.get("reason")]
    if silent:
        raise UserError(f"{BASELINE.name}: give a reason for {', '.join(silent)}")
