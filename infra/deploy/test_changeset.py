"""Which change sets are refused, and what to do with a stack that nothing can be deployed to."""

import copy
import unittest

import changeset

TABLE = {
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "shard", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "feed",
            "KeySchema": [{"AttributeName": "shard", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}


def index(name) -> dict:
    return TABLE["GlobalSecondaryIndexes"][0] | {"IndexName": name}


def change(action="Modify", kind=changeset.TABLE, **more) -> dict:
    return {"LogicalResourceId": "Orders", "ResourceType": kind, "Action": action} | more


def judged(after, **more) -> list[str]:
    """What is said of a change of the table to what it is after."""
    before = {"Orders": {"Properties": TABLE}}
    return changeset.complaints([change(**more)], before, {"Orders": {"Properties": TABLE | after}})


class Complaints(unittest.TestCase):
    def test_what_may_change(self) -> None:
        feed = TABLE["GlobalSecondaryIndexes"]
        more = [*TABLE["AttributeDefinitions"], {"AttributeName": "user_id", "AttributeType": "S"}]
        for what, after in {
            "a setting": {"DeletionProtectionEnabled": True},
            "one index more": {"GlobalSecondaryIndexes": [*feed, index("by_customer")], "AttributeDefinitions": more},
            "one index less": {"GlobalSecondaryIndexes": []},
            "an index's throughput": {
                "GlobalSecondaryIndexes": [feed[0] | {"WarmThroughput": {"ReadUnitsPerSecond": 1}}]
            },
        }.items():
            with self.subTest(what):  # CloudFormation calls a new attribute a conditional replacement
                self.assertEqual(judged(after, Replacement="Conditional"), [])

    def test_what_may_not(self) -> None:
        feed, wider = TABLE["GlobalSecondaryIndexes"], copy.deepcopy(index("feed"))
        wider["Projection"] = {"ProjectionType": "ALL"}
        number = [{"AttributeName": "id", "AttributeType": "N"}]
        for complaint, after in {
            "the key of the table Orders": {"KeySchema": [{"AttributeName": "shard", "KeyType": "HASH"}]},
            "the type of id": {"AttributeDefinitions": number},
            "several indexes at once": {"GlobalSecondaryIndexes": [*feed, index("a"), index("b")]},
            r"several indexes at once \(feed, other\)": {"GlobalSecondaryIndexes": [index("other")]},
            "the index feed of Orders would change": {"GlobalSecondaryIndexes": [wider]},
        }.items():
            with self.subTest(complaint):
                self.assertRegex("\n".join(judged(after)), complaint)

    def test_what_is_kept_is_neither_replaced_nor_removed(self) -> None:
        for kind in changeset.KEPT:
            for found in (change("Remove", kind), change(kind=kind, Replacement="True")):
                with self.subTest(found):
                    self.assertEqual(len(changeset.complaints([found], {}, {})), 1)

    def test_a_key_and_the_bucket_of_pictures_may_leave_and_are_never_replaced(self) -> None:
        for kind in ("AWS::KMS::Key", "AWS::S3::Bucket"):
            with self.subTest(kind):
                self.assertEqual(changeset.complaints([change("Remove", kind)], {}, {}), [])
                self.assertEqual(len(changeset.complaints([change(kind=kind, Replacement="True")], {}, {})), 1)
        self.assertEqual(changeset.complaints([change("Remove", "AWS::Lambda::Function")], {}, {}), [])


class Lines(unittest.TestCase):
    def test_a_replacement_is_seen(self) -> None:
        details = [{"Target": {"Attribute": "Properties", "Name": "Code"}}, {"Target": {"Attribute": "Tags"}}]
        found = [change(kind="AWS::Lambda::Function", Replacement="True", Details=details), change("Add")]
        self.assertEqual(
            list(changeset.lines(found)),
            [
                "  Add      Orders, AWS::DynamoDB::Table",
                "  Modify   Orders, AWS::Lambda::Function, REPLACED (Code, Tags)",
            ],
        )


class Advice(unittest.TestCase):
    def test_each_state_that_nothing_can_be_deployed_in(self) -> None:
        for status, advice in {
            "ROLLBACK_COMPLETE": "delete-stack --stack-name shop",
            "ROLLBACK_FAILED": "delete-stack",
            "UPDATE_ROLLBACK_FAILED": "continue-update-rollback --stack-name shop",
            "UPDATE_IN_PROGRESS": "under way",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "under way",
        }.items():
            with self.subTest(status):
                self.assertIn(advice, changeset.advice("shop", status))
        for status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", ""):
            self.assertEqual(changeset.advice("shop", status), "", status)


if __name__ == "__main__":
    unittest.main()
