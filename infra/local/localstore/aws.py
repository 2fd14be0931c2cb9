"""Building for and deploying to AWS; the local store has its own way in build.py and deploy.py."""

import os
import subprocess

from localstore import tools
from localstore.settings import DEPLOY, LOCAL, ROOT, UserError

ARCHITECTURE = "arm64"  # the template's default
STAGES = ("staging", "production")


def build() -> int:
    """`sam build` into .aws-sam. Return the exit code."""
    go = tools.go_environment(ARCHITECTURE)
    compiled = subprocess.run(["go", "build", "./functions/..."], cwd=ROOT, env=go).returncode
    return compiled or subprocess.run([tools.sam(), "build"], cwd=ROOT, env=go).returncode


def deploy() -> int:
    """infra/deploy/deploy.py, with what STAGE, PARAMETERS and YES say. Return the exit code."""
    environment = os.environ | {"PYTHONPATH": str(LOCAL)}
    return subprocess.run(deployment(os.environ), cwd=ROOT, env=environment).returncode


def deployment(environment) -> list[str]:
    """The command of a deployment."""
    stage = environment.get("STAGE", "")
    if stage not in STAGES:
        raise UserError(f"say which stage: make deploy STAGE={' or STAGE='.join(STAGES)}")
    command = [tools.emulator_python(), str(DEPLOY / "deploy.py"), stage]
    if environment.get("PARAMETERS"):
        command += ["--set", environment["PARAMETERS"]]
    return command + (["--yes"] if environment.get("YES") else [])
