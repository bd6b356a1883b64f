//! Directories that are replaced whole: a new state is written beside the old one, and takes its place by renames.
//!
//! Whatever stops the process, [`Shelf::open`] finds the old state or the new one: `.NAME.new` is not finished yet and goes;
//! `.NAME.old` comes back unless NAME is there again.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use server::tls::private_directory;

use super::dial::CLOCK;
use crate::private;

/// A directory of such directories.
pub struct Shelf(PathBuf);

impl Shelf {
    /// Opens the shelf, making it if need be, and mends what a stop left behind.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        closed(&root)?;
        let shelf = Self(root);
        for name in shelf.entries()? {
            let Some(hidden) = name.strip_prefix('.') else {
                continue;
            };
            if let Some(kept) = hidden.strip_suffix(".old")
                && !shelf.path(kept).exists()
            {
                fs::rename(shelf.path(&name), shelf.path(kept))?;
            } else if hidden.ends_with(".old") || hidden.ends_with(".new") {
                fs::remove_dir_all(shelf.path(&name))?;
            }
        }
        sync(&shelf.0)?;
        Ok(shelf)
    }

    /// Where the state of that name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of all states, in order.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = self.entries()?;
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        Ok(names)
    }

    /// An empty directory for a new state of that name.
    pub fn begin(&self, name: &str) -> io::Result<PathBuf> {
        let new = self.new_of(name);
        remove(&new)?;
        closed(&new)?;
        Ok(new)
    }

    /// The new state that was begun, and is durable, takes the old one's place.
    pub fn put(&self, name: &str) -> io::Result<()> {
        self.set_aside(name)?;
        self.move_in(name)?;
        remove(&self.old_of(name))
    }

    /// Removes a state.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let doomed = self.new_of(name);
        remove(&doomed)?;
        fs::rename(self.path(name), &doomed)?;
        sync(&self.0)?;
        remove(&doomed)
    }

    fn set_aside(&self, name: &str) -> io::Result<()> {
        if self.path(name).exists() {
            remove(&self.old_of(name))?;
            fs::rename(self.path(name), self.old_of(name))?;
        }
        Ok(())
    }

    fn move_in(&self, name: &str) -> io::Result<()> {
        fs::rename(self.new_of(name), self.path(name))?;
        sync(&self.0)
    }

    fn new_of(&self, name: &str) -> PathBuf {
        self.path(&format!(".{name}.new"))
    }

    fn old_of(&self, name: &str) -> PathBuf {
        self.path(&format!(".{name}.old"))
    }

    fn entries(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name()));
        let names = entries.collect::<io::Result<Vec<_>>>()?;
        // What we did not name is not ours.
        Ok(names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect())
    }
}

/// Copies the files of a closed tenant, the truth, its memory and its time, so that they survive a crash of the machine.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "index" {
            closed(&to.join(&name))?;
            copy_files(&entry.path(), &to.join(&name))?;
        } else if name == CLOCK || name.to_string_lossy().starts_with("store.sqlite") {
            copy_file(&entry.path(), &to.join(&name))?;
        }
    }
    sync(to)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        // Locks are those of who opened the original.
        if !name.to_string_lossy().ends_with(".lock") {
            copy_file(&entry.path(), &to.join(&name))?;
        }
    }
    sync(to)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.sync_all()
}

/// Replaces a small file: whatever stops the process or the machine, the old text is there or the new one.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    write(&new, text)?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), sync)
}

/// Writes a small file so that it survives a crash of the machine.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private::file(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A directory that nobody else can look into, made if need be.
fn closed(directory: &Path) -> io::Result<()> {
    private_directory(directory).map_err(|error| error.source)
}

/// How many bytes the files below a directory have.
pub fn bytes(directory: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let about = entry.metadata()?;
        sum += if about.is_dir() {
            bytes(&entry.path())?
        } else {
            about.len()
        };
    }
    Ok(sum)
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes what a directory lists durable, where the system lets directories be opened.
fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(directory.path().join("shelf")).unwrap();
        (directory, shelf)
    }

    /// A new state of two files is begun, and maybe not finished.
    fn begin(shelf: &Shelf, text: &str, files: usize) {
        let new = shelf.begin("a").unwrap();
        for file in ["one", "two"].iter().take(files) {
            write(&new.join(file), text).unwrap();
        }
    }

    fn state(shelf: &Shelf) -> String {
        let read = |file: &str| fs::read_to_string(shelf.path("a").join(file)).unwrap();
        format!("{} {}", read("one"), read("two"))
    }

    #[test]
    fn a_stop_between_any_two_steps_leaves_the_old_state_or_the_new_one() {
        type Step = fn(&Shelf);
        let steps: [(Step, &str); 5] = [
            (|shelf| begin(shelf, "new", 1), "old old"),
            (|shelf| begin(shelf, "new", 2), "old old"),
            (|shelf| shelf.set_aside("a").unwrap(), "old old"),
            (|shelf| shelf.move_in("a").unwrap(), "new new"),
            (|shelf| remove(&shelf.old_of("a")).unwrap(), "new new"),
        ];
        for stop in 1..=steps.len() {
            let (directory, shelf) = shelf();
            begin(&shelf, "old", 2);
            shelf.put("a").unwrap();
            for (step, _) in &steps[..stop] {
                step(&shelf);
            }
            let again = Shelf::open(directory.path().join("shelf")).unwrap();
            assert_eq!(state(&again), steps[stop - 1].1, "after {stop} steps");
            assert_eq!(again.entries().unwrap(), ["a"], "after {stop} steps");
        }
    }

    #[test]
    fn what_is_half_removed_is_gone() {
        let (directory, shelf) = shelf();
        begin(&shelf, "old", 2);
        shelf.put("a").unwrap();
        fs::rename(shelf.path("a"), shelf.new_of("a")).unwrap();
        let again = Shelf::open(directory.path().join("shelf")).unwrap();
        assert!(again.entries().unwrap().is_empty());
    }

    #[test]
    fn a_copy_has_the_truth_its_memory_and_its_time_but_no_locks() {
        let (_directory, shelf) = shelf();
        let from = shelf.begin("a").unwrap();
        fs::create_dir(from.join("index")).unwrap();
        for file in [
            "store.sqlite",
            "store.lock",
            "segment",
            CLOCK,
            "index/meta.json",
            "index/.w.lock",
        ] {
            write(&from.join(file), "12345").unwrap();
        }
        let to = shelf.begin("b").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(bytes(&to).unwrap(), 15);
        assert!(
            to.join(CLOCK).exists()
                && to.join("store.sqlite").exists()
                && to.join("index/meta.json").exists()
        );
    }
}
