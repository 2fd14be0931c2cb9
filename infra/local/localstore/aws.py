"""Building for and deploying to AWS; the local store has its own way in build.py and deploy.py."""

import os
import subprocess

from localstore import tools
from localstore.settings import ROOT

ARCHITECTURE = "arm64"  # the template's default


def build() -> int:
    """`sam build` into .aws-sam. Return the exit code."""
    go = tools.go_environment(ARCHITECTURE)
    compiled = subprocess.run(["go", "build", "./functions/..."], cwd=ROOT, env=go).returncode
    return compiled or subprocess.run([tools.sam(), "build"], cwd=ROOT, env=go).returncode


def deploy() -> int:
    """`sam deploy --guided`, which asks for what it needs and shows what it will change. Return the exit code."""
    return subprocess.run([tools.sam(), "deploy", "--guided"], cwd=ROOT, env=os.environ).returncode
