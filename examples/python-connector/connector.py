#!/usr/bin/env python3
"""A small connector for Microsoft Graph, with Python's standard library alone.

It creates a connection, registers a schema, keeps an external group, and pushes a handful of articles, each with the
list of those who may find it. It speaks to https://graph.microsoft.com and nothing in it knows about Linkspan:

    linkspan run -- python3 connector.py            against Linkspan, from a shell with nothing else set
    python3 connector.py                            against Microsoft Graph, with the three variables below
    python3 connector.py --delete                   removes the connection and all that it holds

Environment: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of an app with the application permissions
ExternalConnection.ReadWrite.OwnedBy and ExternalItem.ReadWrite.OwnedBy; optionally CONNECTOR_READER_ID and
CONNECTOR_DENIED_ID, the object ids of two users (by default two of Linkspan's seeded users).
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com/v1.0"
CONNECTION = "articlespy"
ATTEMPTS = 6
# What passes when one waits: throttling, and gateways and servers on a bad day.
PASSING = (429, 502, 503, 504)
PAUSE_MAX = 120


def need(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set: set it to the values of your app, or start this with `linkspan run -- python3 {sys.argv[0]}`")
    return value


TENANT = need("AZURE_TENANT_ID")
READER = os.environ.get("CONNECTOR_READER_ID", "5eed0000-0000-4000-8000-0000000000b1")
DENIED = os.environ.get("CONNECTOR_DENIED_ID", "5eed0000-0000-4000-8000-0000000000b4")

SCHEMA = {
    "baseType": "microsoft.graph.externalItem",
    "properties": [
        {"name": "title", "type": "String", "isSearchable": True, "isRetrievable": True, "isQueryable": True, "labels": ["title"]},
        {"name": "url", "type": "String", "isRetrievable": True, "labels": ["url"]},
        {"name": "tags", "type": "StringCollection", "isRetrievable": True, "isQueryable": True, "isRefinable": True},
        {"name": "changed", "type": "DateTime", "isRetrievable": True, "isQueryable": True, "labels": ["lastModifiedDateTime"]},
    ],
}


def grant(kind, value):
    return {"accessType": "grant", "type": kind, "value": value}


def deny(kind, value):
    return {"accessType": "deny", "type": kind, "value": value}


# Id, title, tags, text, and who may find it.
ARTICLES = [
    ("holidays", "Public holidays", ["office"], "The office is closed on public holidays.", [grant("everyone", TENANT)]),
    ("printer", "The printer on the second floor", ["office", "howto"], "Hold the green button to wake the printer.",
     [grant("everyone", TENANT), deny("user", DENIED)]),
    ("salaries", "Salary bands", ["people"], "The bands are reviewed every spring.", [grant("user", READER)]),
    ("launch", "Plan for the launch", ["project"], "The launch needs a rehearsal.", [grant("externalGroup", "launchteam")]),
    ("draft", "Half an article", ["project"], "This one is taken back.", [grant("user", READER)]),
]


def pause(headers, attempt):
    """Seconds to wait: what the service says, else longer each time; never for ever."""
    said = headers.get("Retry-After", "") if headers else ""
    seconds = int(said) if said.isdigit() else 2**attempt
    return min(seconds, PAUSE_MAX)


def call(method, url, headers, body=None):
    """Sends a request, again when the service asks for patience or the connection is lost; returns status, headers and JSON.

    Every request here may come twice: what exists already is answered 409, and that is fine with those who ask."""
    for attempt in range(ATTEMPTS):
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                text = response.read()
                return response.status, response.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            if error.code not in PASSING or attempt == ATTEMPTS - 1:
                return error.code, error.headers, json.loads(text) if text.startswith("{") else {"error": {"message": text}}
            time.sleep(pause(error.headers, attempt))
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS - 1:
                sys.exit(f"{method} {url}: {error}")
            time.sleep(pause(None, attempt))
    raise AssertionError("the last attempt returns")


def sign_in():
    form = {
        "grant_type": "client_credentials",
        "client_id": need("AZURE_CLIENT_ID"),
        "client_secret": need("AZURE_CLIENT_SECRET"),
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, answer = call("POST", url, headers, urllib.parse.urlencode(form).encode())
    if status != 200:
        sys.exit(f"sign-in failed: {answer.get('error_description', answer)}")
    return answer["access_token"]


class Graph:
    def __init__(self, token):
        self.token = token

    def ask(self, method, path, body=None, fine=(200, 201, 202, 204)):
        url = path if path.startswith("https://") else GRAPH + path
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        status, answered, answer = call(method, url, headers, body)
        if status not in fine:
            sys.exit(f"{method} {path}: {status} {answer['error'].get('code')}: {answer['error']['message']}")
        return status, answered, answer


def wait_for(graph, operation):
    """Polls the operation that registers the schema; the service takes minutes for it, Linkspan does not."""
    pause = 1
    while True:
        _, _, answer = graph.ask("GET", operation)
        if answer["status"] == "completed":
            return
        if answer["status"] == "failed":
            sys.exit(f"the schema was refused: {answer['error']['message']}")
        time.sleep(pause)
        pause = min(pause * 2, 60)


def prepare(graph):
    description = "Articles of the office's handbook, written by hand for the people who work there."
    connection = {"id": CONNECTION, "name": "Articles (Python)", "description": description}
    status, _, _ = graph.ask("POST", "/external/connections", connection, fine=(201, 409))
    print("connection", "created" if status == 201 else "was there already")
    _, answered, _ = graph.ask("PATCH", f"/external/connections/{CONNECTION}/schema", SCHEMA)
    if answered.get("Location"):
        wait_for(graph, answered["Location"])
    print("schema registered")
    group = {"id": "launchteam", "displayName": "Launch team", "description": "Who prepares the launch."}
    groups = f"/external/connections/{CONNECTION}/groups"
    graph.ask("POST", groups, group, fine=(201, 409))
    graph.ask("POST", f"{groups}/launchteam/members", {"id": READER, "type": "user"}, fine=(201, 409))
    print("group kept")


def push(graph):
    for name, title, tags, text, acl in ARTICLES:
        item = {
            "acl": acl,
            "properties": {
                "title": title,
                "url": f"https://handbook.example/{name}",
                "tags@odata.type": "Collection(String)",
                "tags": tags,
                "changed": "2026-01-31T08:00:00Z",
            },
            "content": {"type": "text", "value": text},
        }
        graph.ask("PUT", f"/external/connections/{CONNECTION}/items/{name}", item)
    # What is gone from the source must go from the index too.
    graph.ask("DELETE", f"/external/connections/{CONNECTION}/items/draft", fine=(204, 404))
    print(f"{len(ARTICLES)} items pushed, 1 taken back")


def main():
    graph = Graph(sign_in())
    if "--delete" in sys.argv[1:]:
        status, _, _ = graph.ask("DELETE", f"/external/connections/{CONNECTION}", fine=(202, 204, 404))
        print("connection", "was not there" if status == 404 else "deleted")
        return
    prepare(graph)
    push(graph)


if __name__ == "__main__":
    main()
