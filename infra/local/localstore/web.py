"""The pages: built with Node where web/ changed, and put into the store's bucket."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from localstore import deploy, tools
from localstore.settings import ROOT, UserError, say

WEB = ROOT / "web"
DIST = WEB / "dist"
AUDIT = WEB / "audit"
NOT_BUILT_FROM = {"audit", "node_modules", "tests", "test-results", "screenshots"}
MADE_BY_THE_BUILD = {"dist", "reference", "public/images", "public/reference"}
BUILD_STAMP = WEB / "node_modules" / ".built-from"
LOG = ROOT / ".shop-web.log"
LOG_LINES = 30


def bring_up_to_date(settings) -> bool:
    """Build the pages and upload them into the running store, if they changed. Return whether it has them as they are.

    The API does without them: a failure is said, and no more.
    """
    if not WEB.is_dir():
        return False
    try:
        build(settings.data / "web.log")
        upload(settings)
    except UserError as error:
        say(f"the pages are not up to date, the API is: {error}")
        return False
    return True


def build(log: Path) -> None:
    """Make web/dist, unless it is made from the sources as they are."""
    wanted = fingerprint()
    if stamp(BUILD_STAMP) == wanted and DIST.is_dir():
        return
    install(log, WEB, "what the pages are built with")
    say("building the pages …")
    npm(log, WEB, "run", "build")
    BUILD_STAMP.write_text(wanted)


def install(log: Path, folder: Path, what: str) -> None:
    """Have npm install what the folder's lock file names, unless it is there."""
    installed = folder / "node_modules" / ".installed-from"
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if stamp(installed) == lock:
        return
    say(f"installing {what} …")
    npm(log, folder, "ci", "--no-audit", "--no-fund")
    installed.write_text(lock)


def npm(log: Path, folder: Path, *arguments) -> None:
    """Run npm in the folder with its output in a file, of which a failure shows the end."""
    node = tools.node()
    environment = node_environment(node)
    command = [str(node), str(tools.npm(node)), *arguments]
    with open(log, "w") as file:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise UserError(f"npm {' '.join(arguments)} failed:\n{tail}")


def test() -> int:
    """The pages' own tests, their types and their size. Return the exit code."""
    build(LOG)
    return 0 if all([script("typecheck"), script("test"), script("budget")]) else 1


def lint() -> bool:
    """The pages' linter, and whether their types of the API are those of the contract."""
    build(LOG)
    passed = script("lint")
    if not passed:
        say("types of the API that differ from the contract are made anew by `make types`")
    return passed


def types() -> int:
    """Make the pages' types of the API from the contract, and check the pages against them. Return the exit code."""
    install(LOG, WEB, "what the pages are built with")
    return 0 if script("types") and script("typecheck") else 1


def test_in_browser(variables, pattern: str | None = None) -> int:
    """The journeys through the pages in a real browser, against the store of a test run. Return the exit code.

    pattern: of the names of those to run, one after the other; not 0 if there is none. None: all run.
    """
    mine = variables | {
        "SHOP_API_URL": variables["SHOP_URL"],
        "SHOP_DEMO_CREDENTIALS": variables["SHOP_CREDENTIALS"],
    }
    chosen = ["--no-deps", "--workers", "1", "--grep", pattern] if pattern else []
    return 0 if script("browser", mine, arguments=chosen) else 1


def audit(settings) -> int:
    """Measure the running store's pages with Lighthouse, which no other command needs. Return the exit code."""
    build(settings.data / "web.log")
    install(settings.data / "web-audit.log", AUDIT, "Lighthouse")
    mine = {"SHOP_PAGES_URL": settings.pages_url, "SHOP_DEMO_CREDENTIALS": settings.credentials.read_text().strip()}
    return 0 if script("audit", mine, AUDIT) else 1


def script(name: str, variables: dict[str, str] | None = None, folder: Path = WEB, arguments=()) -> bool:
    """Run a script of the folder's package.json where its output is seen."""
    say(f"{folder.relative_to(ROOT)}: {name} …")
    node = tools.node()
    environment = node_environment(node) | (variables or {})
    command = [str(node), str(tools.npm(node)), "run", name, "--", *arguments]
    return subprocess.run(command, cwd=folder, env=environment).returncode == 0


def node_environment(node: Path) -> dict[str, str]:
    return os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def fingerprint() -> str:
    """A hash of all that the pages are built from: web/ and the contract."""
    found = hashlib.sha256()
    for file in [*sources(WEB), ROOT / "docs" / "openapi.yaml"]:
        found.update(f"\0{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def sources(folder: Path) -> list[Path]:
    files = []
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and str(entry.relative_to(WEB)) not in NOT_BUILT_FROM | MADE_BY_THE_BUILD:
            files += sources(entry)
        elif entry.is_file():
            files.append(entry)
    return files


def upload(settings, dist: Path | None = None) -> None:
    """Put the built files into the stack's bucket, unless it has them."""
    dist = dist or DIST
    record, wanted = settings.data / "pages.json", content_of(dist)
    if stamp(record) == wanted:
        return
    record.unlink(missing_ok=True)
    deploy.ask_stack(settings, "upload-pages", str(dist))
    record.write_text(wanted)


def content_of(dist: Path) -> str:
    files = [p for p in sorted(dist.rglob("*")) if p.is_file()]
    hashes = {str(p.relative_to(dist)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    return json.dumps(hashes, indent=1)


def stamp(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def dev_server(settings) -> int:
    """Vite's server with hot reload, its /api the running store's. Return the exit code."""
    node = tools.node()
    if not (WEB / "node_modules").is_dir() or shutil.which("node", path=str(node.parent)) is None:
        build(settings.data / "web.log")
    environment = node_environment(node) | {"SHOP_API_URL": settings.url}
    return subprocess.run([str(node), str(tools.npm(node)), "run", "dev"], cwd=WEB, env=environment).returncode
