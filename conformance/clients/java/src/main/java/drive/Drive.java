package drive;

import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.UsernamePasswordCredentialBuilder;
import com.microsoft.graph.core.authentication.AzureIdentityAuthenticationProvider;
import com.microsoft.graph.external.connections.item.ExternalConnectionItemRequestBuilder;
import com.microsoft.graph.external.connections.item.items.item.microsoftgraphexternalconnectorsaddactivities.AddActivitiesPostRequestBody;
import com.microsoft.graph.models.externalconnectors.AccessType;
import com.microsoft.graph.models.externalconnectors.AclType;
import com.microsoft.graph.models.externalconnectors.ConnectionOperationStatus;
import com.microsoft.graph.models.externalconnectors.ConnectionState;
import com.microsoft.graph.models.externalconnectors.ExternalConnection;
import com.microsoft.graph.models.externalconnectors.ExternalItem;
import com.microsoft.graph.models.externalconnectors.ItemIdResolver;
import com.microsoft.graph.models.odataerrors.ODataError;
import com.microsoft.graph.serviceclient.GraphServiceClient;
import com.microsoft.kiota.http.middleware.options.HeadersInspectionOption;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Drives the unchanged Microsoft Graph SDK for Java, and azure-identity, against a Linkspan on this machine.
 *
 * <pre>
 * java -cp 'build/classes:build/lib/*' drive.Drive --base-url https://localhost:7743/v1.0 \
 *     --authority https://localhost:7743 --ca ca.pem --tenant GUID --client-id ID --client-secret SECRET \
 *     --user UPN --password WORD --grant-user OBJECT-ID \
 *     --other-user UPN --other-password WORD --other-id OBJECT-ID
 * HTTPS_PROXY=http://127.0.0.1:7788 java -cp … drive.Drive --default-urls --ca ca.pem --tenant GUID …
 * </pre>
 *
 * With --default-urls neither the SDK nor azure-identity is told another address than Microsoft's, as in a program that
 * is not to be changed: the proxy, Linkspan's CONNECT listener, leads them here. Both users sign in with azure-identity
 * by password. The last line is `N passed, M failed`; the exit code is 0 only if something passed and nothing failed.
 */
final class Drive {
    private static final String SCOPE = "https://graph.microsoft.com/.default";
    private static final Set<String> NEEDED = Set.of("ca", "tenant", "client-id", "client-secret", "user", "password",
        "grant-user", "other-user", "other-password", "other-id");

    private final Map<String, String> asked;
    private final boolean defaultUrls;
    private final String id = "java" + UUID.randomUUID().toString().replace("-", "").substring(0, 10);
    private final Checks check = new Checks();

    private Drive(Map<String, String> asked) {
        this.asked = asked;
        this.defaultUrls = !asked.containsKey("base-url");
    }

    public static void main(String[] arguments) throws Exception {
        var asked = read(arguments);
        trust(Path.of(asked.get("ca")));
        if (asked.containsKey("default-urls")) {
            var proxy = URI.create(System.getenv("HTTPS_PROXY"));
            System.setProperty("https.proxyHost", proxy.getHost());
            System.setProperty("https.proxyPort", String.valueOf(proxy.getPort()));
        }
        var drive = new Drive(asked);
        try {
            drive.run();
        } catch (RuntimeException error) {
            drive.check.that("the drive comes to its end", false, error);
        }
        System.out.println(drive.check.passed + " passed, " + drive.check.failed + " failed");
        // The clients' threads would stay for a while.
        System.exit(drive.check.failed == 0 && drive.check.passed > 0 ? 0 : 1);
    }

    private static Map<String, String> read(String[] arguments) {
        var asked = new HashMap<String, String>();
        for (var at = 0; at < arguments.length; at++) {
            var name = arguments[at].replaceFirst("^--", "");
            asked.put(name, name.equals("default-urls") || at + 1 == arguments.length ? "" : arguments[++at]);
        }
        var alone = asked.containsKey("default-urls");
        if (alone == asked.containsKey("base-url") || alone == asked.containsKey("authority")) {
            refuse("give either --base-url and --authority, or --default-urls");
        }
        if (alone && !String.valueOf(System.getenv("HTTPS_PROXY")).startsWith("http://127.0.0.1:")) {
            // Without it the requests would leave this machine.
            refuse("--default-urls needs HTTPS_PROXY=http://127.0.0.1:PORT in the environment");
        }
        var missing = NEEDED.stream().filter(name -> !asked.containsKey(name)).sorted().toList();
        if (!missing.isEmpty()) {
            refuse("missing: --" + String.join(", --", missing));
        }
        return asked;
    }

    private static void refuse(String why) {
        System.err.println(why);
        System.exit(2);
    }

    /** Makes a trust store of the CA, as `keytool -importcert` would, and names it before anything connects. */
    private static void trust(Path ca) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var pem = Files.newInputStream(ca)) {
            store.setCertificateEntry("linkspan", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        var file = Files.createTempFile("linkspan", ".p12");
        file.toFile().deleteOnExit();
        try (var out = Files.newOutputStream(file)) {
            store.store(out, "linkspan".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", file.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "linkspan");
    }

    /** Every check, in the order of a connection's life. */
    private void run() {
        var graph = tokens();
        var connection = graph.external().connections().byExternalConnectionId(id);
        connections(graph, connection);
        schema(connection);
        groups(connection);
        items(connection);
        search(connection);
        endings(connection);
    }

    private GraphServiceClient tokens() {
        var credential = app(asked.get("client-secret"));
        var scopes = new TokenRequestContext().addScopes(SCOPE);
        check.answer("a token for the app", () -> credential.getTokenSync(scopes), token ->
            token.getToken().split("\\.").length == 3 && token.getExpiresAt().isAfter(OffsetDateTime.now().plusMinutes(1)));
        try {
            app("not the secret").getTokenSync(scopes);
            check.that("a wrong secret is refused", false, "a token was issued");
        } catch (RuntimeException error) {
            check.that("a wrong secret is refused", error.toString().contains("AADSTS7000215"), error);
        }
        return client(credential);
    }

    private TokenCredential app(String secret) {
        var builder = new ClientSecretCredentialBuilder()
            .tenantId(asked.get("tenant")).clientId(asked.get("client-id")).clientSecret(secret);
        return defaultUrls
            ? builder.build()
            : builder.authorityHost(asked.get("authority")).disableInstanceDiscovery().build();
    }

    private Search user(String upn, String password) {
        var builder = new UsernamePasswordCredentialBuilder()
            .tenantId(asked.get("tenant")).clientId(asked.get("client-id")).username(upn).password(password);
        if (!defaultUrls) {
            builder.authorityHost(asked.get("authority")).disableInstanceDiscovery();
        }
        return new Search(client(builder.build()), id);
    }

    private GraphServiceClient client(TokenCredential credential) {
        if (defaultUrls) {
            return new GraphServiceClient(credential, SCOPE);
        }
        var host = URI.create(asked.get("base-url")).getHost();
        var graph = new GraphServiceClient(new AzureIdentityAuthenticationProvider(credential, new String[] {host}, SCOPE));
        graph.getRequestAdapter().setBaseUrl(asked.get("base-url"));
        return graph;
    }

    private void connections(GraphServiceClient graph, ExternalConnectionItemRequestBuilder connection) {
        var all = graph.external().connections();
        check.refusal("an unknown connection is 404", connection::get, 404);
        var said = Said.wiki(id);
        check.answer("create a connection", () -> all.post(said), made -> made.getId().equals(id)
            && made.getName().equals("Wiki") && made.getState() == ConnectionState.Draft
            && made.getConfiguration().getAuthorizedAppIds().contains(asked.get("client-id")));
        check.refusal("its id is taken: 409", () -> all.post(Said.wiki(id)), 409);
        // The SDK sends only what changed since it sent the object last: here nothing, so {}.
        check.refusal("the same object once more is {}: 400 that names what is missing", () -> all.post(said), 400, "name");
        check.answer("the list has it", () -> all.get().getValue(), list -> list.stream()
            .anyMatch(one -> one.getId().equals(id) && one.getName().equals("Wiki")));
        check.answer("the resolver of URLs is kept", connection::get, Drive::resolves);
        check.done("change its description", () -> connection.patch(Said.description("All pages")));
        check.answer("only the description changed", connection::get, kept ->
            kept.getName().equals("Wiki") && kept.getDescription().equals("All pages") && resolves(kept));
    }

    private static boolean resolves(ExternalConnection kept) {
        return kept.getActivitySettings().getUrlToItemResolvers().get(0) instanceof ItemIdResolver resolver
            && resolver.getItemId().equals("{page}") && resolver.getUrlMatchInfo().getUrlPattern().equals(Said.PATTERN);
    }

    private void schema(ExternalConnectionItemRequestBuilder connection) {
        check.refusal("no schema yet: 404", () -> connection.schema().get(), 404);
        var seen = new HeadersInspectionOption(false, true);
        check.done("register a schema", () -> connection.schema().patch(Said.schema(), asking -> asking.options.add(seen)));
        var location = String.join("", seen.getResponseHeaders().getOrDefault("Location", Set.of()));
        var base = defaultUrls ? "https://graph.microsoft.com/v1.0" : asked.get("base-url");
        check.that("Location is an operation on the host that was asked",
            location.startsWith(base + "/external/connections/" + id + "/operations/"), location);
        var operation = connection.operations()
            .byConnectionOperationId(location.substring(location.lastIndexOf('/') + 1));
        check.answer("the operation completes",
            () -> Checks.until(operation::get, now -> now.getStatus() != ConnectionOperationStatus.Inprogress),
            done -> done.getStatus() == ConnectionOperationStatus.Completed && done.getError() == null);
        check.answer("Location itself can be followed", () -> operation.withUrl(location).get(),
            done -> done.getStatus() == ConnectionOperationStatus.Completed);
        check.answer("the connection is ready", connection::get, kept -> kept.getState() == ConnectionState.Ready);
        check.answer("the schema comes back as it was said", () -> connection.schema().get().getProperties(), kept ->
            kept.size() == Said.PROPERTIES.size() && kept.stream().allMatch(one -> {
                var label = Said.LABELS.get(one.getName());
                var labels = one.getLabels() == null ? List.of() : one.getLabels();
                return one.getType() == Said.PROPERTIES.get(one.getName())
                    && labels.equals(label == null ? List.of() : List.of(label));
            }));
    }

    private void groups(ExternalConnectionItemRequestBuilder connection) {
        check.answer("create a group", () -> connection.groups().post(Said.group("wardens", "Wardens")),
            made -> made.getId().equals("wardens"));
        var group = connection.groups().byExternalGroupId("wardens");
        check.done("change its name", () -> group.patch(Said.displayName("All wardens")));
        check.answer("get the group", group::get, kept -> kept.getDisplayName().equals("All wardens"));
        check.answer("add a member", () -> group.members().post(Said.user(asked.get("grant-user"))),
            made -> made.getId().equals(asked.get("grant-user")));
    }

    private void items(ExternalConnectionItemRequestBuilder connection) {
        var items = connection.items();
        var rich = items.byExternalItemId("rich");
        check.answer("put an item with all types", () -> rich.put(Said.rich()), kept -> kept.getId().equals("rich"));
        check.answer("put it again", () -> rich.put(Said.rich()), kept -> kept.getId().equals("rich"));
        for (var put : others()) {
            check.done("put an item " + put.what, () -> items.byExternalItemId(put.id).put(put.item));
        }
        check.answer("get it back whole", rich::get, kept -> {
            var first = kept.getAcl().get(0);
            return Search.shows(kept.getProperties().getAdditionalData(), Said.rich().getProperties().getAdditionalData())
                && kept.getContent().getValue().equals(Said.BIRDS)
                && first.getType() == AclType.Everyone && first.getAccessType() == AccessType.Grant;
        });
        var bad = items.byExternalItemId("bad");
        check.refusal("a property outside the schema: 400",
            () -> bad.put(Said.item("x", "x", Map.of("color", "red"), Said.everyone())), 400);
        check.refusal("an unknown item: 404", bad::get, 404);
        var activities = new AddActivitiesPostRequestBody();
        activities.setActivities(List.of(Said.created(asked.get("grant-user"))));
        check.answer("add an activity", () -> rich.microsoftGraphExternalConnectorsAddActivities().post(activities),
            answer -> answer.getValue().size() == 1);
    }

    private record Put(String what, String id, ExternalItem item) {}

    private List<Put> others() {
        var own = Said.entry(AclType.User, asked.get("grant-user"), AccessType.Grant);
        var denied = Said.entry(AclType.User, asked.get("grant-user"), AccessType.Deny);
        var team = Said.entry(AclType.ExternalGroup, "wardens", AccessType.Grant);
        var zoneless = Map.<String, Object>of("changed", "2026-01-02T03:04:05");
        return List.of(
            new Put("for one user", "mine", Said.item("Saltmarsh notes", "saltmarsh, private", Map.of(), own)),
            new Put("for a group", "team", Said.item("Saltmarsh rota", "saltmarsh, for wardens", Map.of(), team)),
            new Put("for everyone but one", "denied",
                Said.item("Saltmarsh audit", "saltmarsh, not for one", Map.of(), Said.everyone(), denied)),
            new Put("with a long id", "Odd-id_" + "x".repeat(60),
                Said.item("Odd", "an odd id", Map.of(), Said.everyone())),
            new Put("without content, with a date without a zone", "bare",
                Said.item("Bare", null, zoneless, Said.everyone())),
            new Put("for nobody", "nobody", Said.item("Saltmarsh draft", "saltmarsh, unpublished", Map.of())));
    }

    private void search(ExternalConnectionItemRequestBuilder connection) {
        var one = user(asked.get("user"), asked.get("password"));
        check.answer("the first user finds what the lists allow",
            () -> Checks.until(() -> one.found("saltmarsh"), ids -> ids.size() >= 3),
            List.of("mine", "rich", "team")::equals);
        check.answer("a hit is an externalItem with the fields asked for", () -> one.page("counted", 0, 10, "title", "tags"),
            page -> {
                var hit = page.getHits().get(0);
                return page.getTotal() == 1 && !page.getMoreResultsAvailable() && hit.getRank() == 1
                    && hit.getSummary().contains("<c0>") && hit.getContentSource() != null && Search.shows(
                        Search.fields(hit), Map.of("title", "Saltmarsh survey", "tags", List.of("birds", "coast")));
            });
        var first = check.answer("the first page says that there is more", () -> one.page("saltmarsh", 0, 2),
            page -> page.getHits().size() == 2 && page.getTotal() == 3 && page.getMoreResultsAvailable());
        check.answer("the second page is the rest", () -> one.page("saltmarsh", 2, 2),
            page -> page.getHits().size() == 1 && !page.getMoreResultsAvailable() && first.getHits().stream()
                .noneMatch(hit -> hit.getHitId().equals(page.getHits().get(0).getHitId())));
        check.answer("a property is a restriction", () -> one.found("title:survey"), List.of("rich")::equals);
        check.answer("a word that is nowhere", () -> one.found("xyzzyplugh"), List::isEmpty);
        var other = user(asked.get("other-user"), asked.get("other-password"));
        check.answer("the second user finds something else", () -> other.found("saltmarsh"),
            List.of("denied", "rich")::equals);
        var members = connection.groups().byExternalGroupId("wardens").members();
        check.done("the second user joins", () -> members.post(Said.user(asked.get("other-id"))));
        check.answer("and finds more at once", () -> other.found("saltmarsh"), List.of("denied", "rich", "team")::equals);
        check.done("the first user leaves", members.byIdentityId(asked.get("grant-user"))::delete);
        check.answer("and finds less at once", () -> one.found("saltmarsh"), List.of("mine", "rich")::equals);
    }

    private void endings(ExternalConnectionItemRequestBuilder connection) {
        var group = connection.groups().byExternalGroupId("wardens");
        check.done("delete the group", group::delete);
        check.refusal("the group is gone", group::get, 404);
        var item = connection.items().byExternalItemId("mine");
        check.done("delete an item", item::delete);
        check.refusal("the item is gone", item::get, 404);
        check.done("delete the connection", connection::delete);
        check.answer("it goes", () -> Checks.until(() -> status(connection), status -> status != 200), status -> status == 404);
    }

    private static int status(ExternalConnectionItemRequestBuilder connection) {
        try {
            connection.get();
            return 200;
        } catch (ODataError error) {
            return error.getResponseStatusCode();
        }
    }
}
