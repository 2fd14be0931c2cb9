import asyncio
import base64
import json
import os
import random
import unittest
from unittest import mock

from emulation import queries
from emulation.ministack_internals import dynamodb

SEED = int(os.environ.get("SEED", "1"))
TEXTS = ["a", "ab", "abc", "b", "ba", "z", "Z", "é", "\uffff", "😀", "a#1", "a#2"]
NUMBERS = ["0", "1", "-1", "2", "10", "9", "0.1", "-0.05", "100000000000000000000", "123456789012345678901234567890"]
SAME_NUMBERS = ["1.0", "1E0"]  # the emulator takes them for other keys than 1, so they are in keys of indexes only
BINARIES = [base64.b64encode(b).decode() for b in (b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\0\1", b"ab", b"b")]
VALUES = {"S": TEXTS, "N": NUMBERS, "B": BINARIES}
PROJECTIONS = (
    {"ProjectionType": "ALL"},
    {"ProjectionType": "KEYS_ONLY"},
    {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
)
REPLACED = ("_index_members", "_index_item", "_query", "_evaluate_condition", "_paginate_evaluated_items")


def key(hash_name, range_name=None) -> list[dict]:
    named = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return named + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


class Emulator(unittest.TestCase):
    """An emulator whose queries are ours; `whole` asks as it comes, which looks at every item of the table."""

    def setUp(self) -> None:
        self.upstream = {name: getattr(dynamodb, name) for name in REPLACED}
        for name, function in self.upstream.items():
            self.addCleanup(setattr, dynamodb, name, function)
        self.addCleanup(setattr, dynamodb._tables, "__class__", type(dynamodb._tables))
        queries.install()

    def create(self, attributes, key_schema, **indexes) -> None:
        self.ask("CreateTable", {
            "TableName": "Things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key_schema, **indexes,
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in attributes.items()],
        })  # fmt: skip
        self.addCleanup(dynamodb._tables.pop, "Things", None)

    def ask(self, operation, body) -> dict:
        status, answer = self.call(operation, body)
        self.assertEqual(status, 200, answer)
        return answer

    def call(self, operation, body) -> tuple[int, dict]:
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        handled = dynamodb.handle_request("POST", "/", headers, json.dumps(body).encode(), {})
        status, _, answer = asyncio.run(handled)
        return status, json.loads(answer)

    def whole(self, body) -> tuple[int, dict]:
        ours = {name: getattr(dynamodb, name) for name in REPLACED}
        self.replace(self.upstream | {"_index_members": lambda _: {}})
        status, _, answer = self.upstream["_query"](body)
        self.replace(ours)
        return status, json.loads(answer)

    def replace(self, functions) -> None:
        for name, function in functions.items():
            setattr(dynamodb, name, function)

    def compare(self, body) -> dict:
        """Ask both ways; the answers are the same."""
        got = self.call("Query", body)
        self.assertEqual(got, self.whole(body), f"SEED={SEED} {body}")
        return got[1]


class Case:
    """A random table, and random writes and queries of it."""

    def __init__(self, chance) -> None:
        self.chance = chance
        self.types = {name: chance.choice("SSNB") for name in ("pk", "sk", "g1", "g2", "l1")}
        self.key = ["pk", "sk"] if chance.random() < 0.8 else ["pk"]
        self.indexes = {
            "by_g1": ("g1",), "by_g1_g2": ("g1", "g2"), "by_g1_pk": ("g1", "pk"), "by_g2_sk": ("g2", "sk")
        }  # fmt: skip
        self.locals = {"local": ("pk", "l1")} if len(self.key) > 1 else {}
        if len(self.key) == 1:
            self.types.pop("l1")

    def definition(self, indexes) -> list[dict]:
        return [
            {"IndexName": name, "KeySchema": key(*names), "Projection": self.chance.choice(PROJECTIONS)}
            for name, names in indexes.items()
        ]

    def table(self) -> tuple[dict, list, dict]:
        local = {"LocalSecondaryIndexes": self.definition(self.locals)} if self.locals else {}
        return self.types, key(*self.key), {"GlobalSecondaryIndexes": self.definition(self.indexes)} | local

    def value(self, name) -> dict:
        kind = self.types[name]
        few = 2 if name in ("pk", "g1") else len(VALUES[kind])  # partitions of many items
        return {kind: self.chance.choice(VALUES[kind][:few] + (SAME_NUMBERS if name == "g2" and kind == "N" else []))}

    def item(self) -> dict:
        others = [name for name in self.types if name not in self.key and self.chance.random() < 0.7]  # sparse indexes
        values = {name: self.value(name) for name in [*self.key, *others]}
        return values | {"note": {"S": self.chance.choice("xyz") * self.chance.randint(1, 9)}}

    def of(self, item) -> dict:
        return {name: item[name] for name in self.key}

    def update(self) -> dict:
        """Set or remove an attribute; it may be a key of an index."""
        name = self.chance.choice([n for n in [*self.types, "note"] if n not in self.key])
        change = {"Key": self.of(self.item()), "TableName": "Things"}
        if self.chance.random() < 0.3:
            return change | {"UpdateExpression": f"REMOVE {name}"}
        value = {"S": "new"} if name == "note" else self.value(name)
        return change | {"UpdateExpression": f"SET {name} = :v", "ExpressionAttributeValues": {":v": value}}

    def action(self) -> tuple[str, dict]:
        match self.chance.randrange(6):
            case 0:
                return "Delete", {"TableName": "Things", "Key": self.of(self.item())}
            case 1 | 2:
                return "Update", self.update()
        return "Put", {"TableName": "Things", "Item": self.item()}

    def write(self) -> tuple[str, dict]:
        if self.chance.random() < 0.3:
            actions = [self.action() for _ in range(self.chance.randint(1, 4))]
            if self.chance.random() < 0.3:
                actions[-1][1]["ConditionExpression"] = "attribute_exists(nothing)"
            return "TransactWriteItems", {"TransactItems": [{name: body} for name, body in actions]}
        name, body = self.action()
        return f"{name}Item", body

    def query(self) -> dict:
        name = self.chance.choice([None, *self.indexes, *self.locals])
        names = (self.indexes | self.locals)[name] if name else self.key
        condition, values = self.condition(*names)
        body = {"TableName": "Things"} | ({"IndexName": name} if name else {})
        body |= self.some(Limit=self.chance.randint(1, 5), ScanIndexForward=self.chance.random() < 0.5)
        body |= self.some(ConsistentRead=self.chance.random() < 0.3, Select="COUNT", ReturnConsumedCapacity="INDEXES")
        if self.chance.random() < 0.3:
            body["FilterExpression"], values[":note"] = "begins_with(note, :note)", {"S": "x"}
        if self.chance.random() < 0.3 and "Select" not in body:
            body["ProjectionExpression"] = "#hash, note"
        return self.named(body, names, condition) | {"ExpressionAttributeValues": values}

    def some(self, **options) -> dict:
        return {name: value for name, value in options.items() if self.chance.random() < 0.4}

    def named(self, body, names, condition) -> dict:
        """The request with its key condition, in which names are written out or are placeholders."""
        placeholders = {"#hash": names[0]} | ({"#range": names[1]} if "#range" in condition else {})
        if self.chance.random() < 0.5 and "ProjectionExpression" not in body:
            for placeholder, name in placeholders.items():
                condition = condition.replace(placeholder, name)
            return body | {"KeyConditionExpression": condition}
        placeholders = {p: n for p, n in placeholders.items() if p in condition + body.get("ProjectionExpression", "")}
        return body | {"KeyConditionExpression": condition, "ExpressionAttributeNames": placeholders}

    def condition(self, hash_name, range_name=None) -> tuple[str, dict]:
        values = {":hash": self.value(hash_name)}
        form = self.chance.choice(CONDITIONS) if range_name else ""
        for value in (":low", ":high"):
            if value in form:
                values[value] = self.value(range_name)
        parts = ["#hash = :hash", form] if form else ["#hash = :hash"]
        if self.chance.random() < 0.2:
            parts.reverse()
        return " AND ".join(parts), values


CONDITIONS = [
    "", "#range = :low", "#range < :low", "#range <= :low", "#range > :low", "#range >= :low", "(#range >= :low)",
    "#range BETWEEN :low AND :high", "#range between :low and :high", "begins_with(#range, :low)",
    ":low = #range", ":low < #range", "#range <> :low", "NOT #range = :low", "#range = :low OR #range = :high",
]  # fmt: skip


class AsBefore(Emulator):
    """What a query answers is what the emulator answers that reads, sorts and checks every item."""

    def test_random_tables_writes_and_queries(self) -> None:
        rows = 0
        for seed in range(SEED, SEED + 8):
            case = Case(random.Random(seed))
            attributes, key_schema, indexes = case.table()
            self.create(attributes, key_schema, **indexes)
            for _ in range(40):
                self.call(*case.write())
                rows += sum(self.read_pages(case) for _ in range(3))
            self.assertTrue(dynamodb._tables.get("Things")["items"])
            dynamodb._tables.pop("Things")
        self.assertGreater(rows, 500)

    def read_pages(self, case) -> int:
        """Read a query to its end; the number of its rows."""
        body, rows = case.query(), 0
        for _ in range(20):
            answer = self.compare(body)
            rows += answer.get("Count", 0)
            if "LastEvaluatedKey" not in answer:
                break
            body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return rows

    def test_pages_that_are_full_by_their_size(self) -> None:
        self.create({"pk": "S", "sk": "N"}, key("pk", "sk"))
        for number in range(30):
            item = {"pk": {"S": "a"}, "sk": {"N": str(number)}, "text": {"S": "x" * 90_000}}
            self.ask("PutItem", {"TableName": "Things", "Item": item})
        body = {
            "TableName": "Things",
            "KeyConditionExpression": "pk = :a",
            "ExpressionAttributeValues": {":a": item["pk"]},
        }
        for forward in (True, False):
            asked, pages = body | {"ScanIndexForward": forward}, 0
            while pages == 0 or "ExclusiveStartKey" in asked:
                asked["ExclusiveStartKey"] = self.compare(asked).get("LastEvaluatedKey")
                asked, pages = {name: value for name, value in asked.items() if value is not None}, pages + 1
            self.assertEqual(pages, 3)

    def test_a_wrong_condition_is_refused_where_no_item_is_in_its_range(self) -> None:
        self.create({"pk": "S", "status": "S"}, key("pk", "status"))
        self.ask("PutItem", {"TableName": "Things", "Item": {"pk": {"S": "a"}, "status": {"S": "a"}}})
        values = {":a": {"S": "a"}, ":z": {"S": "z"}}
        body = {"TableName": "Things", "KeyConditionExpression": "pk = :a AND status > :z"}  # a reserved word
        self.assertIn("reserved", self.compare(body | {"ExpressionAttributeValues": values})["message"])

    def test_legacy_key_conditions(self) -> None:
        self.create({"pk": "S", "sk": "N"}, key("pk", "sk"))
        for number in range(5):
            self.ask("PutItem", {"TableName": "Things", "Item": {"pk": {"S": "a"}, "sk": {"N": str(number)}}})
        conditions = {
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
            "sk": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "2"}]},
        }
        answer = self.compare({"TableName": "Things", "KeyConditions": conditions, "Limit": 1})
        self.assertEqual(answer["Items"][0]["sk"], {"N": "3"})

    def test_indexes_that_came_later_or_were_dropped(self) -> None:
        case = Case(random.Random(SEED))
        attributes, key_schema, indexes = case.table()
        self.create(attributes, key_schema, **indexes)
        for _ in range(50):
            self.call("PutItem", {"TableName": "Things", "Item": case.item()})
        self.read_pages(case)
        dynamodb._tables.get("Things").pop(dynamodb._INDEX_MEMBERS)
        self.ask(
            "UpdateTable", {"TableName": "Things", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_g1"}}]}
        )
        del case.indexes["by_g1"]
        for _ in range(50):
            self.call(*case.write())
            self.read_pages(case)


class Cost(Emulator):
    """A query costs what it returns."""

    def test_it_looks_at_the_items_of_its_page_only(self) -> None:
        self.create({"pk": "S", "sk": "N"}, key("pk", "sk"))
        for number in range(1000):
            self.ask("PutItem", {"TableName": "Things", "Item": {"pk": {"S": "a"}, "sk": {"N": str(number)}}})
        body = {
            "TableName": "Things", "Limit": 10, "ScanIndexForward": False,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": {":pk": {"S": "a"}, ":low": {"N": "100"}, ":high": {"N": "900"}},
            "ExclusiveStartKey": {"pk": {"S": "a"}, "sk": {"N": "500"}},
        }  # fmt: skip
        self.ask("Query", body)  # the first one puts the table in order
        with mock.patch.object(dynamodb, "_sort_key_value", wraps=dynamodb._sort_key_value) as looked:
            answer = self.ask("Query", body)
        self.assertEqual([item["sk"]["N"] for item in answer["Items"]], [str(n) for n in range(499, 489, -1)])
        self.assertLess(looked.call_count, 5 * 10)


if __name__ == "__main__":
    unittest.main()
