"""The linters, and what else looks at the code without running it."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from localstore import policy, tools, web
from localstore.settings import DEPLOY, LOCAL, REGION, ROOT, say

STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
GOVULNCHECK = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
QTC = "github.com/valyala/quicktemplate/qtc"  # at the version of go.mod
D2 = "oss.terrastruct.com/d2@v0.7.1"
GO_FOLDERS = ("cmd", "functions", "internal", "test")


def lint() -> int:
    """Run every linter, also after one complained. Return the exit code."""
    checks = {
        "gofmt": gofmt,
        "go vet": lambda: succeeds("go", "vet", "./..."),
        "staticcheck": lambda: succeeds("go", "run", STATICCHECK, "./..."),
        "sam validate": lambda: succeeds(tools.sam(), "validate", "--lint", "--config-env", "local"),
        "cfn-lint on the translated template": lint_translated,
        "cfn-lint on the alarms": lambda: lint_nested("observability"),
        "cfn-lint on the table over exports": lambda: lint_nested("analytics"),
        "checkov": policy.lint,
        "mail templates": mail_templates,
        "ruff": ruff,
        "the pages' linter": web.lint,
    }
    failed = [name for name, check in checks.items() if not announced(name, check)]
    say(f"lint failed: {', '.join(failed)}" if failed else "lint passed")
    return 1 if failed else 0


def announced(name, check) -> bool:
    say(f"{name} …")
    return check()


def gofmt() -> bool:
    """No file may differ from what gofmt makes of it; the names of those that do are printed."""
    listed = subprocess.run(["gofmt", "-l", *go_folders()], cwd=ROOT, capture_output=True, text=True)
    print(listed.stdout + listed.stderr, end="")
    return listed.returncode == 0 and not listed.stdout


def go_folders() -> list[str]:
    return [name for name in GO_FOLDERS if (ROOT / name).is_dir()]


def lint_translated() -> bool:
    """A mistake that SAM's own syntax hides shows in what SAM makes of it."""
    translated = subprocess.run(
        [tools.emulator_python(), str(LOCAL / "translate.py")], cwd=ROOT, capture_output=True, text=True
    )
    if translated.returncode != 0:
        print(translated.stderr)
        return False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "translated.json"
        file.write_text(translated.stdout)
        # W1028, an unreachable branch: SAM puts a conditional function's route under its condition three times.
        options = ["--regions", REGION, "--ignore-checks", "W1028"]
        return succeeds(str(tools.linters() / "cfn-lint"), *options, "--", str(file))


def lint_nested(stack: str) -> bool:
    return succeeds(str(tools.linters() / "cfn-lint"), "--regions", REGION, "--", f"infra/{stack}/template.yaml")


def mail_templates() -> bool:
    """What is compiled of each template of a mail must be what `go generate` makes of it now."""
    templates = sorted((ROOT / "internal" / "notification").glob("*/*.qtpl"))
    with tempfile.TemporaryDirectory() as folder:
        for template in templates:
            package = Path(folder) / template.parent.name
            package.mkdir()
            shutil.copy(template, package)
        made = subprocess.run(
            ["go", "run", QTC, "-skipLineComments", "-dir", folder], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        stale = [
            str(template.relative_to(ROOT))
            for template in templates
            if made.returncode != 0 or not same(compiled(template), compiled(Path(folder, *template.parts[-2:])))
        ]
    for template in stale:
        print(f"{template} was changed after it was compiled: go generate ./internal/notification/...")
    return bool(templates) and not stale


def compiled(template: Path) -> Path:
    return template.with_name(template.name + ".go")


def same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.read_bytes() == other.read_bytes()


def ruff() -> bool:
    command = str(tools.linters() / "ruff")
    config = ["--config", str(LOCAL / "ruff.toml")]
    checked = succeeds(command, "check", "--quiet", *config, str(LOCAL), str(DEPLOY))
    return succeeds(command, "format", "--check", "--quiet", *config, str(LOCAL), str(DEPLOY)) and checked


def fmt() -> int:
    """Format the Go and Python files. Return the exit code."""
    formatted = succeeds("gofmt", "-w", *go_folders())
    config = ["--config", str(LOCAL / "ruff.toml")]
    return 0 if succeeds(str(tools.linters() / "ruff"), "format", *config, str(LOCAL), str(DEPLOY)) and formatted else 1


def vulncheck() -> int:
    """Look the modules up in the Go vulnerability database; it needs the network. Return the exit code."""
    return 0 if succeeds("go", "run", GOVULNCHECK, "./...") else 1


def picture() -> int:
    """Draw docs/architecture.svg from its text, and note in it which text that was. Return the exit code."""
    source, drawn = ROOT / "docs" / "architecture.d2", ROOT / "docs" / "architecture.svg"
    if not succeeds("go", "run", D2, "--layout", "dagre", "--theme", "0", "--pad", "20", str(source), str(drawn)):
        return 1
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    drawn.write_text(f"{drawn.read_text().rstrip()}\n<!-- drawn from architecture.d2, SHA-256 {digest} -->\n")
    drawn.chmod(0o644)
    return 0


def succeeds(*command) -> bool:
    environment = os.environ | {"AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0
