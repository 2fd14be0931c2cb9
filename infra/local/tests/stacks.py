"""CloudFormation templates for the emulator's tests, in the shape that SAM translates its own into."""

import functools

from tests.issuer import Issuer

BUCKET, KEY = "code", "bootstrap.zip"
POLICIES = {
    "use-table": [("dynamodb:GetItem", {"Fn::GetAtt": ["Table", "Arn"]})],
    "receive": [("sqs:*", {"Fn::GetAtt": ["Queue", "Arn"]})],
    "sign": [("kms:Sign", {"Fn::GetAtt": ["Key", "Arn"]}), ("kms:GetPublicKey", {"Fn::GetAtt": ["Key", "Arn"]})],
    "send-mail": [("ses:SendEmail", "arn:aws:ses:eu-west-1:000000000000:identity/shop@example.com")],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

OWNED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@functools.cache
def standing_issuer() -> str:
    """An issuer that answers for as long as the tests run."""
    return Issuer().url


def template(routes, functions, issuer="") -> dict:
    """A stack with an HTTP API, its functions, and one table, queue, key and sender.

    routes: route key → (function, scopes or None). functions: what they DO. issuer: the default is one that answers.
    """
    resources = shared() | {"Api": api(routes, issuer or standing_issuer())}
    for function in functions:
        resources |= {logical(function): lambda_function(function), f"{logical(function)}Role": role(function)}
    if "receive" in functions:
        resources["Mapping"] = mapping()
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def shared() -> dict:
    return {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}},
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "KeyPolicy": OWNED},
        },
        "Sender": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "shop@example.com"}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
    }


def api(routes, issuer) -> dict:
    paths = {}
    for key, (function, scopes) in routes.items():
        method, path = key.split(" ")
        paths.setdefault(path, {})[method.lower()] = operation(function, scopes)
    extension = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": issuer, "audience": ["shop"]},
    }
    schemes = {"Jwt": {"type": "oauth2", "x-amazon-apigateway-authorizer": extension}}
    body = {"openapi": "3.0.1", "paths": paths, "components": {"securitySchemes": schemes}}
    return {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body, "FailOnWarnings": True}}


def operation(function, scopes) -> dict:
    arn = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Arn}/invocations"
    integration = {
        "httpMethod": "POST",
        "type": "aws_proxy",
        "uri": {"Fn::Sub": arn % logical(function)},
        "payloadFormatVersion": "2.0",
    }
    security = {} if scopes is None else {"security": [{"Jwt": scopes}]}
    return {"x-amazon-apigateway-integration": integration, "responses": {}} | security


def aliased(function, text, description) -> dict:
    """A stack with a function that has TEXT in its environment, and a route to it by the alias of a version."""
    made = template({"GET /a": (function, None)}, (function,))
    resources, name = made["Resources"], logical(function)
    resources[name]["Properties"]["Environment"]["Variables"]["TEXT"] = text
    version = {"FunctionName": {"Ref": name}, "Description": description}
    number = {"Fn::GetAtt": ["Version", "Version"]}
    alias = {"FunctionName": {"Ref": name}, "Name": "live", "FunctionVersion": number}
    resources["Version"] = {"Type": "AWS::Lambda::Version", "Properties": version}
    resources["Alias"] = {"Type": "AWS::Lambda::Alias", "Properties": alias}
    integration = resources["Api"]["Properties"]["Body"]["paths"]["/a"]["get"]["x-amazon-apigateway-integration"]
    integration["uri"]["Fn::Sub"] = integration["uri"]["Fn::Sub"].replace(f"{name}.Arn", "Alias")
    return made


def lambda_function(function) -> dict:
    variables = {"DO": function, "TABLE": {"Ref": "Table"}, "KEY": {"Ref": "Key"}}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Timeout": 10,
            "Role": {"Fn::GetAtt": [f"{logical(function)}Role", "Arn"]},
            "Code": {"S3Bucket": BUCKET, "S3Key": KEY},
            "Environment": {"Variables": variables},
        },
    }


def role(function) -> dict:
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in POLICIES.get(function, ())]
    document = {"Version": "2012-10-17", "Statement": statements}
    policies = [{"PolicyName": "its-calls", "PolicyDocument": document}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": policies}}


def mapping() -> dict:
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "FunctionName": {"Ref": logical("receive")},
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    }


def logical(function) -> str:
    return "".join(word.capitalize() for word in function.split("-")) + "Function"
