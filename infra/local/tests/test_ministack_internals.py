"""What the project relies on in ministack is there, and stands in one module."""

import re
import unittest
from unittest import mock

from emulation import ministack_internals
from emulation.ministack_internals import Module
from localstore.settings import LOCAL


class Names(unittest.TestCase):
    def test_the_installed_ministack_has_them_all(self) -> None:
        self.assertEqual(ministack_internals.missing(), [])

    def test_a_name_that_moved_is_said_with_the_version_and_the_use(self) -> None:
        moved = [
            Module("ministack.services.sts", {"_sessions": "the sessions", "_moved": "who is known"}),
            Module("ministack.gone", {"_x": "it"}),
        ]
        with (
            mock.patch.object(ministack_internals, "MODULES", moved),
            mock.patch("importlib.metadata.version", return_value="9.9"),
        ):
            found = ministack_internals.missing()
        self.assertEqual(
            [sentence.partition(":")[0] for sentence in found],
            [
                "ministack 9.9 has no ministack.services.sts._moved, who is known",
                "ministack 9.9 has no ministack.gone, the module",
            ],
        )
        self.assertIn("ministack_internals.py", found[0])

    def test_only_declared_names_can_be_used(self) -> None:
        sts = Module("ministack.services.sts", {"_sessions": "the sessions"})
        self.assertIsNotNone(sts._sessions)
        with self.assertRaisesRegex(AttributeError, "ministack.services.sts.reset is not declared"):
            _ = sts.reset
        with self.assertRaisesRegex(AttributeError, "ministack.services.sts.reset is not declared"):
            sts.reset = None

    def test_no_other_file_imports_ministack(self) -> None:
        imports = re.compile(r"^\s*(from|import) ministack\b", re.MULTILINE)
        found = [str(p.relative_to(LOCAL)) for p in LOCAL.rglob("*.py") if imports.search(p.read_text())]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
