//! The tenant's own accounts: rows. They are replaced as a whole and read from the picture.

use std::sync::Arc;

use async_trait::async_trait;
use graph::Scope;
use rusqlite::Connection;
use tenant::{
    accounts::{Accounts, App, DirectoryGroup, Secret, User},
    store::{AccountStore, StoreError},
    visibility::Change,
};

use super::{open::Sqlite, step::Step};
use crate::{fault::Fault, rows::Columns};

#[async_trait]
impl AccountStore for Sqlite {
    async fn accounts(&self) -> Result<Arc<Accounts>, StoreError> {
        Ok(self.visibility.accounts())
    }

    async fn put_accounts(&self, accounts: &Accounts) -> Result<(), StoreError> {
        let accounts = Arc::new(accounts.clone());
        self.write(0, move |step| put(step, &accounts)).await
    }
}

fn put(step: &mut Step<'_>, accounts: &Arc<Accounts>) -> Result<(), Fault> {
    step.sql.execute_batch(
        "DELETE FROM user; DELETE FROM directory_group; DELETE FROM directory_member; DELETE FROM app;",
    )?;
    put_users(step.sql, &accounts.users)?;
    put_groups(step.sql, &accounts.groups)?;
    put_apps(step.sql, &accounts.apps)?;
    step.change(Change::Accounts(Arc::clone(accounts)));
    Ok(())
}

fn put_users(sql: &Connection, users: &[User]) -> Result<(), Fault> {
    let mut statement = sql.prepare_cached(
        "INSERT INTO user (id, name, display_name, upn, mail, guest, salt, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for user in users {
        statement.execute((
            &user.id,
            &user.name,
            &user.display_name,
            &user.upn,
            &user.mail,
            user.guest,
            &user.password.salt,
            user.password.digest,
        ))?;
    }
    Ok(())
}

fn put_groups(sql: &Connection, groups: &[DirectoryGroup]) -> Result<(), Fault> {
    let mut statement =
        sql.prepare_cached("INSERT INTO directory_group (id, name) VALUES (?1, ?2)")?;
    let mut members = sql.prepare_cached(
        "INSERT INTO directory_member (group_position, position, member_id) VALUES (?1, ?2, ?3)",
    )?;
    for group in groups {
        statement.execute((&group.id, &group.name))?;
        let row = sql.last_insert_rowid();
        for (position, member) in (0_i64..).zip(&group.members) {
            members.execute((row, position, member))?;
        }
    }
    Ok(())
}

fn put_apps(sql: &Connection, apps: &[App]) -> Result<(), Fault> {
    let mut statement = sql.prepare_cached(
        "INSERT INTO app (client_id, name, salt, digest, roles, scopes, public_client)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for app in apps {
        statement.execute((
            &app.client_id,
            &app.name,
            app.secret.as_ref().map(|secret| &secret.salt),
            app.secret.as_ref().map(|secret| secret.digest),
            words(&app.roles),
            words(&app.scopes),
            app.public_client,
        ))?;
    }
    Ok(())
}

fn words(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    words.join(" ")
}

/// All accounts, for the start.
pub(super) fn read(sql: &Connection) -> Result<Accounts, Fault> {
    Ok(Accounts {
        users: users(sql)?,
        groups: groups(sql)?,
        apps: apps(sql)?,
    })
}

fn users(sql: &Connection) -> Result<Vec<User>, Fault> {
    let mut statement = sql.prepare(
        "SELECT position, id, name, display_name, upn, mail, guest, salt, digest
         FROM user ORDER BY position",
    )?;
    let mut rows = statement.query(())?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "user", 0);
        users.push(User {
            id: columns.get(1, "id")?,
            name: columns.get(2, "name")?,
            display_name: columns.get(3, "display_name")?,
            upn: columns.get(4, "upn")?,
            mail: columns.get(5, "mail")?,
            guest: columns.get(6, "guest")?,
            password: Secret {
                salt: columns.get(7, "salt")?,
                digest: columns.get(8, "digest")?,
            },
        });
    }
    Ok(users)
}

fn groups(sql: &Connection) -> Result<Vec<DirectoryGroup>, Fault> {
    let mut statement =
        sql.prepare("SELECT position, id, name FROM directory_group ORDER BY position")?;
    let mut members = sql.prepare(
        "SELECT group_position, member_id FROM directory_member
         WHERE group_position = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query(())?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "directory_group", 0);
        let mut group = DirectoryGroup {
            id: columns.get(1, "id")?,
            name: columns.get(2, "name")?,
            members: Vec::new(),
        };
        let mut rows = members.query([columns.get::<i64>(0, "position")?])?;
        while let Some(row) = rows.next()? {
            let columns = Columns::new(row, "directory_member", 0);
            group.members.push(columns.get(1, "member_id")?);
        }
        groups.push(group);
    }
    Ok(groups)
}

fn apps(sql: &Connection) -> Result<Vec<App>, Fault> {
    let mut statement = sql.prepare(
        "SELECT position, client_id, name, salt, digest, roles, scopes, public_client
         FROM app ORDER BY position",
    )?;
    let mut rows = statement.query(())?;
    let mut apps = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "app", 0);
        let salt: Option<Vec<u8>> = columns.get(3, "salt")?;
        let digest: Option<[u8; 32]> = columns.get(4, "digest")?;
        let secret = match (salt, digest) {
            (Some(salt), Some(digest)) => Some(Secret { salt, digest }),
            (None, None) => None,
            _ => return Err(columns.wrong("digest", "salt and digest belong together")),
        };
        apps.push(App {
            client_id: columns.get(1, "client_id")?,
            name: columns.get(2, "name")?,
            secret,
            roles: scopes(columns, 5, "roles")?,
            scopes: scopes(columns, 6, "scopes")?,
            public_client: columns.get(7, "public_client")?,
        });
    }
    Ok(apps)
}

fn scopes(columns: Columns<'_>, offset: usize, column: &'static str) -> Result<Vec<Scope>, Fault> {
    columns
        .text(offset, column)?
        .split_whitespace()
        .map(|word| {
            Scope::parse(word)
                .ok_or_else(|| columns.wrong(column, format!("`{word}` is no permission")))
        })
        .collect()
}
