//! The tenant's own accounts: rows. They are replaced as a whole and read from the picture.

use std::sync::Arc;

use async_trait::async_trait;
use graph::Scope;
use rusqlite::{Connection, Statement};
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
        "DELETE FROM user; DELETE FROM directory_group; DELETE FROM directory_member; DELETE FROM app;
         DELETE FROM app_certificate;",
    )?;
    put_users(step.sql, &accounts.users)?;
    put_groups(step.sql, &accounts.groups)?;
    put_apps(step.sql, &accounts.apps)?;
    step.change(Change::Accounts(Arc::clone(accounts)));
    Ok(())
}

fn put_users(sql: &Connection, users: &[User]) -> Result<(), Fault> {
    let mut statement = sql.prepare_cached(
        "INSERT INTO user (id, name, display_name, upn, mail, guest, password)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for user in users {
        statement.execute((
            &user.id,
            &user.name,
            &user.display_name,
            &user.upn,
            &user.mail,
            user.guest,
            user.password.kept(),
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
        "INSERT INTO app (client_id, name, secrets, redirect_uris, roles, scopes, public_client)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut certificates = sql.prepare_cached(
        "INSERT INTO app_certificate (app_position, position, der) VALUES (?1, ?2, ?3)",
    )?;
    for app in apps {
        statement.execute((
            &app.client_id,
            &app.name,
            app.secrets
                .iter()
                .map(Secret::kept)
                .collect::<Vec<_>>()
                .join(" "),
            app.redirect_uris.join(" "),
            words(&app.roles),
            words(&app.scopes),
            app.public_client,
        ))?;
        let row = sql.last_insert_rowid();
        for (position, der) in (0_i64..).zip(&app.certificates) {
            certificates.execute((row, position, der))?;
        }
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
        "SELECT position, id, name, display_name, upn, mail, guest, password
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
            password: secret(columns, "password", columns.text(7, "password")?)?,
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
        "SELECT position, client_id, name, secrets, redirect_uris, roles, scopes, public_client
         FROM app ORDER BY position",
    )?;
    let mut certificates = sql.prepare(
        "SELECT app_position, der FROM app_certificate WHERE app_position = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query(())?;
    let mut apps = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "app", 0);
        apps.push(App {
            client_id: columns.get(1, "client_id")?,
            name: columns.get(2, "name")?,
            secrets: columns
                .text(3, "secrets")?
                .split_whitespace()
                .map(|text| secret(columns, "secrets", text))
                .collect::<Result<_, _>>()?,
            certificates: ders(&mut certificates, columns.get(0, "position")?)?,
            redirect_uris: columns
                .text(4, "redirect_uris")?
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            roles: scopes(columns, 5, "roles")?,
            scopes: scopes(columns, 6, "scopes")?,
            public_client: columns.get(7, "public_client")?,
        });
    }
    Ok(apps)
}

fn ders(statement: &mut Statement<'_>, app: i64) -> Result<Vec<Vec<u8>>, Fault> {
    let mut rows = statement.query([app])?;
    let mut ders = Vec::new();
    while let Some(row) = rows.next()? {
        ders.push(Columns::new(row, "app_certificate", 0).get(1, "der")?);
    }
    Ok(ders)
}

fn secret(columns: Columns<'_>, column: &'static str, text: &str) -> Result<Secret, Fault> {
    // The error must not repeat the text: it is all that a guesser needs.
    Secret::from_kept(text).ok_or_else(|| columns.wrong(column, "it is no digest of ours"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::file;

    #[test]
    fn accounts_of_the_first_layout_are_read_by_the_second() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.sqlite");
        file::make(&path).unwrap();
        let mut sql = file::for_writing(&path).unwrap();
        sql.execute_batch(include_str!("migrations/0001.sql"))
            .unwrap();
        let (user, app) = (
            Secret::new(b"salt-salt", "a"),
            Secret::new(b"salt-salt", "b"),
        );
        let digest = |secret: &Secret| match secret {
            Secret::Quick { digest, .. } => *digest,
            Secret::Slow(_) => unreachable!("made above"),
        };
        sql.execute(
            "INSERT INTO user (id, name, display_name, upn, mail, guest, salt, digest)
             VALUES ('u', 'alice', 'Alice', 'a@b', 'a@b', 0, ?1, ?2)",
            (b"salt-salt", digest(&user)),
        )
        .unwrap();
        sql.execute(
            "INSERT INTO app (client_id, name, salt, digest, roles, scopes, public_client)
             VALUES ('1', 'connector', ?1, ?2, '', 'User.Read', 0), ('2', 'search', NULL, NULL, '', '', 1)",
            (b"salt-salt", digest(&app)),
        )
        .unwrap();
        file::migrate(&mut sql).unwrap();
        let accounts = read(&sql).unwrap();
        assert_eq!(accounts.users[0].password, user);
        assert_eq!(accounts.apps[0].secrets, [app]);
        assert_eq!(accounts.apps[0].scopes, [Scope::UserRead]);
        assert!(accounts.apps[1].secrets.is_empty() && accounts.apps[1].redirect_uris.is_empty());
    }
}
