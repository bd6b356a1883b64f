//! What is known of all items of a connection together: counts in bounded time, and a bounded sample.

use graph::{Acl, GroupId, Identity, ItemId};

/// How far a survey looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Items whose ACLs and activities are counted.
    pub counted: u32,
    /// Items that are read.
    pub sampled: u32,
    /// Bytes of the items that are read, all together; those that do not fit are passed over.
    pub sampled_bytes: u64,
    /// Distinct ACLs that are read.
    pub acls: u32,
    /// Bytes of those ACLs, all together.
    pub acl_bytes: u64,
    /// External groups that are read.
    pub groups: u32,
    /// Memberships that are read.
    pub memberships: u32,
}

impl Bounds {
    /// Enough for nearly every connection, and seconds of work at most.
    pub const USUAL: Self = Self {
        counted: 1_000_000,
        sampled: 1_000,
        sampled_bytes: 64 << 20,
        acls: 20_000,
        acl_bytes: 32 << 20,
        groups: 100_000,
        memberships: 200_000,
    };
}

/// Bytes of one property's text that a survey tells, at most.
pub const TEXT_BYTES_MAX: usize = 2_048;

/// What was found, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// All items.
    pub items: u64,
    /// The items whose ACLs and activities were counted.
    pub counted: u64,
    /// Those of the counted that have activities.
    pub with_activities: u64,
    /// The distinct ACLs of the counted items, those of most items first.
    pub acls: Vec<SharedAcl>,
    /// Are these all of them?
    pub acls_are_all: bool,
    /// Some items, spread evenly over all that were counted.
    pub sample: Vec<Sampled>,
    /// The external groups that were made.
    pub groups: Vec<GroupId>,
    /// Are these all of them?
    pub groups_are_all: bool,
    /// Who is in them, directly; ids of users and groups in lower case.
    pub memberships: Vec<(GroupId, Identity)>,
    /// Are these all of them?
    pub memberships_are_all: bool,
}

/// An ACL and how many items have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedAcl {
    /// Its entries, in canonical form.
    pub acl: Vec<Acl>,
    /// The items.
    pub items: u64,
}

/// What is told of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The item.
    pub id: ItemId,
    /// Is there more than blanks in its content?
    pub has_content: bool,
    /// The texts of the properties that were asked for, cut at [`TEXT_BYTES_MAX`]; `None` where there is none.
    pub texts: Vec<Option<String>>,
}
