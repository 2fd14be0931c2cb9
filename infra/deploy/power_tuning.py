"""Measure a deployed function at several sizes of memory, with real calls, and set its size back.

    python power_tuning.py --stack NAME [--function ViewProductFunction] [--calls 50] [--product ID]

It runs with an interpreter that has boto3, and acts with your AWS credentials: cloudformation:DescribeStackResource,
lambda:GetFunctionConfiguration, lambda:UpdateFunctionConfiguration and lambda:InvokeFunction. Only functions that
change nothing can be measured. The calls, and the starts between the sizes, are paid for.
"""

import argparse
import base64
import json
import re
import statistics
import sys
from pathlib import Path

import boto3

EVENTS = {"ViewProductFunction": "view-product", "BrowseProductsFunction": "browse-products"}
SIZES = (128, 256, 512, 1024, 1769)
GB_SECOND = 0.0000133334  # dollars, Arm: aws.amazon.com/lambda/pricing
REPORT = re.compile(r"\tDuration: ([0-9.]+) ms\tBilled Duration: ([0-9]+) ms")
FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"


def measure(client, function, payload, calls, show=print) -> None:
    """Show the median duration and the price of a call at each size. The size that was is set again in any case."""
    before = client.get_function_configuration(FunctionName=function)["MemorySize"]
    try:
        for size in SIZES:
            resize(client, function, size)
            reports = [call(client, function, payload) for _ in range(calls)][1:]  # the first one starts the function
            took = statistics.median(duration for duration, _ in reports)
            billed = statistics.mean(billed for _, billed in reports)
            price = 1000 * billed / 1000 * size / 1024 * GB_SECOND
            show(f"{size:5} MB  median {took:8.1f} ms  ${price:.5f} per 1,000 calls")
    finally:
        resize(client, function, before)


def resize(client, function, size) -> None:
    client.update_function_configuration(FunctionName=function, MemorySize=size)
    client.get_waiter("function_updated_v2").wait(FunctionName=function)


def call(client, function, payload) -> tuple[float, float]:
    """Return the duration and the billed duration of one call, in milliseconds."""
    answer = client.invoke(FunctionName=function, Payload=payload, LogType="Tail")
    if "FunctionError" in answer:
        raise SystemExit(f"{function} failed: {answer['Payload'].read()[:500]!r}")
    logged = base64.b64decode(answer["LogResult"]).decode()
    if not (found := REPORT.search(logged)):
        raise SystemExit(f"Lambda reported no duration: {logged[-500:]!r}")
    return float(found[1]), float(found[2])


def event_of(function, product) -> bytes:
    event = json.loads((FUNCTIONS / EVENTS[function] / "event.json").read_text())
    if product and "pathParameters" in event:
        event["pathParameters"]["product_id"] = product
    return json.dumps(event).encode()


def main(argv) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stack", required=True, help="the stack's name")
    parser.add_argument("--function", choices=EVENTS, default="ViewProductFunction")
    parser.add_argument("--product", help="the id of a product, to be looked at")
    parser.add_argument("--calls", type=int, default=50, help="at each size; at least 2")
    given = parser.parse_args(argv)
    if given.calls < 2:
        parser.error("--calls needs at least 2")
    found = boto3.client("cloudformation").describe_stack_resource(
        StackName=given.stack, LogicalResourceId=given.function
    )["StackResourceDetail"]["PhysicalResourceId"]
    measure(boto3.client("lambda"), found, event_of(given.function, given.product), given.calls)


if __name__ == "__main__":
    main(sys.argv[1:])
