#!/usr/bin/env node
// A small connector for Microsoft Graph, with Node's own fetch alone (Node 18 or newer).
//
// It creates a connection, registers a schema, keeps an external group, and pushes a handful of articles, each with the
// list of those who may find it. It speaks to https://graph.microsoft.com and nothing in it knows about Linkspan:
//
//   linkspan run -- node connector.mjs         against Linkspan, from a shell with nothing else set
//   node connector.mjs                         against Microsoft Graph, with the three variables below
//   node connector.mjs --delete                removes the connection and all that it holds
//
// Environment: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of an app with the application permissions
// ExternalConnection.ReadWrite.OwnedBy and ExternalItem.ReadWrite.OwnedBy; optionally CONNECTOR_READER_ID and
// CONNECTOR_DENIED_ID, the object ids of two users (by default two of Linkspan's seeded users).

import { setTimeout as sleep } from "node:timers/promises";

const LOGIN = "https://login.microsoftonline.com";
const GRAPH = "https://graph.microsoft.com/v1.0";
const CONNECTION = "articlesjs";
const ATTEMPTS = 6;
// What passes when one waits: throttling, and gateways and servers on a bad day.
const PASSING = [429, 502, 503, 504];
const PAUSE_MAX = 120;

const tenant = need("AZURE_TENANT_ID");
const reader = process.env.CONNECTOR_READER_ID ?? "5eed0000-0000-4000-8000-0000000000b1";
const denied = process.env.CONNECTOR_DENIED_ID ?? "5eed0000-0000-4000-8000-0000000000b4";

const schema = {
  baseType: "microsoft.graph.externalItem",
  properties: [
    { name: "title", type: "String", isSearchable: true, isRetrievable: true, isQueryable: true, labels: ["title"] },
    { name: "url", type: "String", isRetrievable: true, labels: ["url"] },
    { name: "tags", type: "StringCollection", isRetrievable: true, isQueryable: true, isRefinable: true },
    { name: "changed", type: "DateTime", isRetrievable: true, isQueryable: true, labels: ["lastModifiedDateTime"] },
  ],
};

const grant = (type, value) => ({ accessType: "grant", type, value });
const deny = (type, value) => ({ accessType: "deny", type, value });

const articles = [
  { id: "holidays", title: "Public holidays", tags: ["office"], text: "The office is closed on public holidays.", acl: [grant("everyone", tenant)] },
  {
    id: "printer", title: "The printer on the second floor", tags: ["office", "howto"],
    text: "Hold the green button to wake the printer.", acl: [grant("everyone", tenant), deny("user", denied)],
  },
  { id: "salaries", title: "Salary bands", tags: ["people"], text: "The bands are reviewed every spring.", acl: [grant("user", reader)] },
  { id: "launch", title: "Plan for the launch", tags: ["project"], text: "The launch needs a rehearsal.", acl: [grant("externalGroup", "launchteam")] },
  { id: "draft", title: "Half an article", tags: ["project"], text: "This one is taken back.", acl: [grant("user", reader)] },
];

function need(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set: set it to the values of your app, or start this with \`linkspan run -- node ${process.argv[1]}\``);
    process.exit(2);
  }
  return value;
}

/** Milliseconds to wait: what the service says, else longer each time; never for ever. */
function pause(said, attempt) {
  const seconds = /^\d+$/.test(said ?? "") ? Number(said) : 2 ** attempt;
  return 1000 * Math.min(seconds, PAUSE_MAX);
}

/**
 * Sends a request, again when the service asks for patience or the connection is lost; the answer with its text. Every
 * request here may come twice: what exists already is answered 409, and that is fine with those who ask.
 */
async function call(url, options) {
  for (let attempt = 0; ; attempt += 1) {
    let said;
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(60_000) });
      const text = await response.text();
      if (!PASSING.includes(response.status) || attempt === ATTEMPTS - 1) {
        return { response, text };
      }
      said = response.headers.get("retry-after");
    } catch (error) {
      if (attempt === ATTEMPTS - 1) {
        throw error;
      }
    }
    await sleep(pause(said, attempt));
  }
}

async function signIn() {
  const { response, text } = await call(`${LOGIN}/${tenant}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: need("AZURE_CLIENT_ID"),
      client_secret: need("AZURE_CLIENT_SECRET"),
      scope: "https://graph.microsoft.com/.default",
    }),
  });
  const answer = text.startsWith("{") ? JSON.parse(text) : { error_description: text };
  if (!response.ok) {
    throw new Error(`sign-in failed: ${answer.error_description}`);
  }
  return answer.access_token;
}

/** Asks the Graph; statuses besides success are fine only when they are named. */
function graph(token) {
  return async (method, path, body, fine = []) => {
    const url = path.startsWith("https://") ? path : GRAPH + path;
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    const { response, text } = await call(url, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok && !fine.includes(response.status)) {
      const error = text.startsWith("{") ? JSON.parse(text).error : { message: text };
      throw new Error(`${method} ${path}: ${response.status} ${error.code}: ${error.message}`);
    }
    return { status: response.status, location: response.headers.get("location"), body: text ? JSON.parse(text) : null };
  };
}

/** Polls the operation that registers the schema; the service takes minutes for it, Linkspan does not. */
async function waitFor(ask, operation) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 60)) {
    const { body } = await ask("GET", operation);
    if (body.status === "completed") {
      return;
    }
    if (body.status === "failed") {
      throw new Error(`the schema was refused: ${body.error.message}`);
    }
    await sleep(1000 * pause);
  }
}

async function prepare(ask) {
  const description = "Articles of the office's handbook, written by hand for the people who work there.";
  const connection = { id: CONNECTION, name: "Articles (Node)", description };
  const created = await ask("POST", "/external/connections", connection, [409]);
  console.log(created.status === 201 ? "connection created" : "connection was there already");
  const registered = await ask("PATCH", `/external/connections/${CONNECTION}/schema`, schema);
  if (registered.location) {
    await waitFor(ask, registered.location);
  }
  console.log("schema registered");
  const groups = `/external/connections/${CONNECTION}/groups`;
  await ask("POST", groups, { id: "launchteam", displayName: "Launch team", description: "Who prepares the launch." }, [409]);
  await ask("POST", `${groups}/launchteam/members`, { id: reader, type: "user" }, [409]);
  console.log("group kept");
}

async function push(ask) {
  const put = ({ id, title, tags, text, acl }) =>
    ask("PUT", `/external/connections/${CONNECTION}/items/${id}`, {
      acl,
      properties: {
        title,
        url: `https://handbook.example/${id}`,
        "tags@odata.type": "Collection(String)",
        tags,
        changed: "2026-01-31T08:00:00Z",
      },
      content: { type: "text", value: text },
    });
  await Promise.all(articles.map(put));
  // What is gone from the source must go from the index too.
  await ask("DELETE", `/external/connections/${CONNECTION}/items/draft`, undefined, [404]);
  console.log(`${articles.length} items pushed, 1 taken back`);
}

try {
  const ask = graph(await signIn());
  if (process.argv.includes("--delete")) {
    const { status } = await ask("DELETE", `/external/connections/${CONNECTION}`, undefined, [404]);
    console.log(status === 404 ? "connection was not there" : "connection deleted");
  } else {
    await prepare(ask);
    await push(ask);
  }
} catch (error) {
  console.error(error.cause ? `${error.message}: ${error.cause.message}` : error.message);
  process.exitCode = 1;
}
