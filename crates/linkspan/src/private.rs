//! What is kept is for the account that runs the server alone: the other accounts of the machine see neither names nor contents.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use server::tls::{FileError, private_directory};

/// Makes a data directory, or closes one that is there to everybody else. One that belongs to another account, as a mounted volume
/// may, or that is shared by all as `/tmp` is, stays as it is: the directories inside are closed all the same.
pub fn data_directory(directory: &Path) -> Result<(), FileError> {
    if is_shared(directory) {
        return Ok(());
    }
    match private_directory(directory) {
        Err(error)
            if directory.is_dir() && error.source.kind() == io::ErrorKind::PermissionDenied =>
        {
            tracing::warn!(directory = %directory.display(), "the data directory belongs to another account, which may look into it");
            Ok(())
        }
        made => made,
    }
}

#[cfg(unix)]
fn is_shared(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const STICKY: u32 = 0o1000;
    fs::metadata(directory).is_ok_and(|about| about.permissions().mode() & STICKY != 0)
}

#[cfg(not(unix))]
fn is_shared(_: &Path) -> bool {
    false
}

/// Opens a file to be written anew, making it if need be.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn directories_are_closed_but_those_that_all_share() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("above").join("data");
        data_directory(&data).unwrap();
        assert_eq!((mode(&data), mode(data.parent().unwrap())), (0o700, 0o700));
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        data_directory(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o1777)).unwrap();
        data_directory(&data).unwrap();
        assert_eq!(mode(&data), 0o1777);
        drop(file(&data.join("lock")).unwrap());
        assert_eq!(mode(&data.join("lock")), 0o600);
    }
}
