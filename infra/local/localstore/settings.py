"""Where things are, and what the environment may choose: SHOP_PORT, SHOP_PAGES_PORT, SHOP_DATA,
SHOP_FUNCTIONS_ENDPOINT."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from emulation import keys

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / "infra" / "local"
DEPLOY = ROOT / "infra" / "deploy"
TOOLS = ROOT / ".tools"
HOST = "127.0.0.1"
STACK = "shop"
REGION = "eu-west-1"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
GO_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


class UserError(Exception):
    """Something the caller can mend; its text says what and how, and the program ends with it."""


@dataclass(frozen=True)
class Settings:
    """One store: the port it answers on, the folder it keeps its data in, and what its functions call AWS."""

    port: int
    data: Path
    functions_endpoint: str = ""
    chosen_pages_port: int = 0

    @property
    def pages_port(self) -> int:
        """The port of the pages, by default the one after the API's."""
        return self.chosen_pages_port or self.port + 1

    @property
    def pages_url(self) -> str:
        """The base of the pages; the API is below it at /api, too, as behind the distribution on AWS."""
        return f"http://{HOST}:{self.pages_port}"

    @property
    def endpoint(self) -> str:
        """The AWS endpoint of the emulator."""
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The base of the store's API."""
        return f"{self.endpoint}/_aws/execute-api/api"

    @property
    def issuer_url(self) -> str:
        """The base of the token issuer's API, and the tokens' `iss`."""
        return f"{self.endpoint}/_aws/execute-api/issuer"

    @property
    def mail_url(self) -> str:
        """Lists the mails that were sent since the store was started."""
        return f"{self.endpoint}/_ministack/ses/messages"

    @property
    def log(self) -> Path:
        return self.data / "emulator.log"

    @property
    def build(self) -> Path:
        return self.data / "build"

    @property
    def credentials(self) -> Path:
        return self.data / "demo-credentials.json"

    @property
    def root_keys(self) -> dict[str, str]:
        """The keys of the emulated account's root, {"access_key_id","secret_access_key"}; the emulator makes them."""
        try:
            return keys.read(self.data)
        except FileNotFoundError as err:
            raise UserError(f"{self.data} has no root keys yet: start the store with `make run` or `make up`") from err
        except (OSError, ValueError) as err:
            raise UserError(
                f"the root keys cannot be read ({err}); the store makes new ones where there are none"
            ) from err


def from_environment() -> Settings:
    """The Settings that SHOP_PORT, SHOP_PAGES_PORT, SHOP_DATA and SHOP_FUNCTIONS_ENDPOINT describe."""
    data = Path(os.environ.get("SHOP_DATA") or ".shop")
    return Settings(
        port=read_port("SHOP_PORT", "4566"),
        data=(ROOT / data).resolve(),
        functions_endpoint=os.environ.get("SHOP_FUNCTIONS_ENDPOINT", ""),
        chosen_pages_port=read_port("SHOP_PAGES_PORT", "0"),
    )


def read_port(name, default) -> int:
    text = os.environ.get(name) or default
    if text != default and (not text.isdigit() or not 1 <= int(text) <= 65535):
        raise UserError(f"{name} is {text!r}; it has to be a number from 1 to 65535")
    return int(text)


def architecture() -> str:
    """This machine's architecture, in the words of Lambda: functions run as programs of this machine."""
    if sys.platform != "linux":
        raise UserError(
            f"the functions are Linux programs; on {platform.system()} run the store inside a Linux machine"
        )
    name = ARCHITECTURES.get(platform.machine().lower())
    if not name:
        raise UserError(f"Lambda has no architecture for this machine's {platform.machine()}")
    return name


def operator_environment(settings) -> dict[str, str]:
    """The environment of who deploys to or operates the local store; nothing of a real AWS account is left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SHOP_"))}
    return kept | aws_environment(settings)


def aws_environment(settings) -> dict[str, str]:
    """What leads the AWS tools and SDKs to the local store, and away from the AWS accounts of this machine."""
    root = settings.root_keys
    return {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": root["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": root["secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def say(text) -> None:
    """One line for the person at the terminal. Standard error, so that `make url` and the like can be captured."""
    print(text, file=sys.stderr, flush=True)
