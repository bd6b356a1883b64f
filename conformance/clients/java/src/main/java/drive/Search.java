package drive;

import com.microsoft.graph.models.EntityType;
import com.microsoft.graph.models.SearchHit;
import com.microsoft.graph.models.SearchHitsContainer;
import com.microsoft.graph.models.SearchQuery;
import com.microsoft.graph.models.SearchRequest;
import com.microsoft.graph.models.externalconnectors.ExternalItem;
import com.microsoft.graph.search.query.QueryPostRequestBody;
import com.microsoft.graph.serviceclient.GraphServiceClient;
import com.microsoft.kiota.serialization.UntypedNode;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** Searches the connection as one user. */
record Search(GraphServiceClient graph, String connection) {
    /** The one container of hits of an answer. */
    SearchHitsContainer page(String text, int from, int size, String... fields) {
        var query = new SearchQuery();
        query.setQueryString(text);
        var request = new SearchRequest();
        request.setEntityTypes(List.of(EntityType.ExternalItem));
        request.setContentSources(List.of("/external/connections/" + connection));
        request.setQuery(query);
        request.setFrom(from);
        request.setSize(size);
        request.setFields(fields.length == 0 ? null : List.of(fields));
        var body = new QueryPostRequestBody();
        body.setRequests(List.of(request));
        var answers = graph.search().query().post(body).getValue();
        if (answers.size() != 1 || answers.get(0).getHitsContainers().size() != 1) {
            throw new IllegalStateException("an answer without its one container of hits");
        }
        return answers.get(0).getHitsContainers().get(0);
    }

    /** The ids of the items found, whose place is the end of substrateContentDomainId. */
    List<String> found(String text) {
        var hits = page(text, 0, 25, "substrateContentDomainId").getHits();
        if (hits == null) {
            return List.of();
        }
        return hits.stream()
            .map(hit -> fields(hit).get("substrateContentDomainId").toString().split(",", 2)[1])
            .sorted()
            .toList();
    }

    static Map<String, Object> fields(SearchHit hit) {
        return ((ExternalItem) hit.getResource()).getProperties().getAdditionalData();
    }

    /** Are the properties as said? The SDK reads every number as a double, and lists as trees of its own. */
    static boolean shows(Map<String, Object> kept, Map<String, Object> said) {
        return said.entrySet().stream().filter(one -> !one.getKey().contains("@")).allMatch(one -> {
            var found = plain(kept.get(one.getKey()));
            var same = plain(one.getValue()).equals(found);
            if (!same) {
                System.out.println("      " + one.getKey() + " is " + found + " instead of " + one.getValue());
            }
            return same;
        });
    }

    private static Object plain(Object value) {
        if (value instanceof UntypedNode node) {
            return plain(node.getValue());
        }
        if (value instanceof Iterable<?> list) {
            return StreamSupport.stream(list.spliterator(), false).map(Search::plain).toList();
        }
        return value instanceof Number number ? (Object) number.doubleValue() : String.valueOf(value);
    }
}
