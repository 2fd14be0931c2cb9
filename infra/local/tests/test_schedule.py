import time
import unittest
from unittest import mock


class Rate(unittest.TestCase):
    """relay-mail is started by a rule of one minute; this holds the pinned emulator to firing it."""

    def fire(self, age):
        from ministack.core.responses import get_account_id, get_region
        from ministack.services import eventbridge

        arn = f"arn:aws:events:{get_region()}:{get_account_id()}:rule/relay"
        rule = {"Name": "relay", "Arn": arn, "State": "ENABLED", "ScheduleExpression": "rate(1 minute)"}
        key = (get_account_id(), get_region(), "default|relay")
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

    def test_it_fires_once_a_minute(self):
        self.assertEqual(self.fire(age=61), 1)
        self.assertEqual(self.fire(age=30), 0)


if __name__ == "__main__":
    unittest.main()
