//! `/external/connections?$select=id`: what can be asked of each collection.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/indexing-api-overview>

use super::shape::{
    Kind::{Flag, Folded, Moment, Number, Text},
    Property, Shape,
};

/// Connections. A client that resolves a name deletes what it finds, so nothing but the very name will do.
pub const CONNECTIONS: Shape = Shape {
    members: &[
        "id",
        "name",
        "description",
        "state",
        "contentCategory",
        "activitySettings",
        "searchSettings",
        "connectorId",
        "configuration",
        "enabledContentExperiences",
        "complianceSettings",
        "ingestedItemsCount",
        "schema",
        "items",
        "groups",
        "operations",
        "quota",
    ],
    properties: &[
        property("name", Text),
        fixed("id", Folded),
        property("state", Folded),
        property("description", Text),
        property("contentCategory", Folded),
        fixed("connectorId", Folded),
        property("ingestedItemsCount", Number),
    ],
    expand: &["schema"],
};

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
    properties: &[fixed("id", Text)],
    expand: &[],
};

/// The activities of an item.
pub const ACTIVITIES: Shape = Shape {
    members: &["id", "type", "startDateTime", "performedBy"],
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
    properties: &[fixed("id", Folded), fixed("type", Folded)],
    expand: &[],
};

/// The operations of a connection.
pub const OPERATIONS: Shape = Shape {
    members: &["id", "status", "error"],
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
    properties: &[
        property("displayName", Folded),
        fixed("id", Folded),
        property("mailNickname", Folded),
        property("securityEnabled", Flag),
        property("mailEnabled", Flag),
    ],
    expand: &[],
};

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
