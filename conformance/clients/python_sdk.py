#!/usr/bin/env python3
"""Drives the unchanged Microsoft Graph SDK for Python, and azure-identity, against a Linkspan on this machine.

    python_sdk.py --base-url https://localhost:7743/v1.0 --authority https://localhost:7743 --ca ca.pem \\
        --tenant GUID --client-id ID --client-secret SECRET --user UPN --password WORD --grant-user OBJECT-ID \\
        --other-user UPN --other-password WORD --other-id OBJECT-ID [--beta]
    HTTPS_PROXY=http://127.0.0.1:7788 python_sdk.py --default-urls --ca ca.pem --tenant GUID …

With `--default-urls` neither the SDK nor azure-identity is told another address than Microsoft's, as in a program that
is not to be changed: the proxy, Linkspan's CONNECT listener, leads them here.

The first user searches throughout; the second one shows that another user gets another answer, and without
`--other-user` those checks are left out. The last line is `N passed, M failed`; the exit code is 0 only if
something passed and nothing failed.
"""

import argparse
import asyncio
import importlib
import json
import logging
import os
import ssl
import sys
import time
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ["ca", "tenant", "client-id", "client-secret", "user", "password", "grant-user"]:
        parser.add_argument(f"--{name}", required=True)
    for name in ["base-url", "authority"]:
        parser.add_argument(f"--{name}", help="needed without --default-urls")
    parser.add_argument("--default-urls", action="store_true", help="leave the URLs alone; HTTPS_PROXY leads here")
    for name in ["other-user", "other-password", "other-id"]:
        parser.add_argument(f"--{name}")
    parser.add_argument("--beta", action="store_true", help="use msgraph-beta-sdk")
    parser.add_argument("--wait", type=float, default=30, help="seconds to wait for a schema or for search")
    parser.add_argument("--connection-id", default="python" + uuid.uuid4().hex[:10])
    asked = parser.parse_args()
    if asked.default_urls == bool(asked.base_url or asked.authority) or bool(asked.base_url) != bool(asked.authority):
        parser.error("give either --base-url and --authority, or --default-urls")
    if asked.default_urls and not os.environ.get("HTTPS_PROXY", "").startswith("http://127.0.0.1:"):
        # Without it the requests would leave this machine.
        parser.error("--default-urls needs HTTPS_PROXY=http://127.0.0.1:PORT in the environment")
    return asked


ASKED = arguments()
# Where the requests go by their URLs; by default these are what the SDK and azure-identity have built in.
GRAPH_HOST = urllib.parse.urlsplit(ASKED.base_url or "https://graph.microsoft.com")
AUTHORITY = ASKED.authority or "https://login.microsoftonline.com"
# httpx and requests read these when they are imported, so they are set before anything that imports them.
for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ[variable] = os.path.abspath(ASKED.ca)
os.environ.pop("SSL_CERT_DIR", None)

from azure.core.credentials import AccessToken  # noqa: E402
from azure.core.exceptions import ClientAuthenticationError  # noqa: E402
from azure.identity import ClientSecretCredential  # noqa: E402
from kiota_abstractions.base_request_configuration import RequestConfiguration  # noqa: E402
from kiota_abstractions.headers_collection import HeadersCollection  # noqa: E402
from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: E402
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption  # noqa: E402

# The refusal of a wrong secret is one of the checks; it need not be reported a second time.
logging.getLogger("azure.identity").setLevel(logging.CRITICAL)

SDK = "msgraph_beta" if ASKED.beta else "msgraph"


def sdk(module, name):
    """A class of the chosen SDK."""
    return getattr(importlib.import_module(f"{SDK}.{module}"), name)


def noun(name, area="external_connectors."):
    """A model class: `ExternalItem` stands in `external_item`."""
    module = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
    return sdk(f"generated.models.{area}{module}", name)


ODataError = sdk("generated.models.o_data_errors.o_data_error", "ODataError")
Acl, AclType, AccessType = noun("Acl"), noun("AclType"), noun("AccessType")
ExternalConnection, ExternalGroup, ExternalItem = noun("ExternalConnection"), noun("ExternalGroup"), noun("ExternalItem")
Identity, IdentityType = noun("Identity"), noun("IdentityType")
Label, PropertyType = noun("Label"), noun("PropertyType")
Property = sdk("generated.models.external_connectors.property_", "Property_")


class Checks:
    """Counts what holds, and prints each with what was found instead."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, holds, found=""):
        if holds:
            self.passed += 1
            print(f"ok    {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {what}: {found!s:.400}", flush=True)

    async def answer(self, what, call, holds=lambda answer: True):
        """The call succeeds, and its answer is as wanted; hands the answer on, or None."""
        try:
            answer = await call
            self.that(what, holds(answer), repr(answer))
            return answer
        except Exception as error:  # Whatever goes wrong is the finding.
            self.that(what, False, f"{type(error).__name__}: {error}")
            return None

    async def refusal(self, what, call, status):
        """The call is refused with this status, in a form that the SDK reads as an ODataError with code and message."""
        try:
            self.that(what, False, f"was not refused: {await call!r}")
        except ODataError as error:
            told = error.error is not None and error.error.code and error.error.message
            self.that(what, error.response_status_code == status and told, f"{error.response_status_code} {error.error}")
        except Exception as error:
            self.that(what, False, f"{type(error).__name__}: {error}")


class RawAnswer:
    """Makes the SDK hand over the response as it came, where the headers matter."""

    async def handle_response_async(self, response, _errors):
        return response


class UserToken:
    """A user's token. MSAL would first ask port 443 of the authority about the user, so it is fetched by hand."""

    def __init__(self, upn, password):
        form = {
            "grant_type": "password", "client_id": ASKED.client_id, "client_secret": ASKED.client_secret,
            "username": upn, "password": password,
            "scope": "https://graph.microsoft.com/.default openid profile offline_access",
        }
        request = urllib.request.Request(
            f"{AUTHORITY}/{ASKED.tenant}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode())
        trusted = ssl.create_default_context(cafile=ASKED.ca)
        with urllib.request.urlopen(request, context=trusted, timeout=30) as response:
            self.answer = json.load(response)

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.answer["access_token"], int(time.time()) + int(self.answer["expires_in"]))


def app_credential(secret=None):
    elsewhere = {} if ASKED.default_urls else {"authority": ASKED.authority, "disable_instance_discovery": True}
    return ClientSecretCredential(ASKED.tenant, ASKED.client_id, secret or ASKED.client_secret, **elsewhere)


def client(credential):
    if ASKED.default_urls:
        service = sdk("graph_service_client", "GraphServiceClient")
        return service(credential, scopes=["https://graph.microsoft.com/.default"])
    adapter = sdk("graph_request_adapter", "GraphRequestAdapter")(AzureIdentityAuthenticationProvider(credential))
    adapter.base_url = ASKED.base_url
    return sdk("graph_service_client", "GraphServiceClient")(request_adapter=adapter)


async def until(ask, holds):
    """Asks until the answer is as wanted or the time is over; hands back the last answer."""
    end = time.monotonic() + ASKED.wait
    while True:
        answer = await ask()
        if holds(answer) or time.monotonic() > end:
            return answer
        await asyncio.sleep(0.2)


def entry(kind, value, access="Grant"):
    return Acl(type=AclType[kind], value=value, access_type=AccessType[access])


EVERYONE = entry("Everyone", "everyone")


def item(identifier, title, text, acl, **properties):
    content = noun("ExternalItemContent")(type=noun("ExternalItemContentType").Text, value=text)
    said = {"title": title, "url": f"https://contoso.test/wiki/{identifier}", **properties}
    return ExternalItem(
        id=identifier, acl=acl, content=content, properties=noun("Properties")(additional_data=said))


async def tokens(check):
    credential = app_credential()
    await check.answer(
        "a token for the app", asyncio.to_thread(credential.get_token, "https://graph.microsoft.com/.default"),
        lambda token: token.token.count(".") == 2 and token.expires_on > time.time() + 60)
    try:
        app_credential("not the secret").get_token("https://graph.microsoft.com/.default")
        check.that("a wrong secret is refused", False, "a token was issued")
    except ClientAuthenticationError as error:
        check.that("a wrong secret is refused", "AADSTS7000215" in str(error), error)
    return client(credential)


async def connections(check, graph, connection):
    await check.refusal("an unknown connection is 404", connection.get(), 404)
    resolver = noun("ItemIdResolver")(
        odata_type="#microsoft.graph.externalConnectors.itemIdResolver", priority=1, item_id="{page}",
        url_match_info=noun("UrlMatchInfo")(base_urls=["https://contoso.test"], url_pattern="/wiki/(?<page>[^/]+)"))
    settings = noun("ActivitySettings")(url_to_item_resolvers=[resolver])
    said = ExternalConnection(
        id=ASKED.connection_id, name="Wiki", description="Pages of the wiki", activity_settings=settings)
    await check.answer(
        "create a connection", graph.external.connections.post(said),
        lambda made: made.id == ASKED.connection_id and made.name == "Wiki" and made.state.value == "draft"
        and ASKED.client_id in made.configuration.authorized_app_ids)
    await check.refusal("its id is taken: 409", graph.external.connections.post(said), 409)
    await check.answer(
        "the list has it", graph.external.connections.get(),
        lambda page: [one.name for one in page.value if one.id == ASKED.connection_id] == ["Wiki"])

    def resolves(kept):
        found = kept.activity_settings.url_to_item_resolvers[0]
        return type(found) is type(resolver) and (found.item_id, found.url_match_info.url_pattern) == (
            "{page}", "/wiki/(?<page>[^/]+)")

    await check.answer("the resolver of URLs is kept", connection.get(), resolves)
    await check.answer("change its description", connection.patch(ExternalConnection(description="All pages")))
    await check.answer(
        "only the description changed", connection.get(),
        lambda kept: (kept.name, kept.description) == ("Wiki", "All pages") and resolves(kept))


def wanted_schema():
    def named(name, kind, *labels, **flags):
        flags = {f"is_{flag}": value for flag, value in flags.items()}
        return Property(name=name, type=PropertyType[kind], labels=[Label[label] for label in labels] or None, **flags)

    found = {"queryable": True, "retrievable": True}
    return noun("Schema")(base_type="microsoft.graph.externalItem", properties=[
        named("title", "String", "Title", searchable=True, **found),
        named("url", "String", "Url", retrievable=True),
        named("iconUrl", "String", "IconUrl", retrievable=True),
        named("excerpt", "String", searchable=True, **found),
        named("changed", "DateTime", "LastModifiedDateTime", refinable=True, **found),
        named("tags", "StringCollection", **found),
        named("priority", "Int64", refinable=True, **found),
        named("score", "Double", retrievable=True),
        named("published", "Boolean", retrievable=True),
    ])


async def schema(check, graph, connection):
    await check.refusal("no schema yet: 404", connection.schema.get(), 404)
    raw = RequestConfiguration(options=[ResponseHandlerOption(RawAnswer())])
    accepted = await check.answer(
        "register a schema", connection.schema.patch(wanted_schema(), request_configuration=raw),
        lambda response: response.status_code == 202 and not response.content)
    location = accepted.headers.get("location", "") if accepted is not None else ""
    at = urllib.parse.urlsplit(location)
    check.that(
        "Location is an operation on the host that was asked",
        (at.scheme, at.netloc) == (GRAPH_HOST.scheme, GRAPH_HOST.netloc) and "/operations/" in at.path, location)
    operation = connection.operations.by_connection_operation_id(at.path.rsplit("/", 1)[-1])
    await check.answer(
        "the operation completes", until(operation.get, lambda seen: seen.status.value != "inprogress"),
        lambda seen: seen.status.value == "completed" and seen.error is None)
    by_location = sdk(
        "generated.external.connections.item.operations.item.connection_operation_item_request_builder",
        "ConnectionOperationItemRequestBuilder")(graph.request_adapter, location)
    await check.answer(
        "Location itself can be followed", by_location.get(), lambda seen: seen.status.value == "completed")
    await check.answer("the connection is ready", connection.get(), lambda kept: kept.state.value == "ready")
    headers = HeadersCollection()
    headers.add("Prefer", "include-unknown-enum-members")
    kinds = {said.name: said.type for said in wanted_schema().properties}
    labels = {said.name: said.labels or [] for said in wanted_schema().properties}
    await check.answer(
        "the schema comes back as it was said", connection.schema.get(RequestConfiguration(headers=headers)),
        lambda kept: {one.name: one.type for one in kept.properties} == kinds
        and {one.name: one.labels or [] for one in kept.properties} == labels)


async def items(check, connection):
    at = connection.items.by_external_item_id
    rich = item(
        "rich", "Saltmarsh survey", "Saltmarsh birds counted in the spring", [EVERYONE], excerpt="counted birds",
        changed="2026-01-02T03:04:05+00:00", tags=["birds", "coast"], priority=3, score=1.5, published=True,
        **{"tags@odata.type": "Collection(String)"})
    user = ASKED.grant_user
    wanted = {
        "for one user": item("mine", "Saltmarsh notes", "saltmarsh, private", [entry("User", user)]),
        "for a group": item("team", "Saltmarsh rota", "saltmarsh, for wardens", [entry("ExternalGroup", "wardens")]),
        "for everyone but one": item(
            "denied", "Saltmarsh audit", "saltmarsh, not for one", [EVERYONE, entry("User", user, "Deny")]),
        "with a long id": item("Odd-id_" + "x" * 60, "Odd", "an odd id", [EVERYONE]),
        "without content, with a null and a date without a zone": ExternalItem(
            id="bare", acl=[EVERYONE], properties=noun("Properties")(
                additional_data={"title": "Bare", "excerpt": None, "changed": "2026-01-02T03:04:05"})),
        "for nobody": item("nobody", "Saltmarsh draft", "saltmarsh, unpublished", []),
    }
    await check.answer("put an item with all types", at("rich").put(rich), lambda kept: kept.id == "rich")
    await check.answer("put it again", at("rich").put(rich), lambda kept: kept.id == "rich")
    for name, one in wanted.items():
        await check.answer(f"put an item {name}", at(one.id).put(one))

    def whole(kept):
        said = kept.properties.additional_data
        same = all(said.get(name) == rich.properties.additional_data[name]
                   for name in ("title", "excerpt", "priority", "score", "published"))
        return (same and list(said.get("tags")) == ["birds", "coast"] and kept.content.value == rich.content.value
                and str(said.get("changed")).startswith("2026-01-02")
                and (kept.acl[0].type, kept.acl[0].access_type) == (AclType.Everyone, AccessType.Grant))

    await check.answer("get it back whole", at("rich").get(), whole)
    await check.refusal(
        "a property outside the schema: 400", at("bad").put(item("bad", "x", "x", [EVERYONE], color="red")), 400)
    await check.refusal("an unknown item: 404", at("bad").get(), 404)
    activity = noun("ExternalActivity")(
        odata_type="#microsoft.graph.externalConnectors.externalActivity",
        type=noun("ExternalActivityType").Created, performed_by=Identity(id=user, type=IdentityType.User))
    activity.start_date_time = datetime(2026, 1, 2, tzinfo=timezone.utc)
    body = sdk(
        "generated.external.connections.item.items.item.microsoft_graph_external_connectors_add_activities."
        "add_activities_post_request_body", "AddActivitiesPostRequestBody")(activities=[activity])
    await check.answer(
        "add an activity", at("rich").microsoft_graph_external_connectors_add_activities.post(body),
        lambda answer: len(answer.value) == 1)


async def groups(check, connection):
    group = connection.groups.by_external_group_id("wardens")
    await check.answer(
        "create a group", connection.groups.post(ExternalGroup(id="wardens", display_name="Wardens")),
        lambda made: made.id == "wardens")
    await check.answer("change its name", group.patch(ExternalGroup(display_name="All wardens")))
    await check.answer("get the group", group.get(), lambda kept: kept.display_name == "All wardens")
    await check.answer(
        "add a member", group.members.post(Identity(id=ASKED.grant_user, type=IdentityType.User)),
        lambda made: made.id == ASKED.grant_user)
    return group


class Search:
    """Searches the connection as one user."""

    def __init__(self, upn, password):
        self.graph = client(UserToken(upn, password))

    async def page(self, text, **asked):
        """The one container of hits of an answer."""
        request = noun("SearchRequest", "")(
            entity_types=[noun("EntityType", "").ExternalItem],
            content_sources=[f"/external/connections/{ASKED.connection_id}"],
            query=noun("SearchQuery", "")(query_string=text), **asked)
        body = sdk("generated.search.query.query_post_request_body", "QueryPostRequestBody")(requests=[request])
        answer = await self.graph.search.query.post(body)
        return answer.value[0].hits_containers[0]

    async def found(self, text):
        """The ids of the items found, whose place is the end of `substrateContentDomainId`."""
        page = await self.page(text, from_=0, size=25, fields=["substrateContentDomainId"])
        named = [hit.resource.properties.additional_data["substrateContentDomainId"] for hit in page.hits or []]
        return sorted(name.split(",", 1)[1] for name in named)


async def search(check, group):
    one = Search(ASKED.user, ASKED.password)
    await check.answer(
        "the first user finds what the lists allow", until(lambda: one.found("saltmarsh"), lambda ids: len(ids) >= 3),
        lambda ids: ids == ["mine", "rich", "team"])
    page = await check.answer(
        "an answer has totals", one.page("counted", from_=0, size=10, fields=["title", "tags"]),
        lambda page: page.total == 1 and page.more_results_available is False)
    if page is not None and page.hits:
        hit = page.hits[0]
        said = hit.resource.properties.additional_data
        check.that("a hit is an externalItem", type(hit.resource).__name__ == "ExternalItem", type(hit.resource))
        check.that("with rank, summary and source", hit.rank == 1 and "<c0>" in (hit.summary or "") and hit.content_source, hit)
        check.that("and with the fields asked for", said.get("title") == "Saltmarsh survey" and list(said["tags"]) == ["birds", "coast"], said)
    first = await check.answer(
        "the first page says that there is more", one.page("saltmarsh", from_=0, size=2),
        lambda page: len(page.hits) == 2 and page.total == 3 and page.more_results_available is True)
    await check.answer(
        "the second page is the rest", one.page("saltmarsh", from_=2, size=2),
        lambda page: len(page.hits) == 1 and page.more_results_available is False
        and page.hits[0].hit_id not in [hit.hit_id for hit in first.hits])
    await check.answer("a property is a restriction", one.found("title:survey"), lambda ids: ids == ["rich"])
    await check.answer("a word that is nowhere", one.page("xyzzyplugh"), lambda page: not page.hits and page.total == 0)
    if not ASKED.other_user:
        return print("      without --other-user nobody else searches", flush=True)
    other = Search(ASKED.other_user, ASKED.other_password)
    await check.answer(
        "the second user finds something else", other.found("saltmarsh"), lambda ids: ids == ["denied", "rich"])
    await check.answer("the second user joins", group.members.post(Identity(id=ASKED.other_id, type=IdentityType.User)))
    await check.answer(
        "and finds more at once", other.found("saltmarsh"), lambda ids: ids == ["denied", "rich", "team"])
    await check.answer("the first user leaves", group.members.by_identity_id(ASKED.grant_user).delete())
    await check.answer("and finds less at once", one.found("saltmarsh"), lambda ids: ids == ["mine", "rich"])


async def endings(check, connection, group):
    item_at = connection.items.by_external_item_id
    await check.answer("delete the group", group.delete())
    await check.refusal("the group is gone", group.get(), 404)
    await check.answer("delete an item", item_at("mine").delete())
    await check.refusal("the item is gone", item_at("mine").get(), 404)
    await check.answer("delete the connection", connection.delete())

    async def status():
        try:
            await connection.get()
            return 200
        except ODataError as error:
            return error.response_status_code

    await check.answer("the connection is gone", until(status, lambda code: code == 404), lambda code: code == 404)


async def main(check):
    graph = await tokens(check)
    connection = graph.external.connections.by_external_connection_id(ASKED.connection_id)
    await connections(check, graph, connection)
    await schema(check, graph, connection)
    await items(check, connection)
    group = await groups(check, connection)
    await search(check, group)
    await endings(check, connection, group)


if __name__ == "__main__":
    CHECK = Checks()
    try:
        asyncio.run(main(CHECK))
    except Exception as error:
        CHECK.that("the drive reaches its end", False, f"{type(error).__name__}: {error}")
    print(f"{CHECK.passed} passed, {CHECK.failed} failed")
    sys.exit(0 if CHECK.passed and not CHECK.failed else 1)
