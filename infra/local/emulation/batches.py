"""Which permission a batch of SQS needs.

On AWS a batch is checked as the single action: who may send a message may send ten. The emulator knows an action
sqs:SendMessageBatch, which no policy on AWS can grant.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

import functools
from collections.abc import Callable

from emulation.ministack_internals import iam_actions

BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def install() -> None:
    iam_actions.extract_iam_action = check_as_single(iam_actions.extract_iam_action)


def check_as_single(extract) -> Callable:
    @functools.wraps(extract)
    def action(*args, **kwargs) -> str:
        found = extract(*args, **kwargs)
        return BATCHES.get(found, found)

    return action
