//! `/external/connections?$select=id`: what can be asked of each collection.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/indexing-api-overview>

use super::shape::{
    Kind::{Flag, Folded, Moment, Number, Text},
    Property, Shape,
};

/// The members of a connection; those that only `/beta` has come last.
const CONNECTION_MEMBERS: [&str; 17] = [
    "id",
    "name",
    "description",
    "state",
    "contentCategory",
    "activitySettings",
    "searchSettings",
    "connectorId",
    "configuration",
    "schema",
    "items",
    "groups",
    "operations",
    "enabledContentExperiences",
    "complianceSettings",
    "ingestedItemsCount",
    "quota",
];

const CONNECTION_MEMBERS_OF_BETA: usize = 4;

/// What connections can be filtered by; what only `/beta` has comes last.
const CONNECTION_PROPERTIES: [Property; 7] = [
    property("name", Text),
    fixed("id", Folded),
    property("state", Folded),
    property("description", Text),
    property("contentCategory", Folded),
    fixed("connectorId", Folded),
    property("ingestedItemsCount", Number),
];

const CONNECTION_PROPERTIES_OF_BETA: usize = 1;

/// Connections on `/beta`. A client that resolves a name deletes what it finds, so nothing but the very name will do.
pub const CONNECTIONS: Shape = Shape {
    members: &CONNECTION_MEMBERS,
    parts: &[
        ("configuration", &["authorizedAppIds"]),
        ("activitySettings", &["urlToItemResolvers"]),
        ("searchSettings", &["searchResultTemplates"]),
        ("complianceSettings", &["eDiscoveryResultTemplates"]),
    ],
    properties: &CONNECTION_PROPERTIES,
    expand: &["schema"],
};

/// Connections on `/v1.0`.
pub const CONNECTIONS_OF_V1: Shape = Shape {
    members: CONNECTION_MEMBERS
        .split_at(CONNECTION_MEMBERS.len() - CONNECTION_MEMBERS_OF_BETA)
        .0,
    properties: CONNECTION_PROPERTIES
        .split_at(CONNECTION_PROPERTIES.len() - CONNECTION_PROPERTIES_OF_BETA)
        .0,
    ..CONNECTIONS
};

/// The schema of a connection.
pub const SCHEMA: Shape = one(&["id", "baseType", "properties"]);

/// How much a connection may still take.
pub const QUOTA: Shape = one(&["id", "itemsRemaining"]);

/// Items. Nothing else is filtered by: all but the id stands in the items' bodies, which a list must not scan.
pub const ITEMS: Shape = Shape {
    members: &[
        "id",
        "acl",
        "properties",
        "content",
        "informationProtectionLabel",
        "activities",
    ],
    parts: &[
        ("properties", &[]),
        ("content", &["type", "value"]),
        ("informationProtectionLabel", &["sensitivityLabelId"]),
    ],
    properties: &[fixed("id", Text)],
    expand: &[],
};

/// The activities of an item.
pub const ACTIVITIES: Shape = Shape {
    members: &["id", "type", "startDateTime", "performedBy"],
    parts: &[],
    properties: &[
        fixed("id", Text),
        fixed("type", Folded),
        fixed("startDateTime", Moment),
    ],
    expand: &["performedBy"],
};

/// External groups.
pub const GROUPS: Shape = Shape {
    members: &["id", "displayName", "description", "members"],
    parts: &[],
    properties: &[
        fixed("id", Text),
        property("displayName", Folded),
        property("description", Folded),
    ],
    expand: &[],
};

/// The members of an external group.
pub const MEMBERS: Shape = Shape {
    members: &["id", "type"],
    parts: &[],
    properties: &[fixed("id", Folded), fixed("type", Folded)],
    expand: &[],
};

/// The operations of a connection.
pub const OPERATIONS: Shape = Shape {
    members: &["id", "status", "error"],
    parts: &[(
        "error",
        &["code", "message", "target", "details", "innerError"],
    )],
    properties: &[fixed("id", Folded), property("status", Folded)],
    expand: &[],
};

/// The users of the directory; the members that these accounts do not know are null.
pub const USERS: Shape = Shape {
    members: &[
        "id",
        "displayName",
        "mail",
        "userPrincipalName",
        "userType",
        "accountEnabled",
        "mailNickname",
        "businessPhones",
        "givenName",
        "jobTitle",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "aboutMe",
        "ageGroup",
        "assignedLicenses",
        "assignedPlans",
        "birthday",
        "city",
        "companyName",
        "country",
        "createdDateTime",
        "creationType",
        "deletedDateTime",
        "department",
        "employeeId",
        "employeeType",
        "externalUserState",
        "faxNumber",
        "identities",
        "imAddresses",
        "lastPasswordChangeDateTime",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesExtensionAttributes",
        "onPremisesImmutableId",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "onPremisesUserPrincipalName",
        "otherMails",
        "postalCode",
        "proxyAddresses",
        "securityIdentifier",
        "showInAddressList",
        "state",
        "streetAddress",
        "usageLocation",
    ],
    parts: &[],
    properties: &[
        property("displayName", Folded),
        fixed("id", Folded),
        property("mail", Folded),
        property("userPrincipalName", Folded),
        property("userType", Folded),
        property("mailNickname", Folded),
        property("accountEnabled", Flag),
    ],
    expand: &[],
};

/// The groups of the directory; the members that these accounts do not know are null.
pub const DIRECTORY_GROUPS: Shape = Shape {
    members: &[
        "id",
        "displayName",
        "description",
        "mail",
        "mailEnabled",
        "mailNickname",
        "securityEnabled",
        "groupTypes",
        "classification",
        "createdDateTime",
        "creationOptions",
        "deletedDateTime",
        "expirationDateTime",
        "isAssignableToRole",
        "membershipRule",
        "membershipRuleProcessingState",
        "onPremisesDomainName",
        "onPremisesLastSyncDateTime",
        "onPremisesNetBiosName",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "preferredDataLocation",
        "preferredLanguage",
        "proxyAddresses",
        "renewedDateTime",
        "resourceBehaviorOptions",
        "resourceProvisioningOptions",
        "securityIdentifier",
        "theme",
        "visibility",
    ],
    parts: &[],
    properties: &[
        property("displayName", Folded),
        fixed("id", Folded),
        property("mailNickname", Folded),
        property("securityEnabled", Flag),
        property("mailEnabled", Flag),
    ],
    expand: &[],
};

/// A resource that stands in no collection.
const fn one(members: &'static [&'static str]) -> Shape {
    Shape {
        members,
        parts: &[],
        properties: &[],
        expand: &[],
    }
}

const fn property(name: &'static str, kind: super::shape::Kind) -> Property {
    Property {
        name,
        kind,
        is_fixed: false,
    }
}

/// One that a resource keeps for life.
const fn fixed(name: &'static str, kind: super::shape::Kind) -> Property {
    Property {
        is_fixed: true,
        ..property(name, kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_beta_has_is_missing_elsewhere() {
        for name in [
            "enabledContentExperiences",
            "complianceSettings",
            "ingestedItemsCount",
            "quota",
        ] {
            assert!(CONNECTIONS.members.contains(&name));
            assert!(!CONNECTIONS_OF_V1.members.contains(&name));
        }
        assert!(CONNECTIONS.property("ingestedItemsCount").is_some());
        assert!(CONNECTIONS_OF_V1.property("ingestedItemsCount").is_none());
        assert!(CONNECTIONS_OF_V1.property("connectorId").is_some());
        assert!(CONNECTIONS_OF_V1.members.contains(&"operations"));
    }
}
