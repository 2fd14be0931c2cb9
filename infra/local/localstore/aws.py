"""Building for and deploying to AWS; the local store has its own way in build.py and deploy.py."""

import hashlib
import os
import subprocess
import tomllib

from localstore import deploy as local
from localstore import tools, web
from localstore.settings import LOCAL, ROOT, say

PROOF = ROOT / ".shop-origin-proof"
ARCHITECTURE = "arm64"  # the template's default


def build() -> int:
    """`sam build` into .aws-sam. Return the exit code."""
    go = tools.go_environment(ARCHITECTURE)
    compiled = subprocess.run(["go", "build", "./functions/..."], cwd=ROOT, env=go).returncode
    return compiled or subprocess.run([tools.sam(), "build"], cwd=ROOT, env=go).returncode


def deploy() -> int:
    """`sam deploy --guided`, which asks and shows what it will change, then the pages. Return the exit code."""
    say(proof_help(local.origin_proof(PROOF)))
    deployed = subprocess.run([tools.sam(), "deploy", "--guided"], cwd=ROOT, env=os.environ).returncode
    return deployed or upload_pages()


def proof_help(proof) -> str:
    return (
        "The distribution proves itself to the API by a secret, so that guesses are counted by customers' "
        f"addresses. When SAM asks, give:\n  OriginProof        {proof}\n"
        f"  OriginProofSha256  {hashlib.sha256(proof.encode()).hexdigest()}"
    )


def upload_pages() -> int:
    """Build the pages and put them into the deployed stack's bucket, if it has one. Return the exit code."""
    if not web.WEB.is_dir():
        return 0
    stack, region = deployed_stack((ROOT / "samconfig.toml").read_text())
    web.build(web.LOG)
    environment = os.environ | ({"AWS_DEFAULT_REGION": region, "AWS_REGION": region} if region else {})
    command = [tools.emulator_python(), str(LOCAL / "stack.py"), "upload-pages", stack, str(web.DIST)]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def deployed_stack(config) -> tuple[str, str | None]:
    """The stack's name and region, as `sam deploy --guided` saves them. config: the text of samconfig.toml."""
    parameters = tomllib.loads(config)["default"]["deploy"]["parameters"]
    return parameters["stack_name"], parameters.get("region")
