"""Questions and orders to a deployed stack through the AWS API; run by the store's commands with boto3 at hand.

    python stack.py outputs STACK               the stack's outputs, as JSON
    python stack.py routes STACK TEMPLATE       fail unless each HTTP API has exactly the routes of the built template
    python stack.py push STACK NAME=FILE …      replace functions' code (logical id = bootstrap) past CloudFormation
    python stack.py tidy STACK                  delete uploaded code that the deployed template does not name
    python stack.py upload-pages STACK FOLDER   put the built pages into the stack's bucket
    python stack.py sam-local STACK TEMPLATE    write what `sam local` needs to run the built template's functions
                                                against this AWS, beside the template: sam-local.template.json
                                                and sam-local.environment.json
    python stack.py restore-tables STACK SUFFIX have DynamoDB restore the tables of "shop restore" to now, each under
                                                its name and the suffix
    python stack.py empty-table STACK OUTPUT    delete every item of the table that the output names, for a drill

The environment says which AWS: AWS_ENDPOINT_URL, AWS_REGION and the credentials.
"""

import io
import json
import mimetypes
import re
import sys
import zipfile
from pathlib import Path

import boto3

HTTP_API = "AWS::ApiGatewayV2::Api"
HASHED = "assets/"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def outputs(stack) -> dict[str, str]:
    """The stack's outputs by name."""
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}


def physical_ids(stack, kind=None) -> dict[str, str]:
    """Logical id → physical id of the stack's resources of a type."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [r for page in pages for r in page["StackResourceSummaries"]]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found if kind in (None, r["ResourceType"])}


def declared_routes(path) -> dict[str, set[str]]:
    """Logical id of each HTTP API → the route keys that the template gives it."""
    from emulation.http_api import route_key
    from translate import read, translate

    resources = translate(read(path), {})["Resources"]
    bodies = {name: r["Properties"].get("Body") or {} for name, r in resources.items() if r["Type"] == HTTP_API}
    return {
        name: {
            route_key(uri, method) for uri, methods in (body.get("paths") or {}).items() for method in there(methods)
        }
        for name, body in bodies.items()
    }


def there(value) -> dict:
    """Return the value that a condition leads to where it holds. The stores that this checks have pages."""
    return value["Fn::If"][1] if "Fn::If" in value else value


def deployed_routes(api_id) -> set[str]:
    pages = boto3.client("apigatewayv2").get_paginator("get_routes").paginate(ApiId=api_id)
    return {r["RouteKey"] for page in pages for r in page["Items"]}


def check_routes(stack, path) -> None:
    """Exit with the difference, if there is one: a deployment can be green and have lost routes."""
    apis = physical_ids(stack, HTTP_API)
    for name, declared in declared_routes(path).items():
        deployed = deployed_routes(apis[name]) if name in apis else set()
        if declared != deployed:
            sys.exit(
                f"{name} was deployed with {len(deployed)} routes of {len(declared)}: "
                f"missing {sorted(declared - deployed)}, left over {sorted(deployed - declared)}"
            )
        print(f"{name}: {len(deployed)} routes, all that the template declares")


def push(stack, codes) -> None:
    """Replace functions' code, and have their aliases lead to it. codes: logical id → path of its bootstrap."""
    functions = physical_ids(stack, "AWS::Lambda::Function")
    client = boto3.client("lambda")
    for name, path in codes.items():
        function = functions[name]
        client.update_function_code(FunctionName=function, ZipFile=zipped(path))
        for alias in client.list_aliases(FunctionName=function)["Aliases"]:
            version = client.publish_version(FunctionName=function)["Version"]
            client.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=version)


def zipped(path) -> bytes:
    """A deployment package with the one executable file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with open(path, "rb") as file:
            archive.writestr(entry, file.read())
    return packed.getvalue()


def tidy(stack) -> None:
    """Each deployment uploads what changed and deletes nothing; keep what the deployed template names."""
    template = boto3.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    text = template if isinstance(template, str) else json.dumps(template)
    for bucket in set(re.findall(r"aws-sam-cli-managed-default-[a-z0-9-]+", text)):
        delete_unnamed(boto3.client("s3"), bucket, text)


def delete_unnamed(s3, bucket, text) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
    for key in keys:
        if key not in text:
            s3.delete_object(Bucket=bucket, Key=key)


def upload_pages(stack, folder) -> None:
    """Hashed files first, pages last: a page never names a file that is not there yet. Nothing is deleted."""
    bucket, s3 = outputs(stack).get("PagesBucket"), boto3.client("s3")
    if not bucket:
        sys.exit(f"the stack {stack} serves no pages (Pages=off)")
    for key, path in in_order(Path(folder)):
        kind = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=kind, CacheControl=kept_for(key))


def in_order(folder) -> list[tuple[str, Path]]:
    """Key and path of each file in the order of their upload; a page named index.html is uploaded as shop.html."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    if "shop.html" not in files and "index.html" in files:
        files["shop.html"] = files.pop("index.html")
    return sorted(files.items(), key=lambda file: (file[0].endswith(".html"), not file[0].startswith(HASHED), file[0]))


def kept_for(key) -> str:
    """The Cache-Control of a file: a name with a hash never means another content; a page is asked for each time."""
    if key.startswith(HASHED):
        return "public, max-age=31536000, immutable"
    return "no-cache" if key.endswith(".html") else "public, max-age=3600"


def sam_local(stack, path) -> None:
    """`sam local` sets only variables that the template names, and knows none of the deployed resources' names."""
    from translate import read

    template, environments = read(path), deployed_environments(stack)
    for name, variables in environments.items():
        properties = template["Resources"][name]["Properties"]
        properties.setdefault("Environment", {})["Variables"] = dict.fromkeys(variables, "")
    Path(path).with_name("sam-local.template.json").write_text(json.dumps(template, indent=2, default=str))
    Path(path).with_name("sam-local.environment.json").write_text(json.dumps(environments, indent=2))


def deployed_environments(stack) -> dict[str, dict[str, str]]:
    """Logical id of each function → its variables as deployed, and where AWS is."""
    client = boto3.client("lambda")
    found = {}
    for name, function in physical_ids(stack, "AWS::Lambda::Function").items():
        configuration = client.get_function_configuration(FunctionName=function)
        found[name] = configuration["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": client.meta.endpoint_url}
    return found


def restore_tables(stack, suffix) -> None:
    dynamodb, names = boto3.client("dynamodb"), outputs(stack)
    restored = ("ProductsTable", "StockMovementsTable", "OrdersTable", "MailsTable", "StockAlertsTable")
    for output in restored:
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=names[output], TargetTableName=names[output] + suffix, UseLatestRestorableTime=True
        )
    for output in restored:
        dynamodb.get_waiter("table_exists").wait(TableName=names[output] + suffix)


def empty_table(stack, output) -> None:
    table = boto3.resource("dynamodb").Table(outputs(stack)[output])
    key = [k["AttributeName"] for k in table.key_schema]
    with table.batch_writer() as batch:
        for page in table.meta.client.get_paginator("scan").paginate(TableName=table.name):
            for item in page["Items"]:
                batch.delete_item(Key={name: item[name] for name in key})


def print_outputs(stack) -> None:
    print(json.dumps(outputs(stack)))


def push_pairs(stack, *pairs) -> None:
    push(stack, dict(pair.split("=", 1) for pair in pairs))


COMMANDS = {
    "outputs": print_outputs,
    "routes": check_routes,
    "push": push_pairs,
    "tidy": tidy,
    "upload-pages": upload_pages,
    "sam-local": sam_local,
    "restore-tables": restore_tables,
    "empty-table": empty_table,
}


def main(argv) -> None:
    if not argv or argv[0] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[argv[0]](*argv[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
