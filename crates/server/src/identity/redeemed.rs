//! Which refresh tokens were redeemed already: a token is good once, and its answer brings its successor.
//!
//! The tokens that follow from one sign-in are a family, numbered one after the other, so that one line per family says all.
//! The lines live in a file beside the keys and survive a restart.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

use super::refresh::REFRESH_SECONDS;
use crate::tls::files::{self, FileError};

/// The file's name.
const REDEEMED: &str = "redeemed";
/// What stands for the number of a family that ended.
const ENDED: u64 = u64::MAX;
/// So many lines more than families are tolerated before the file is written anew.
const LINES_MAX: usize = 4096;

/// What is known of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    /// The newest number that was redeemed, or [`ENDED`].
    number: u64,
    /// When, in seconds since 1970: its successor was made then, and lives as long as any token.
    at: u64,
}

/// The families of which a token was redeemed.
pub(super) struct Redeemed {
    path: PathBuf,
    book: Mutex<Book>,
}

struct Book {
    families: HashMap<Uuid, Last>,
    file: File,
    lines: usize,
}

impl Redeemed {
    /// Reads the file of that directory, or makes it.
    ///
    /// # Errors
    /// The file cannot be read or written, or one of its lines says nothing: guessing could let a token in twice.
    pub fn open(directory: &Path) -> Result<Self, FileError> {
        let path = directory.join(REDEEMED);
        let text = files::read_private(&path)?.unwrap_or_default();
        let mut families = HashMap::new();
        // A line without its end was never acknowledged.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        for line in whole.lines() {
            let (family, last) = read(line).ok_or_else(|| {
                let why = format!("'{line}' is no line of it");
                files::failed("read", &path)(io::Error::new(io::ErrorKind::InvalidData, why))
            })?;
            families.insert(family, last);
        }
        if whole.len() < text.len() {
            files::write_private(&path, whole)?;
        }
        let file = append(&path).map_err(files::failed("write", &path))?;
        let lines = whole.lines().count();
        let book = Mutex::new(Book {
            families,
            file,
            lines,
        });
        Ok(Self { path, book })
    }

    /// Redeems a token at that second. `false` if it was redeemed before; then nothing of its family counts any more, since
    /// one of the two who held it is not whom it was given to.
    ///
    /// # Errors
    /// The file could not be written: nothing was redeemed.
    pub fn redeem(&self, family: Uuid, number: u64, now: u64) -> io::Result<bool> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match book.families.get(&family) {
            Some(last) if last.number == ENDED => return Ok(false),
            Some(last) if number <= last.number => Last {
                number: ENDED,
                ..*last
            },
            _ => Last { number, at: now },
        };
        book.write(family, last)?;
        if book.lines > book.families.len() + LINES_MAX {
            self.shorten(&mut book, now)?;
        }
        Ok(last.number != ENDED)
    }

    /// Writes the file anew, without the families of which nothing can be valid any more.
    fn shorten(&self, book: &mut Book, now: u64) -> io::Result<()> {
        book.families
            .retain(|_, last| now <= last.at + REFRESH_SECONDS);
        let lines = book.families.iter();
        let text: String = lines.map(|(family, last)| line(*family, *last)).collect();
        files::write_private(&self.path, &text).map_err(io::Error::other)?;
        book.file = append(&self.path)?;
        book.lines = book.families.len();
        Ok(())
    }
}

impl Book {
    fn write(&mut self, family: Uuid, last: Last) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self.file.write_all(line(family, last).as_bytes());
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // The next line must not begin behind half of this one.
            self.file.set_len(before)?;
            return Err(error);
        }
        self.lines += 1;
        self.families.insert(family, last);
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn line(family: Uuid, last: Last) -> String {
    format!("{family} {} {}\n", last.number, last.at)
}

fn read(line: &str) -> Option<(Uuid, Last)> {
    let mut words = line.split(' ');
    let family = words.next()?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    let at = words.next()?.parse().ok()?;
    words
        .next()
        .is_none()
        .then_some((family, Last { number, at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const TWO: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_token_is_good_once_and_a_second_time_ends_its_family() {
        let directory = tempfile::tempdir().unwrap();
        let redeemed = Redeemed::open(directory.path()).unwrap();
        assert!(redeemed.redeem(ONE, 0, 100).unwrap());
        assert!(redeemed.redeem(ONE, 1, 100).unwrap());
        assert!(redeemed.redeem(TWO, 0, 100).unwrap());
        assert!(!redeemed.redeem(TWO, 0, 100).unwrap(), "at once");
        assert!(!redeemed.redeem(TWO, 1, 100).unwrap(), "its family ended");
        assert!(!redeemed.redeem(ONE, 0, 300).unwrap(), "of an older answer");
        assert!(!redeemed.redeem(ONE, 2, 300).unwrap(), "its family ended");
    }

    #[test]
    fn a_restart_forgets_nothing_but_a_torn_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(REDEEMED);
        {
            let redeemed = Redeemed::open(directory.path()).unwrap();
            assert!(redeemed.redeem(ONE, 7, 100).unwrap());
        }
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str(&line(TWO, Last { number: 3, at: 100 })[..20]);
        std::fs::write(&path, text).unwrap();
        let redeemed = Redeemed::open(directory.path()).unwrap();
        assert!(redeemed.redeem(TWO, 0, 200).unwrap());
        assert!(!redeemed.redeem(ONE, 7, 200).unwrap());
        drop(redeemed);
        let redeemed = Redeemed::open(directory.path()).unwrap();
        assert!(!redeemed.redeem(ONE, 8, 200).unwrap());
        assert!(redeemed.redeem(TWO, 1, 200).unwrap());
    }

    #[test]
    fn a_file_that_says_something_else_stops_the_start() {
        let directory = tempfile::tempdir().unwrap();
        drop(Redeemed::open(directory.path()).unwrap());
        std::fs::write(directory.path().join(REDEEMED), "all is well\n").unwrap();
        let error = Redeemed::open(directory.path()).err().unwrap();
        assert!(error.source.to_string().contains("all is well"));
    }

    #[test]
    fn the_file_is_written_anew_when_it_grows() {
        let directory = tempfile::tempdir().unwrap();
        let redeemed = Redeemed::open(directory.path()).unwrap();
        assert!(redeemed.redeem(TWO, 0, 100).unwrap());
        let later = 101 + REFRESH_SECONDS;
        for number in 0..=u64::try_from(LINES_MAX).unwrap() + 1 {
            assert!(redeemed.redeem(ONE, number, later).unwrap());
        }
        let text = std::fs::read_to_string(directory.path().join(REDEEMED)).unwrap();
        assert!(text.lines().count() <= 2, "{}", text.lines().count());
        assert!(!text.contains(&TWO.to_string()));
        assert!(!redeemed.redeem(ONE, 5, later).unwrap());
    }
}
