import unittest

from emulation import batches


class Action(unittest.TestCase):
    def test_a_batch_needs_the_permission_of_one(self) -> None:
        for extracted, wanted in {
            "sqs:SendMessageBatch": "sqs:SendMessage",
            "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
            "sqs:SendMessage": "sqs:SendMessage",
            "dynamodb:BatchGetItem": "dynamodb:BatchGetItem",
            None: None,
        }.items():
            action = batches.check_as_single(lambda *args, found=extracted: found)
            self.assertEqual(action("sqs", "POST", "/"), wanted)


if __name__ == "__main__":
    unittest.main()
