//! `Accept: application/json;odata.metadata=full`: the types of a resource and of what is in it.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>

use serde_json::{Map, Value};

use super::Context;

const TYPE: &str = "@odata.type";

/// The members of a type that hold objects or lists of them, each with its type.
type Parts = &'static [(&'static str, &'static str)];

/// The types of which a member has members itself, as the metadata of the service declares them.
const TYPES: [(&str, Parts); 16] = [
    (
        "#microsoft.graph.externalConnectors.externalConnection",
        &[
            (
                "configuration",
                "#microsoft.graph.externalConnectors.configuration",
            ),
            (
                "activitySettings",
                "#microsoft.graph.externalConnectors.activitySettings",
            ),
            (
                "searchSettings",
                "#microsoft.graph.externalConnectors.searchSettings",
            ),
            (
                "complianceSettings",
                "#microsoft.graph.externalConnectors.complianceSettings",
            ),
            ("schema", "#microsoft.graph.externalConnectors.schema"),
        ],
    ),
    (
        "#microsoft.graph.externalConnectors.activitySettings",
        &[(
            "urlToItemResolvers",
            "#microsoft.graph.externalConnectors.itemIdResolver",
        )],
    ),
    (
        "#microsoft.graph.externalConnectors.itemIdResolver",
        &[(
            "urlMatchInfo",
            "#microsoft.graph.externalConnectors.urlMatchInfo",
        )],
    ),
    (
        "#microsoft.graph.externalConnectors.searchSettings",
        &[(
            "searchResultTemplates",
            "#microsoft.graph.externalConnectors.displayTemplate",
        )],
    ),
    (
        "#microsoft.graph.externalConnectors.complianceSettings",
        &[(
            "eDiscoveryResultTemplates",
            "#microsoft.graph.externalConnectors.displayTemplate",
        )],
    ),
    // A template's `layout` is the client's own document.
    (
        "#microsoft.graph.externalConnectors.displayTemplate",
        &[("rules", "#microsoft.graph.externalConnectors.propertyRule")],
    ),
    (
        "#microsoft.graph.externalConnectors.schema",
        &[("properties", "#microsoft.graph.externalConnectors.property")],
    ),
    (
        "#microsoft.graph.externalConnectors.property",
        &[(
            "rankingHint",
            "#microsoft.graph.externalConnectors.rankingHint",
        )],
    ),
    (
        "#microsoft.graph.externalConnectors.externalItem",
        &[
            ("acl", "#microsoft.graph.externalConnectors.acl"),
            (
                "properties",
                "#microsoft.graph.externalConnectors.properties",
            ),
            (
                "content",
                "#microsoft.graph.externalConnectors.externalItemContent",
            ),
            (
                "informationProtectionLabel",
                "#microsoft.graph.externalConnectors.externalItemInformationProtectionLabel",
            ),
        ],
    ),
    (
        "#microsoft.graph.externalConnectors.externalActivity",
        &[(
            "performedBy",
            "#microsoft.graph.externalConnectors.identity",
        )],
    ),
    (
        "#microsoft.graph.externalConnectors.externalActivityResult",
        &[("error", "#microsoft.graph.publicError")],
    ),
    (
        "#microsoft.graph.externalConnectors.connectionOperation",
        &[("error", "#microsoft.graph.publicError")],
    ),
    (
        "#microsoft.graph.publicError",
        &[
            ("details", "#microsoft.graph.publicErrorDetail"),
            ("innerError", "#microsoft.graph.publicInnerError"),
        ],
    ),
    (
        "#microsoft.graph.searchResponse",
        &[("hitsContainers", "#microsoft.graph.searchHitsContainer")],
    ),
    (
        "#microsoft.graph.searchHitsContainer",
        &[("hits", "#microsoft.graph.searchHit")],
    ),
    (
        "#microsoft.graph.searchHit",
        &[(
            "resource",
            "#microsoft.graph.externalConnectors.externalItem",
        )],
    ),
];

/// Says in an object, or in every object of a list, of which type it is and what is in it. A type that is there already stays.
pub fn annotate(type_name: &'static str, value: &mut Value) {
    match value {
        Value::Object(members) => annotate_object(type_name, members),
        Value::Array(entries) => entries
            .iter_mut()
            .for_each(|entry| annotate(type_name, entry)),
        _ => {}
    }
}

fn annotate_object(type_name: &'static str, members: &mut Map<String, Value>) {
    for (member, part) in parts(type_name) {
        if let Some(value) = members.get_mut(*member) {
            annotate(part, value);
        }
    }
    if !members.contains_key(TYPE) {
        let mut whole = Map::with_capacity(members.len() + 1);
        whole.insert(TYPE.to_owned(), type_name.into());
        whole.append(members);
        *members = whole;
    }
}

fn parts(type_name: &str) -> Parts {
    let known = TYPES.iter().find(|(name, _)| *name == type_name);
    known.map_or(&[], |(_, parts)| parts)
}

impl Context<'_> {
    /// Says in the members of an answer that holds no collection of resources of which types they are.
    pub fn annotate(self, members: &mut Value) {
        let type_name = match self {
            // These have addresses too, which the server knows.
            Self::List(..) | Self::Entity(_) => return,
            Self::Schema { .. } => "#microsoft.graph.externalConnectors.schema",
            Self::Quota { .. } => "#microsoft.graph.externalConnectors.connectionQuota",
            Self::PerformedBy { .. } => "#microsoft.graph.externalConnectors.identity",
            Self::ActivityResults => {
                let result = "#microsoft.graph.externalConnectors.externalActivityResult";
                return annotate(result, &mut members["value"]);
            }
            Self::SearchResponses => {
                return annotate("#microsoft.graph.searchResponse", &mut members["value"]);
            }
        };
        annotate(type_name, members);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_in_a_resource_has_its_type() {
        let own = |name: &str| format!("#microsoft.graph.externalConnectors.{name}");
        let mut item = json!({
            "id": "a", "acl": [{"type": "everyone"}, {"type": "user"}],
            "properties": {"title": "T"}, "content": null, "activities": []
        });
        annotate(
            "#microsoft.graph.externalConnectors.externalItem",
            &mut item,
        );
        assert_eq!(
            item.to_string(),
            json!({
                TYPE: own("externalItem"), "id": "a",
                "acl": [{TYPE: own("acl"), "type": "everyone"}, {TYPE: own("acl"), "type": "user"}],
                "properties": {TYPE: own("properties"), "title": "T"},
                "content": null, "activities": []
            })
            .to_string()
        );
        let mut connection = json!({"activitySettings": {"urlToItemResolvers": [
            {TYPE: "kept", "urlMatchInfo": {}}
        ]}});
        annotate(
            "#microsoft.graph.externalConnectors.externalConnection",
            &mut connection,
        );
        let resolver = &connection["activitySettings"]["urlToItemResolvers"][0];
        assert_eq!(resolver[TYPE], "kept");
        assert_eq!(resolver["urlMatchInfo"][TYPE], own("urlMatchInfo"));
    }

    #[test]
    fn hits_are_typed_down_to_their_properties() {
        let mut answer =
            json!({"value": [{"hitsContainers": [{"hits": [{"resource": {"properties": {}}}]}]}]});
        Context::SearchResponses.annotate(&mut answer);
        let response = &answer["value"][0];
        assert_eq!(response[TYPE], "#microsoft.graph.searchResponse");
        let hit = &response["hitsContainers"][0]["hits"][0];
        assert_eq!(hit[TYPE], "#microsoft.graph.searchHit");
        assert_eq!(
            hit["resource"]["properties"][TYPE],
            "#microsoft.graph.externalConnectors.properties"
        );
        let mut quota = json!({"itemsRemaining": 1});
        Context::Quota { connection: "c" }.annotate(&mut quota);
        assert_eq!(
            quota[TYPE],
            "#microsoft.graph.externalConnectors.connectionQuota"
        );
    }
}
