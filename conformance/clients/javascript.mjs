#!/usr/bin/env node
// Drives the unchanged Microsoft Graph clients for JavaScript, and @azure/identity, against a Linkspan on this machine.
//
//   javascript.mjs --modules DIR --client graph|kiota [--gzip] --base-url https://localhost:7743 \
//     --authority https://localhost:7743 --ca ca.pem --tenant GUID --client-id ID --client-secret SECRET \
//     --user UPN --password WORD --grant-user OBJECT-ID --other-user UPN --other-password WORD --other-id OBJECT-ID
//
// `graph` is @microsoft/microsoft-graph-client, `kiota` is @microsoft/msgraph-sdk with the models it generates; `--gzip`
// compresses its bodies. The first user searches throughout; the second one shows that another user gets another answer,
// and without `--other-user` those checks are left out. The last line is `N passed, M failed`; the exit code is 0 only if
// something passed and nothing failed.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values: asked } = parseArgs({
  options: {
    modules: text, client: { ...text, default: 'graph' }, gzip: { type: 'boolean' }, version: { ...text, default: 'v1.0' },
    'base-url': text, authority: text, ca: text, tenant: text, 'client-id': text, 'client-secret': text,
    user: text, password: text, 'grant-user': text, 'other-user': text, 'other-password': text, 'other-id': text,
    wait: { ...text, default: '30' },
    'connection-id': { ...text, default: `node${randomBytes(5).toString('hex')}` },
  },
});
const needed = ['modules', 'base-url', 'authority', 'ca', 'tenant', 'client-id', 'client-secret', 'user', 'password', 'grant-user'];
const missing = needed.filter(name => !asked[name]);
if (missing.length > 0) {
  console.error(`needs ${missing.map(name => `--${name}`).join(', ')}`);
  process.exit(2);
}
// Node reads its extra authorities before the first line of a program, so the program starts once more with them.
if (process.env.NODE_EXTRA_CA_CERTS !== path.resolve(asked.ca)) {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: path.resolve(asked.ca) };
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env }).status ?? 1);
}

const modules = path.resolve(asked.modules);
const require = createRequire(path.join(modules, 'resolve-from-here.js'));

/** Imports a package, or a file of one, that is installed in `--modules`. */
async function load(name) {
  try {
    return await import(pathToFileURL(require.resolve(name)).href);
  } catch (error) {
    if (!['ERR_PACKAGE_PATH_NOT_EXPORTED', 'MODULE_NOT_FOUND'].includes(error.code)) throw error;
  }
  const directory = path.join(modules, 'node_modules', name);
  if (path.extname(name)) return import(pathToFileURL(directory).href);
  const { exports, module, main } = require(path.join(directory, 'package.json'));
  const entry = exports?.['.']?.import?.default ?? exports?.['.']?.import ?? module ?? main;
  return import(pathToFileURL(path.join(directory, entry)).href);
}

// ---- what is counted ----

let [passed, failed] = [0, 0];

function that(what, holds, found) {
  if (holds) passed += 1;
  else failed += 1;
  const said = typeof found === 'string' ? found : JSON.stringify(found);
  console.log(holds ? `ok    ${what}` : `FAIL  ${what}: ${String(said).slice(0, 400)}`);
}

const status = error => error?.statusCode ?? error?.responseStatusCode;

/** The call succeeds and its answer is as wanted; hands the answer on, or undefined. */
async function answer(what, call, holds = () => true) {
  try {
    const got = await call();
    that(what, holds(got), got ?? 'no answer');
    return got;
  } catch (error) {
    that(what, false, `${error?.name} ${status(error) ?? ''}: ${error?.message}`);
    return undefined;
  }
}

/** The call is refused with this status, in a form in which the client finds the error's code. */
async function refusal(what, call, wanted) {
  try {
    that(what, false, await call() ?? 'was not refused');
  } catch (error) {
    const code = error?.code ?? error?.errorEscaped?.code ?? error?.error?.code;
    that(what, status(error) === wanted && Boolean(code), `${status(error)} ${code}: ${error?.message}`);
  }
}

async function until(ask, holds) {
  for (const end = Date.now() + Number(asked.wait) * 1000; ;) {
    const got = await ask();
    if (holds(got) || Date.now() > end) return got;
    await new Promise(resolve => { setTimeout(resolve, 200); });
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// ---- two clients behind one function: send(method, path, body, options) ----
//
// A path is a list: texts are fixed segments, `[id]` is an id. Options: `speaks` and `hears` name the models of the body
// and of the answer, which only the generated client needs; `raw` asks for status and headers; `headers`.

async function graphClient() {
  const { Client, ResponseType } = await load('@microsoft/microsoft-graph-client');
  const { TokenCredentialAuthenticationProvider } =
    await load('@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js');
  return credential => {
    const client = Client.initWithMiddleware({
      authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: ['https://graph.microsoft.com/.default'] }),
      baseUrl: asked['base-url'],
      defaultVersion: asked.version,
      // Only hosts that are named here are given the token.
      customHosts: new Set([new URL(asked['base-url']).hostname]),
    });
    return async (method, segments, body, { raw, headers } = {}) => {
      const at = typeof segments === 'string' ? segments
        : segments.map(one => `/${Array.isArray(one) ? encodeURIComponent(one[0]) : one}`).join('');
      let request = client.api(at);
      if (headers) request = request.headers(headers);
      if (raw) request = request.responseType(ResponseType.RAW);
      const send = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' }[method];
      const got = await request[send](body);
      return raw ? { status: got.status, headers: got.headers } : got;
    };
  };
}

async function generatedClient() {
  const kiota = await load('@microsoft/kiota-abstractions');
  const { AzureIdentityAuthenticationProvider } = await load('@microsoft/kiota-authentication-azure');
  const { GraphRequestAdapter, createGraphServiceClient } = await load('@microsoft/msgraph-sdk');
  const external = await load('@microsoft/msgraph-sdk/models/externalConnectors/index.js');
  const models = await load('@microsoft/msgraph-sdk/models/index.js');
  const { createODataErrorFromDiscriminatorValue } = await load('@microsoft/msgraph-sdk/models/oDataErrors/index.js');
  const collection = create => () => into => ({
    value: node => { into.value = node.getCollectionOfObjectValues(create); },
  });
  const writes = (member, serialize) => (writer, body) => writer.writeCollectionOfObjectValues(member, body[member], serialize);
  const speaks = {
    connection: external.serializeExternalConnection,
    schema: external.serializeSchema,
    item: external.serializeExternalItem,
    group: external.serializeExternalGroup,
    identity: external.serializeIdentity,
    activities: writes('activities', external.serializeExternalActivity),
    search: writes('requests', models.serializeSearchRequest),
  };
  const hears = {
    connection: external.createExternalConnectionFromDiscriminatorValue,
    connections: external.createExternalConnectionCollectionResponseFromDiscriminatorValue,
    schema: external.createSchemaFromDiscriminatorValue,
    operation: external.createConnectionOperationFromDiscriminatorValue,
    item: external.createExternalItemFromDiscriminatorValue,
    group: external.createExternalGroupFromDiscriminatorValue,
    identity: external.createIdentityFromDiscriminatorValue,
    activities: collection(external.createExternalActivityResultFromDiscriminatorValue),
    search: collection(models.createSearchResponseFromDiscriminatorValue),
  };
  const pipeline = asked.gzip ? await compressing() : undefined;
  return credential => {
    const hosts = new Set([new URL(asked['base-url']).hostname]);
    const provider = new AzureIdentityAuthenticationProvider(credential, [], undefined, hosts);
    const adapter = new GraphRequestAdapter(provider, undefined, undefined, pipeline);
    adapter.baseUrl = `${asked['base-url']}/${asked.version}`;
    // Making the client registers the readers and writers of JSON with the adapter.
    createGraphServiceClient(adapter);
    return async (method, segments, body, options = {}) => {
      const parameters = { baseurl: adapter.baseUrl };
      const template = segments.map((one, place) => {
        if (!Array.isArray(one)) return `/${one}`;
        [parameters[`id${place}`]] = one;
        return `/{id${place}}`;
      });
      const request = new kiota.RequestInformation(kiota.HttpMethod[method], `{+baseurl}${template.join('')}`, parameters);
      request.headers.add('Accept', 'application/json');
      for (const [name, value] of Object.entries(options.headers ?? {})) request.headers.add(name, value);
      if (body) request.setContentFromParsable(adapter, 'application/json', body, speaks[options.speaks]);
      const errors = { XXX: createODataErrorFromDiscriminatorValue };
      if (options.raw) {
        let got;
        const handler = new kiota.ResponseHandlerOption();
        handler.responseHandler = { handleResponse: async response => { got = response; } };
        request.addRequestOptions([handler]);
        await adapter.send(request, hears[options.hears], errors);
        return { status: got.status, headers: got.headers };
      }
      return options.hears ? adapter.send(request, hears[options.hears], errors) : adapter.sendNoResponseContent(request, errors);
    };
  };
}

/** The generated client's own pipeline, with its handler that compresses bodies put in front of the sending one. */
async function compressing() {
  const { CompressionHandler } = await load('@microsoft/kiota-http-fetchlibrary');
  const { GraphHttpClient, getDefaultMiddlewares } = await load('@microsoft/msgraph-sdk-core');
  const customFetch = (...request) => fetch(...request);
  const handlers = getDefaultMiddlewares({ customFetch, graphTelemetryOption: { graphServiceLibraryClientVersion: '0.0.0' } });
  handlers.splice(-1, 0, new CompressionHandler());
  return new GraphHttpClient({}, undefined, ...handlers);
}

const isGenerated = asked.client === 'kiota';
const make = { graph: graphClient, kiota: generatedClient }[asked.client];
if (!make) {
  console.error(`--client is graph or kiota, not ${asked.client}`);
  process.exit(2);
}

// ---- how the two clients spell the same thing ----

/** An open bag of properties: plain for one client, under `additionalData` for the other. */
const bag = members => (isGenerated ? { additionalData: members } : members);
const inBag = (holder, name) => (isGenerated ? holder?.additionalData : holder)?.[name];
const typed = (kind, members) => ({ [isGenerated ? 'odataType' : '@odata.type']: `#microsoft.graph.externalConnectors.${kind}`, ...members });
const date = when => (isGenerated ? new Date(when) : when);

/** The generated client loses the members of derived types when it writes them, unless they travel as additional data. */
const resolver = () => {
  const own = { itemId: '{page}', urlMatchInfo: { baseUrls: ['https://contoso.test'], urlPattern: '/wiki/(?<page>[^/]+)' } };
  return typed('itemIdResolver', { priority: 1, ...(isGenerated ? { additionalData: own } : own) });
};

/** An adaptive card; the generated client wants arbitrary JSON wrapped node by node. */
async function card() {
  const plain = { type: 'AdaptiveCard', version: '1.3', body: [] };
  if (!isGenerated) return plain;
  const { createUntypedArray, createUntypedObject, createUntypedString } = await load('@microsoft/kiota-abstractions');
  return createUntypedObject({
    type: createUntypedString(plain.type), version: createUntypedString(plain.version), body: createUntypedArray([]),
  });
}

// ---- the drive ----

const id = asked['connection-id'];
const user = asked['grant-user'];
const at = ['external', 'connections', [id]];
const itemAt = item => [...at, 'items', [item]];
const groupAt = [...at, 'groups', ['wardens']];
const everyone = { type: 'everyone', value: 'everyone', accessType: 'grant' };

const { ClientSecretCredential, UsernamePasswordCredential } = await load('@azure/identity');
const authority = { authorityHost: asked.authority, disableInstanceDiscovery: true };
const appCredential = (secret = asked['client-secret']) =>
  new ClientSecretCredential(asked.tenant, asked['client-id'], secret, authority);
const userCredential = (upn, password) =>
  new UsernamePasswordCredential(asked.tenant, asked['client-id'], upn, password, authority);
const clientFor = await make();
const send = clientFor(appCredential());

async function tokens() {
  const scope = 'https://graph.microsoft.com/.default';
  await answer('a token for the app', () => appCredential().getToken(scope),
    token => token.token.split('.').length === 3 && token.expiresOnTimestamp > Date.now() + 60_000);
  try {
    await appCredential('not the secret').getToken(scope);
    that('a wrong secret is refused', false, 'a token was issued');
  } catch (error) {
    that('a wrong secret is refused', error.message.includes('AADSTS7000215'), error.message);
  }
}

async function connections() {
  const models = { speaks: 'connection', hears: 'connection' };
  const get = () => send('GET', at, undefined, models);
  await refusal('an unknown connection is 404', get, 404);
  const said = {
    id, name: 'Wiki', description: 'Pages of the wiki',
    activitySettings: { urlToItemResolvers: [resolver()] },
    searchSettings: { searchResultTemplates: [{ id: 'plain', priority: 1, layout: await card() }] },
  };
  const create = () => send('POST', at.slice(0, 2), said, models);
  await answer('create a connection', create, made => made.id === id && made.name === 'Wiki' && made.state === 'draft'
    && made.configuration.authorizedAppIds.includes(asked['client-id']));
  await refusal('its id is taken: 409', create, 409);
  await answer('the list has it', () => send('GET', at.slice(0, 2), undefined, { hears: 'connections' }),
    page => page.value.filter(one => one.id === id).length === 1);
  await answer('change its description', () => send('PATCH', at, { description: 'All pages' }, { speaks: 'connection' }));
  await answer('only the description changed', get, kept => kept.name === 'Wiki' && kept.description === 'All pages'
    && kept.activitySettings.urlToItemResolvers[0].itemId === '{page}'
    && kept.searchSettings.searchResultTemplates[0].id === 'plain');
  return get;
}

async function schema(getConnection) {
  const found = { isQueryable: true, isRetrievable: true };
  // The samples for this language write types in PascalCase; the generated models know one spelling only.
  const kind = name => (isGenerated ? name : name[0].toUpperCase() + name.slice(1));
  const properties = [
    { name: 'title', type: kind('string'), labels: ['title'], isSearchable: true, ...found },
    { name: 'url', type: kind('string'), labels: ['url'], isRetrievable: true },
    { name: 'iconUrl', type: kind('string'), labels: ['iconUrl'], isRetrievable: true },
    { name: 'changed', type: kind('dateTime'), labels: ['lastModifiedDateTime'], isRefinable: true, ...found },
    { name: 'tags', type: kind('stringCollection'), isRefinable: true, ...found },
    { name: 'priority', type: kind('int64'), isRefinable: true, ...found },
    { name: 'score', type: kind('double'), isRetrievable: true },
    { name: 'published', type: kind('boolean'), isRetrievable: true },
  ];
  const schemaAt = [...at, 'schema'];
  const get = () => send('GET', schemaAt, undefined, { hears: 'schema', headers: { Prefer: 'include-unknown-enum-members' } });
  await refusal('no schema yet: 404', get, 404);
  const said = { baseType: 'microsoft.graph.externalItem', properties };
  const accepted = await answer('register a schema',
    () => send('PATCH', schemaAt, said, { speaks: 'schema', hears: 'schema', raw: true }), got => got.status === 202);
  const location = new URL(accepted.headers.get('location'));
  that('Location is an operation on the host that was asked', location.origin === new URL(asked['base-url']).origin
    && location.pathname.includes('/operations/'), location.href);
  const operation = () => send('GET', [...at, 'operations', [location.pathname.split('/').pop()]], undefined, { hears: 'operation' });
  await answer('the operation completes', () => until(operation, seen => seen.status !== 'inprogress'),
    seen => seen.status === 'completed');
  if (!isGenerated) {
    await answer('Location itself can be followed', () => send('GET', location.href), seen => seen.status === 'completed');
  }
  await answer('the connection is ready', getConnection, kept => kept.state === 'ready');
  await answer('the schema comes back as it was said', get, kept => same(
    kept.properties.map(one => [one.name, one.type, one.labels ?? []]),
    properties.map(one => [one.name, one.type[0].toLowerCase() + one.type.slice(1), one.labels ?? []])));
}

function item(item, title, value, acl, members = {}) {
  const properties = { title, url: `https://contoso.test/wiki/${item}`, ...members };
  return { id: item, acl, content: { type: 'text', value }, properties: bag(properties) };
}

async function items() {
  const put = one => send('PUT', itemAt(one.id), one, { speaks: 'item', hears: 'item' });
  const get = name => send('GET', itemAt(name), undefined, { hears: 'item' });
  const activity = typed('externalActivity', {
    type: 'created', startDateTime: date('2026-01-02T00:00:00Z'), performedBy: { type: 'user', id: user },
  });
  const members = {
    changed: '2026-01-02T03:04:05Z', 'tags@odata.type': 'Collection(String)', tags: ['birds', 'coast'],
    priority: 3, score: 1.5, published: true,
  };
  const rich = item('rich', 'Saltmarsh survey', 'Saltmarsh birds counted in the spring', [everyone], members);
  await answer('put an item with all types, and an activity', () => put({ ...rich, activities: [activity] }), kept => kept.id === 'rich');
  await answer('put it again', () => put(rich), kept => kept.id === 'rich');
  const grant = (type, value) => [{ type, value, accessType: 'grant' }];
  const wanted = {
    'for one user': item('mine', 'Saltmarsh notes', 'saltmarsh, private', grant('user', user)),
    'for a group': item('team', 'Saltmarsh rota', 'saltmarsh, for wardens', grant('externalGroup', 'wardens')),
    'for everyone but one': item('denied', 'Saltmarsh audit', 'saltmarsh, not for one',
      [everyone, { type: 'user', value: user, accessType: 'deny' }]),
    'with a long id': item(`Odd-id_${'x'.repeat(60)}`, 'Odd', 'an odd id', [everyone]),
  };
  for (const [name, one] of Object.entries(wanted)) await answer(`put an item ${name}`, () => put(one));
  await answer('get it back whole', () => get('rich'), kept =>
    ['title', 'priority', 'score', 'published'].every(name => inBag(kept.properties, name) === inBag(rich.properties, name))
    && same(inBag(kept.properties, 'tags'), members.tags) && kept.content.value === rich.content.value
    && kept.acl.length === 1 && kept.acl[0].type === 'everyone' && kept.acl[0].accessType === 'grant');
  await refusal('a property outside the schema: 400', () => put(item('bad', 'x', 'x', [everyone], { color: 'red' })), 400);
  await refusal('an unknown item: 404', () => get('bad'), 404);
  await answer('add an activity', () => send('POST', [...itemAt('rich'), 'addActivities'], { activities: [activity] },
    { speaks: 'activities', hears: 'activities' }), got => got.value.length === 1);
  return get;
}

const join = member => send('POST', [...groupAt, 'members'],
  isGenerated ? { id: member, type: 'user' } : typed('identity', { id: member, type: 'user' }), { speaks: 'identity', hears: 'identity' });

async function groups() {
  const group = { id: 'wardens', displayName: 'Wardens', description: 'Who looks after it' };
  const models = { speaks: 'group', hears: 'group' };
  await answer('create a group', () => send('POST', [...at, 'groups'], group, models), made => made.id === 'wardens');
  await answer('change its name', () => send('PATCH', groupAt, { displayName: 'All wardens' }, { speaks: 'group' }));
  await answer('get the group', () => send('GET', groupAt, undefined, models), kept => kept.displayName === 'All wardens');
  await answer('add a member', () => join(user), made => made.id === user);
}

/** Searches the connection as one user. */
function searcher(upn, password) {
  const sendAsUser = clientFor(userCredential(upn, password));
  const page = async (queryString, members) => {
    const request = { entityTypes: ['externalItem'], contentSources: [`/external/connections/${id}`], query: { queryString }, ...members };
    const got = await sendAsUser('POST', ['search', 'query'], { requests: [request] }, { speaks: 'search', hears: 'search' });
    return got.value[0].hitsContainers[0];
  };
  // The id of an item is the end of `substrateContentDomainId`.
  const found = async queryString => {
    const { hits } = await page(queryString, { from: 0, size: 25, fields: ['substrateContentDomainId'] });
    const named = (hits ?? []).map(hit => inBag(hit.resource.properties, 'substrateContentDomainId'));
    return named.map(name => name.slice(name.indexOf(',') + 1)).sort();
  };
  return { page, found };
}

async function search() {
  const one = searcher(asked.user, asked.password);
  await answer('the first user finds what the lists allow', () => until(() => one.found('saltmarsh'), ids => ids.length >= 3),
    ids => same(ids, ['mine', 'rich', 'team']));
  const page = await answer('an answer has totals', () => one.page('counted', { from: 0, size: 10, fields: ['title', 'tags'] }),
    got => got.total === 1 && got.moreResultsAvailable === false);
  const hit = page?.hits?.[0];
  that('a hit has rank, summary and source', hit?.rank === 1 && hit?.summary?.includes('<c0>') && hit?.contentSource === id, hit ?? 'no hit');
  that('and the fields asked for', inBag(hit?.resource?.properties, 'title') === 'Saltmarsh survey'
    && same(inBag(hit?.resource?.properties, 'tags'), ['birds', 'coast']), hit ?? 'no hit');
  const first = await answer('the first page says that there is more', () => one.page('saltmarsh', { from: 0, size: 2 }),
    got => got.hits.length === 2 && got.total === 3 && got.moreResultsAvailable === true);
  await answer('the second page is the rest', () => one.page('saltmarsh', { from: 2, size: 2 }),
    got => got.hits.length === 1 && got.moreResultsAvailable === false && !first.hits.some(other => other.hitId === got.hits[0].hitId));
  await answer('a property is a restriction', () => one.found('title:survey'), ids => same(ids, ['rich']));
  if (!asked['other-user']) {
    console.log('      without --other-user nobody else searches');
    return;
  }
  const other = searcher(asked['other-user'], asked['other-password']);
  await answer('the second user finds something else', () => other.found('saltmarsh'), ids => same(ids, ['denied', 'rich']));
  await answer('the second user joins', () => join(asked['other-id']), made => made.id === asked['other-id']);
  await answer('and finds more at once', () => other.found('saltmarsh'), ids => same(ids, ['denied', 'rich', 'team']));
  await answer('the first user leaves', () => send('DELETE', [...groupAt, 'members', [user]]));
  await answer('and finds less at once', () => one.found('saltmarsh'), ids => same(ids, ['mine', 'rich']));
}

async function endings(getConnection, getItem) {
  await answer('delete the group', () => send('DELETE', groupAt));
  await refusal('the group is gone', () => send('GET', groupAt, undefined, { hears: 'group' }), 404);
  await answer('delete an item', () => send('DELETE', itemAt('mine')));
  await refusal('the item is gone', () => getItem('mine'), 404);
  await answer('delete the connection', () => send('DELETE', at));
  const code = () => getConnection().then(() => 200, error => status(error));
  await answer('the connection is gone', () => until(code, got => got === 404), got => got === 404);
}

try {
  await tokens();
  const getConnection = await connections();
  await schema(getConnection);
  const getItem = await items();
  await groups();
  await search();
  await endings(getConnection, getItem);
} catch (error) {
  that('the drive reaches its end', false, `${error?.name}: ${error?.message}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(passed > 0 && failed === 0 ? 0 : 1);
