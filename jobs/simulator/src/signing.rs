//! The signature check, written from the contract and sharing nothing with the client that signs.
//!
//! A nonce is spent by every request that carries well-formed signing headers of a known key, whatever comes of it.

use axum::http::{HeaderMap, Method, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::problem::Problem;

/// A timestamp may be this far off the platform's clock, in milliseconds.
const TIMESTAMP_TOLERANCE_MS: i64 = 300_000;

/// The two algorithms of the contract.
#[derive(Clone, Copy, Debug)]
enum Algorithm {
    HmacSm3,
    HmacSha256,
}

/// The signing headers of a request, well-formed but not yet believed.
pub(crate) struct Claim {
    pub(crate) nonce: String,
    app_key: String,
    timestamp: String,
    algorithm: Algorithm,
    signature: Vec<u8>,
    content_digest: String,
}

impl Claim {
    /// Reads the signing headers; a missing, repeated or malformed one is a 401.
    pub(crate) fn read(headers: &HeaderMap, has_body: bool) -> Result<Self, Problem> {
        let app_key = single(headers, "x-app-key")?;
        let timestamp = single(headers, "x-timestamp")?;
        if !is_all(timestamp, |byte| byte.is_ascii_digit()) {
            return Err(malformed("x-timestamp", "Unix milliseconds in digits"));
        }
        let nonce = single(headers, "x-nonce")?;
        let nonce_sound = (16..=64).contains(&nonce.len()) && is_all(nonce, |b| b.is_ascii_alphanumeric() || b == b'-');
        if !nonce_sound {
            return Err(malformed("x-nonce", "16 to 64 letters, digits or '-'"));
        }
        let algorithm = match single(headers, "x-sign-algorithm")? {
            "HMAC-SM3" => Algorithm::HmacSm3,
            "HMAC-SHA256" => Algorithm::HmacSha256,
            _ => return Err(malformed("x-sign-algorithm", "HMAC-SM3 or HMAC-SHA256")),
        };
        let signature = single(headers, "x-signature")?;
        let signature = is_lower_hex(signature, 64)
            .then(|| hex::decode(signature).ok())
            .flatten()
            .ok_or_else(|| malformed("x-signature", "64 lower-case hex digits"))?;
        let content_digest = if has_body || headers.contains_key("content-digest") {
            single(headers, "content-digest")?
        } else {
            ""
        };
        Ok(Self {
            nonce: nonce.to_owned(),
            app_key: app_key.to_owned(),
            timestamp: timestamp.to_owned(),
            algorithm,
            signature,
            content_digest: content_digest.to_owned(),
        })
    }

    /// Refuses a key that the platform did not issue.
    pub(crate) fn check_key(&self, app_key: &str) -> Result<(), Problem> {
        if self.app_key == app_key {
            Ok(())
        } else {
            Err(Problem::unsigned("unknown_app_key", "unknown X-App-Key"))
        }
    }

    /// Checks timestamp, digest and signature. `body` is the body as sent, before any decompression.
    pub(crate) fn check(&self, secret: &str, method: &Method, uri: &Uri, body: &[u8], now: i64) -> Result<(), Problem> {
        let close = self
            .timestamp
            .parse()
            .is_ok_and(|sent: i64| now.abs_diff(sent) <= TIMESTAMP_TOLERANCE_MS.unsigned_abs());
        if !close {
            let detail = format!("X-Timestamp {} is over 300 s off the platform's {now}", self.timestamp);
            return Err(Problem::unsigned("timestamp_out_of_window", detail));
        }
        if !self.content_digest.is_empty() {
            let expected = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
            if self.content_digest != expected {
                return Err(Problem::unsigned(
                    "digest_mismatch",
                    "Content-Digest is not that of the body as sent",
                ));
            }
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let text = format!(
            "{method}\n{path}\n{}\n{}\n{}",
            self.timestamp, self.nonce, self.content_digest
        );
        let genuine = match self.algorithm {
            Algorithm::HmacSm3 => verify::<Hmac<Sm3>>(secret, &text, &self.signature),
            Algorithm::HmacSha256 => verify::<Hmac<Sha256>>(secret, &text, &self.signature),
        };
        if genuine {
            Ok(())
        } else {
            Err(Problem::unsigned("signature_mismatch", "X-Signature does not verify"))
        }
    }
}

/// Compares in constant time. An HMAC takes a key of any length.
fn verify<M: Mac + KeyInit>(secret: &str, text: &str, signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(text).verify_slice(signature).is_ok())
}

/// The header's only value, in visible ASCII and not empty.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values
        .next()
        .ok_or_else(|| Problem::unsigned("missing_header", format!("{name} is missing")))?
        .to_str()
        .map_err(|_| malformed(name, "visible ASCII"))?;
    if value.is_empty() || values.next().is_some() {
        return Err(malformed(name, "one value, given once"));
    }
    Ok(value)
}

fn malformed(name: &str, expected: &str) -> Problem {
    Problem::unsigned("malformed_header", format!("{name} must be {expected}"))
}

fn is_all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

/// Whether `text` is `length` lower-case hex digits.
pub(crate) fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && is_all(text, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A published HMAC-SM3 vector (32-byte key 01..20, the 112-byte message of the hash standards), also given by
    /// `openssl dgst -sm3 -mac hmac`.
    #[test]
    fn hmac_sm3_matches_the_published_vector() {
        let key: String = (1..=32_u8).map(char::from).collect();
        let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
        let expected = hex::decode("ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a").unwrap();
        assert!(verify::<Hmac<Sm3>>(&key, &text, &expected));
        assert!(!verify::<Hmac<Sm3>>(&key, "other", &expected));
    }
}
