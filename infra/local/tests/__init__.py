"""Tests of the local stack: `make test` runs them with the interpreter that has the emulator.

    cd infra/local
    ../../.tools/emulator/bin/python -m unittest discover --start-directory tests --top-level-directory .

The emulator reads its environment when it is imported, so that is set here, before any test module imports it.
"""

import atexit
import os
import tempfile
from pathlib import Path

from emulation import keys
from emulator import environment

_folder = tempfile.TemporaryDirectory(prefix="shop-emulator-")
atexit.register(_folder.cleanup)
os.environ.update(environment(4566, Path(_folder.name), keys.make(Path(_folder.name))) | {"LOG_LEVEL": "WARNING"})
(Path(_folder.name) / "tmp").mkdir()
