import asyncio
import json
import tempfile
import unittest
from pathlib import Path

from emulation import state


def signed(service, target="") -> list[tuple[bytes, bytes]]:
    credential = f"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host"
    return [(b"authorization", credential.encode()), (b"x-amz-target", target.encode())]


class Note(unittest.TestCase):
    def noted(self, headers, path="/") -> tuple[bool, bool]:
        saver = state.Saver(Path("unused"))
        saver.note(headers, path)
        return saver.data_changed, saver.rest_changed

    def test_what_a_request_may_have_changed(self) -> None:
        cases = [
            (signed("dynamodb", "DynamoDB_20120810.PutItem"), (True, False)),
            (signed("dynamodb", "DynamoDB_20120810.TransactWriteItems"), (True, False)),
            (signed("dynamodb", "DynamoDB_20120810.CreateTable"), (True, False)),
            (signed("dynamodb", "DynamoDB_20120810.GetItem"), (False, False)),
            (signed("dynamodb", "DynamoDB_20120810.BatchGetItem"), (False, False)),
            (signed("dynamodb", "DynamoDB_20120810.TransactGetItems"), (False, False)),
            (signed("dynamodb", "DynamoDB_20120810.Query"), (False, False)),
            (signed("sqs", "AmazonSQS.SendMessage"), (True, False)),
            (signed("sqs", "AmazonSQS.ReceiveMessage"), (True, False)),
            (signed("sqs", "AmazonSQS.GetQueueUrl"), (False, False)),
            (signed("cloudformation"), (False, True)),
            (signed("lambda"), (False, True)),
            (signed("kms", "TrentService.Sign"), (False, False)),
            ([], (False, False)),
            ([(b"authorization", b"Bearer token")], (False, False)),
        ]
        for headers, want in cases:
            with self.subTest(headers):
                self.assertEqual(self.noted(headers), want)

    def test_invoking_a_function_changes_nothing_by_itself(self) -> None:
        self.assertEqual(self.noted(signed("lambda"), "/2015-03-31/functions/shop-Notify/invocations"), (False, False))
        self.assertEqual(self.noted(signed("lambda"), "/2015-03-31/functions/shop-Notify/code"), (False, True))


class Save(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.saver = state.Saver(self.folder)
        self.make_table()

    def make_table(self) -> None:
        from emulation.ministack_internals import dynamodb, sqs

        self.call(dynamodb, "DynamoDB_20120810.CreateTable", {
            "TableName": "Orders",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "by")],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by_customer",
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
            "BillingMode": "PAY_PER_REQUEST",
        })  # fmt: skip
        self.addCleanup(dynamodb._tables.pop, "Orders")
        self.put("ord_1")
        self.call(sqs, "AmazonSQS.CreateQueue", {"QueueName": "mails"})

    def put(self, key) -> None:
        from emulation.ministack_internals import dynamodb

        item = {"id": {"S": key}, "by": {"S": "usr_1"}, "raw": {"B": "AAE="}, "n": {"N": "1"}}
        self.call(dynamodb, "DynamoDB_20120810.PutItem", {"TableName": "Orders", "Item": item})

    def call(self, service, target, body) -> None:
        from emulation.ministack_internals import app

        app._get_module(service.path.rpartition(".")[2])  # what is saved is what was called over HTTP
        status, _, answer = asyncio.run(
            service.handle_request("POST", "/", {"x-amz-target": target}, json.dumps(body).encode(), {})
        )
        self.assertEqual(status, 200, answer)

    def stored(self, name) -> dict:
        return json.loads((self.folder / f"{name}.json").read_text())["payload"]

    def test_the_tables_are_saved_as_the_emulator_saves_them(self) -> None:
        from emulation.ministack_internals import dynamodb

        want = state.encoded("dynamodb", dynamodb.get_state())
        self.assertEqual(json.loads(state.encoded("dynamodb", state.live_tables())), json.loads(want))

    def test_only_what_changed_is_written(self) -> None:
        asyncio.run(self.saver.save())
        self.assertEqual(list(self.folder.iterdir()), [])
        self.saver.data_changed = True
        asyncio.run(self.saver.save())
        self.assertEqual({f.name for f in self.folder.iterdir()}, {"dynamodb.json", "sqs.json"})
        self.assertIn("ord_1", json.dumps(self.stored("dynamodb")))

    def test_equal_content_is_written_once(self) -> None:
        asyncio.run(self.saver.save(everything=True))
        before = (self.folder / "dynamodb.json").stat().st_ino
        asyncio.run(self.saver.save(everything=True))
        self.assertEqual((self.folder / "dynamodb.json").stat().st_ino, before)
        self.put("ord_2")
        asyncio.run(self.saver.save(everything=True))
        self.assertIn("ord_2", json.dumps(self.stored("dynamodb")))

    def test_a_change_under_the_reader_is_saved_next_time(self) -> None:
        read, state.service_state = (
            state.service_state,
            lambda name: (_ for _ in ()).throw(RuntimeError("changed size")),
        )
        try:
            self.saver.data_changed = True
            asyncio.run(self.saver.save())
        finally:
            state.service_state = read
        self.assertTrue(self.saver.data_changed)
        asyncio.run(self.saver.save())
        self.assertIn("ord_1", json.dumps(self.stored("dynamodb")))

    async def saved(self, key) -> None:
        file = self.folder / "dynamodb.json"
        while not (file.exists() and key in file.read_text()):
            await asyncio.sleep(0.01)

    def test_no_half_written_file_is_left(self) -> None:
        asyncio.run(self.saver.save(everything=True))
        self.assertEqual([f for f in self.folder.iterdir() if f.suffix == ".new"], [])

    def test_it_saves_again_and_again(self) -> None:
        seconds, state.SECONDS_BETWEEN = state.SECONDS_BETWEEN, 0.01
        self.addCleanup(setattr, state, "SECONDS_BETWEEN", seconds)

        async def some_time() -> None:
            running = asyncio.create_task(self.saver.run())
            for key in ("ord_3", "ord_4"):
                from emulation.ministack_internals import dynamodb

                item = {"TableName": "Orders", "Item": {"id": {"S": key}}}
                await dynamodb.handle_request(
                    "POST", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, json.dumps(item).encode(), {}
                )
                self.saver.note(signed("dynamodb", "DynamoDB_20120810.PutItem"))
                await asyncio.wait_for(self.saved(key), 120)
            running.cancel()

        asyncio.run(some_time())


if __name__ == "__main__":
    unittest.main()
