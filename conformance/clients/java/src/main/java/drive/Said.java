package drive;

import com.microsoft.graph.models.externalconnectors.AccessType;
import com.microsoft.graph.models.externalconnectors.Acl;
import com.microsoft.graph.models.externalconnectors.AclType;
import com.microsoft.graph.models.externalconnectors.ActivitySettings;
import com.microsoft.graph.models.externalconnectors.ExternalActivity;
import com.microsoft.graph.models.externalconnectors.ExternalActivityType;
import com.microsoft.graph.models.externalconnectors.ExternalConnection;
import com.microsoft.graph.models.externalconnectors.ExternalGroup;
import com.microsoft.graph.models.externalconnectors.ExternalItem;
import com.microsoft.graph.models.externalconnectors.ExternalItemContent;
import com.microsoft.graph.models.externalconnectors.ExternalItemContentType;
import com.microsoft.graph.models.externalconnectors.Identity;
import com.microsoft.graph.models.externalconnectors.IdentityType;
import com.microsoft.graph.models.externalconnectors.ItemIdResolver;
import com.microsoft.graph.models.externalconnectors.Label;
import com.microsoft.graph.models.externalconnectors.Properties;
import com.microsoft.graph.models.externalconnectors.Property;
import com.microsoft.graph.models.externalconnectors.PropertyType;
import com.microsoft.graph.models.externalconnectors.Schema;
import com.microsoft.graph.models.externalconnectors.UrlMatchInfo;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the driver says. Every call makes new objects: the SDK sends one that it has sent before as {}. */
final class Said {
    static final String PATTERN = "/wiki/(?<page>[^/]+)";
    static final String BIRDS = "Saltmarsh birds counted in the spring";

    /** The schema's names and types: every type there is. */
    static final Map<String, PropertyType> PROPERTIES = Map.ofEntries(
        Map.entry("title", PropertyType.String),
        Map.entry("url", PropertyType.String),
        Map.entry("excerpt", PropertyType.String),
        Map.entry("changed", PropertyType.DateTime),
        Map.entry("priority", PropertyType.Int64),
        Map.entry("score", PropertyType.Double),
        Map.entry("published", PropertyType.Boolean),
        Map.entry("tags", PropertyType.StringCollection),
        Map.entry("sizes", PropertyType.Int64Collection),
        Map.entry("weights", PropertyType.DoubleCollection),
        Map.entry("visits", PropertyType.DateTimeCollection));

    static final Map<String, Label> LABELS =
        Map.of("title", Label.Title, "url", Label.Url, "changed", Label.LastModifiedDateTime);

    private Said() {}

    static ExternalConnection wiki(String id) {
        var match = new UrlMatchInfo();
        match.setBaseUrls(List.of("https://contoso.test"));
        match.setUrlPattern(PATTERN);
        var resolver = new ItemIdResolver();
        resolver.setPriority(1);
        resolver.setItemId("{page}");
        resolver.setUrlMatchInfo(match);
        var settings = new ActivitySettings();
        settings.setUrlToItemResolvers(List.of(resolver));
        var said = new ExternalConnection();
        said.setId(id);
        said.setName("Wiki");
        said.setDescription("Pages of the wiki");
        said.setActivitySettings(settings);
        return said;
    }

    static ExternalConnection description(String text) {
        var said = new ExternalConnection();
        said.setDescription(text);
        return said;
    }

    static Schema schema() {
        var properties = new ArrayList<Property>();
        new TreeMap<>(PROPERTIES).forEach((name, type) -> {
            var property = new Property();
            property.setName(name);
            property.setType(type);
            property.setIsRetrievable(true);
            if (LABELS.containsKey(name)) {
                property.setLabels(List.of(LABELS.get(name)));
            }
            if (name.equals("title") || name.equals("excerpt")) {
                property.setIsSearchable(true);
                property.setIsQueryable(true);
            }
            properties.add(property);
        });
        var said = new Schema();
        said.setBaseType("microsoft.graph.externalItem");
        said.setProperties(properties);
        return said;
    }

    static Acl entry(AclType type, String value, AccessType access) {
        var said = new Acl();
        said.setType(type);
        said.setValue(value);
        said.setAccessType(access);
        return said;
    }

    static Acl everyone() {
        return entry(AclType.Everyone, "everyone", AccessType.Grant);
    }

    /** An item; without a text it has no content. */
    static ExternalItem item(String title, String text, Map<String, Object> more, Acl... acl) {
        var values = new HashMap<String, Object>(more);
        values.put("title", title);
        var properties = new Properties();
        properties.setAdditionalData(values);
        var said = new ExternalItem();
        said.setAcl(List.of(acl));
        said.setProperties(properties);
        if (text != null) {
            var content = new ExternalItemContent();
            content.setType(ExternalItemContentType.Text);
            content.setValue(text);
            said.setContent(content);
        }
        return said;
    }

    /** An item with properties of all types. */
    static ExternalItem rich() {
        var moment = OffsetDateTime.parse("2026-01-02T03:04:05Z");
        return item("Saltmarsh survey", BIRDS, Map.ofEntries(
            Map.entry("url", "https://contoso.test/wiki/rich"),
            Map.entry("excerpt", "counted birds"),
            Map.entry("changed", moment),
            Map.entry("priority", 3L),
            Map.entry("score", 1.5),
            Map.entry("published", true),
            Map.entry("tags@odata.type", "Collection(String)"),
            Map.entry("tags", List.of("birds", "coast")),
            Map.entry("sizes@odata.type", "Collection(Int64)"),
            Map.entry("sizes", List.of(2L, 3L)),
            Map.entry("weights@odata.type", "Collection(Double)"),
            Map.entry("weights", List.of(0.5, 2.25)),
            Map.entry("visits@odata.type", "Collection(DateTimeOffset)"),
            Map.entry("visits", List.of(moment))), everyone());
    }

    static Identity user(String id) {
        var said = new Identity();
        said.setId(id);
        said.setType(IdentityType.User);
        return said;
    }

    static ExternalGroup group(String id, String displayName) {
        var said = displayName(displayName);
        said.setId(id);
        return said;
    }

    static ExternalGroup displayName(String text) {
        var said = new ExternalGroup();
        said.setDisplayName(text);
        return said;
    }

    static ExternalActivity created(String by) {
        var said = new ExternalActivity();
        said.setType(ExternalActivityType.Created);
        said.setPerformedBy(user(by));
        said.setStartDateTime(OffsetDateTime.parse("2026-01-02T00:00:00Z"));
        return said;
    }
}
