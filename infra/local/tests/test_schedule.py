import time
import unittest
from unittest import mock

from emulation.ministack_internals import eventbridge, responses


class Rate(unittest.TestCase):
    """relay-mail is started by a rule of one minute; this holds the pinned emulator to firing it."""

    def fire(self, age) -> int:
        arn = f"arn:aws:events:{responses.get_region()}:{responses.get_account_id()}:rule/relay"
        rule = {"Name": "relay", "Arn": arn, "State": "ENABLED", "ScheduleExpression": "rate(1 minute)"}
        key = (responses.get_account_id(), responses.get_region(), "default|relay")
        rules = {key: rule | {"CreationTime": time.time() - age}}
        with (
            mock.patch.dict(eventbridge._rules._data, rules),
            mock.patch.dict(eventbridge._targets._data, {key: [{"Id": "1", "Arn": "arn"}]}),
            mock.patch.dict(eventbridge._rule_last_fired, clear=True),
            mock.patch.object(eventbridge, "_invoke_target") as invoke,
        ):
            eventbridge._tick_scheduled_rules()
            eventbridge._tick_scheduled_rules()
            return invoke.call_count

    def test_it_fires_once_a_minute(self) -> None:
        self.assertEqual(self.fire(age=61), 1)
        self.assertEqual(self.fire(age=30), 0)


if __name__ == "__main__":
    unittest.main()
