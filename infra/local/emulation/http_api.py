"""The OpenAPI document of an HTTP API, as SAM writes it, turned into authorizers, integrations and routes.

CloudFormation accepts an HTTP API whose routes stand in its `Body`, and SAM always writes them there. The
emulator stores the API and drops the document. `read` understands the part of it that SAM writes and refuses
the rest by name, so that nothing of a template is ignored without a word; `install` teaches the emulator's
CloudFormation to use it.

What the document may hold:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from dataclasses import dataclass, field

from emulation import issuers
from emulation.ministack_internals import apigateway, provisioners, stacks

API = "AWS::ApiGatewayV2::Api"
ANY_METHOD = "x-amazon-apigateway-any-method"
AUTHORIZER = "x-amazon-apigateway-authorizer"
INTEGRATION = "x-amazon-apigateway-integration"
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace", ANY_METHOD}
CORS = "x-amazon-apigateway-cors"
NO_AUTHORIZER = "NONE"
MOST_SCOPES = 10
LONGEST_TIMEOUT_MS = 30_000


class UnsupportedDocument(ValueError):
    """The document holds something that the local stack cannot do, or that AWS would refuse."""


@dataclass(frozen=True)
class Authorizer:
    """A JWT authorizer: which issuer it trusts, for which audiences, and where the token stands."""

    name: str
    issuer: str
    audience: tuple[str, ...]
    identity_source: str


@dataclass(frozen=True)
class Route:
    """A route key such as "GET /products/{product_id}", its function, and who may call it."""

    key: str
    function_arn: str
    timeout_ms: int = LONGEST_TIMEOUT_MS
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """All that one document declares."""

    routes: tuple[Route, ...]
    authorizers: dict[str, Authorizer] = field(default_factory=dict)
    cors: dict | None = None  # as API Gateway names its members; the emulator enforces it


def read(document) -> Definition:
    """Return the Definition of an OpenAPI document, or raise UnsupportedDocument saying what is wrong where."""
    if not isinstance(document, dict):
        raise UnsupportedDocument("the Body is no OpenAPI document")
    refuse_unknown_extensions(document)
    authorizers = read_authorizers(document)
    routes = [
        read_route(path, method, operation, authorizers)
        for path, methods in (document.get("paths") or {}).items()
        for method, operation in methods.items()
    ]
    if not routes:
        raise UnsupportedDocument("the HTTP API has no route")
    return Definition(tuple(routes), authorizers, document.get(CORS))


def refuse_unknown_extensions(document) -> None:
    known = {"x-amazon-apigateway-importexport-version", CORS}
    for name in document:
        if name.startswith("x-") and name not in known:
            raise UnsupportedDocument(f"{name} is not emulated")


def read_authorizers(document) -> dict[str, Authorizer]:
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    return {name: read_authorizer(name, scheme) for name, scheme in schemes.items()}


def read_authorizer(name, scheme) -> Authorizer:
    extension = scheme.get(AUTHORIZER) or {}
    if extension.get("type") != "jwt":
        raise UnsupportedDocument(
            f"authorizer {name}: only a JWT authorizer is emulated, not {extension.get('type')!r}"
        )
    jwt = extension.get("jwtConfiguration") or {}
    issuer, audience = jwt.get("issuer"), jwt.get("audience")
    source = extension.get("identitySource")
    if not isinstance(issuer, str) or not issuer:
        raise UnsupportedDocument(f"authorizer {name}: it names no issuer")
    if not isinstance(audience, list) or not audience:
        raise UnsupportedDocument(f"authorizer {name}: it names no audience")
    if not isinstance(source, str) or not source:
        raise UnsupportedDocument(f"authorizer {name}: it names no identitySource")
    return Authorizer(name, issuer, tuple(str(a) for a in audience), source)


def read_route(path, method, operation, authorizers) -> Route:
    key = route_key(path, method)
    integration = operation.get(INTEGRATION)
    if not isinstance(integration, dict):
        raise UnsupportedDocument(f"{key}: no integration")
    authorizer, scopes = read_security(key, operation.get("security") or [], authorizers)
    return Route(key, function_arn(key, integration), timeout_ms(key, integration), authorizer, scopes)


def route_key(path, method) -> str:
    if method not in METHODS:
        raise UnsupportedDocument(f"{path}: {method!r} is no method")
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"


def function_arn(key, integration) -> str:
    """The function's ARN out of arn:…:lambda:path/2015-03-31/functions/ARN/invocations."""
    if str(integration.get("type", "")).lower() != "aws_proxy":
        raise UnsupportedDocument(f"{key}: only aws_proxy integrations are emulated, not {integration.get('type')!r}")
    if str(integration.get("payloadFormatVersion")) != "2.0":
        raise UnsupportedDocument(f"{key}: only payload format 2.0 is emulated")
    _, found, rest = str(integration.get("uri", "")).partition("/functions/")
    arn, ends, _ = rest.partition("/invocations")
    if not found or not ends or ":function:" not in arn:
        raise UnsupportedDocument(f"{key}: {integration.get('uri')!r} names no function")
    return arn


def timeout_ms(key, integration) -> int:
    timeout = int(integration.get("timeoutInMillis", LONGEST_TIMEOUT_MS))
    if not 50 <= timeout <= LONGEST_TIMEOUT_MS:
        raise UnsupportedDocument(f"{key}: a timeout is 50 to {LONGEST_TIMEOUT_MS} ms, not {timeout}")
    return timeout


def read_security(key, requirements, authorizers) -> tuple[str | None, tuple[str, ...]]:
    """The one authorizer of a route and its scopes; SAM writes NONE for a route that is open on purpose."""
    named = [(name, scopes) for requirement in requirements for name, scopes in requirement.items()]
    if not named or named == [(NO_AUTHORIZER, [])]:
        return None, ()
    if len(named) > 1:
        raise UnsupportedDocument(f"{key}: a route has one authorizer, not {len(named)}")
    name, scopes = named[0]
    if name not in authorizers:
        raise UnsupportedDocument(f"{key}: authorizer {name} is not defined")
    if len(scopes) > MOST_SCOPES:
        raise UnsupportedDocument(f"{key}: a route has at most {MOST_SCOPES} scopes")
    return name, tuple(scopes)


def install() -> None:
    """Let the emulator's CloudFormation import the Body of each AWS::ApiGatewayV2::Api.

    The import asks the issuer, which is served by this process, too: so it must not hold up the event loop.
    """
    handlers = provisioners._RESOURCE_HANDLERS[API]
    handlers |= {"create": create_api, "update": update_api, "delete": delete_api}
    before = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == API or before(kind)


def create_api(logical_id, props, stack_name) -> tuple[str, dict]:
    """Create the API under its logical id in lower case, so that its address is known before the deploy."""
    definition = read_property(logical_id, props)
    require_issuers(definition)
    tags = {**(props.get("Tags") or {}), "ms-custom-id": logical_id.lower()}
    props = with_cors({**props, "Tags": tags}, definition)
    api_id, attributes = provisioners._apigw_v2_api_create(logical_id, props, stack_name)
    replace(api_id, definition)
    return api_id, attributes


def update_api(physical_id, old, new, stack_name, logical_id=None) -> tuple[str, dict]:
    definition = read_property(logical_id or physical_id, new)
    require_issuers(definition)
    new = with_cors(new, definition)
    answer = provisioners._apigw_v2_api_update(physical_id, old, new, stack_name, logical_id)
    replace(physical_id, definition)
    return answer


def require_issuers(definition) -> None:
    for authorizer in definition.authorizers.values() if definition else ():
        issuers.require(authorizer.name, authorizer.issuer)


def with_cors(props, definition) -> dict:
    """The properties with the CORS of the document, which SAM writes there."""
    return {**props, "CorsConfiguration": definition.cors} if definition and definition.cors else props


def delete_api(physical_id, props) -> None:
    provisioners._apigw_v2_api_delete(physical_id, props)
    apigateway._authorizers.pop(physical_id, None)


def read_property(logical_id, props) -> Definition | None:
    """The Definition in an API's Body, or None for an API whose routes are resources of their own."""
    if props.get("BodyS3Location"):
        raise UnsupportedDocument(f"{logical_id}: BodyS3Location is not emulated, write the Body inline")
    if "Body" not in props:
        return None
    try:
        return read(props["Body"])
    except UnsupportedDocument as err:
        raise UnsupportedDocument(f"{logical_id}: {err}") from err


def replace(api_id, definition) -> None:
    """Exchange all that the API had for what the definition declares."""
    if definition is None:
        return
    authorizers = {f"jwt-{name}".lower(): authorizer_record(a) for name, a in definition.authorizers.items()}
    records = [records_of(route) for route in definition.routes]
    apigateway._authorizers[api_id] = authorizers
    apigateway._integrations[api_id] = {i["integrationId"]: i for i, _ in records}
    apigateway._routes[api_id] = {r["routeId"]: r for _, r in records}
    apigateway._jwks_cache.clear()
    apigateway._oidc_config_cache.clear()


def authorizer_record(authorizer) -> dict:
    return {
        "authorizerId": f"jwt-{authorizer.name}".lower(),
        "authorizerType": "JWT",
        "name": authorizer.name,
        "identitySource": [authorizer.identity_source],
        "jwtConfiguration": {"audience": list(authorizer.audience), "issuer": authorizer.issuer},
    }


def records_of(route) -> tuple[dict, dict]:
    """The emulator's integration record and route record of one route."""
    route_id = provisioners.new_uuid()[:8]
    integration = {
        "integrationId": route_id,
        **provisioners._apigw_v2_integration_props(
            {"IntegrationUri": route.function_arn, "TimeoutInMillis": route.timeout_ms}
        ),
    }
    props = {"RouteKey": route.key, "Target": f"integrations/{route_id}"}
    if route.authorizer:
        props |= {
            "AuthorizationType": "JWT",
            "AuthorizerId": f"jwt-{route.authorizer}".lower(),
            "AuthorizationScopes": list(route.scopes),
        }
    return integration, {"routeId": route_id, **provisioners._apigw_v2_route_props(props)}
