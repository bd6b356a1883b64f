//! Keys and certificates on disk: written whole or not at all, keys readable by their owner only.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file or directory could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: check that the data directory belongs to the account that runs the server, and that the disk is not full", file.display())]
pub struct FileError {
    /// `read`, `write`, `protect`, `remove` or `make`.
    pub action: &'static str,
    /// The file or directory.
    pub file: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Says what went wrong with which file.
pub(crate) fn failed(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError {
        action,
        file: file.to_owned(),
        source,
    }
}

/// Makes the directory if it is missing, and closes it to everybody else, whatever the umask.
///
/// # Errors
/// It cannot be made, or belongs to another account.
pub fn private_directory(directory: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(directory)
        .map_err(failed("make", directory))?;
    protect(directory, 0o700)
}

/// The text of a file; `None` if there is none.
pub(crate) fn read(file: &Path) -> Result<Option<String>, FileError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", file)(error)),
    }
}

/// The names of the files in a directory.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>, FileError> {
    let entries = fs::read_dir(directory).map_err(failed("read", directory))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("read", directory))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// Removes a file; one that is not there is no error.
pub(crate) fn remove(file: &Path) -> Result<(), FileError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", file)(error)),
        _ => Ok(()),
    }
}

/// As [`read`], and closes the file to everybody else: a restored backup often opens it.
pub(crate) fn read_private(file: &Path) -> Result<Option<String>, FileError> {
    let text = read(file)?;
    if text.is_some() {
        protect(file, 0o600)?;
    }
    Ok(text)
}

/// Writes a file that anybody may read.
pub(crate) fn write(file: &Path, text: &str) -> Result<(), FileError> {
    replace(file, text, 0o644).map_err(failed("write", file))
}

/// Writes a file that only its owner may read, at no moment anybody else.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<(), FileError> {
    replace(file, text, 0o600).map_err(failed("write", file))
}

/// Writes under another name first: a crash leaves the old file or the new one, never half of one.
fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let fresh = file.with_extension("pem.new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut written = options.open(&fresh)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&fresh, file)?;
    #[cfg(unix)]
    if let Some(directory) = file.parent() {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn protect(path: &Path, mode: u32) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt;
    let now = fs::metadata(path)
        .map_err(failed("read", path))?
        .permissions();
    if now.mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed("protect", path))
}

#[cfg(not(unix))]
fn protect(_path: &Path, _mode: u32) -> Result<(), FileError> {
    Ok(())
}
