//! What a client asks of a door: who asks, for what, in which words.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use graph::{
    PublicError,
    odata::{self, Context, List, Metadata},
    route::{Params, Route},
};
use serde_json::{Map, Value};
use tenant::{Caller, Tenant};
use uuid::Uuid;

use crate::{body::Incoming, identity::Issuer, layers::Exchange, router::Front};

/// One request that found its row and its caller.
pub(crate) struct Ask<'r> {
    /// The house, for identifiers and for the entries of a batch.
    pub front: &'r Front,
    /// The ids, and how to answer.
    pub exchange: &'r Exchange,
    /// The tenant that the token names.
    pub tenant: Arc<Tenant>,
    /// The tenant's issuer, whose keys are the server's.
    pub issuer: Arc<Issuer>,
    /// Who asks.
    pub caller: Caller,
    /// The row of the table.
    pub route: &'static Route,
    /// The ids in the path.
    pub params: Params,
    /// Was `/beta` asked?
    pub beta: bool,
    /// Where this version begins, for example `https://localhost:7743/v1.0`.
    pub base: String,
    /// The raw query string.
    pub query: &'r str,
    /// The request's headers.
    pub headers: &'r HeaderMap,
    /// The request's body, not yet read.
    pub body: &'r mut Incoming,
}

impl Ask<'_> {
    /// The body as JSON; `expected` names what should have been sent.
    ///
    /// # Errors
    /// 400, 413 or 415, as [`Incoming::json`] says.
    pub async fn json(&mut self, expected: &str) -> Result<Value, PublicError> {
        self.body.json(self.headers, expected).await
    }

    /// Does `If-None-Match: *` say that there must be nothing yet? Nothing here has an ETag, so nothing else can match.
    pub fn only_if_absent(&self) -> bool {
        let unwanted = self.headers.get_all(header::IF_NONE_MATCH).iter();
        let texts = unwanted.filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| text.split(','))
            .any(|tag| tag.trim() == "*")
    }

    /// A new identifier.
    pub fn new_id(&self) -> Uuid {
        (self.front.settings.ids)()
    }

    /// The absolute URL of a path below the version.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// The members with `@odata.context` before them.
    pub fn in_context(&self, context: Context<'_>, members: Value) -> Value {
        let mut whole = Map::new();
        let text = odata::context(&self.base, context);
        whole.insert("@odata.context".to_owned(), Value::String(text));
        let mut members = members;
        match context {
            Context::Entity(list) => self.annotate(list, &mut members),
            _ if self.exchange.metadata == Metadata::Full => context.annotate(&mut members),
            _ => {}
        }
        if let Value::Object(members) = members {
            whole.extend(members);
        }
        Value::Object(whole)
    }

    /// The type and the address of a member of a collection before its members, and the types of what is in it, for those who ask
    /// for all metadata.
    pub fn annotate(&self, list: List<'_>, members: &mut Value) {
        if self.exchange.metadata != Metadata::Full {
            return;
        }
        odata::annotate(list.type_name(), members);
        if let Value::Object(members) = members
            && let Some(Value::String(id)) = members.get("id")
        {
            let url = Value::String(self.url(&list.member_path(id)));
            let mut whole = Map::new();
            whole.insert("@odata.type".to_owned(), list.type_name().into());
            whole.insert("@odata.id".to_owned(), url.clone());
            whole.insert("@odata.editLink".to_owned(), url);
            whole.append(members);
            *members = whole;
        }
    }
}
