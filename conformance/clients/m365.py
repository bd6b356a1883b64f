#!/usr/bin/env python3
"""Drives the unchanged CLI for Microsoft 365 against a Linkspan on this machine, through its CONNECT listener.

    m365.py --m365 node_modules/.bin/m365 --proxy http://127.0.0.1:7788 --ca ca.pem --tenant GUID \\
        --client-id ID --client-secret SECRET --user UPN --password WORD --grant-user OBJECT-ID \\
        --other-user UPN --other-password WORD --other-id OBJECT-ID

The CLI knows no other hosts than Microsoft's, so every request of it comes through the listener. It keeps its sign-in
in a home directory, which is a temporary one here. The first user runs `doctor` and searches; the second one shows that
another user finds something else. The last line is `N passed, M failed`; the exit code is 0 only if something passed
and nothing failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    needed = ["m365", "proxy", "ca", "tenant", "client-id", "client-secret", "user", "password", "grant-user"]
    for name in needed + ["other-user", "other-password", "other-id"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--node", default="node", help="the Node that runs the CLI")
    parser.add_argument("--wait", type=float, default=30, help="seconds to wait for a schema, search or deletion")
    return parser.parse_args()


ASKED = arguments()
CONNECTION = "cli" + uuid.uuid4().hex[:10]
# The quote and the ampersand have to survive `$filter=name eq '…'`.
NAME = f"Helpdesk's calls & visits {uuid.uuid4().hex[:6]}"
OTHER_APP = "0c0ffee0-0000-4000-8000-000000000001"
# What decides where requests go, and whom they trust; the CLI gets ours alone.
STEERING = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NODE_OPTIONS", "NODE_USE_ENV_PROXY"}
LONGEST_COMMAND = 120


class Answer:
    """What a command left behind."""

    def __init__(self, code, output, errors):
        self.code, self.text = code, f"exit code {code}: {output}{errors}"
        try:
            self.json = json.loads(output)
        except ValueError:
            self.json = None


class Cli:
    """The CLI in a home of its own: nothing of this machine's sign-ins is read or changed."""

    def __init__(self, home):
        settings = Path(home, ".config/configstore")
        settings.mkdir(parents=True)
        # Errors on the standard output are JSON; telemetry and questions would leave this machine or wait for ever.
        said = {"disableTelemetry": True, "prompt": False, "errorOutput": "stdout"}
        (settings / "cli-m365-config.json").write_text(json.dumps(said), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name.upper() not in STEERING}
        self.environment = kept | {
            "HOME": home, "XDG_CONFIG_HOME": str(Path(home, ".config")), "CLIMICROSOFT365_NOUPDATE": "1",
            "NO_COLOR": "1", "HTTPS_PROXY": ASKED.proxy, "NODE_EXTRA_CA_CERTS": os.path.abspath(ASKED.ca)}

    def __call__(self, *words, output="json"):
        command = [ASKED.node, ASKED.m365, *words, "--output", output]
        try:
            ended = subprocess.run(
                command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=LONGEST_COMMAND, check=False)
        except subprocess.TimeoutExpired:
            return Answer(-1, "", f"no end within {LONGEST_COMMAND} s")
        return Answer(ended.returncode, ended.stdout, ended.stderr)

    def until(self, *words, holds):
        """Runs the command until the answer is as wanted or the time is over; hands back the last answer."""
        end = time.monotonic() + ASKED.wait
        while True:
            answer = self(*words)
            if holds(answer) or time.monotonic() > end:
                return answer
            time.sleep(0.3)


class Checks:
    """Counts what holds, and prints each with what was found instead."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, answer, holds):
        """`holds` may stumble over an answer of another shape: then it does not hold."""
        try:
            good = bool(holds(answer))
        except (TypeError, KeyError, IndexError, AttributeError):
            good = False
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f"ok    {what}" if good else f"FAIL  {what}: {answer.text:.400}", flush=True)
        return answer

    def works(self, what, answer, holds=lambda said: True):
        """The command ended with 0, and its JSON is as wanted."""
        return self.that(what, answer, lambda answer: answer.code == 0 and holds(answer.json))

    def refused(self, what, answer, word):
        """The command ended with 1, and says `word`; the CLI prints the message of an error and not its details."""
        return self.that(what, answer, lambda answer: answer.code == 1 and word in answer.text)


def sign_in(check, cli):
    app = ["--appId", ASKED.client_id, "--tenant", ASKED.tenant]
    check.refused(
        "a wrong secret is refused", cli("login", "--authType", "secret", *app, "--secret", "not the secret"),
        "AADSTS7000215")
    check.works(
        "sign in as the app", cli("login", "--authType", "secret", *app, "--secret", ASKED.client_secret),
        lambda said: (said["authType"], said["appTenant"]) == ("secret", ASKED.tenant)
        and said["connectedAs"] and said["connectionName"])


def connections(check, cli):
    def about(verb, *words):
        return cli("external", "connection", verb, *words)

    made = ["--id", CONNECTION, "--name", NAME, "--description", "Calls and visits"]
    check.refused("an unknown connection", about("get", "--id", CONNECTION), "does not exist")
    check.works("add a connection", about("add", *made, "--authorizedAppIds", OTHER_APP))
    check.refused("its id is taken", about("add", *made), "already exists")
    check.works("the list has it", about("list"), lambda said: [one["name"] for one in said if one["id"] == CONNECTION] == [NAME])
    check.works(
        "get it by id", about("get", "--id", CONNECTION),
        lambda said: (said["name"], said["state"]) == (NAME, "draft")
        and {OTHER_APP, ASKED.client_id} <= set(said["configuration"]["authorizedAppIds"]))
    check.works("get it by name", about("get", "--name", NAME), lambda said: said["id"] == CONNECTION)


def schema(check, cli):
    # As in the CLI's own pages: types begin with a capital, and truth is text. It is sent as a form, which it is not.
    columns = [
        {"name": "subject", "type": "String", "isSearchable": "true", "isQueryable": "true", "isRetrievable": "true",
         "labels": ["title"]},
        {"name": "url", "type": "String", "isRetrievable": "true", "labels": ["url"]},
        {"name": "icon", "type": "String", "isRetrievable": "true", "labels": ["iconUrl"]},
        {"name": "urgency", "type": "String", "isSearchable": "false", "isQueryable": "true", "isRetrievable": "true"},
        {"name": "agents", "type": "StringCollection", "isQueryable": "true", "isRetrievable": "true"},
    ]
    wanted = json.dumps({"baseType": "microsoft.graph.externalItem", "properties": columns})
    begun = check.works(
        "add a schema: the CLI prints the operation's address",
        cli("external", "connection", "schema", "add", "--externalConnectionId", CONNECTION, "--schema", wanted),
        lambda said: said.startswith("https://graph.microsoft.com/v1.0/") and "/operations/" in said)
    if isinstance(begun.json, str):
        check.works(
            "the operation completes",
            cli.until("request", "--url", begun.json, holds=lambda seen: (seen.json or {}).get("status") != "inprogress"),
            lambda said: said["status"] == "completed")
    check.works(
        "the connection is ready", cli("external", "connection", "get", "--id", CONNECTION),
        lambda said: said["state"] == "ready")


def items(check, cli):
    def add(identifier, acl, *properties, output="json"):
        return cli(
            "external", "item", "add", "--externalConnectionId", CONNECTION, "--id", identifier, "--acls", acl,
            "--content", f"The kettle in room {identifier} whistles", *properties, output=output)

    everyone = "grant,everyone,everyone"
    check.works(
        "add an item with a collection",
        add("call1", everyone, "--subject", "Kettle whistles", "--url", "https://contoso.test/calls/1", "--urgency", "low",
            "--agents@odata.type", "Collection(String)", "--agents", "Kim;#Noor"),
        lambda said: said["id"] == "call1" and said["properties"]["agents"] == ["Kim", "Noor"]
        and (said["acl"][0]["type"], said["acl"][0]["accessType"]) == ("everyone", "grant"))
    # Each of the two has the URL that `doctor` resolves, because it looks at any item it finds.
    check.that(
        "add an item for one user, with the answer as CSV",
        add("call2", f"grant,user,{ASKED.grant_user}", "--subject", "Second kettle", "--url",
            "https://contoso.test/calls/2", output="csv"),
        lambda answer: answer.code == 0 and "call2" in answer.text and "Second kettle" in answer.text)
    check.works(
        "add an item for everyone but one",
        add("call3", f"{everyone};deny,user,{ASKED.other_id}", "--subject", "Third kettle", "--url",
            "https://contoso.test/calls/3"),
        lambda said: [entry["accessType"] for entry in said["acl"]] == ["grant", "deny"])
    check.refused("a property outside the schema", add("call4", everyone, "--color", "red"), "malformed")
    check.works(
        "add a resolver of URLs",
        cli("external", "connection", "urltoitemresolver", "add", "--externalConnectionId", CONNECTION, "--baseUrls",
            "https://contoso.test", "--urlPattern", "/calls/(?<number>[0-9]+)", "--itemId", "call{number}",
            "--priority", "1"))


def search_as(check, cli, upn, password, wanted):
    check.works(
        f"sign in as {upn}",
        cli("login", "--authType", "password", "--appId", ASKED.client_id, "--tenant", ASKED.tenant,
            "--userName", upn, "--password", password),
        lambda said: said["connectedAs"] == upn)
    question = json.dumps({"requests": [{
        "entityTypes": ["externalItem"], "contentSources": [f"/external/connections/{CONNECTION}"],
        "query": {"queryString": "kettle"}}]})

    def found(said):
        hits = said["value"][0]["hitsContainers"][0].get("hits", [])
        named = [hit["resource"]["properties"]["substrateContentDomainId"] for hit in hits]
        return sorted(name.split(",", 1)[1] for name in named) == wanted

    def is_there(answer):
        return answer.code == 0 and found(answer.json)

    check.works(
        f"{upn} finds {', '.join(wanted)}",
        cli.until(
            "request", "--url", "https://graph.microsoft.com/v1.0/search/query", "--method", "post",
            "--content-type", "application/json", "--body", question, holds=is_there),
        found)


def doctor(check, cli):
    """The CLI's own examination of a connector, as the user who is signed in."""
    answer = cli("external", "connection", "doctor", "--id", CONNECTION, "--ux", "all")
    good = [
        "loadExternalConnection", "loadSchema", "copilotRequiredSemanticLabels", "searchableProperties",
        "contentIngested", "semanticLabels", "urlToItemResolver"]
    for name, status in [(name, "passed") for name in good] + [("resultType", "failed")]:
        # No template for results was set, and `doctor` has to see that.
        check.that(
            f"doctor: {name} {status}", answer,
            lambda answer, name=name, status=status: {one["id"]: one["status"] for one in answer.json}[name] == status)


def removal(check, cli):
    check.works("remove the connection by name", cli("external", "connection", "remove", "--name", NAME, "--force"))
    check.refused(
        "the connection is gone",
        cli.until("external", "connection", "get", "--id", CONNECTION, holds=lambda seen: seen.code != 0),
        "does not exist")


def main(check):
    with tempfile.TemporaryDirectory(prefix="linkspan-m365-") as home:
        cli = Cli(home)
        sign_in(check, cli)
        connections(check, cli)
        schema(check, cli)
        items(check, cli)
        search_as(check, cli, ASKED.other_user, ASKED.other_password, ["call1"])
        search_as(check, cli, ASKED.user, ASKED.password, ["call1", "call2", "call3"])
        doctor(check, cli)
        removal(check, cli)


if __name__ == "__main__":
    CHECK = Checks()
    main(CHECK)
    print(f"{CHECK.passed} passed, {CHECK.failed} failed")
    sys.exit(0 if CHECK.passed and not CHECK.failed else 1)
