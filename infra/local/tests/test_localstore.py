"""The commands' own logic, with the tools and the emulator left out."""

import contextlib
import fcntl
import http.server
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Never, TextIO
from unittest import mock

import store
from emulation import keys
from localstore import aws, build, demo, deploy, policy, process, release, settings, testrun, tools
from localstore.settings import Settings, UserError


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        port, pages_port = testrun.free_ports(2)
        self.settings = Settings(port, self.folder, chosen_pages_port=pages_port)
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))


class FromEnvironment(unittest.TestCase):
    def read(self, **variables) -> Settings:
        with mock.patch.dict(os.environ, variables, clear=True):
            return settings.from_environment()

    def test_defaults(self) -> None:
        found = self.read()
        self.assertEqual((found.port, found.data, found.functions_endpoint), (4566, settings.ROOT / ".shop", ""))

    def test_choices(self) -> None:
        found = self.read(SHOP_PORT="5000", SHOP_DATA="/tmp/other", SHOP_FUNCTIONS_ENDPOINT="http://127.0.0.1:5001")
        self.assertEqual((found.port, found.data), (5000, Path("/tmp/other")))
        self.assertEqual(found.functions_endpoint, "http://127.0.0.1:5001")
        self.assertEqual(found.url, "http://127.0.0.1:5000/_aws/execute-api/api")
        self.assertEqual(found.issuer_url, "http://127.0.0.1:5000/_aws/execute-api/issuer")

    def test_a_relative_folder_is_in_the_project(self) -> None:
        self.assertEqual(self.read(SHOP_DATA=".shop-2").data, settings.ROOT / ".shop-2")

    def test_a_port_that_is_none(self) -> None:
        for text in ("x", "0", "65536", "-1", "4566 "):
            with self.subTest(text), self.assertRaisesRegex(UserError, "SHOP_PORT"):
                self.read(SHOP_PORT=text)

    def test_nothing_of_a_real_account_reaches_the_local_store(self) -> None:
        real = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t", "AWS_ACCESS_KEY_ID": "AKIAPROD", "PATH": "/bin"}
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, real, clear=True):
            root = keys.make(Path(folder))
            found = settings.operator_environment(Settings(5000, Path(folder)))
        self.assertEqual(found["AWS_ENDPOINT_URL"], "http://127.0.0.1:5000")
        self.assertEqual(found["AWS_ACCESS_KEY_ID"], root["access_key_id"])
        self.assertEqual(found["AWS_SECRET_ACCESS_KEY"], root["secret_access_key"])
        self.assertEqual(found["PATH"], "/bin")
        self.assertFalse({"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(found))


class RootKeys(InFolder):
    def test_they_are_made_once_and_are_the_owners_alone(self) -> None:
        made = keys.make(self.folder)
        self.assertEqual(keys.make(self.folder), made)
        self.assertEqual(self.settings.root_keys, made)
        self.assertEqual((self.folder / keys.FILE).stat().st_mode & 0o777, 0o600)

    def test_each_store_has_its_own(self) -> None:
        with tempfile.TemporaryDirectory() as other:
            theirs = keys.make(Path(other))
        ours = keys.make(self.folder)
        self.assertFalse(set(ours.values()) & set(theirs.values()))
        self.assertRegex(ours["access_key_id"], r"^SHOPROOT[A-Z2-7]{16}$")
        self.assertRegex(ours["secret_access_key"], r"^[\w-]{40}$")

    def test_a_file_that_others_may_read_is_closed(self) -> None:
        keys.make(self.folder)
        (self.folder / keys.FILE).chmod(0o644)
        keys.make(self.folder)
        self.assertEqual((self.folder / keys.FILE).stat().st_mode & 0o777, 0o600)

    def test_a_folder_of_before_is_told_from_a_broken_file(self) -> None:
        with self.assertRaisesRegex(UserError, "has no root keys yet: start the store with `make run`"):
            _ = self.settings.root_keys
        for text in ("", "[]", "{}", '{"access_key_id":"test","secret_access_key":"test"}'):
            (self.folder / keys.FILE).write_text(text)
            with self.subTest(text), self.assertRaisesRegex(UserError, "the root keys cannot be read"):
                _ = self.settings.root_keys


class Running(InFolder):
    def hold(self, port) -> TextIO:
        """Do as the emulator does: lock the folder and write who does."""
        file = self.enterContext(open(self.folder / "lock", "w"))
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps({"pid": 12345, "port": port}))
        file.flush()
        return file

    def test_nobody(self) -> None:
        self.assertIsNone(process.running(self.settings))
        (self.folder / "lock").write_text('{"pid": 1, "port": 2}')
        self.assertIsNone(process.running(self.settings))

    def test_somebody(self) -> None:
        self.hold(7000)
        self.assertEqual(process.running(self.settings), {"pid": 12345, "port": 7000})
        with self.assertRaisesRegex(UserError, "in use by the store on port 7000 .process 12345.*SHOP_DATA"):
            process.start(self.settings)

    def test_addresses_are_those_of_who_runs(self) -> None:
        self.assertEqual(store.same_port(self.settings).port, self.settings.port)
        self.hold(7000)
        self.assertEqual(store.same_port(self.settings).port, 7000)

    def test_a_port_in_use(self) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.settings.port))
            other.listen()
            with self.assertRaisesRegex(UserError, f"port {self.settings.port} cannot be used .*SHOP_PORT"):
                process.start(self.settings)

    def test_data_of_another_port(self) -> None:
        (self.folder / "state").mkdir()
        (self.folder / "lock").write_text('{"pid": 1, "port": 7000}')
        with self.assertRaisesRegex(UserError, "made for port 7000: use SHOP_PORT=7000"):
            process.start(self.settings)

    def test_ending_nothing(self) -> None:
        self.assertFalse(process.stop(self.settings))

    def test_deploying_into_nothing(self) -> None:
        with self.assertRaisesRegex(UserError, "no store is running"):
            store.deploy_local(self.settings)

    def test_one_deployment_at_a_time(self) -> None:
        self.enterContext(store.deployment_lock(self.settings))
        with self.assertRaisesRegex(UserError, "another deployment"), store.deployment_lock(self.settings):
            self.fail("it deploys twice")


class Tools(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.requirements = self.folder / "requirements.txt"
        self.requirements.write_text("a==1\n")
        self.enterContext(mock.patch.object(tools, "TOOLS", self.folder / ".tools"))
        self.install = self.enterContext(
            mock.patch.object(tools, "install", side_effect=lambda f, r: f.mkdir(exist_ok=True))
        )

    def environment(self) -> Path:
        return tools.environment("emulator", self.requirements, "it")

    def test_installed_once(self) -> None:
        (self.folder / ".tools" / "emulator").mkdir(parents=True)
        self.environment()
        self.environment()
        self.assertEqual(self.install.call_count, 1)

    def test_installed_again_when_the_requirements_change(self) -> None:
        (self.folder / ".tools" / "emulator").mkdir(parents=True)
        self.environment()
        self.requirements.write_text("a==2\n")
        self.environment()
        self.assertEqual(self.install.call_count, 2)

    def test_installed_again_after_a_failure(self) -> None:
        (self.folder / ".tools" / "emulator").mkdir(parents=True)
        self.install.side_effect = UserError("no network")
        with self.assertRaises(UserError):
            self.environment()
        self.install.side_effect = None
        self.environment()
        self.assertEqual(self.install.call_count, 2)

    def test_a_missing_tool_is_named(self) -> None:
        with mock.patch.dict(os.environ, {"PATH": str(self.folder)}):
            with self.assertRaisesRegex(UserError, "go is missing: install Go"):
                tools.require_go()
            with self.assertRaisesRegex(UserError, "java is missing"):
                tools.require_java()

    def test_an_old_tool_is_refused(self) -> None:
        self.make_tool("go", "go version go1.20.1 linux/amd64")
        self.make_tool("java", 'openjdk version "11.0.2"')
        with mock.patch.dict(os.environ, {"PATH": str(self.folder)}):
            with self.assertRaisesRegex(UserError, "go 1.20 is too old"):
                tools.require_go()
            with self.assertRaisesRegex(UserError, "java is missing or too old"):
                tools.require_java()

    def test_the_sam_on_path_is_used_if_it_is_new_enough(self) -> None:
        self.make_tool("sam", "SAM CLI, version 1.170.0")
        with mock.patch.dict(os.environ, {"PATH": str(self.folder)}):
            self.assertEqual(tools.sam(), str(self.folder / "sam"))
            self.make_tool("sam", "SAM CLI, version 1.99.0")
            self.assertEqual(tools.sam(), str(self.folder / ".tools" / "sam" / "bin" / "sam"))

    def make_tool(self, name, says) -> None:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\necho '{says}'\n")
        file.chmod(0o755)
        (self.folder / ".tools" / "sam").mkdir(parents=True, exist_ok=True)


class Fingerprint(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(build, "ROOT", self.folder))
        for name in ("go.mod", "go.sum"):
            (self.folder / name).write_text("module shop\n")
        self.write("functions/sign-up/handler.go", "package main")

    def write(self, name, text) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_what_a_build_reads_counts(self) -> None:
        seen = {build.sources_fingerprint()}
        for name in ("functions/sign-up/handler.go", "internal/user/user.go", "internal/sesmail/mail.html", "go.mod"):
            self.write(name, "changed")
            seen.add(build.sources_fingerprint())
        (self.folder / "internal/user/user.go").rename(self.folder / "internal/user/person.go")
        seen.add(build.sources_fingerprint())
        self.assertEqual(len(seen), 6)

    def test_what_only_tests_read_does_not(self) -> None:
        before = build.sources_fingerprint()
        for name in (
            "functions/sign-up/handler_test.go",
            "functions/sign-up/event.json",
            "internal/csv/testdata/a.csv",
        ):
            self.write(name, "changed")
        self.assertEqual(build.sources_fingerprint(), before)

    def test_stores_that_share_builds_build_once_from_the_same_sources(self) -> None:
        for name in ("template.yaml", "samconfig.toml"):
            self.write(name, "")
        built = []

        def sam_build(of) -> None:
            of.build.mkdir(parents=True, exist_ok=True)
            (of.build / "template.yaml").write_text(f"build {len(built)}")
            built.append(of.data.name)

        def build_for(name) -> str:
            one = Settings(1, self.folder / name)
            build.with_sam(one)
            return (one.build / "template.yaml").read_text()

        shared = self.folder / "shared"
        shared.mkdir()
        with mock.patch.object(build, "run_sam", sam_build), mock.patch.dict(os.environ, {build.SHARED: str(shared)}):
            self.assertEqual([build_for("one"), build_for("two")], ["build 0", "build 0"])
            self.write("functions/sign-up/handler.go", "package changed")
            self.assertEqual([build_for("two"), build_for("two")], ["build 1", "build 1"])
            self.write("template.yaml", "Resources: {}")
            self.assertEqual(build_for("two"), "build 2")
            del os.environ[build.SHARED]
            self.assertEqual(build_for("two"), "build 3")
        self.assertEqual(built, ["one", "two", "two", "two"])


class BringUpToDate(InFolder):
    """Which of the two ways of deploying is taken, and what is remembered of it."""

    def setUp(self) -> None:
        super().setUp()
        self.wanted = {"template": "t1", "sources": "s1"}
        self.hashes = {"A": "a1", "B": "b1"}
        self.calls = []
        fakes = {
            "with_sam": lambda s: self.calls.append("sam deploy"),
            "ask_stack": lambda s, *words: self.calls.append(words),
            "code_uris": lambda: {name: f"functions/{name}/" for name in self.hashes},
            "binaries": lambda s: {name: Path(name) for name in self.hashes},
            "hashes": lambda files: {name: self.hashes[name] for name in files},
        }
        for name, fake in fakes.items():
            self.enterContext(mock.patch.object(deploy, name, fake))
        self.enterContext(mock.patch.object(build, "fingerprints", lambda s: dict(self.wanted)))
        self.enterContext(mock.patch.object(build, "with_sam", self.sam_build))
        self.enterContext(mock.patch.object(build, "with_go", lambda s, uris: {n: Path(n) for n in uris}))
        self.enterContext(mock.patch.object(process, "save", lambda s: self.calls.append("save")))

    def sam_build(self, of) -> None:
        of.build.mkdir(exist_ok=True)
        (of.build / "template.yaml").write_text("")
        self.calls.append("sam build")

    def deploy(self) -> bool:
        self.calls.clear()
        return deploy.bring_up_to_date(self.settings)

    def pushed(self) -> list[list[str]]:
        return [words[1:] for words in self.calls if words[0] == "push"]

    def test_the_first_time_everything(self) -> None:
        self.assertTrue(self.deploy())
        built = str(self.settings.build / "template.yaml")
        self.assertEqual(self.calls, ["sam build", "sam deploy", ("routes", built), ("tidy",), "save"])

    def test_nothing_changed(self) -> None:
        self.deploy()
        self.assertFalse(self.deploy())
        self.assertEqual(self.calls, [])

    def test_only_the_changed_function_is_pushed(self) -> None:
        self.deploy()
        self.wanted["sources"], self.hashes["B"] = "s2", "b2"
        self.assertTrue(self.deploy())
        self.assertEqual(self.calls, [("push", "B=B"), "save"])
        self.assertFalse(self.deploy())

    def test_a_changed_template_goes_through_sam(self) -> None:
        self.deploy()
        self.wanted["template"] = "t2"
        self.deploy()
        self.assertEqual(self.calls[:2], ["sam build", "sam deploy"])
        self.assertEqual(self.pushed(), [])

    def test_sam_does_not_bring_pushed_code_back(self) -> None:
        """CloudFormation sees the code it deployed itself and leaves the function alone: pushed code is pushed over."""
        self.deploy()
        self.wanted["sources"], self.hashes["B"] = "s2", "b2"
        self.deploy()
        self.wanted |= {"template": "t2", "sources": "s1"}
        self.hashes["B"] = "b1"
        self.deploy()
        self.assertEqual(self.pushed(), [("B=B",)])
        self.wanted["template"] = "t3"
        self.deploy()
        self.assertEqual(self.pushed(), [])

    def test_a_failed_deployment_is_done_again(self) -> None:
        self.deploy()
        self.wanted["template"] = "t2"
        failing = mock.Mock(side_effect=UserError("sam deploy failed"))
        with mock.patch.object(deploy, "with_sam", failing), self.assertRaises(UserError):
            self.deploy()
        self.wanted["template"] = "t1"
        self.assertTrue(self.deploy())
        self.assertEqual(self.calls[:2], ["sam build", "sam deploy"])

    def test_lost_routes_are_a_failure(self) -> None:
        def lost(of, command, *rest) -> None:
            if command == "routes":
                raise UserError("Api was deployed with 14 routes of 15")

        with mock.patch.object(deploy, "ask_stack", lost), self.assertRaisesRegex(UserError, "14 routes of 15"):
            self.deploy()
        self.assertEqual(deploy.read_record(self.settings), {})


TOOL = """#!{python}
import os, sys
print(*sys.argv[1:], os.environ["SHOP_ADMIN_EMAIL"], file=open({calls!r}, "a"))
sys.exit("refused" if {fails} else 0)
"""


class Seed(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.signed_up, self.status, test = [], 201, self
        keys.make(self.folder)

        class SignUp(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                test.signed_up.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(test.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.settings.port), SignUp)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.fails = False
        self.enterContext(mock.patch.object(demo, "build_tool", self.make_tool))

    def make_tool(self, of) -> Path:
        """A tool that writes down its arguments and the admin it was given."""
        tool = self.folder / "shop"
        tool.write_text(TOOL.format(python=sys.executable, calls=str(self.folder / "calls"), fails=self.fails))
        tool.chmod(0o755)
        return tool

    def test_customer_admin_and_catalogue(self) -> None:
        demo.seed(self.settings)
        people = json.loads(self.settings.credentials.read_text())
        self.assertEqual(
            [body["email"] for _, body in self.signed_up], ["demo-customer@example.com", "demo-admin@example.com"]
        )
        self.assertEqual([body["password"] for _, body in self.signed_up], [p["password"] for p in people.values()])
        self.assertEqual({path for path, _ in self.signed_up}, {"/_aws/execute-api/api/users"})
        calls = (self.folder / "calls").read_text().splitlines()
        self.assertEqual([c.split()[0] for c in calls], ["grant", "import"])
        self.assertIn("grant demo-admin@example.com admin --yes", calls[0])

    def test_passwords_are_private_and_new(self) -> None:
        demo.seed(self.settings)
        self.assertEqual(self.settings.credentials.stat().st_mode & 0o777, 0o600)
        people = json.loads(self.settings.credentials.read_text())
        passwords = {p["password"] for p in people.values()}
        self.assertEqual(len(passwords), 2)
        self.assertTrue(all(len(p) >= 20 for p in passwords))

    def test_it_is_made_once(self) -> None:
        demo.seed(self.settings)
        demo.seed(self.settings)
        self.assertEqual(len(self.signed_up), 2)

    def test_an_interrupted_one_goes_on(self) -> None:
        self.fails = True
        with self.assertRaisesRegex(UserError, "shop grant demo-admin@example.com admin --yes failed:\nrefused"):
            demo.seed(self.settings)
        before = self.settings.credentials.read_text()
        self.fails, self.status = False, 409
        demo.seed(self.settings)
        self.assertEqual(self.settings.credentials.read_text(), before)

    def test_a_refusal_is_shown(self) -> None:
        self.status = 400
        with self.assertRaisesRegex(UserError, "signing up demo-customer@example.com: 400"):
            demo.seed(self.settings)


class Commands(InFolder):
    def run_command(self, *words) -> tuple[object, str]:
        out = io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            mock.patch.dict(os.environ, {"SHOP_DATA": str(self.folder), "SHOP_PORT": str(self.settings.port)}),
            self.assertRaises(SystemExit) as ended,
        ):
            store.main(list(words))
        return ended.exception.code, out.getvalue().strip()

    def test_addresses(self) -> None:
        base = f"http://127.0.0.1:{self.settings.port}"
        self.assertEqual(self.run_command("url"), (None, f"{base}/_aws/execute-api/api"))
        self.assertEqual(self.run_command("issuer-url"), (None, f"{base}/_aws/execute-api/issuer"))
        self.assertEqual(self.run_command("mail-url"), (None, f"{base}/_ministack/ses/messages"))

    def test_credentials(self) -> None:
        code, _ = self.run_command("demo-credentials")
        self.assertIn("has no demo credentials yet", code)
        demo.credentials(self.settings)
        code, printed = self.run_command("demo-credentials")
        self.assertIsNone(code)
        self.assertEqual(set(json.loads(printed)), {"customer", "admin"})

    def test_what_leads_a_shell_to_the_store(self) -> None:
        code, _ = self.run_command("aws-env")
        self.assertIn("no store is running", code)
        root = keys.make(self.folder)
        owner = {"pid": 1, "port": 7000}
        with mock.patch.object(process, "running", return_value=owner):
            code, printed = self.run_command("aws-env")
        self.assertIsNone(code)
        real = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t", "PATH": os.environ["PATH"]}
        command = ["bash", "-euc", f"{printed}\nenv"]
        said = subprocess.run(command, env=real, capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertIn("AWS_ENDPOINT_URL=http://127.0.0.1:7000", said)
        self.assertIn(f"AWS_ACCESS_KEY_ID={root['access_key_id']}", said)
        self.assertIn(f"AWS_SECRET_ACCESS_KEY={root['secret_access_key']}", said)
        self.assertFalse([line for line in said if line.startswith(("AWS_PROFILE", "AWS_SESSION_TOKEN"))])

    def test_ending_nothing_is_no_error(self) -> None:
        self.assertEqual(self.run_command("down"), (None, ""))

    def test_every_target_of_the_makefile_has_its_command(self) -> None:
        made = {
            line.split(":")[0]
            for line in (settings.ROOT / "Makefile").read_text().splitlines()
            if ":" in line and "## " in line and not line.startswith((" ", "\t", "#"))
        }
        self.assertEqual(made - {"help"}, set(store.COMMANDS))

    def test_setup_fetches_what_tests_and_linters_need_and_says_what_it_cannot(self) -> None:
        with (
            mock.patch.multiple(tools, require_go=mock.DEFAULT, emulator_python=mock.DEFAULT, sam=mock.DEFAULT),
            mock.patch.multiple(
                tools, linters=mock.DEFAULT, checkov=mock.DEFAULT, contract_tester=mock.DEFAULT
            ) as found,
            mock.patch.object(tools, "dynamodb_local") as dynamodb,
            mock.patch.object(tools, "require_java", side_effect=(None, UserError("java is missing"))),
            contextlib.redirect_stderr(io.StringIO()) as said,
        ):
            self.assertEqual(self.run_command("setup"), (None, ""))
            dynamodb.assert_called_once_with()
            self.assertNotIn("not fetched", said.getvalue())
            self.assertEqual(self.run_command("setup"), (None, ""))
            dynamodb.assert_called_once_with()
        self.assertIn("not fetched: DynamoDB Local", said.getvalue())
        self.assertEqual({tool.call_count for tool in found.values()}, {2})

    def test_a_failing_tool_ends_the_store_again(self) -> None:
        emulator = mock.Mock()
        with (
            mock.patch.object(store, "need_store"),
            mock.patch.object(process, "start", return_value=emulator),
            mock.patch.object(deploy, "bring_up_to_date", side_effect=UserError("sam build failed")),
            mock.patch.object(process, "end_process") as end,
            self.assertRaisesRegex(UserError, "sam build failed"),
        ):
            store.start(self.settings)
        end.assert_called_once_with(emulator)

    def test_a_port_in_use_is_said_before_anything_is_fetched(self) -> None:
        with socket.socket() as other, mock.patch.object(store, "need_store") as setup:
            other.bind(("127.0.0.1", self.settings.port))
            other.listen()
            with self.assertRaisesRegex(UserError, "SHOP_PORT"):
                store.start(self.settings)
        setup.assert_not_called()


class ToAWS(unittest.TestCase):
    def test_the_command_of_a_deployment(self) -> None:
        with mock.patch.object(tools, "emulator_python", return_value="python"):
            command = aws.deployment({"STAGE": "staging", "PARAMETERS": "Sender=a@b ShopName='Our Shop'", "YES": "1"})
            self.assertEqual(command[2:], ["staging", "--set", "Sender=a@b ShopName='Our Shop'", "--yes"])
            self.assertEqual(aws.deployment({"STAGE": "production"})[2:], ["production"])
        for stage in ("", "local", "prod"):
            with self.subTest(stage), self.assertRaisesRegex(UserError, "STAGE=staging or STAGE=production"):
                aws.deployment({"STAGE": stage})


class Policy(unittest.TestCase):
    def test_each_failure_is_mended_or_exempt_and_each_exemption_needed(self) -> None:
        exempt = dict.fromkeys(policy.EXEMPT, "they all have")
        self.assertEqual(policy.complaints(exempt), [])
        found = exempt | {"CKV_AWS_1": "No star: Role"}
        del found["CKV_AWS_117"]
        self.assertEqual(
            policy.complaints(found), ["CKV_AWS_1: No star: Role", "CKV_AWS_117 is exempt, and nothing fails it"]
        )

    def test_a_report_is_read(self) -> None:
        failed = [{"check_id": "A", "check_name": "No star", "resource": r} for r in ("Role", "Other")]
        self.assertEqual(policy.read(json.dumps({"results": {"failed_checks": failed}})), {"A": "No star: Role, Other"})


CHANGELOG = """# Changelog

## Unreleased

## [1.2.0] - 2027-01-02

### Added

- A thing.

## 1.1.0

- Older.
"""


class Release(unittest.TestCase):
    def test_the_notes_are_the_changelogs(self) -> None:
        self.assertEqual(release.notes_of(CHANGELOG, "v1.2.0"), "### Added\n\n- A thing.\n")
        self.assertEqual(release.notes_of(CHANGELOG, "v1.1.0"), "- Older.\n")

    def test_a_release_has_a_version_and_a_section(self) -> None:
        for version, complaint in {
            "": "VERSION=v1.2.3",
            "1.2.0": "VERSION=v1.2.3",
            "v1.2": "VERSION=v1.2.3",
            "v1.2.1": "no section `## 1.2.1`",
            "v1.2.00": "no section",
        }.items():
            with self.subTest(version), self.assertRaisesRegex(UserError, complaint):
                release.notes_of(CHANGELOG, version)

    def test_the_contract_is_compared_with_the_last_tag(self) -> None:
        for tags, compared in (("", 0), ("v1.10.0\nv1.9.0\n", 1)):
            answers = {"tag": tags, "show": "openapi: 3.1.0\n"}
            ran = mock.Mock(return_value=mock.Mock(returncode=3))
            with (
                mock.patch.object(release, "git", lambda command, *_, answers=answers: answers[command]),
                mock.patch.object(release.subprocess, "run", ran),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                self.assertEqual(release.contract_diff(), 3 * compared)
            self.assertEqual(ran.call_count, compared)
            if compared:
                self.assertRegex(
                    " ".join(ran.call_args[0][0]), r"breaking --fail-on ERR .*openapi-v1.10.0.yaml docs/openapi.yaml"
                )
                (settings.ROOT / "dist" / "openapi-v1.10.0.yaml").unlink()

    def test_keys_and_indexes_are_recorded(self) -> None:
        key, more = [{"AttributeName": "id", "KeyType": "HASH"}], {"BillingMode": "PAY_PER_REQUEST"}
        table = {"AttributeDefinitions": [], "KeySchema": key}
        index = {"IndexName": "feed", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
        properties = table | more | {"GlobalSecondaryIndexes": [index | {"WarmThroughput": {}}]}
        resources = {
            "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": properties},
            "Queue": {"Type": "AWS::SQS::Queue"},
        }
        recorded = release.tables_of({"Resources": resources})
        self.assertEqual(recorded, {"Orders": table | {"GlobalSecondaryIndexes": [index]}})


class Stand(InFolder):
    def test_a_shell_reads_the_variables_as_they_are(self) -> None:
        variables = {
            "CI": "true",
            "SHOP_CREDENTIALS": """{"customer":{"password":"it's $HOME"}}""",
            "SHOP_URL": "http://a",
        }
        file, read = self.folder / "variables", []

        def pause() -> None:
            command = ["sh", "-euc", f'. {file}; printf \'%s\\n\' "$SHOP_CREDENTIALS" "$SHOP_URL" "${{CI-none}}"']
            environment = {name: value for name, value in os.environ.items() if name != "CI"}
            read.extend(subprocess.run(command, env=environment, capture_output=True, text=True).stdout.splitlines())
            read.append(oct(file.stat().st_mode & 0o777))
            raise KeyboardInterrupt

        with (
            mock.patch.object(testrun, "VARIABLES", file),
            mock.patch.object(testrun, "surroundings", return_value=contextlib.nullcontext(variables)),
            mock.patch.object(signal, "pause", pause),
            contextlib.redirect_stdout(io.StringIO()) as out,
            self.assertRaises(KeyboardInterrupt),
        ):
            testrun.stand(None)
        self.assertEqual(read, [variables["SHOP_CREDENTIALS"], "http://a", "none", "0o600"])
        self.assertIn("go test ./internal/dynamostore", out.getvalue())
        self.assertFalse(file.exists())


class Chosen(unittest.TestCase):
    def test_the_stores_own_tests_need_no_store(self) -> None:
        for only, needed in {
            "": True,
            "./internal/dynamostore": False,
            "./internal/order ./functions/place-order": False,
            "./internal/dynamostore ./test/e2e": True,
            "./internal/kmssign": True,
            "./internal/...": True,
        }.items():
            with mock.patch.dict(os.environ, {"ONLY": only}):
                self.assertEqual(testrun.needs_store(), needed, only)

    def test_the_command_is_shown_as_it_is_run(self) -> None:
        with mock.patch.dict(os.environ, {"ONLY": "./internal/order", "RUN": "TestPlace"}):
            self.assertEqual(testrun.go_arguments()[2:], ["-v", "-count=1", "-run", "TestPlace", "./internal/order"])

    def test_a_whole_run_tests_every_package_once_and_the_longest_first(self) -> None:
        with mock.patch.dict(os.environ, {"ONLY": "", "RUN": ""}):
            packages = testrun.go_arguments()[2:]
        command = ["go", "list", "./..."]
        every = subprocess.run(command, cwd=testrun.ROOT, capture_output=True, text=True, check=True).stdout.split()
        module = every[0].partition("/")[0]
        self.assertEqual(sorted([*packages, f"{module}/test/chaos"]), sorted(every))
        self.assertEqual(packages[:3], [f"{module}{end}" for end in testrun.LONGEST_FIRST])

    def test_a_pattern_that_no_test_matches_fails(self) -> None:
        for pattern, code in {
            "ExampleMoney$": 0,
            "TestNothingIsCalledSo": 1,
            "ExampleMoney$/nothing is called so": 1,
            "TestNothingIsCalledSo/a|ExampleMoney$": 0,
        }.items():
            with (
                self.subTest(pattern),
                mock.patch.dict(os.environ, {"ONLY": "./internal/money", "RUN": pattern}),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()) as err,
            ):
                self.assertEqual(testrun.go_test({}), code)
                self.assertEqual("no test of ./internal/money matches" in err.getvalue(), bool(code))

    def test_browser_tests_are_chosen_by_their_name(self) -> None:
        with (
            mock.patch.dict(os.environ, {"ONLY": "web", "RUN": "journey 4"}),
            mock.patch.object(testrun, "surroundings", return_value=contextlib.nullcontext({"SHOP_URL": "http://a"})),
            mock.patch.object(testrun.web, "test_in_browser", return_value=3) as tested,
            contextlib.redirect_stderr(io.StringIO()),
        ):
            self.assertEqual(testrun.run(None), 3)
        tested.assert_called_once_with({"SHOP_URL": "http://a"}, "journey 4")

    def test_a_whole_run_fails_by_any_of_its_parts_and_names_them(self) -> None:
        nothing = {"shared_builds": contextlib.nullcontext(), "surroundings": contextlib.nullcontext({})}
        parts = ["web.test", "web.test_in_browser", "go_test", "apart", "try_measuring", "contract.run"]
        for broken in [None, *parts]:
            with contextlib.ExitStack() as stack:

                def replace(name: str, **more) -> mock.Mock:
                    of, _, member = name.rpartition(".")
                    module = getattr(testrun, of) if of else testrun
                    return stack.enter_context(mock.patch.object(module, member, **more))

                for name, value in nothing.items():
                    replace(name, return_value=value)
                tests = {part: mock.Mock(return_value=int(part == broken)) for part in parts}
                replace("beside", return_value=contextlib.nullcontext(tests["apart"]))
                for part in parts:
                    if part != "apart":
                        replace(part, side_effect=tests[part])
                replace(
                    "failures.recorded", side_effect=lambda test: (test(), "--- FAIL: TestA\n    a_test.go:1: why\n")
                )
                said = stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
                with self.subTest(broken=broken):
                    self.assertEqual(testrun.test_all(None, 0.0), int(broken is not None))
                    for test in tests.values():
                        test.assert_called_once()
                    self.assertEqual("these failed:" in said.getvalue(), broken is not None)
                    self.assertEqual("  TestA: a_test.go:1: why" in said.getvalue(), broken is not None)

    def test_only_a_whole_run_of_the_benchmarks_is_kept(self) -> None:
        for chosen, arguments in {(): ["-renew"], (("SHORT", "1"),): ["-short"], (("ONLY", "zip"),): []}.items():
            with (
                mock.patch.dict(os.environ, dict(chosen)),
                mock.patch.object(testrun, "surroundings", return_value=contextlib.nullcontext({})),
                mock.patch.object(testrun, "measure", return_value=0) as measured,
            ):
                testrun.bench(None)
            measured.assert_called_once_with({}, *arguments)

    def test_ratios_of_no_commit_and_of_no_new_run_are_not_compared(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            same = Path(folder) / "docs" / "results" / "bench.txt"
            same.parent.mkdir(parents=True)
            same.write_text("BenchmarkA 1 1.0 ratio\n")
            git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com"]
            for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
                subprocess.run([*git, *command], check=True)
            with mock.patch.multiple(testrun, ROOT=Path(folder), RATIOS=same):
                for against, message in {"HEAD": "nothing was measured", "nowhere": "nowhere has no docs"}.items():
                    with mock.patch.dict(os.environ, {"AGAINST": against}):
                        self.assertRaisesRegex(settings.UserError, message, testrun.bench_compare)


class Signals(unittest.TestCase):
    def setUp(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def test_each_ends_what_is_inside(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may be under nohup
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell's background jobs have it
            with self.subTest(number), self.assertRaises(KeyboardInterrupt), store.ended_by_signals():
                signal.raise_signal(number)

    def test_nohup_is_respected(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with store.ended_by_signals():
            signal.raise_signal(signal.SIGHUP)
        self.assertEqual(signal.getsignal(signal.SIGHUP), signal.SIG_IGN)


class Beside(InFolder):
    def setUp(self) -> None:
        super().setUp()
        log = mock.patch.object(testrun, "BESIDE_LOG", self.folder / "log")
        log.start()
        self.addCleanup(log.stop)

    def test_what_ran_beside_the_rest_is_shown_and_counts(self) -> None:
        def tests() -> int:
            print("one failed", flush=True)
            return subprocess.run([sys.executable, "-c", "import sys; sys.exit('another failed')"]).returncode

        with quiet() as out, testrun.beside(tests) as apart:
            self.assertEqual(apart(), 1)
        self.assertEqual(out.getvalue(), "one failed\nanother failed\n")

    def test_it_ends_with_its_block(self) -> None:
        started, ended = self.folder / "started", self.folder / "ended"
        program = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(600)"

        def tests() -> int:
            try:
                return subprocess.run([sys.executable, "-c", program]).returncode
            finally:
                ended.touch()

        with quiet(), self.assertRaises(KeyError), testrun.beside(tests):
            while not started.exists():
                time.sleep(0.01)
            raise KeyError("interrupted")
        self.assertTrue(ended.exists())


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        yield out


class Children(InFolder):
    def test_a_child_ends_with_its_block(self) -> Never:
        (port,) = testrun.free_ports(1)
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        with self.assertRaises(KeyError), testrun.child(command, self.folder / "log", port) as child:
            raise KeyError("a test failed")
        self.assertIsNotNone(child.poll())

    def test_a_child_that_does_not_start(self) -> None:
        command = [sys.executable, "-c", "import sys; sys.exit('no such option')"]
        (port,) = testrun.free_ports(1)
        child = testrun.child(command, self.folder / "log", port)
        with self.assertRaisesRegex(UserError, "no such option"), child:
            self.fail("it started")


if __name__ == "__main__":
    unittest.main()
