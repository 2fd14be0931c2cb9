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


class Cloud:
    """CloudFormation during one execution: what it tells at each look, of the change set and of the stack."""

    def __init__(self, *looks) -> None:
        self.looks, self.executed = list(looks), []
        self.events = [
            {"LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason, "Timestamp": at}
            for name, status, reason, at in (
                ("New", "UPDATE_FAILED", "Resource update cancelled", 13),
                ("Second", "UPDATE_FAILED", "no quota", 12),
                ("First", "UPDATE_FAILED", "no permission", 11),
                ("Old", "UPDATE_FAILED", "long ago", 9),
            )
        ]

    def execute_change_set(self, ChangeSetName) -> None:
        self.executed.append(ChangeSetName)

    def describe_change_set(self, ChangeSetName) -> dict:
        assert self.executed == [ChangeSetName]
        return {"ExecutionStatus": self.looks[0][0], "CreationTime": 10}

    def describe_stacks(self, StackName) -> dict:
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.looks.pop(0)[1]}]}

    def get_paginator(self, operation) -> "Cloud":
        assert operation == "describe_stack_events"
        return self

    def paginate(self, StackName) -> list[dict]:
        return [{"StackEvents": [event | {"StackName": StackName}]} for event in self.events]


class Execute(unittest.TestCase):
    def run_through(self, cloud, exists=True) -> list[str]:
        said = []
        changeset.execute(cloud, "shop", "the change set", exists, said.append, pause=0)
        return said

    def test_the_status_of_the_last_deployment_is_not_that_of_this_one(self) -> None:
        for before in ("UPDATE_COMPLETE", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            cloud = Cloud(
                ("AVAILABLE", before),
                ("EXECUTE_IN_PROGRESS", before),
                ("EXECUTE_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
                ("EXECUTE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
                ("EXECUTE_COMPLETE", "UPDATE_COMPLETE"),
            )
            with self.subTest(before):
                said = self.run_through(cloud)
                self.assertEqual(cloud.looks, [], "it ended too early")
                self.assertEqual(
                    said, ["  UPDATE_IN_PROGRESS", "  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "  UPDATE_COMPLETE"]
                )

    def test_a_new_stack(self) -> None:
        cloud = Cloud(
            ("EXECUTE_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
            ("EXECUTE_IN_PROGRESS", "CREATE_IN_PROGRESS"),
            ("EXECUTE_COMPLETE", "CREATE_COMPLETE"),
        )
        self.run_through(cloud, exists=False)
        self.assertEqual(cloud.looks, [])

    def test_a_failure_is_that_of_this_deployment(self) -> None:
        cloud = Cloud(("AVAILABLE", "UPDATE_ROLLBACK_COMPLETE"), ("EXECUTE_FAILED", "UPDATE_ROLLBACK_COMPLETE"))
        with self.assertRaises(changeset.Refused) as refused:
            self.run_through(cloud)
        self.assertEqual(
            str(refused.exception).splitlines(),
            [
                "the stack shop is UPDATE_ROLLBACK_COMPLETE:",
                "  First: no permission",
                "  Second: no quota",
                "The stack is as it was.",
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
