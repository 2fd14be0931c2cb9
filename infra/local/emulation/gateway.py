"""What an HTTP API does around a function, where the emulator does something else than AWS.

The caller's address      the event carries the real peer, and X-Forwarded-For with it
Cookies                   the event carries them in `cookies`, and not among the headers
A body that is too large  413 before the function is called (Lambda takes an event of 6 MB)
A function that failed    500 {"message":"Internal Server Error"}; the error's text stays in the log
A token that is no JWT    401, though its parts be no objects and its times no numbers
"""

import functools
import json
import logging
from collections.abc import Callable

from emulation.ministack_internals import apigateway, lambda_svc, responses

MOST_BODY_BYTES = 6_000_000
JSON = {"content-type": "application/json"}

log = logging.getLogger("gateway")


def install() -> None:
    lambda_svc._execute_function_with_config_scope = through_gateway(lambda_svc._execute_function_with_config_scope)
    lambda_svc.lambda_execute_result_to_api_proxy_response = without_error_text(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )
    apigateway._validate_jwt_authorizer = refuse_what_is_no_token(
        apigateway._validate_jwt_authorizer, apigateway._jwt_unauthorized
    )


def through_gateway(execute) -> Callable:
    """Finish the event of an HTTP API request before the function sees it; other events pass as they are."""

    @functools.wraps(execute)
    def run(function, event) -> dict:
        if not is_http_request(event):
            return execute(function, event)
        if len(event.get("body") or "") > MOST_BODY_BYTES:
            return answer(413, "Request Entity Too Large")
        name_the_caller(event)
        set_cookies_apart(event)
        return execute(function, event)

    return run


def is_http_request(event) -> bool:
    return isinstance(event, dict) and event.get("version") == "2.0" and "http" in event.get("requestContext", {})


def name_the_caller(event) -> None:
    address = responses.get_request_client_ip()
    event["requestContext"]["http"]["sourceIp"] = address
    headers = event["headers"]
    before = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{before}, {address}" if before else address


def set_cookies_apart(event) -> None:
    """Payload format 2.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    header = event["headers"].pop("cookie", "")
    cookies = [cookie.strip() for cookie in header.split(";")]
    if any(cookies):
        event["cookies"] = [cookie for cookie in cookies if cookie]


def answer(status, message) -> dict:
    """A function's result that the gateway made up itself."""
    return {"body": {"statusCode": status, "headers": JSON, "body": json.dumps({"message": message})}}


def without_error_text(to_response) -> Callable:
    @functools.wraps(to_response)
    def respond(result) -> tuple[dict, object]:
        if not result.get("error"):
            return to_response(result)
        log.error("a function failed: %s", result.get("body"))
        return answer(500, "Internal Server Error")["body"], None

    return respond


def refuse_what_is_no_token(validate, unauthorized) -> Callable:
    @functools.wraps(validate)
    async def check(route, authorizer, headers, query_params) -> tuple:
        try:
            return await validate(route, authorizer, headers, query_params)
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            log.info("a token was refused: %s", err)
            return None, None, unauthorized()

    return check
