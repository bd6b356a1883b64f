//! The one place where identity asks for chance.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The letters of a code that people type: no vowels, so that no words come out, and nothing that looks like a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LETTERS_OF_A_CODE: usize = 9;

/// A GUID that nobody has seen before: for token ids and trace ids, which must differ and whose value means nothing, so that
/// nothing is gained by making them a parameter.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place; a GUID whose value means nothing"
)]
pub fn unique() -> Uuid {
    Uuid::new_v4()
}

/// A text that nobody can guess: 244 bits of the system's chance, as 64 letters and digits.
pub fn secret() -> String {
    format!("{}{}", unique().simple(), unique().simple())
}

/// A code that people read on one screen and type on another: nine letters, 39 bits.
pub(super) fn user_code() -> String {
    let mut code = String::new();
    while code.len() < LETTERS_OF_A_CODE {
        let bytes = Sha256::digest(secret());
        // The largest multiple of 20 that a byte can hold: what lies above would make some letters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 240);
        let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte % 20)]));
        code.extend(letters.take(LETTERS_OF_A_CODE - code.len()));
    }
    code
}
