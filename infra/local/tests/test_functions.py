import queue
import unittest

from emulation import functions


class EventSources(unittest.TestCase):
    def test_a_parameter_bounds_how_many_run_at_once(self) -> None:
        handle = functions.with_whole_numbers(lambda logical_id, props, stack: (logical_id, props))
        given = {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": "5"}}
        self.assertEqual(
            handle("Mapping", given, "shop"), ("Mapping", {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": 5}})
        )
        self.assertEqual(handle("Mapping", {"BatchSize": 10}, "shop"), ("Mapping", {"BatchSize": 10}))


class Environment(unittest.TestCase):
    def build(self, found, declared) -> dict[str, str]:
        config = {"Environment": {"Variables": declared}}
        return functions.clean_environment(lambda config, code, port: found)(config, "/code", 1)

    def test_nothing_of_the_machine_is_left(self) -> None:
        found = {"HOME": "/home/me", "SECRET": "x", "AWS_PROFILE": "prod", "AWS_REGION": "eu-west-1", "TABLE": "t"}
        self.assertEqual(
            self.build(found, {"TABLE": "t"}),
            {
                "AWS_REGION": "eu-west-1",
                "TABLE": "t",
                "TZ": ":UTC",
                "LANG": "en_US.UTF-8",
                "PATH": functions.os.defpath,
            },
        )

    def test_what_the_template_declares_wins(self) -> None:
        self.assertEqual(self.build({"TZ": "Europe/London"}, {"TZ": "Europe/London"})["TZ"], "Europe/London")

    def test_the_endpoint_is_passed_on(self) -> None:
        self.assertEqual(self.build({"AWS_ENDPOINT_URL": "http://x"}, {})["AWS_ENDPOINT_URL"], "http://x")


class Worker:
    """A process that is at work, or not."""

    def __init__(self, in_use) -> None:
        self.in_use = in_use


class Updates(unittest.TestCase):
    def setUp(self) -> None:
        self.killed = queue.Queue()
        self.kill = functions.finish_first(lambda workers: [self.killed.put(w) for w in workers])

    def test_an_invocation_under_way_is_finished(self) -> None:
        idle, busy = Worker(False), Worker(True)
        functions.as_update(self.kill)([idle, busy, None])
        self.assertEqual([self.killed.get(timeout=60), self.killed.get(timeout=60)], [idle, None])
        with self.assertRaises(queue.Empty):
            self.killed.get(timeout=0.1)
        busy.in_use = False
        self.assertIs(self.killed.get(timeout=60), busy)

    def test_what_is_no_update_waits_for_nobody(self) -> None:
        busy = Worker(True)
        self.kill([busy])
        self.assertIs(self.killed.get(timeout=60), busy)


class Logs(unittest.TestCase):
    def test_a_line_is_printed_and_kept(self) -> None:
        lines = queue.Queue()
        with self.assertLogs("functions", "INFO") as logged:
            functions.Printed(lines, "shop-Notify").put_nowait("sent")
        self.assertEqual(logged.output, ["INFO:functions:shop-Notify sent"])
        self.assertEqual(lines.get_nowait(), "sent")

    def test_old_streams_are_forgotten(self) -> None:
        from emulation.ministack_internals import cloudwatch_logs

        streams = {f"s{n}": {} for n in range(functions.MOST_LOG_STREAMS + 3)}
        cloudwatch_logs._log_groups["/aws/lambda/f"] = {"streams": streams}
        functions.keep_newest_streams(lambda function, *args: None)({"config": {"FunctionName": "f"}}, "id")
        self.assertEqual(len(streams), functions.MOST_LOG_STREAMS)
        self.assertEqual(next(iter(streams)), "s3")

    def test_those_of_a_group_that_functions_share_are_forgotten_too(self) -> None:
        from emulation.ministack_internals import cloudwatch_logs

        streams = {f"s{n}": {} for n in range(functions.MOST_LOG_STREAMS + 1)}
        cloudwatch_logs._log_groups["shared"] = {"streams": streams}
        config = {"FunctionName": "f", "LoggingConfig": {"LogGroup": "shared"}}
        functions.keep_newest_streams(lambda function, *args: None)({"config": config}, "id")
        self.assertEqual(len(streams), functions.MOST_LOG_STREAMS)

    def test_a_function_without_a_log_group(self) -> None:
        functions.forget_oldest_streams("/aws/lambda/unknown")


class Patterns(unittest.TestCase):
    def test_a_pattern_of_a_field_is_compared_with_the_field(self) -> None:
        match, audited = functions.by_field(lambda pattern, message: "by words"), '{ $.msg = "audit" }'
        self.assertTrue(match(audited, '{"level": "WARN", "msg": "audit"}'))
        for line in ('{"msg": "audited"}', '{"reason": "audit"}', '{"msg": {"msg": "audit"}}', "audit", "[]", "{", ""):
            self.assertFalse(match(audited, line), line)

    def test_any_other_pattern_is_the_emulators(self) -> None:
        match = functions.by_field(lambda pattern, message: "by words")
        for pattern in ("", None, "audit", '{ $.msg = "a" && $.level = "b" }'):
            self.assertEqual(match(pattern, '{"msg": "audit"}'), "by words")


if __name__ == "__main__":
    unittest.main()
