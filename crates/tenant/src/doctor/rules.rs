//! Every check by name: what ought to be so, why, what to do, and what it weighs.
//!
//! Documentation: <https://learn.microsoft.com/microsoft-365-copilot/extensibility/overview-copilot-connector>

use std::borrow::Cow;

use super::{Area, Check, Verdict, Weight};

/// A check before it is made.
pub(super) struct Rule {
    id: &'static str,
    area: Area,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    weight: Weight,
}

impl Rule {
    pub(super) fn pass(&self, found: impl Into<String>) -> Check {
        self.ended(Verdict::Pass, found)
    }

    pub(super) fn warning(&self, found: impl Into<String>) -> Check {
        self.ended(Verdict::Warning, found)
    }

    pub(super) fn failure(&self, found: impl Into<String>) -> Check {
        self.ended(Verdict::Failure, found)
    }

    pub(super) fn unknown(&self, found: impl Into<String>) -> Check {
        self.ended(Verdict::Unknown, found)
    }

    pub(super) fn ended(&self, verdict: Verdict, found: impl Into<String>) -> Check {
        Check {
            id: Cow::Borrowed(self.id),
            area: self.area,
            title: Cow::Borrowed(self.title),
            verdict,
            found: found.into(),
            why: Cow::Borrowed(self.why),
            fix: Cow::Borrowed(self.fix),
            about: Vec::new(),
            weight: self.weight,
        }
    }
}

impl Check {
    /// Says which parts of the connection it is about.
    pub(super) fn about(mut self, parts: impl IntoIterator<Item = String>) -> Self {
        self.about = parts.into_iter().collect();
        self
    }
}

/// One line of weights (search, Copilot), then what ought to be so, why, and what to do.
macro_rules! rules {
    ($($rule:ident $id:literal $area:ident $search:literal $copilot:literal $title:literal $why:literal $fix:literal)*) => {
        $(pub(super) const $rule: Rule = Rule {
            id: $id,
            area: Area::$area,
            title: $title,
            why: $why,
            fix: $fix,
            weight: Weight { search: $search, copilot: $copilot },
        };)*
    };
}

rules! {
    STATE "state" Connection 10 10
        "The connection is ready"
        "Items are accepted and found only while the state is ready."
        "Register a schema (draft), delete items or ask for a larger quota (limitExceeded), or make the connection anew (obsolete)."
    NAME "name" Connection 1 3
        "The name says what the content is"
        "Users choose by it, and Copilot cites it."
        "PATCH the connection with a name that a user would recognize, such as that of the source."
    DESCRIPTION "description" Connection 1 8
        "The description says what is in the content and when to ask it"
        "Copilot decides by the description whether a question is for this connection."
        "PATCH the connection with a description of a sentence or two: what the items are, for whom, and which questions they answer."
    URL_RESOLVERS "url-resolvers" Connection 1 4
        "URL resolvers can find items by their addresses"
        "Links that users share count as activity only where a resolver knows the item; recommendations and ranking live on that."
        "Set activitySettings.urlToItemResolvers, each with baseUrls, a urlPattern with named groups, and an itemId made of those groups."
    URL_RESOLUTION "url-resolution" Connection 1 4
        "The resolvers find the items by their own url property"
        "A resolver that yields other ids credits nobody's item."
        "Compare the urlPattern and the itemId template with the addresses of your items."
    RESULT_TEMPLATES "result-templates" Connection 4 0
        "A result template says how hits look"
        "Without one, hits show with the default layout."
        "Set searchSettings.searchResultTemplates with an Adaptive Card that binds to your properties."
    RESULT_TEMPLATE_NAMES "result-template-names" Connection 3 0
        "Result templates name properties that hits carry"
        "What a placeholder names and a hit does not carry shows as nothing."
        "Correct the name in the template, or declare the property with isRetrievable."

    LABEL_TITLE "label-title" Schema 8 10
        "A property carries the label title"
        "The title is what users see and click, and what ranking weighs most; Copilot cites it."
        "Give the label title to the string property that names an item, and register the schema again."
    LABEL_URL "label-url" Schema 8 10
        "A property carries the label url"
        "Without it a hit leads nowhere, and Copilot has no source to link to."
        "Give the label url to the string property with an item's address, and register the schema again."
    LABEL_ICON_URL "label-icon-url" Schema 1 5
        "A property carries the label iconUrl"
        "Copilot shows the icon beside what it cites."
        "Add a retrievable string property with the label iconUrl; the same address may do for all items."
    LABELS_HELPFUL "labels-helpful" Schema 3 3
        "The labels lastModifiedDateTime, lastModifiedBy and createdBy are given"
        "Freshness and people make better ranking and better answers."
        "Label the properties that hold them; add them where the source knows."
    LABELS_RETRIEVABLE "labels-retrievable" Schema 4 4
        "Labelled properties are retrievable"
        "A label on what cannot be returned has no effect."
        "Set isRetrievable on them, and register the schema again."
    SEARCHABLE "searchable" Schema 12 12
        "A text property is searchable"
        "Only searchable properties and the content are searched for words."
        "Set isSearchable on the string properties that hold words, the title first."
    QUERYABLE "queryable" Schema 4 2
        "A property is queryable"
        "Only queryable properties can be asked for by name, as in status:open."
        "Set isQueryable on the properties that people narrow a search by."
    REFINABLE "refinable" Schema 4 0
        "A property is refinable"
        "Only refinable properties can be sorted by, filtered by and counted."
        "Set isRefinable on properties such as a type, a state or a date; one that is refinable cannot be searchable."
    ALIASES "aliases" Schema 2 0
        "Queryable properties have aliases"
        "People do not know the name of a property; an alias is another word that they may use."
        "Add aliases in the words of the users."
    DESCRIPTIONS "property-descriptions" Schema 0 4
        "Queryable and labelled properties have descriptions"
        "Copilot learns from them what a property means."
        "Describe each in at most 200 characters."

    ITEMS "items" Items 10 10
        "There are items"
        "Nothing is found where nothing is."
        "Put items."
    CONTENT "item-content" Items 6 12
        "Items have content"
        "The content is what full-text search and Copilot's answers are made from."
        "Send content with every item, as text or HTML."
    TITLES "item-titles" Items 5 6
        "Items have a title"
        "An item without a title shows with none."
        "Fill the property with the label title in every item."
    URLS "item-urls" Items 4 8
        "Items have an absolute address"
        "A relative or absent address cannot be opened or cited."
        "Fill the property with the label url with an address that begins with https://."

    ACL_EVERYONE "acl-everyone" Access 5 5
        "Items are not all open to everyone"
        "A connector that forgets to map permissions grants everyone; what is secret is then found by all."
        "If the source has permissions, map them to users, groups or external groups. If all of it is public, this warning can stay."
    ACL_NOBODY "acl-nobody" Access 8 8
        "Every item is visible to somebody"
        "What nobody may see is never found."
        "Grant to users or groups that the directory knows, or to external groups with members, and check the denies."
    GROUPS_MISSING "groups-missing" Access 4 4
        "External groups that are named exist"
        "A grant to a group that was never made lets nobody in; a deny keeps nobody out."
        "POST the groups and their members, or correct the names in the ACLs. Names are compared with their case."
    GROUPS_EMPTY "groups-empty" Access 2 2
        "External groups have members"
        "A group without members grants to nobody."
        "Add its members, or delete it."
    GROUPS_UNUSED "groups-unused" Access 1 1
        "External groups are named in ACLs or in other groups"
        "A group that nothing names is maintained for nothing, or its name is misspelled where it should be."
        "Name it in the ACLs, or delete it."
    PRINCIPALS_UNKNOWN "principals-unknown" Access 4 4
        "Users and groups that are named are in the directory"
        "An id that the directory does not know is nobody: a mail address, a login name or a group of the source."
        "Use the object ids of the directory; for people and groups of the source itself, make external groups."
    GROUP_CYCLES "group-cycles" Access 1 1
        "External groups do not contain themselves"
        "A cycle makes all of its groups one; that is rarely meant."
        "Remove one of the memberships."

    ACTIVITIES "activities" Usage 2 4
        "Items have activities"
        "Views, changes and comments are what recommendations and ranking learn from."
        "POST addActivities as people use the source."
    PERMISSIONS_UNUSED "permissions-unused" Usage 0 0
        "The app needs the permissions that it has"
        "A permission that is not needed is a risk, and an administrator will ask about it."
        "Take from the app what it did not use, if its whole work was seen."
    PERMISSIONS_MISSING "permissions-missing" Usage 0 0
        "The app has the permissions for what it tries"
        "What it tried was refused with 403."
        "Grant one of the permissions to the app, or stop asking."
    LIMITS "limits" Usage 2 2
        "The numbers are within the Graph's limits"
        "Above them the Graph refuses items, or sets the connection to limitExceeded."
        "Spread the content over several connections, or leave out what nobody searches."
    FORECAST "forecast" Usage 0 0
        "A full crawl of the Graph takes less than a day"
        "The Graph takes a number of items per second and connection, and answers 429 above it."
        "Send only what has changed, and plan the first crawl."
}
