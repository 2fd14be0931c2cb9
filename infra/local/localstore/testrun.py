"""One test run: DynamoDB Local, a counting proxy and a whole store around `go test ./...`, all ended afterwards."""

import contextlib
import multiprocessing
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never

from localstore import build, contract, failures, process, tools, web
from localstore.settings import DEPLOY, HOST, LOCAL, ROOT, TOOLS, Settings, UserError, architecture, say

SECONDS_TO_START = 120
SECONDS_TO_END = 120  # a round under way, and its store
LONGEST_PACKAGE = "40m"
BENCHSTAT = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"
RATIOS = ROOT / "docs" / "results" / "bench.txt"
KEPT_LOG = ROOT / ".shop-test.log"
VARIABLES = ROOT / ".shop-test.env"
VARIABLES_HELP = f"""
What the tests need stands: a store, DynamoDB Local, and a proxy that counts the functions' calls. In another terminal:

  set -a; . {VARIABLES}; set +a
  go test ./internal/dynamostore -run TestUsersAreStoredOnce
  go test ./test/e2e -run TestBrowse
  make logs

An editor reads the same file (in VS Code: "go.testEnvFile"). Ctrl-C ends it all, data included.
"""
WITHOUT_A_STORE = ("./internal/", "./functions/")  # folders whose tests need DynamoDB Local at most
WITH_A_STORE = {"./internal/...", "./internal/kmssign"}  # but these
PAGES = "web"  # what ONLY calls the tests of the pages
CHAOS = "./test/chaos"  # it starts a store of its own, and mostly waits
# test/e2e asks at its end which permissions were used, and those of the second key are used by the tests of cmd/shop.
LONGEST_FIRST = ("/cmd/shop", "/internal/dynamostore", "/test/e2e")
BESIDE_LOG = ROOT / ".shop-beside.log"
DYNAMODB = "software.amazon.dynamodb.services.local.main.ServerRunner"


def run(start_store) -> int:
    """Run every test, or those that ONLY and RUN choose. Return the exit code.

    ONLY has packages of Go, and RUN a pattern of their tests' names; or ONLY is "web", and RUN a pattern of the browser
    tests' names. Where nothing is chosen the benchmarks run, too, short: they are built with other flags than tests.
    start_store: starts the store of some Settings and returns its process.
    """
    started = time.monotonic()
    if only() == [PAGES]:
        failed = test_pages(start_store)
    else:
        failed = test_chosen(start_store, started) if chosen() else test_all(start_store, started)
    say(f"tests {'FAILED' if failed else 'passed'} after {time.monotonic() - started:.0f} s")
    return failed


def test_pages(start_store) -> int:
    """Run the tests of the pages; with RUN, only the browser tests of such a name. Return the exit code."""
    pattern = os.environ.get("RUN")
    pages = 0 if pattern else web.test()
    with surroundings(start_store) as variables:
        return web.test_in_browser(variables, pattern) or pages


def test_chosen(start_store, started) -> int:
    around = surroundings(start_store) if needs_store() else database_alone()
    with around as variables:
        say(f"everything stands after {time.monotonic() - started:.0f} s: go test {shlex.join(go_arguments())}")
        return go_test(variables)


def test_all(start_store, started) -> int:
    """What has its own surroundings runs beside the rest; the benchmarks run when it has ended.

    What failed is said again at the end, a line for each test.
    """
    failed: list[str] = []

    def part(name: str, test: Callable[[], int]) -> None:
        code, output = failures.recorded(test)
        if code:
            failed.extend([f"{name}:", *(f"  {line}" for line in failures.failures(output))])

    part("the pages' own tests", web.test)
    with shared_builds(), beside(tests_apart) as apart, surroundings(start_store) as variables:
        # At first: what the other tests leave has pictures of other hosts, and what is seen here may ask no other host.
        part("the tests in the browser", lambda: web.test_in_browser(variables))
        say(f"everything stands after {time.monotonic() - started:.0f} s: go test of all but {CHAOS}")
        part("go test", lambda: go_test(variables))
        part(f"the tests of infra, and {CHAOS}", apart)
        part("the benchmarks", lambda: try_measuring(variables))
        # At last: it guesses at passwords, and guesses are counted by where they come from.
        part("schemathesis", lambda: contract.run(variables))
    if failed:
        say("these failed:\n" + "\n".join(failed))
    return min(len(failed), 1)


@contextlib.contextmanager
def shared_builds() -> Iterator[None]:
    """The stores that are started meanwhile share a build of the functions."""
    with tempfile.TemporaryDirectory(prefix="shop-builds-") as folder:
        os.environ[build.SHARED] = folder
        try:
            yield
        finally:
            del os.environ[build.SHARED]


def tests_apart() -> int:
    """The tests that need nothing of the surroundings. Return the exit code."""
    python = python_tests()
    say(f"go test {CHAOS} …")
    command, variables = ["go", "test", "-timeout", LONGEST_PACKAGE, CHAOS], around_no_store()
    return subprocess.run(command, cwd=ROOT, env=os.environ | variables).returncode or python


@contextlib.contextmanager
def beside(tests: Callable[[], int]) -> Iterator[Callable[[], int]]:
    """Run tests in a process of their own. Yields what waits for it, prints what it printed, and returns its exit code.

    It is a session: the end of the block ends all of it that still runs.
    """
    say(f"in {BESIDE_LOG.name}, beside the rest: the tests of infra, go test {CHAOS} …")
    apart = multiprocessing.get_context("fork").Process(target=apart_in_a_session, args=(tests,))
    apart.start()
    try:
        yield lambda: wait_and_show(apart)
    finally:
        try:
            os.killpg(apart.pid, signal.SIGINT)
        except ProcessLookupError:  # it has ended, or is no session yet
            apart.kill()
        apart.join()


def apart_in_a_session(tests: Callable[[], int]) -> Never:
    os.setsid()
    with open(BESIDE_LOG, "w", buffering=1) as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        sys.stdout = sys.stderr = output
        sys.exit(tests())


def wait_and_show(apart) -> int:
    apart.join()
    print(BESIDE_LOG.read_text(), end="", flush=True)
    return apart.exitcode


def stand(start_store) -> None:
    """Keep the surroundings of the tests standing until Ctrl-C, with their variables in a file, and say how to use it.

    A shell and an editor read the file alike: lines of NAME='value'.
    """
    with surroundings(start_store) as variables:
        try:
            write_variables(VARIABLES, {name: value for name, value in variables.items() if name != "CI"})
            print(VARIABLES_HELP, flush=True)
            signal.pause()
        finally:
            VARIABLES.unlink(missing_ok=True)


def write_variables(path: Path, variables: dict[str, str]) -> None:
    """Only the owner may read the file: it holds the demo users' passwords."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def python_tests() -> int:
    """The tests of the local stack itself, and of deployments. Return the exit code."""
    say("testing infra/local …")
    folders = ["--start-directory", "tests", "--top-level-directory", "."]
    command = [tools.emulator_python(), "-m", "unittest", "discover", "--buffer"]
    local = subprocess.run([*command, *folders], cwd=LOCAL).returncode
    say("testing infra/deploy …")
    return subprocess.run(command, cwd=DEPLOY, env=os.environ | {"PYTHONPATH": str(LOCAL)}).returncode or local


def only() -> list[str]:
    return os.environ.get("ONLY", "").split()


def chosen() -> list[str]:
    """The arguments of `go test` that ONLY and RUN stand for; none: all tests run."""
    names = ["-v", "-count=1", "-run", os.environ["RUN"]] if os.environ.get("RUN") else []
    return names + only()


def needs_store() -> bool:
    """Whether a package is to be tested that needs more than DynamoDB Local."""
    return not only() or any(p in WITH_A_STORE or not p.startswith(WITHOUT_A_STORE) for p in only())


def go_arguments() -> list[str]:
    packages = [] if only() else ["./..."] if chosen() else packages_in_order()
    return ["-timeout", LONGEST_PACKAGE, *chosen(), *packages]


def packages_in_order() -> list[str]:
    """All packages but test/chaos."""
    listed = subprocess.run(["go", "list", "./..."], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = [p for p in listed.stdout.split() if not p.endswith(CHAOS.removeprefix("."))]
    return sorted(found, key=lambda p: next((i for i, end in enumerate(LONGEST_FIRST) if p.endswith(end)), len(found)))


def go_test(variables) -> int:
    """Run the chosen Go tests. Return the exit code: not 0 if no test matches RUN, which `go test` lets pass."""
    command, ran = ["go", "test", *go_arguments()], False
    pattern = os.environ.get("RUN")
    if not pattern:
        return subprocess.run(command, cwd=ROOT, env=os.environ | variables).returncode
    environment = os.environ | variables
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as tests:
        for line in tests.stdout or []:
            print(line, end="", flush=True)
            ran = ran or is_start(line, pattern)
    if tests.returncode == 0 and not ran:
        say(f"no test of {' '.join(only()) or 'any package'} matches RUN={pattern}")
        return 1
    return tests.returncode


def is_start(line: str, pattern: str) -> bool:
    """Whether the line of `go test -v` starts a test as deep as the pattern: A/b is a test in the test A."""
    alternatives = re.sub(r"\[[^]]*\]|\([^)]*\)", "", pattern).split("|")
    depth = min(alternative.count("/") for alternative in alternatives)
    return line.startswith("=== RUN ") and line.count("/") >= depth


def bench(start_store) -> int:
    """Run the benchmarks in the surroundings of the tests; with SHORT set, for some seconds. Return the exit code.

    A whole run renews the table in docs/benchmarks.md and the ratios beside it.
    """
    short = bool(os.environ.get("SHORT"))
    whole = not (short or os.environ.get("ONLY"))
    with surroundings(start_store) as variables:
        return measure(variables, *(["-short"] if short else []), *(["-renew"] if whole else []))


def measure(variables, *arguments) -> int:
    """Run the benchmarks, built with the functions' flags. Return the exit code."""
    say("running the benchmarks …")
    command = ["go", "run", "./test/bench", *arguments]
    for option in ("only", "duration", "sold", "profile"):
        if value := os.environ.get(option.upper()):
            command += [f"-{option}", value]
    environment = tools.go_environment(architecture()) | variables
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def try_measuring(variables) -> int:
    """Run the benchmarks for some seconds, and compare their ratios with the last whole run's. Return the exit code."""
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        ratios = Path(folder) / "short.txt"
        return measure(variables, "-short", "-record", str(ratios)) or compare(RATIOS, ratios)


def bench_compare() -> int:
    """Compare the ratios of the last `make bench` with those that the commit AGAINST, HEAD by default, has."""
    commit = os.environ.get("AGAINST", "HEAD")
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        before = Path(folder) / "before.txt"
        shown = subprocess.run(["git", "show", f"{commit}:{RATIOS.relative_to(ROOT)}"], cwd=ROOT, capture_output=True)
        if shown.returncode:
            raise UserError(f"{commit} has no {RATIOS.relative_to(ROOT)}: {shown.stderr.decode().strip()}")
        before.write_bytes(shown.stdout)
        if before.read_bytes() == RATIOS.read_bytes():
            raise UserError(
                f"nothing was measured since {commit}: run `make bench`, or name an older commit, AGAINST=…"
            )
        return compare(before, RATIOS)


def compare(before: Path, after: Path) -> int:
    """Print what benchstat says of two files of ratios. Return the exit code."""
    command = ["go", "run", BENCHSTAT, f"before={before}", f"after={after}"]
    return subprocess.run(command, cwd=ROOT).returncode


def chaos() -> int:
    """Run test/chaos, which starts a store of its own and ends it, also after a signal. Return the exit code."""
    with tempfile.TemporaryDirectory(prefix="shop-chaos-") as folder:
        binary = Path(folder) / "chaos"
        if subprocess.run(["go", "build", "-o", str(binary), "./test/chaos"], cwd=ROOT).returncode != 0:
            raise UserError("test/chaos does not build")
        started = subprocess.Popen([str(binary)], cwd=ROOT, env=os.environ | {"PYTHON": sys.executable})
        try:
            return started.wait()
        except KeyboardInterrupt:
            started.send_signal(signal.SIGINT)
            started.wait(SECONDS_TO_END)
            raise


def mutants() -> int:
    """Run test/mutants beside DynamoDB Local. Return the exit code."""
    with tempfile.TemporaryDirectory(prefix="shop-mutants-") as folder, dynamodb_local(Path(folder)) as dynamodb:
        environment = os.environ | {"CI": "true", "SHOP_DYNAMODB_URL": dynamodb}
        return subprocess.run(["go", "run", "./test/mutants"], cwd=ROOT, env=environment).returncode


@contextlib.contextmanager
def surroundings(start_store) -> Iterator[dict[str, str]]:
    """All that the Go tests need, as the environment variables that tell them where it is."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-test-")))
        dynamodb = stack.enter_context(dynamodb_local(folder))
        store, pages, proxy, control = free_ports(4)
        settings = Settings(store, folder / "store", f"http://{HOST}:{proxy}", pages)
        stack.enter_context(counting_proxy(folder, settings, proxy, control))
        stack.enter_context(one_store(settings, start_store))
        yield variables_of(settings, dynamodb, f"http://{HOST}:{control}")


@contextlib.contextmanager
def database_alone() -> Iterator[dict[str, str]]:
    """What the store's tests need: DynamoDB Local. Nothing is built, and no store is deployed."""
    with tempfile.TemporaryDirectory(prefix="shop-test-") as folder, dynamodb_local(Path(folder)) as dynamodb:
        yield {"CI": "true", "SHOP_DYNAMODB_URL": dynamodb}


def around_no_store() -> dict[str, str]:
    return {"CI": "true", "SHOP_TOOLS": str(TOOLS), "PYTHON": sys.executable}


def variables_of(settings, dynamodb, control) -> dict[str, str]:
    """With CI=true a skipped test fails; but those that ask for what a user may not have, the file of real sales."""
    return around_no_store() | {
        "SHOP_PORT": str(settings.port),
        "SHOP_PAGES_PORT": str(settings.pages_port),
        "SHOP_DATA": str(settings.data),
        "SHOP_URL": settings.url,
        "SHOP_PAGES_URL": settings.pages_url,
        "SHOP_ISSUER_URL": settings.issuer_url,
        "SHOP_MAIL_URL": settings.mail_url,
        "SHOP_AWS_URL": settings.endpoint,
        "SHOP_DYNAMODB_URL": dynamodb,
        "SHOP_PROXY_URL": control,
        "SHOP_CREDENTIALS": settings.credentials.read_text().strip(),
    }


@contextlib.contextmanager
def one_store(settings, start_store) -> Iterator[None]:
    """A store with data of its own; when it ends, its log is kept for whoever looks for the cause of a failure."""
    say(f"starting a store on port {settings.port} …")
    emulator = start_store(settings)
    try:
        yield
    finally:
        process.end_process(emulator)
        shutil.copyfile(settings.log, KEPT_LOG)


@contextlib.contextmanager
def dynamodb_local(folder) -> Iterator[str]:
    """DynamoDB Local in memory; yields its URL. It listens on every interface, there is no option for that."""
    jars = tools.dynamodb_local()
    (port,) = free_ports(1)
    command = ["java", "-Xms32m", "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{jars}/*", DYNAMODB]
    command += ["-port", str(port), "-disableTelemetry", "-inMemory"]
    with child(command, folder / "dynamodb.log", port):
        yield f"http://{HOST}:{port}"


@contextlib.contextmanager
def counting_proxy(folder, settings, port, control) -> Iterator[None]:
    """The proxy between the functions and the emulator, which counts their calls and can fail them."""
    binary = folder / "awsproxy"
    if subprocess.run(["go", "build", "-o", str(binary), "./test/awsproxy"], cwd=ROOT).returncode != 0:
        raise UserError("test/awsproxy does not build")
    command = [str(binary), "-listen", f"{HOST}:{port}", "-target", settings.endpoint, "-control", f"{HOST}:{control}"]
    with child(command, folder / "awsproxy.log", control):
        yield


@contextlib.contextmanager
def child(command, log, port) -> Iterator[subprocess.Popen]:
    """A process of ours that answers on a port; its end is the end of the block."""
    with open(log, "w") as file:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    try:
        wait_for_port(command[0], started, port, log)
        yield started
    finally:
        process.end_process(started)


def wait_for_port(name, started, port, log) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and started.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.1)
    raise UserError(f"{name} does not answer on port {port}:\n{log.read_text(errors='replace')[-2000:]}")


def free_ports(count) -> list[int]:
    """Ports that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
