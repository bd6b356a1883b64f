//! External groups and their members: rows and commands.

use async_trait::async_trait;
use graph::{ConnectionKey, ExternalGroup, GroupId, Identity};
use rusqlite::{Connection, OptionalExtension};
use tenant::{
    store::{GroupStore, StoreError},
    visibility::Change,
};

use super::{counts::Counted, lists, open::Sqlite, step::Step};
use crate::{
    fault::Fault,
    rows::{self, sql},
};

#[async_trait]
impl GroupStore for Sqlite {
    async fn create_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<(), StoreError> {
        let group = group.clone();
        self.write(0, move |step| create(step, at, &group)).await
    }

    async fn group(
        &self,
        at: ConnectionKey,
        id: &GroupId,
    ) -> Result<Option<ExternalGroup>, StoreError> {
        let id = id.clone();
        self.readers.read(move |sql| group(sql, at, &id)).await
    }

    async fn list_groups(
        &self,
        at: ConnectionKey,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<ExternalGroup>, StoreError> {
        let after = after.cloned();
        self.readers
            .read(move |sql| lists::groups(sql, at, after.as_ref(), limit))
            .await
    }

    async fn list_members(
        &self,
        at: ConnectionKey,
        id: &GroupId,
        after: Option<&Identity>,
        limit: u32,
    ) -> Result<Option<Vec<Identity>>, StoreError> {
        let (id, after) = (id.clone(), after.cloned());
        self.readers
            .read(move |sql| {
                let found = group(sql, at, &id)?;
                found
                    .map(|group| lists::members(sql, at, &group.id, after.as_ref(), limit))
                    .transpose()
            })
            .await
    }

    async fn members_called(
        &self,
        at: ConnectionKey,
        id: &GroupId,
        member: &str,
    ) -> Result<Option<Vec<Identity>>, StoreError> {
        let (id, member) = (id.clone(), member.to_owned());
        self.readers
            .read(move |sql| {
                let found = group(sql, at, &id)?;
                found
                    .map(|group| lists::members_called(sql, at, &group.id, &member))
                    .transpose()
            })
            .await
    }

    async fn update_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<bool, StoreError> {
        let group = group.clone();
        self.write(0, move |step| update(step, at, &group)).await
    }

    async fn delete_group(&self, at: ConnectionKey, id: &GroupId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(0, move |step| delete(step, at, &id)).await
    }

    async fn add_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &Identity,
    ) -> Result<Option<bool>, StoreError> {
        let group = group.clone();
        let member = rows::folded(member);
        self.write(0, move |step| add_member(step, at, &group, &member))
            .await
    }

    async fn remove_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &str,
    ) -> Result<Option<bool>, StoreError> {
        let group = group.clone();
        let member = member.to_owned();
        self.write(0, move |step| remove_member(step, at, &group, &member))
            .await
    }
}

fn group(
    connection: &Connection,
    at: ConnectionKey,
    id: &GroupId,
) -> Result<Option<ExternalGroup>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT g.id, g.display_name, g.description FROM external_group g
         JOIN connection c ON c.key = g.connection AND c.deleted = 0
         WHERE g.connection = ?1 AND g.id = ?2",
    )?;
    let mut rows = statement.query((sql(at.0), id.as_str()))?;
    rows.next()?.map(rows::group).transpose()
}

/// Is there such a group, in a connection that takes writes?
fn exists(step: &Step<'_>, at: ConnectionKey, id: &GroupId) -> Result<bool, Fault> {
    let found = step
        .sql
        .prepare_cached(
            "SELECT 1 FROM external_group g
             JOIN connection c ON c.key = g.connection AND c.deleted = 0 AND c.released_at IS NULL
             WHERE g.connection = ?1 AND g.id = ?2",
        )?
        .query_row((sql(at.0), id.as_str()), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

fn create(step: &mut Step<'_>, at: ConnectionKey, group: &ExternalGroup) -> Result<(), Fault> {
    if !step.has(at)? || exists(step, at, &group.id)? {
        return Err(Fault::conflict());
    }
    step.one_more([Counted::AllGroups, Counted::Groups(at)])?;
    step.sql
        .prepare_cached(
            "INSERT INTO external_group (connection, id, display_name, description)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((
            sql(at.0),
            group.id.as_str(),
            &group.display_name,
            &group.description,
        ))?;
    Ok(())
}

fn update(step: &mut Step<'_>, at: ConnectionKey, group: &ExternalGroup) -> Result<bool, Fault> {
    if !exists(step, at, &group.id)? {
        return Ok(false);
    }
    step.sql
        .prepare_cached(
            "UPDATE external_group SET display_name = ?3, description = ?4
             WHERE connection = ?1 AND id = ?2",
        )?
        .execute((
            sql(at.0),
            group.id.as_str(),
            &group.display_name,
            &group.description,
        ))?;
    Ok(true)
}

fn delete(step: &mut Step<'_>, at: ConnectionKey, id: &GroupId) -> Result<bool, Fault> {
    if !exists(step, at, id)? {
        return Ok(false);
    }
    step.sql
        .prepare_cached("DELETE FROM member WHERE connection = ?1 AND group_id = ?2")?
        .execute((sql(at.0), id.as_str()))?;
    step.sql
        .prepare_cached("DELETE FROM external_group WHERE connection = ?1 AND id = ?2")?
        .execute((sql(at.0), id.as_str()))?;
    step.group_gone(at, id);
    Ok(true)
}

/// The member is folded already.
fn add_member(
    step: &mut Step<'_>,
    at: ConnectionKey,
    group: &GroupId,
    member: &Identity,
) -> Result<Option<bool>, Fault> {
    if !exists(step, at, group)? {
        return Ok(None);
    }
    let id = (sql(at.0), group.as_str(), &member.id);
    let kind = member.kind.as_str();
    let known = step
        .sql
        .prepare_cached(
            "SELECT kind FROM member WHERE connection = ?1 AND group_id = ?2 AND member_id = ?3
             ORDER BY kind = ?4 DESC",
        )?
        .query_row((id.0, id.1, id.2, kind), |row| row.get::<_, String>(0))
        .optional()?;
    match known {
        Some(known) if known == kind => return Ok(Some(false)),
        // The id is the key: two members that share it could not be told apart.
        Some(_) => return Err(Fault::conflict()),
        None => {}
    }
    step.one_more([Counted::Members(at, group.clone())])?;
    step.sql
        .prepare_cached(
            "INSERT INTO member (connection, group_id, member_id, kind) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((id.0, id.1, id.2, kind))?;
    step.change(Change::MemberAdded {
        at,
        group: group.clone(),
        member: member.clone(),
    });
    Ok(Some(true))
}

fn remove_member(
    step: &mut Step<'_>,
    at: ConnectionKey,
    group: &GroupId,
    member: &str,
) -> Result<Option<bool>, Fault> {
    if !exists(step, at, group)? {
        return Ok(None);
    }
    let mut removed = Vec::new();
    {
        let mut statement = step.sql.prepare_cached(concat!(
            "DELETE FROM member ",
            lists::called!(),
            " RETURNING member_id, kind"
        ))?;
        let mut rows = statement.query((
            sql(at.0),
            group.as_str(),
            member,
            member.to_ascii_lowercase(),
        ))?;
        while let Some(row) = rows.next()? {
            removed.push(rows::member(row, 0)?);
        }
    }
    let any = !removed.is_empty();
    step.fewer(Counted::Members(at, group.clone()), removed.len());
    for member in removed {
        step.change(Change::MemberRemoved {
            at,
            group: group.clone(),
            member,
        });
    }
    Ok(Some(any))
}
