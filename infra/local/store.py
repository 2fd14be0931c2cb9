"""The store on this machine: the commands behind the Makefile. `python3 infra/local/store.py --help` lists them."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one would fail with a riddle
    sys.exit(f"Python {sys.version.split()[0]} is too old: install Python 3.11 or newer, or say PYTHON=… to make")

import argparse
import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Never

from localstore import aws, checks, demo, deploy, drill, logs, process, release, testrun, tools, web
from localstore.settings import LOCAL, Settings, UserError, architecture, aws_environment, from_environment, say

SECONDS_TO_ANSWER = 120
LAST_LINES = 200  # of the emulator's log, with which `make logs` begins
NOT_OURS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")  # they would come before what aws-env exports


def setup(settings) -> None:
    """fetch every tool that is missing, into .tools, also what only tests and linters need"""
    need_store(settings)
    tools.node()
    tools.linters()
    tools.checkov()
    tools.contract_tester()
    if tools.has_java():
        tools.dynamodb_local()
    else:
        say("not fetched: DynamoDB Local, which the tests need; install Java 17 or newer and Apache Maven for it")
    say(f"{tools.TOOLS} holds all else; Go fetches its modules and staticcheck when it first needs them")


def need_store(settings) -> None:
    """Fetch what a store on this machine needs and is missing."""
    tools.require_go()
    architecture()
    tools.emulator_python()
    tools.sam()
    tools.installed_node()


def run(settings) -> None:
    """start the store and show its functions' logs; Ctrl-C ends it"""
    emulator = start(settings)
    with ended_by_signals():
        print(welcome(settings), flush=True)
        logs.follow(settings.log, lambda: emulator.poll() is None)
    if emulator.poll():
        raise UserError(f"the emulator ended:\n{process.log_tail(settings)}")
    say("ending the store, its data stays in " + str(settings.data))
    process.end_process(emulator)


def up(settings) -> None:
    """start the store in the background; returns when it answers"""
    start(settings)
    print(welcome(settings))


def start(settings) -> subprocess.Popen:
    """Tools, emulator, stack, demo; if any of it fails, nothing keeps running."""
    process.refuse_in_vain(settings)
    need_store(settings)
    emulator = process.start(settings)
    try:
        with ended_by_signals(), deployment_lock(settings):
            if not deploy.bring_up_to_date(settings):
                say("nothing changed since the last deployment: going on with the saved state")
            wait_until_answering(settings)
            demo.seed(settings)
            web.bring_up_to_date(settings)
    except BaseException:
        process.end_process(emulator)
        raise
    return emulator


def down(settings) -> None:
    """end the store that runs in the background"""
    if not process.stop(settings):
        say(f"no store is running on {settings.data}")


def deploy_local(settings) -> None:
    """build what changed and redeploy it into the running store"""
    settings = running_store(settings)
    need_store(settings)
    with deployment_lock(settings):
        changed = deploy.bring_up_to_date(settings)
        web.bring_up_to_date(settings)
    wait_until_answering(settings)
    say("deployed" if changed else "nothing changed since the last deployment")


def url(settings) -> None:
    """print the base of the store's API"""
    print(same_port(settings).url)


def pages_url(settings) -> None:
    """print the base of the pages, for a browser"""
    print(same_port(settings).pages_url)


def web_pages(settings) -> int:
    """serve the pages with hot reload, over the running store's API"""
    return web.dev_server(running_store(settings))


def web_audit(settings) -> int:
    """measure the running store's pages with Lighthouse"""
    return web.audit(running_store(settings))


def issuer_url(settings) -> None:
    """print the base of the token issuer"""
    print(same_port(settings).issuer_url)


def mail_url(settings) -> None:
    """print where the mails that were sent are listed"""
    print(same_port(settings).mail_url)


def demo_credentials(settings) -> None:
    """print the demo customer's and admin's e-mail addresses and passwords as JSON"""
    try:
        print(settings.credentials.read_text().strip())
    except FileNotFoundError as err:
        raise UserError(
            f"{settings.data} has no demo credentials yet: start the store with `make run` or `make up`"
        ) from err


def aws_env(settings) -> None:
    """print what leads a shell's AWS tools to the running store: eval "$(make -s aws-env)" """
    settings = running_store(settings)
    for name in NOT_OURS:
        print(f"unset {name}")
    for name, value in aws_environment(settings).items():
        print(f"export {name}={shlex.quote(value)}")


def sam_local(settings) -> None:
    """write what `sam local` needs to run functions against the running store; `sam local` itself needs Docker"""
    settings = running_store(settings)
    template = settings.build / "template.yaml"
    deploy.ask_stack(settings, "sam-local", str(template))
    flat, variables = template.with_name("sam-local.template.json"), template.with_name("sam-local.environment.json")
    print(f"""Try, where there is a Docker engine:

  eval "$(make -s aws-env)"
  {tools.sam()} local invoke BrowseProductsFunction \\
    --event functions/browse-products/event.json --docker-network host \\
    --template {flat} --env-vars {variables}
""")


def test(settings) -> int:
    """run every test, with all that the tests need around them"""
    tools.require_java()
    need_store(settings)
    with ended_by_signals():
        return testrun.run(start)


def test_up(settings) -> None:
    """start what the tests need and write the variables that lead to it; Ctrl-C ends it"""
    tools.require_java()
    need_store(settings)
    with ended_by_signals(), contextlib.suppress(KeyboardInterrupt):
        testrun.stand(start)


def log_lines(settings) -> None:
    """follow what the functions of the running store log, from the last lines on; one function: NAME=place-order"""
    settings = running_store(settings)
    wanted = os.environ.get("NAME", "")
    logs.follow(settings.log, lambda: process.running(settings) is not None, wanted, LAST_LINES)


def dashboard(settings) -> None:
    """draw the dashboard from what the local store logged, as a page, and print where it is"""
    if not settings.log.exists():
        raise UserError(f"{settings.data} has no log yet: start the store with `make run` or `make up`")
    page = settings.data / "dashboard.html"
    command = [tools.emulator_python(), str(LOCAL / "dashboard.py"), str(settings.log), str(page)]
    subprocess.run(command, check=True)
    print(page)


def lint(settings) -> int:
    """run every linter"""
    tools.require_go()
    return checks.lint()


def fmt(settings) -> int:
    """format the Go and Python files"""
    tools.require_go()
    return checks.fmt()


def bench(settings) -> int:
    """run the benchmarks, with all that they need around them"""
    tools.require_java()
    need_store(settings)
    with ended_by_signals():
        return testrun.bench(start)


def bench_compare(settings) -> int:
    """compare the last `make bench` with a commit's, by benchstat; AGAINST names the commit"""
    tools.require_go()
    return testrun.bench_compare()


def chaos(settings) -> int:
    """break a store of its own in every way, and check what it promised; SEED, MINUTES and ONLY say how"""
    need_store(settings)
    with ended_by_signals():
        return testrun.chaos()


def drill_restore(settings) -> int:
    """lose a table of a store of its own, kill the store, and bring it back with "shop restore"; prints how it went"""
    need_store(settings)
    with ended_by_signals():
        return drill.run(start)


def mutants(settings) -> int:
    """put defects into the sources, one at a time, and require that the tests find each"""
    tools.require_java()
    need_store(settings)
    with ended_by_signals():
        return testrun.mutants()


def types(settings) -> int:
    """make web/src/api/schema.ts, the pages' types of the API, from docs/openapi.yaml, and check the pages by them"""
    return web.types()


def picture(settings) -> int:
    """draw docs/architecture.svg from docs/architecture.d2"""
    tools.require_go()
    return checks.picture()


def vulncheck(settings) -> int:
    """look for known vulnerabilities in what the store is built from; needs the network"""
    tools.require_go()
    return checks.vulncheck()


def contract_diff(settings) -> int:
    """fail where the contract breaks a client of the last release"""
    tools.require_go()
    return release.contract_diff()


def prepare_release(settings) -> int:
    """notes, bills of materials and the record of the tables of a release: VERSION=v1.2.3"""
    tools.require_go()
    return release.prepare()


def sam_build(settings) -> int:
    """build for AWS with `sam build`"""
    tools.require_go()
    return aws.build()


def sam_deploy(settings) -> int:
    """deploy to AWS, show what changes before, and try the store after it: STAGE=staging or STAGE=production"""
    tools.require_go()
    return aws.deploy()


def running_store(settings) -> Settings:
    """The Settings of the store that runs on the data folder."""
    if not process.running(settings):
        raise UserError(f"no store is running on {settings.data}: start it with `make run` or `make up`")
    return same_port(settings)


def same_port(settings) -> Settings:
    """The Settings with the port of the store that runs on the data folder, if one does."""
    from dataclasses import replace

    owner = process.running(settings)
    if not owner:
        return settings
    return replace(settings, port=owner["port"], chosen_pages_port=owner.get("pages_port", 0))


def wait_until_answering(settings) -> None:
    """Ready is when the catalogue answers."""
    end = time.monotonic() + SECONDS_TO_ANSWER
    while (status := process.status(f"{settings.url}/products")) != 200:
        if time.monotonic() > end:
            raise UserError(f"GET {settings.url}/products answers {status}, not 200:\n{process.log_tail(settings)}")
        time.sleep(0.2)


@contextlib.contextmanager
def deployment_lock(settings) -> Iterator[None]:
    """One deployment into a store at a time."""
    with open(settings.data / "deployment.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise UserError("another deployment into this store is under way") from err
        yield


def ignored_by_caller() -> signal.Signals | None:
    """SIGHUP, under nohup. That a shell has its background jobs ignore SIGINT is no wish of anybody."""
    return signal.SIGHUP if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else None


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end what is inside as Ctrl-C does; inside `run`, quietly."""

    def interrupt(number, frame) -> Never:
        raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if n != ignored_by_caller()]
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def welcome(settings) -> str:
    """What a newcomer needs next."""
    people = demo.credentials(settings)
    customer, admin = people["customer"], people["admin"]
    return f"""
The store is running.

  the shop        {settings.pages_url}
  the desk        {settings.pages_url}/admin/ (for admins)
  API reference   {settings.pages_url}/reference/
  API             {settings.url}
  token issuer    {settings.issuer_url}
  mails sent      {settings.mail_url} (since this start)
  functions' log  make logs (the file is {settings.log})

  demo customer   {customer["email"]}   {customer["password"]}
  demo admin      {admin["email"]}      {admin["password"]}

Try:

  curl '{settings.url}/products?limit=3'
  curl '{settings.url}/sessions' -H 'Content-Type: application/json' -d '{json.dumps(customer)}'

After a change: make deploy-local.   To stop: Ctrl-C after make run, make down after make up.
"""


COMMANDS = {
    "setup": setup,
    "run": run,
    "up": up,
    "down": down,
    "deploy-local": deploy_local,
    "url": url,
    "pages-url": pages_url,
    "web": web_pages,
    "web-audit": web_audit,
    "issuer-url": issuer_url,
    "mail-url": mail_url,
    "demo-credentials": demo_credentials,
    "aws-env": aws_env,
    "sam-local": sam_local,
    "logs": log_lines,
    "dashboard": dashboard,
    "test": test,
    "test-up": test_up,
    "lint": lint,
    "fmt": fmt,
    "bench": bench,
    "bench-compare": bench_compare,
    "chaos": chaos,
    "drill": drill_restore,
    "mutants": mutants,
    "types": types,
    "picture": picture,
    "vulncheck": vulncheck,
    "contract-diff": contract_diff,
    "release": prepare_release,
    "build": sam_build,
    "deploy": sam_deploy,
}


def main(argv) -> None:
    parser = argparse.ArgumentParser(prog="store.py", description=__doc__.split(":")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    args = parser.parse_args(argv)
    try:
        sys.exit(COMMANDS[args.command](from_environment()))
    except UserError as error:
        sys.exit(f"{args.command}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
