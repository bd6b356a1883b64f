//! Permissions such as `ExternalItem.ReadWrite.OwnedBy`, delegated or application.
//!
//! Documentation: <https://learn.microsoft.com/graph/permissions-reference>

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// A permission; the same word serves as application role and delegated scope.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope { $($(#[$doc])* $variant,)* }

        impl Scope {
            /// Every permission we know.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The permission's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

scopes! {
    /// Read all connections.
    ExternalConnectionReadAll = "ExternalConnection.Read.All";
    /// Read and write all connections.
    ExternalConnectionReadWriteAll = "ExternalConnection.ReadWrite.All";
    /// Read and write the connections that name the app in `authorizedAppIds`.
    ExternalConnectionReadWriteOwnedBy = "ExternalConnection.ReadWrite.OwnedBy";
    /// Read items: all for an app, those the user may see for a user.
    ExternalItemReadAll = "ExternalItem.Read.All";
    /// Read and write all items.
    ExternalItemReadWriteAll = "ExternalItem.ReadWrite.All";
    /// Read and write the items of owned connections.
    ExternalItemReadWriteOwnedBy = "ExternalItem.ReadWrite.OwnedBy";
    /// Sign in and read one's own profile.
    UserRead = "User.Read";
    /// Read all users.
    UserReadAll = "User.Read.All";
    /// Read all groups.
    GroupReadAll = "Group.Read.All";
}

impl Scope {
    /// The permission of that name, compared without case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|scope| scope.as_str().eq_ignore_ascii_case(text))
    }
}
