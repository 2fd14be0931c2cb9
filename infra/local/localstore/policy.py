"""What checkov advises against in the translated template, but for what is exempt here with its reason."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from localstore import tools
from localstore.settings import LOCAL, ROOT, say

EXEMPT = {
    "CKV_AWS_18": "a log of the pages' bucket: only the distribution reads it, and its files are public",
    "CKV_AWS_21": "versions of the pages' files: a build makes them again, and a deployment deletes none",
    "CKV_AWS_86": "a log of the distribution: each request to the API is in its access log, with the status",
    "CKV_AWS_115": "reserved concurrency is by parameters and off: an account whose quota is 10 can reserve none",
    "CKV_AWS_116": "a dead-letter queue: what is called asynchronously has one, the others answer or come again",
    "CKV_AWS_117": "a VPC: the functions call services of AWS alone, at their public addresses, over TLS",
    "CKV_AWS_119": "a key of one's own is the parameter KmsKeyArn",
    "CKV_AWS_173": "a key of one's own for the environment: no secret is in it",
    "CKV_AWS_174": "TLS 1.2: set where there is a certificate; CloudFront's own, without a domain, does not allow it",
}


def lint() -> bool:
    """Print what is neither right nor exempt, and exemptions that nothing needs. Return whether there was none."""
    found = failures()
    said = complaints(found)
    for line in said:
        print(line)
    return not said


def complaints(found) -> list[str]:
    """found: check → what failed it, and a sentence about it."""
    wrong = [f"{check}: {sentence}" for check, sentence in sorted(found.items()) if check not in EXEMPT]
    needless = [f"{check} is exempt, and nothing fails it" for check in sorted(EXEMPT) if check not in found]
    return wrong + needless


def failures() -> dict[str, str]:
    """Each check that fails, with its name and the resources that fail it. It asks nobody on the network."""
    translated = [tools.emulator_python(), str(LOCAL / "translate.py")]
    text = subprocess.run(translated, cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "translated.json").write_bytes(text)
        command = [tools.checkov(), "-m", "checkov.main", "--directory", folder, "--framework", "cloudformation"]
        command += ["--output", "json", "--compact", "--soft-fail", "--skip-download"]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LOG_LEVEL": "ERROR"})
    if done.returncode != 0:
        say(done.stderr)
    return read(done.stdout)


def read(report) -> dict[str, str]:
    found = {}
    for failed in json.loads(report)["results"]["failed_checks"]:
        sentence, _, resources = found.get(failed["check_id"], "").partition(": ")
        named = [resources] if resources else []
        found[failed["check_id"]] = f"{sentence or failed['check_name']}: {', '.join([*named, failed['resource']])}"
    return found
