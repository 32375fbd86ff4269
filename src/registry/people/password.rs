//! Passwords and tokens: what is good enough, what is kept of them.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use retrofit_import::values::fold;

use crate::registry::values::hex;
use crate::registry::{Error, Failure};

const LEAST_LENGTH: usize = 10;

/// Names shorter than this occur in good passwords by chance.
const LEAST_NAME: usize = 3;

/// Hashes a password that is good enough for this person: at least 10 characters of 3 kinds (upper case, lower case, digits, others), without
/// the person's name.
pub(super) fn new_hash(name: &str, password: &str) -> Result<String, Error> {
    let kinds: [fn(&char) -> bool; 4] = [
        |letter| letter.is_uppercase(),
        |letter| letter.is_lowercase(),
        |letter| letter.is_numeric(),
        |letter| !letter.is_uppercase() && !letter.is_lowercase() && !letter.is_numeric(),
    ];
    let found = kinds
        .iter()
        .filter(|kind| password.chars().any(|letter| kind(&letter)))
        .count();
    if password.chars().count() < LEAST_LENGTH || found < 3 {
        return Err(Error::refused(
            "密码须不少于 10 个字符，并含大写字母、小写字母、数字、其他符号中的至少三种。",
        ));
    }
    let plain = |text: &str| fold(text).to_lowercase();
    if name.chars().count() >= LEAST_NAME && plain(password).contains(&plain(name)) {
        return Err(Error::refused("密码不能含有用户名，请换一个。"));
    }
    Ok(hash(password)?)
}

fn hash(password: &str) -> Result<String, Failure> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Failure::Secret(error.to_string()))
}

/// The hash that a stranger's password is measured against; never right, because nobody has it.
pub(super) static STRANGER: LazyLock<String> = LazyLock::new(|| hash("nobody").unwrap_or_default());

pub(super) fn verifies(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A password for a person's first login: 20 characters of 3 kinds, drawn from 32 that are not mistaken for each other.
///
/// # Errors
/// The system gives no randomness.
pub fn random_password() -> Result<String, Error> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let mut bytes = [0; 17];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Secret(error.to_string()))?;
    let drawn: String = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    // One of each kind, whatever was drawn.
    Ok(format!("{drawn}K7-"))
}

pub(in crate::registry) fn new_token() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Secret(error.to_string()))?;
    Ok(hex(&bytes))
}
