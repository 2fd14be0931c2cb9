"""A function for the emulator's tests: the Lambda runtime API served by a Python program.

What it does is chosen by the environment variable DO. Its first line, the interpreter, is added when it is packed.
"""

import json
import os
import sys
import time
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def main() -> None:
    while True:
        with urllib.request.urlopen(f"{API}/next") as got:
            request_id, event = got.headers["Lambda-Runtime-Aws-Request-Id"], json.load(got)
        answer = json.dumps(ACTIONS[os.environ["DO"]](event)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{API}/{request_id}/response", answer)).read()


def show_event(event) -> dict:
    return reply(200, event)


def show_environment(event) -> dict:
    return reply(200, dict(os.environ))


def wait(event) -> dict:
    time.sleep(0.2)
    return reply(200, {"process": os.getpid(), "id": event["queryStringParameters"]["id"]})


def crash(event) -> None:
    print("a secret", flush=True)
    sys.exit("crashed")


def receive(event) -> dict:
    """Of a queue's messages: refuse those that say so, print the rest."""
    failed = [r["messageId"] for r in event["Records"] if r["body"] == "refuse"]
    for record in event["Records"]:
        print(f"received {record['body']}", flush=True)
    return {"batchItemFailures": [{"itemIdentifier": m} for m in failed]}


def use_table(event) -> dict:
    """Put and get an item with the function's own role; the status of each answer."""
    import boto3
    from botocore.exceptions import ClientError

    client, answers = boto3.client("dynamodb"), {}
    item, key = {"id": {"S": "a"}}, {"id": {"S": "a"}}
    for name, call in {
        "put": lambda: client.put_item(TableName=os.environ["TABLE"], Item=item),
        "get": lambda: client.get_item(TableName=os.environ["TABLE"], Key=key),
    }.items():
        try:
            answers[name] = call()["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as err:
            answers[name] = err.response["Error"]["Code"]
    return reply(200, answers)


def sign(event) -> dict:
    """Sign with the key and answer whether the signature is right for it."""
    import hashlib

    import boto3
    from cryptography.hazmat.primitives.asymmetric import padding, utils
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    client, digest, key = boto3.client("kms"), hashlib.sha256(b"token").digest(), os.environ["KEY"]
    algorithm = "RSASSA_PKCS1_V1_5_SHA_256"
    signed = client.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm)
    public = load_der_public_key(client.get_public_key(KeyId=key)["PublicKey"])
    public.verify(signed["Signature"], digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
    return reply(200, {"bits": public.key_size})


def send_mail(event) -> dict:
    import boto3

    message = {"Subject": {"Data": "Your order"}, "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>text</p>"}}}
    sent = boto3.client("ses").send_email(
        Source="The Shop <shop@example.com>", Destination={"ToAddresses": ["ada@example.com"]}, Message=message
    )
    return reply(200, {"message_id": sent["MessageId"]})


def reply(status, body) -> dict:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


ACTIONS = {
    "show-event": show_event,
    "show-environment": show_environment,
    "wait": wait,
    "crash": crash,
    "receive": receive,
    "use-table": use_table,
    "sign": sign,
    "send-mail": send_mail,
}

if __name__ == "__main__":
    main()
