"""From sources to binaries: what the sources are, and how SAM and Go turn them into functions."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from localstore import tools
from localstore.settings import LOCAL, ROOT, Settings, UserError, architecture, operator_environment

SOURCE_FOLDERS = ("functions", "internal")
SOURCE_FILES = ("go.mod", "go.sum")
TEMPLATE_FILES = ("template.yaml", "samconfig.toml")
NOT_BUILT = ("_test.go", "event.json")
SHARED = "SHOP_SHARED_BUILDS"  # names a folder of builds that several stores take over, as in a test run


def fingerprints(settings) -> dict[str, str]:
    """Two hashes: of all that the stack is made from but Go sources, and of the Go sources."""
    return {"template": template_fingerprint(settings), "sources": sources_fingerprint()}


def template_fingerprint(settings) -> str:
    files = [*template_files(), LOCAL / "requirements.txt"]
    facts = [
        settings.port,
        settings.pages_port,
        architecture(),
        version("go", "version"),
        version(tools.sam(), "--version"),
    ]
    return digest(files, json.dumps(facts))


def template_files() -> list[Path]:
    return [ROOT / name for name in TEMPLATE_FILES] + sorted((ROOT / "infra").glob("*/template.yaml"))


def sources_fingerprint() -> str:
    found = [ROOT / name for name in SOURCE_FILES]
    for folder in SOURCE_FOLDERS:
        found += [f for f in sorted((ROOT / folder).rglob("*")) if f.is_file() and is_built(f)]
    return digest(found, "")


def is_built(file) -> bool:
    return not file.name.endswith(NOT_BUILT) and "testdata" not in file.parts


def digest(files, facts) -> str:
    found = hashlib.sha256(facts.encode())
    for file in files:
        found.update(f"\0{file.relative_to(ROOT)}\0".encode())
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def version(*command) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def with_sam(settings) -> None:
    """Build everything with `sam build` into the store's own folder, or take over what another store has built."""
    if not (shared := os.environ.get(SHARED)):
        return run_sam(settings)
    built = Path(shared) / digest(template_files(), sources_fingerprint())
    with open(Path(shared) / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not built.exists():
            run_sam(settings)
            shutil.copytree(settings.build, built)
            return None
    shutil.rmtree(settings.build, ignore_errors=True)
    shutil.copytree(built, settings.build)
    return None


def run_sam(settings) -> None:
    """`sam build` into the store's own folder.

    SAM builds one function after the other, each with a Go command of its own; what they share is compiled once,
    before, with the same flags.
    """
    compile_all()
    command = [tools.sam(), "build", "--config-env", "local", "--build-dir", str(settings.build)]
    command += ["--parameter-overrides", f"Architecture={architecture()}"]
    run_quietly(command, environment(settings), settings.data / "build.log", "sam build failed")


def compile_all() -> None:
    run(["go", "build", "./functions/..."], tools.go_environment(architecture()), "the functions do not build")


def with_go(settings, functions) -> dict[str, Path]:
    """Build the binaries as SAM does, but all at once. functions: logical id → CodeUri. Return logical id → file."""
    bins = settings.data / "bin" / "functions"
    bins.mkdir(parents=True, exist_ok=True)
    command = [
        "go",
        "build",
        "-o",
        str(bins) + "/",
        *(f"./{uri.strip('/')}" for uri in sorted(set(functions.values()))),
    ]
    run(command, tools.go_environment(architecture()), "the functions do not build")
    return {name: bins / uri.strip("/").rpartition("/")[2] for name, uri in functions.items()}


def environment(settings: Settings) -> dict[str, str]:
    """The environment of the SAM CLI: Go's flags, the local store's credentials, nothing sent to anyone."""
    go = tools.go_environment(architecture())
    own = operator_environment(settings)
    return go | own | {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(settings.data / "sam")}


def run(command, env, failure) -> None:
    """Run a command in the project's folder with its output on the terminal's error channel."""
    if subprocess.run(command, cwd=ROOT, env=env, stdout=sys.stderr).returncode != 0:
        raise UserError(failure)


def run_quietly(command, env, log, failure) -> None:
    """Run a command in the project's folder with its output in a file, of which a failure shows the end."""
    with open(log, "w") as file:
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=file, stderr=file)
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise UserError(f"{failure}:\n{tail}")
