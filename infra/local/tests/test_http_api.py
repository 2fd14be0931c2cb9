import copy
import unittest

from emulation import http_api
from emulation.http_api import Authorizer, Route, UnsupportedDocument

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:shop-ViewOrder"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def operation(**changes) -> dict:
    integration = {"httpMethod": "POST", "type": "aws_proxy", "uri": URI, "payloadFormatVersion": "2.0"}
    return {"x-amazon-apigateway-integration": integration, "responses": {}} | changes


def integrated(**changes) -> dict:
    found = operation()
    found["x-amazon-apigateway-integration"] |= changes
    return found


def scheme(**changes) -> dict:
    extension = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["shop"]},
    }
    return {"type": "oauth2", "x-amazon-apigateway-authorizer": extension | changes}


def document(paths, **schemes) -> dict:
    return {"openapi": "3.0.1", "paths": paths, "components": {"securitySchemes": schemes}}


class Read(unittest.TestCase):
    def test_a_route_names_its_function(self) -> None:
        found = http_api.read(document({"/orders/{order_id}": {"get": operation()}}))
        self.assertEqual(found.routes, (Route("GET /orders/{order_id}", FUNCTION),))
        self.assertEqual(found.authorizers, {})

    def test_each_method_of_a_path_is_a_route(self) -> None:
        found = http_api.read(document({"/orders": {"get": operation(), "post": operation()}}))
        self.assertEqual([r.key for r in found.routes], ["GET /orders", "POST /orders"])

    def test_any_method(self) -> None:
        found = http_api.read(document({"/a": {"x-amazon-apigateway-any-method": operation()}}))
        self.assertEqual(found.routes[0].key, "ANY /a")

    def test_the_default_route(self) -> None:
        found = http_api.read(document({"/$default": {"x-amazon-apigateway-any-method": operation()}}))
        self.assertEqual(found.routes[0].key, "$default")

    def test_an_authorizer_and_its_scopes(self) -> None:
        private = operation(security=[{"Jwt": ["admin"]}])
        found = http_api.read(document({"/admin/orders": {"get": private}}, Jwt=scheme()))
        self.assertEqual(found.routes[0].authorizer, "Jwt")
        self.assertEqual(found.routes[0].scopes, ("admin",))
        want = Authorizer("Jwt", "https://issuer.example", ("shop",), "$request.header.Authorization")
        self.assertEqual(found.authorizers, {"Jwt": want})

    def test_a_route_that_is_open_on_purpose(self) -> None:
        found = http_api.read(document({"/products": {"get": operation(security=[{"NONE": []}])}}, Jwt=scheme()))
        self.assertIsNone(found.routes[0].authorizer)

    def test_a_timeout(self) -> None:
        found = http_api.read(document({"/a": {"get": integrated(timeoutInMillis=5000)}}))
        self.assertEqual(found.routes[0].timeout_ms, 5000)

    def test_what_it_does_not_understand_is_refused_by_name(self) -> None:
        jwt = "x-amazon-apigateway-authorizer"
        eleven = [f"s{n}" for n in range(11)]
        cases = {
            "no OpenAPI document": "s3://bucket/key",
            "has no route": document({}),
            "'fetch' is no method": document({"/a": {"fetch": operation()}}),
            "GET /a: no integration": document({"/a": {"get": {}}}),
            "only aws_proxy": document({"/a": {"get": integrated(type="http_proxy")}}),
            "only payload format 2.0": document({"/a": {"get": integrated(payloadFormatVersion="1.0")}}),
            "names no function": document({"/a": {"get": integrated(uri="https://example.com")}}),
            "a timeout is": document({"/a": {"get": integrated(timeoutInMillis=30_001)}}),
            "authorizer Jwt is not defined": document({"/a": {"get": operation(security=[{"Jwt": []}])}}),
            "one authorizer, not 2": document(
                {"/a": {"get": operation(security=[{"Jwt": []}, {"Other": []}])}}, Jwt=scheme(), Other=scheme()
            ),
            "at most 10 scopes": document({"/a": {"get": operation(security=[{"Jwt": eleven}])}}, Jwt=scheme()),
            "only a JWT authorizer": document({"/a": {"get": operation()}}, Jwt=scheme(type="request")),
            "names no issuer": document({"/a": {"get": operation()}}, Jwt=scheme(jwtConfiguration={"audience": ["a"]})),
            "names no audience": document({"/a": {"get": operation()}}, Jwt=scheme(jwtConfiguration={"issuer": "i"})),
            "names no identitySource": document(
                {"/a": {"get": operation()}}, Jwt={jwt: {**scheme()[jwt], "identitySource": ""}}
            ),
            "x-amazon-apigateway-policy is not emulated": document({"/a": {"get": operation()}})
            | {"x-amazon-apigateway-policy": {}},
        }
        for complaint, body in cases.items():
            with self.subTest(complaint), self.assertRaisesRegex(UnsupportedDocument, complaint):
                http_api.read(body)


class Replace(unittest.TestCase):
    def setUp(self) -> None:
        from emulation.ministack_internals import apigateway

        self.gateway = apigateway
        self.before = http_api.read(
            document({"/a": {"get": operation()}, "/b": {"get": operation(security=[{"Jwt": ["s"]}])}}, Jwt=scheme())
        )
        http_api.replace("api", self.before)

    def test_everything_is_there(self) -> None:
        routes = {r["routeKey"]: r for r in self.gateway._routes["api"].values()}
        self.assertEqual(set(routes), {"GET /a", "GET /b"})
        self.assertEqual(routes["GET /b"]["authorizationType"], "JWT")
        self.assertEqual(routes["GET /b"]["authorizationScopes"], ["s"])
        self.assertIn(routes["GET /b"]["authorizerId"], self.gateway._authorizers["api"])
        for route in routes.values():
            self.assertIn(route["target"].removeprefix("integrations/"), self.gateway._integrations["api"])

    def test_what_the_document_no_longer_declares_is_gone(self) -> None:
        http_api.replace("api", http_api.read(document({"/c": {"post": operation()}})))
        self.assertEqual([r["routeKey"] for r in self.gateway._routes["api"].values()], ["POST /c"])
        self.assertEqual(len(self.gateway._integrations["api"]), 1)
        self.assertEqual(self.gateway._authorizers["api"], {})

    def test_an_update_that_cannot_be_read_changes_nothing(self) -> None:
        kept = copy.deepcopy(self.gateway._routes["api"])
        with self.assertRaisesRegex(UnsupportedDocument, "Api: the HTTP API has no route"):
            http_api.update_api("api", {}, {"Body": document({})}, "shop", "Api")
        self.assertEqual(self.gateway._routes["api"], kept)

    def test_a_body_elsewhere_is_refused(self) -> None:
        with self.assertRaisesRegex(UnsupportedDocument, "Api: BodyS3Location"):
            http_api.create_api("Api", {"BodyS3Location": {"Bucket": "b", "Key": "k"}}, "shop")


if __name__ == "__main__":
    unittest.main()
