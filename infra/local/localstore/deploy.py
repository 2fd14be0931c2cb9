"""From binaries to a running stack: deployed by SAM, or, when only Go sources changed, pushed function by function.

What was deployed last stands in the data folder's deployed.json:

    template, sources    the fingerprints it was made from
    binaries             function → SHA-256 of its bootstrap
    pushed               functions whose code was replaced past CloudFormation, which therefore does not know of it
"""

import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path

from localstore import build, process, tools
from localstore.settings import LOCAL, ROOT, STACK, UserError, architecture, operator_environment, say

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")


def bring_up_to_date(settings) -> bool:
    """Build and deploy what changed since the last deployment into the running store. Return whether anything did."""
    last, wanted = read_record(settings), build.fingerprints(settings)
    if all(last.get(name) == wanted[name] for name in wanted):
        return False
    if last.get("template") == wanted["template"] and (settings.build / "template.yaml").exists():
        record = push_changes(settings, last)
    else:
        record = deploy_everything(settings, last)
    process.save(settings)
    write_record(settings, record | wanted)
    return True


def deploy_everything(settings, last) -> dict:
    """`sam build` and `sam deploy`. Returns the record of it."""
    forget_record(settings)
    say("building the functions …")
    build.with_sam(settings)
    say("deploying …")
    with_sam(settings)
    ask_stack(settings, "routes", str(settings.build / "template.yaml"))
    found = binaries(settings)
    push(settings, {name: path for name, path in found.items() if name in last.get("pushed", ())})
    ask_stack(settings, "tidy")
    return {"binaries": hashes(found), "pushed": []}


def push_changes(settings, last) -> dict:
    """Build with Go, and replace the code of the functions whose binary changed. Returns the record of it."""
    say("building what changed …")
    found = build.with_go(settings, code_uris())
    now = hashes(found)
    changed = {name: path for name, path in found.items() if now[name] != last["binaries"].get(name)}
    forget_record(settings)
    push(settings, changed)
    say(f"replaced the code of {', '.join(sorted(changed)) or 'no function: all binaries are the same'}")
    return {"binaries": now, "pushed": sorted(set(last["pushed"]) | set(changed))}


def with_sam(settings) -> None:
    """`sam deploy` with the parameters of this store."""
    proof = origin_proof(settings.data / "origin-proof")
    parameters = {
        "Stage": "local",
        "MailsPerSecond": "200",  # no SES bounds them here
        "AccountMailsPerSecond": "50",
        "Architecture": architecture(),
        "IssuerUrl": settings.issuer_url,
        "PublicUrl": settings.url,
        "ShopUrl": settings.pages_url,
        "UploadsOrigin": settings.endpoint,
        "OriginProof": proof,
        "OriginProofSha256": hashlib.sha256(proof.encode()).hexdigest(),
        "ShopName": '"Hearth & Hook"',  # quoted, or SAM would take each word for a parameter; the pages' name
        "Sender": "shop@example.com",
        "SyntheticCustomer": "true",
    }
    command = [tools.sam(), "deploy", "--config-env", "local", "--template-file", str(settings.build / "template.yaml")]
    command += ["--stack-name", STACK, "--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    command += ["--capabilities", *CAPABILITIES]
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    build.run_quietly(command, build.environment(settings), settings.data / "deploy.log", "sam deploy failed")


def origin_proof(path) -> str:
    """The secret by which the distribution proves itself to the API; made once, and only the owner may read it."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def push(settings, codes) -> None:
    if codes:
        ask_stack(settings, "push", *(f"{name}={path}" for name, path in codes.items()))


def ask_stack(settings, command, *rest) -> str:
    """Run infra/local/stack.py; its output, and its complaint as a UserError."""
    full = [tools.emulator_python(), str(LOCAL / "stack.py"), command, STACK, *rest]
    done = subprocess.run(full, env=operator_environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(done.stderr.strip() or f"{command} failed")
    return done.stdout.strip()


def outputs(settings) -> dict[str, str]:
    """The stack's outputs by name."""
    return json.loads(ask_stack(settings, "outputs"))


def code_uris() -> dict[str, str]:
    """Logical id of each function → the folder that the template names as its code."""
    command = [tools.emulator_python(), "-c", READ_CODE_URIS]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(LOCAL)}, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise UserError(f"template.yaml cannot be read: {done.stderr.strip()}")
    return json.loads(done.stdout)


READ_CODE_URIS = """
import json, translate
resources = translate.read("template.yaml")["Resources"].items()
uris = {n: r["Properties"]["CodeUri"] for n, r in resources if r["Type"] == "AWS::Serverless::Function"}
print(json.dumps(uris))
"""


def binaries(settings) -> dict[str, Path]:
    """Logical id of each function → the bootstrap that SAM built."""
    return {folder.parent.name: folder for folder in sorted(settings.build.glob("*/bootstrap"))}


def hashes(files) -> dict[str, str]:
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def read_record(settings) -> dict:
    """What was deployed last; empty before the first deployment, and after one that did not end well."""
    try:
        return json.loads((settings.data / "deployed.json").read_text())
    except (OSError, ValueError):
        return {}


def forget_record(settings) -> None:
    (settings.data / "deployed.json").unlink(missing_ok=True)


def write_record(settings, record) -> None:
    beside = settings.data / "deployed.json.new"
    beside.write_text(json.dumps(record, indent=1))
    beside.replace(settings.data / "deployed.json")
