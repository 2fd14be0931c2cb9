"""A change set: made, shown, judged and executed.

What it is judged by is compared in the two templates themselves, the deployed one and the new one, as CloudFormation
has processed them: a change set alone calls each new index of a table a conditional replacement.
"""

import itertools
import time
from collections.abc import Iterator

from parameters import Refused

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
TABLE = "AWS::DynamoDB::Table"
KEPT = (TABLE, "AWS::SQS::Queue", "AWS::ApiGatewayV2::Api")
MAY_LEAVE = ("AWS::KMS::Key", "AWS::S3::Bucket")  # by a rotation, and with Pages=off; but never replaced, as KEPT
NOTHING = ("didn't contain changes", "No updates are to be performed")
EXECUTING = ("AVAILABLE", "EXECUTE_IN_PROGRESS")  # the ExecutionStatus until the stack was changed, or could not be
SECONDS_TO_PLAN = 300
SECONDS_TO_DEPLOY = 3600


def make(client, stack, url, parameters, exists) -> str | None:
    """Make a change set of the template at the URL and return its ARN, or None where it would change nothing."""
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{time.time_ns()}",
        ChangeSetType="UPDATE" if exists else "CREATE",
        TemplateURL=url,
        Parameters=parameters,
        Capabilities=CAPABILITIES,
    )["Id"]
    end = time.monotonic() + SECONDS_TO_PLAN
    while (found := client.describe_change_set(ChangeSetName=made))["Status"].endswith(("PENDING", "IN_PROGRESS")):
        if time.monotonic() > end:
            raise Refused(f"CloudFormation has not planned the changes after {SECONDS_TO_PLAN} s: {made}")
        time.sleep(1)
    if found["Status"] == "CREATE_COMPLETE":
        return made
    reason = found.get("StatusReason", "")
    client.delete_change_set(ChangeSetName=made)
    if any(text in reason for text in NOTHING):
        return None
    raise Refused(f"CloudFormation refuses the change set: {reason}")


def changes(client, change_set) -> list[dict]:
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    return [
        change["ResourceChange"] for page in pages for change in page.get("Changes", []) if "ResourceChange" in change
    ]


def lines(found) -> Iterator[str]:
    """What a person reads before saying yes."""
    for change in sorted(found, key=lambda c: (c["Action"], c["LogicalResourceId"])):
        replaced = {"True": ", REPLACED", "Conditional": ", perhaps replaced"}.get(change.get("Replacement"), "")
        details = {d["Target"].get("Name") or d["Target"]["Attribute"] for d in change.get("Details", ())}
        what = f" ({', '.join(sorted(details))})" if details else ""
        yield f"  {change['Action']:<8} {change['LogicalResourceId']}, {change['ResourceType']}{replaced}{what}"


def complaints(found, before, after) -> list[str]:
    """Why a change set must not be executed. before, after: the Resources of the two processed templates."""
    complained = []
    for change in found:
        name, kind = change["LogicalResourceId"], change["ResourceType"]
        if kind in KEPT and change["Action"] == "Remove":
            complained.append(f"{name} ({kind}) would leave the stack")
        elif kind in (*KEPT, *MAY_LEAVE) and change.get("Replacement") == "True":
            complained.append(f"{name} ({kind}) would be replaced by an empty one")
        elif kind == TABLE and change["Action"] == "Modify":
            complained += of_table(name, properties(before, name), properties(after, name))
    return complained


def properties(resources, name) -> dict:
    return resources.get(name, {}).get("Properties", {})


def of_table(name, before, after) -> list[str]:
    """A table's keys never change, and of its indexes CloudFormation adds or removes one in an update."""
    complained = []
    if before.get("KeySchema") != after.get("KeySchema"):
        complained.append(f"the key of the table {name} would change")
    types = attribute_types(before)
    if changed := [a for a, kind in attribute_types(after).items() if types.get(a, kind) != kind]:
        complained.append(f"the type of {', '.join(sorted(changed))} in the table {name} would change")
    old, new = indexes(before), indexes(after)
    if len(set(old) ^ set(new)) > 1:
        other = ", ".join(sorted(set(old) ^ set(new)))
        complained.append(f"{name} would get or lose several indexes at once ({other}): one a deployment")
    for index in sorted(set(old) & set(new)):
        if old[index] != new[index]:
            complained.append(f"the index {index} of {name} would change: add one with another name, then remove it")
    return complained


def attribute_types(table) -> dict[str, str]:
    return {a["AttributeName"]: a["AttributeType"] for a in table.get("AttributeDefinitions", ())}


def indexes(table) -> dict[str, tuple]:
    """Keys and projection of each index; its throughput may change."""
    return {
        index["IndexName"]: (index["KeySchema"], index.get("Projection"))
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in table.get(kind, ())
    }


def execute(client, stack, change_set, exists, say, pause=5) -> None:
    """Execute the change set and wait for its end.

    The stack's status alone does not tell that end: before anything happens it is that of the last deployment.
    """
    client.execute_change_set(ChangeSetName=change_set)
    end, said = time.monotonic() + SECONDS_TO_DEPLOY, ""
    while True:
        time.sleep(pause)
        executed = client.describe_change_set(ChangeSetName=change_set)
        status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        under_way = status.endswith("IN_PROGRESS")
        is_over = executed["ExecutionStatus"] not in EXECUTING and not under_way
        if status != said and (is_over or under_way):
            say(f"  {status}")
            said = status
        if is_over:
            break
        if time.monotonic() > end:
            raise Refused(
                f"the stack {stack} is {status} after {SECONDS_TO_DEPLOY // 60} minutes; it goes on by itself"
            )
    if status != ("UPDATE_COMPLETE" if exists else "CREATE_COMPLETE"):
        raise Refused(failed(client, stack, status, exists, executed["CreationTime"]))


def failed(client, stack, status, exists, since) -> str:
    """What failed first since a time, and what to do next."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    newest_first = (event for page in pages for event in page["StackEvents"])
    reasons = [
        f"  {e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}"
        for e in itertools.takewhile(lambda e: e["Timestamp"] >= since, newest_first)
        if e["ResourceStatus"].endswith("_FAILED") and "cancelled" not in e.get("ResourceStatusReason", "")
    ]
    then = "The stack is as it was." if exists and status == "UPDATE_ROLLBACK_COMPLETE" else advice(stack, status)
    return "\n".join([f"the stack {stack} is {status}:", *reversed(reasons[-10:]), then])


def advice(stack, status) -> str:
    """How to get a stack out of a state that nothing can be deployed in; empty if it is in none."""
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        return f"It never was whole. Delete it and try again: aws cloudformation delete-stack --stack-name {stack}"
    if status in ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED"):
        return (
            "Mend what its events name, then: "
            f"aws cloudformation continue-update-rollback --stack-name {stack} (docs/operations.md)"
        )
    if status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return f"A deployment is under way ({status}); wait for its end."
    return ""
