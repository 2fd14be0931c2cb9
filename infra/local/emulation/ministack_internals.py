"""Every name of ministack that the project uses or replaces, most of them private, and what each is used for.

    from emulation.ministack_internals import lambda_svc

gives ministack's module of that name, cut down to the names declared here. It is imported at the first use, because
ministack reads its environment while it is imported. `missing` names what another version of ministack has moved.
"""

import importlib
import importlib.metadata


class Module:
    """A module of ministack; its attributes are the declared names, read and replaced in the module itself.

    uses: name → what it is there, and why it is used.
    """

    def __init__(self, path: str, uses: dict[str, str]) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "uses", uses)
        object.__setattr__(self, "found", None)

    def __getattr__(self, name: str) -> object:
        return getattr(self.declared(name), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.declared(name), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.declared(name), name)

    def declared(self, name: str) -> object:
        """ministack's module, for a name that is declared."""
        if name not in self.uses:
            raise AttributeError(f"{self.path}.{name} is not declared in ministack_internals.py")
        if self.found is None:
            object.__setattr__(self, "found", importlib.import_module(self.path))
        return self.found

    def missing(self) -> list[str]:
        """The declared names that ministack does not have."""
        try:
            found = importlib.import_module(self.path)
        except ImportError:
            return [f"{self.path}, the module"]
        return [f"{self.path}.{name}, {why}" for name, why in self.uses.items() if not hasattr(found, name)]


def missing() -> list[str]:
    """One sentence for each name that the installed ministack does not have."""
    version = importlib.metadata.version("ministack")
    return [
        f"ministack {version} has no {what}: find its new place and mend infra/local/emulation/ministack_internals.py"
        for module in MODULES
        for what in module.missing()
    ]


app = Module(
    "ministack.app",
    {
        "app": "the ASGI application of the whole emulator",
        "_credential_failure": "the answer to a bad signature in the protocol of the service that was asked",
        "_get_module": "loads a service with its saved state, as its first request does",
        "_build_persistence_save_dict": "service → what returns its state, to save it while the emulator runs",
    },
)
cloudfront_js = Module(
    "ministack.core.cloudfront_js",
    {"evaluate": "runs an edge function in a process of Node; few run at once"},
)
iam_actions = Module(
    "ministack.core.iam_actions",
    {
        "extract_iam_action": "the permission that a call needs; a batch of SQS needs the single call's",
        "extract_resource_arn": "the resource that a call needs it on; a mail is checked on the sender's identity",
        "request_tag_context": "the condition keys of a call; a mail has ses:FromAddress",
    },
)
iam_evaluator = Module(
    "ministack.core.iam_evaluator",
    {
        "is_root_access_key": "whether a key is the account's root; only the store's own is",
        "_is_root_key": "whether a signature need not be checked; each is",
        "AuthError": "the error of a call that nobody signed",
    },
)
lambda_runtime = Module(
    "ministack.core.lambda_runtime",
    {
        "ProvidedWorker": "the process that runs a function; its output goes to the log",
        "kill_workers": "ends processes of functions; one that is busy ends its invocation first",
        "execution_credentials": "the credentials of a function's role; they are secret here",
        "reset": "ends all processes of functions",
        "queue": "the queues that threads ask ten times a second; here they wait",
        "_PROVIDED_POLL": "how often it looks whether a function's process lives, in seconds",
    },
)
persistence = Module(
    "ministack.core.persistence",
    {
        "_state_format_version": "the version written into a service's state file",
        "_json_default": "how values of a state are written as JSON",
    },
)
responses = Module(
    "ministack.core.responses",
    {
        "AccountRegionScopedDict": "a service's state by account and region",
        "get_account_id": "the account of the request under way",
        "get_region": "the region of the request under way",
        "get_request_client_ip": "the address of the peer of the request under way",
        "set_request_client_ip": "sets it, for tests",
    },
)
router = Module(
    "ministack.core.router",
    {
        "extract_access_key_id": "the key that signed a request",
        "detect_service": "the service that a request is for",
    },
)
apigateway = Module(
    "ministack.services.apigateway",
    {
        "_authorizers": "the authorizers of each API; the OpenAPI document's are put in",
        "_integrations": "the integrations of each API; the same",
        "_routes": "the routes of each API; the same",
        "_jwks_cache": "the keys of issuers; emptied when an API changes",
        "_oidc_config_cache": "the documents of issuers; the same",
        "_validate_jwt_authorizer": "checks a token; what is no JWT is a 401",
        "_jwt_unauthorized": "the answer 401",
    },
)
cloudfront = Module(
    "ministack.services.cloudfront",
    {
        "_distributions": "the distributions; the pages' port answers for the stack's",
        "handle_viewer_request": "answers a request to a distribution",
        "_fetch_from_origin": "asks an origin; the HTTP API is one here",
        "_origin_request_headers": "what CloudFront sends to an origin that is no bucket",
    },
)
cloudfront_js = Module("ministack.core.cloudfront_js", {"evaluate": "runs an edge function, for the test of ours"})
cloudwatch_logs = Module(
    "ministack.services.cloudwatch_logs",
    {
        "_log_groups": "the log streams; old ones are dropped",
        "_subscription_pattern_matches": "whether a line is for a subscription; patterns of a field are read",
    },
)
provisioners = Module(
    "ministack.services.cloudformation.provisioners",
    {
        "_RESOURCE_HANDLERS": "what creates, updates and deletes each type of resource",
        "_apigw_v2_api_create": "creates an HTTP API; its OpenAPI document is imported after it",
        "_apigw_v2_api_update": "updates one; the same",
        "_apigw_v2_api_delete": "deletes one; its authorizers go, too",
        "_apigw_v2_integration_props": "the record of an integration",
        "_apigw_v2_route_props": "the record of a route",
        "new_uuid": "an id for both",
    },
)
dynamodb = Module(
    "ministack.services.dynamodb",
    {
        "_tables": "the tables; saved without a deep copy of each item",
        "handle_request": "answers a call, for tests",
        "get_state": "the state as ministack saves it, for tests: ours is the same",
        "_INDEX_MEMBERS": "the part of a table that is not saved; its indexes are kept in order there",
        "_query": "answers a query; while it runs, its table shows the items that its page can hold",
        "_index_members": "the indexes of a table; ours are in order",
        "_index_item": "notes a write in them; the same",
        "_index_key_schemas": "the keys of each index of a table",
        "_index_partition": "the partition of an index that an item is in",
        "_index_order_keys": "the attributes that a partition is ordered by",
        "_index_order_value": "the value of such an attribute, as it is compared",
        "_sort_key_value": "the value of a sort key, as it is compared",
        "_key_condition_clauses": "the conditions of a key condition",
        "_evaluate_condition": "checks an item; not each one against a key condition that it is known to meet",
        "_paginate_evaluated_items": "how many items fit on a page; of small ones their number says it",
        "_tokenize": "parses an expression; done once for each",
        "_condition_syntax_error": "checks an expression; done once for each",
        "copy": "copies items, which are JSON; ours copies nothing else quickly",
    }
    | {
        f"_{name}": "a setting of tables; saved with them"
        for name in (
            "tags",
            "ttl_settings",
            "pitr_settings",
            "kinesis_destinations",
            "contributor_insights",
            "backups",
            "resource_policies",
            "exports",
            "imports",
        )
    },
)
eventbridge = Module(
    "ministack.services.eventbridge",
    {
        "_put_events": "publishes events; SES's reports of mails are published by it",
        "_rules": "the rules, for the test that holds them to their rate",
        "_targets": "their targets, for that test",
        "_rule_last_fired": "when they fired last, for that test",
        "_tick_scheduled_rules": "fires those that are due, for that test",
        "_invoke_target": "calls a target, for that test",
    },
)
lambda_svc = Module(
    "ministack.services.lambda_svc",
    {
        "_provided_worker_env": "the environment of a function's process; it is what AWS sets",
        "_emit_lambda_logs": "records an invocation's log; old streams are dropped after it",
        "_update_code": "replaces a function's code; an invocation under way ends first",
        "_update_config": "replaces its configuration; the same",
        "_execute_function_with_config_scope": "runs a function; the event of an HTTP API is finished before",
        "lambda_execute_result_to_api_proxy_response": "the answer of an HTTP API; it never shows a function's error",
        "execution_credentials": "the credentials of a function's role; they are secret here",
    },
)
s3 = Module(
    "ministack.services.s3",
    {
        "_cors_rules": "the rules of a bucket's CORS; a bucket that has some takes forms from pages",
        "_parse_multipart_form": "the fields of a form; who signed it",
    },
)
ses = Module(
    "ministack.services.ses",
    {
        "_identities": "the verified senders",
        "_send_email": "sends a mail; the simulator's reports are published after it",
        "_sent_emails_list": "the mails that were sent",
        "_notification_detail": "the part of a report that says what happened",
        "_SIMULATOR_DOMAIN": "the domain of the mailbox simulator",
        "_SIMULATOR_OUTCOMES": "what becomes of a mail to each of its addresses",
    },
)
ses_v2 = Module("ministack.services.ses_v2", {"_config_sets": "the configuration sets and where their events go"})
sqs = Module(
    "ministack.services.sqs",
    {
        "handle_request": "answers a call, for tests",
        "_receive_messages_for_esm": "takes messages for a function; that changes what is to be saved",
        "_delete_messages_for_esm": "deletes them; the same",
    },
)
stacks = Module(
    "ministack.services.cloudformation.stacks",
    {"_runs_on_worker_thread": "whether a resource is made beside the event loop; an HTTP API asks its issuer"},
)
sts = Module(
    "ministack.services.sts",
    {
        "is_root_access_key": "whether a key is the account's root; only the store's own is",
        "register_session": "makes the credentials of a role known",
        "_sessions": "the credentials of roles that are known",
    },
)

MODULES = [value for value in list(globals().values()) if isinstance(value, Module)]
