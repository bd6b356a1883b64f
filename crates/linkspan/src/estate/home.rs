//! The id of a data directory's home tenant.

use std::{fs, io, path::Path};

use anyhow::Context;
use uuid::Uuid;

use super::shelf;
use crate::seed;

/// What an empty data directory is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// This machine: the seeded tenant, which is the same everywhere.
    Dev,
    /// Real use: a tenant that nobody else has.
    Serve,
}

/// The home tenant: the one that was noted, the seeded one if it is there already, else a new one, which is noted.
pub fn home(data: &Path, purpose: Purpose) -> anyhow::Result<Uuid> {
    let file = data.join("tenant-id");
    match fs::read_to_string(&file) {
        Ok(text) => {
            return Uuid::try_parse(text.trim()).with_context(|| {
                format!(
                    "{} must hold the GUID of the tenant whose directory is below tenants/",
                    file.display()
                )
            });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("could not read {}", file.display()));
        }
        Err(_) => {}
    }
    let seeded = data.join("tenants").join(seed::TENANT.to_string());
    if purpose == Purpose::Dev || seeded.exists() {
        return Ok(seed::TENANT);
    }
    let id = server::identity::unique();
    shelf::replace(&file, &format!("{id}\n"))
        .with_context(|| format!("could not write {}", file.display()))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_for_real_use_has_a_tenant_of_its_own_and_an_old_one_keeps_its() {
        let fresh = tempfile::tempdir().unwrap();
        let made = home(fresh.path(), Purpose::Serve).unwrap();
        assert_ne!(made, seed::TENANT);
        for purpose in [Purpose::Serve, Purpose::Dev] {
            assert_eq!(home(fresh.path(), purpose).unwrap(), made);
        }
        let old = tempfile::tempdir().unwrap();
        assert_eq!(home(old.path(), Purpose::Dev).unwrap(), seed::TENANT);
        fs::create_dir_all(old.path().join("tenants").join(seed::TENANT.to_string())).unwrap();
        assert_eq!(home(old.path(), Purpose::Serve).unwrap(), seed::TENANT);
        fs::write(old.path().join("tenant-id"), "nonsense").unwrap();
        let told = home(old.path(), Purpose::Serve).unwrap_err().to_string();
        assert!(told.contains("GUID"), "{told}");
    }
}
