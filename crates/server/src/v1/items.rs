//! `/external/connections/{id}/items/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>

use axum::http::StatusCode;
use graph::{
    ErrorCode, ExternalItem, ItemDraft, ItemId,
    odata::{Context, List, QueryOptions},
};
use serde_json::{Value, json};
use tenant::{Error, items};

use super::page::{self, Chunk, Row, SIZE, Span};
use crate::{ask::Ask, respond::Answer};

/// A page ends with the item that reaches so many bytes.
const PAGE_BYTES: usize = 8 << 20;

/// PUT: 200 with the whole item, whether it was there before or not.
pub(super) async fn put_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (id, mut draft) = said(ask).await?;
    draft.only_if_absent = ask.only_if_absent();
    let remarks = Remarks::of(&draft);
    let connection = ask.params.connection();
    let item = items::put_item(&ask.tenant, &ask.caller, connection, id, draft).await?;
    Ok(remarks.beside(Answer::json(StatusCode::OK, printed(ask, &item))))
}

/// PATCH, the older spelling of an update: 200 with the whole item.
pub(super) async fn update_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (id, draft) = said(ask).await?;
    let remarks = Remarks::of(&draft);
    let connection = ask.params.connection();
    let item = items::update_item(&ask.tenant, &ask.caller, connection, id, draft).await?;
    Ok(remarks.beside(Answer::json(StatusCode::OK, printed(ask, &item))))
}

/// GET of the collection: 200 with the items that the caller may see; a page ends early where they are large.
pub(super) async fn list_items(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (ask, list) = (&*ask, list(ask));
    let mut page = page::page(ask, list, SIZE, |span| rows(ask, span)).await?;
    let select = &page.options().select;
    if select.is_empty() || select.iter().any(|name| !name.eq_ignore_ascii_case("id")) {
        let (read, looked_at) = read(ask, &page.rows).await?;
        page.cut(looked_at);
        page.show(read);
    }
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_items(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, list(ask), |span| rows(ask, span)).await
}

fn list<'a>(ask: &'a Ask<'_>) -> List<'a> {
    let connection = ask.params.connection();
    List::Items { connection }
}

/// The ids alone: the items themselves are read for the page only.
async fn rows(ask: &Ask<'_>, span: Span) -> Result<Chunk, Error> {
    let connection = ask.params.connection();
    let after = span.after.map(ItemId::kept);
    let (tenant, caller, limit) = (&ask.tenant, &ask.caller, span.limit);
    let listed = items::list_items(tenant, caller, connection, after.as_ref(), limit).await?;
    let row = |id: &ItemId| Row {
        place: id.to_string(),
        members: json!({ "id": id.as_str() }),
    };
    Ok(Chunk {
        rows: listed.ids.iter().map(row).collect(),
        rest: listed.rest.map(|id| id.to_string()),
    })
}

/// The items of some rows, and how many rows they are taken from. One that has gone meanwhile is left out.
async fn read(ask: &Ask<'_>, rows: &[Row]) -> Result<(Vec<Value>, usize), Error> {
    let connection = ask.params.connection();
    let mut read = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for (at, row) in rows.iter().enumerate() {
        if bytes >= PAGE_BYTES {
            return Ok((read, at));
        }
        match items::get_item(&ask.tenant, &ask.caller, connection, &row.place).await {
            Ok(item) => {
                let members = item.to_json(true);
                bytes += members.to_string().len();
                read.push(members);
            }
            Err(Error::Refused(refusal)) if refusal.code == ErrorCode::ItemNotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok((read, rows.len()))
}

/// GET: 200.
pub(super) async fn get_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, list(ask).shape(ask.beta))?;
    let (connection, id) = (ask.params.connection(), ask.params.item());
    let item = items::get_item(&ask.tenant, &ask.caller, connection, id).await?;
    let mut body = printed(ask, &item);
    options.keep_selected(&mut body);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// DELETE: 204.
pub(super) async fn delete_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, id) = (ask.params.connection(), ask.params.item());
    items::delete_item(&ask.tenant, &ask.caller, connection, id).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT))
}

/// What is to be said about a body that was taken.
struct Remarks {
    ignored: Vec<String>,
    advice: Vec<String>,
}

impl Remarks {
    fn of(draft: &ItemDraft) -> Self {
        Self {
            ignored: draft.ignored.clone(),
            advice: draft.advice.clone(),
        }
    }

    fn beside(self, answer: Answer) -> Answer {
        answer
            .ignoring("members", &self.ignored)
            .advising(self.advice)
    }
}

/// The id in the path and the draft in the body.
async fn said(ask: &mut Ask<'_>) -> Result<(ItemId, ItemDraft), Error> {
    let id = ItemId::admit(ask.params.item())?;
    let body = ask.json("an externalItem").await?;
    let draft = ItemDraft::read(&id, &body)?;
    Ok((id, draft))
}

fn printed(ask: &Ask<'_>, item: &ExternalItem) -> Value {
    let connection = ask.params.connection();
    ask.in_context(
        Context::Entity(List::Items { connection }),
        item.to_json(true),
    )
}
