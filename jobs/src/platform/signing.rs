//! Signing: HMAC over the request's essence, and the digest of its body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sm3::Sm3;

/// The hash under the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SignAlgorithm {
    /// GB/T 32905 (SM3).
    #[serde(rename = "HMAC-SM3")]
    HmacSm3,
    /// FIPS 180-4 (SHA-256).
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
}

impl SignAlgorithm {
    /// The value of `X-Sign-Algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSm3 => "HMAC-SM3",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    /// Lower-case hex of the HMAC (RFC 2104). The secret is its UTF-8 bytes.
    pub(super) fn sign(self, secret: &str, message: &str) -> String {
        match self {
            Self::HmacSm3 => mac::<Hmac<Sm3>>(secret, message),
            Self::HmacSha256 => mac::<Hmac<Sha256>>(secret, message),
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "RFC 2104 takes keys of any length; new_from_slice cannot fail for HMAC"
)]
fn mac<M: Mac + KeyInit>(secret: &str, message: &str) -> String {
    let mut mac = M::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// What is signed.
pub(super) fn string_to_sign(method: &str, path_and_query: &str, timestamp: i64, nonce: &str, digest: &str) -> String {
    format!("{method}\n{path_and_query}\n{timestamp}\n{nonce}\n{digest}")
}

/// `Content-Digest` (RFC 9530) of a body as it is sent.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sm3_and_sha256_meet_their_published_vectors() {
        // GB/T 32905-2016, appendix A.1
        assert_eq!(
            hex::encode(Sm3::digest(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        // FIPS 180-4
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn hmac_meets_its_vectors() {
        // RFC 4231, test case 2
        assert_eq!(
            SignAlgorithm::HmacSha256.sign("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        // GM/T 0042-2015, appendix D.3
        let key: String = (1..=32_u8).map(char::from).collect();
        let message = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
        assert_eq!(
            SignAlgorithm::HmacSm3.sign(&key, &message),
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
        );
        // and written out by its definition: H((key ^ opad) | H((key ^ ipad) | message)), blocks of 64 bytes
        for (key, message) in [
            ("Jefe", "what do ya want for nothing?"),
            ("密钥", "POST\n/api"),
            ("", ""),
        ] {
            let pad = |with: u8| -> Vec<u8> {
                (0..64)
                    .map(|at| key.as_bytes().get(at).copied().unwrap_or(0) ^ with)
                    .collect()
            };
            let inner = Sm3::digest([pad(0x36), message.as_bytes().to_vec()].concat());
            let outer = Sm3::digest([pad(0x5c), inner.to_vec()].concat());
            assert_eq!(SignAlgorithm::HmacSm3.sign(key, message), hex::encode(outer));
        }
    }

    #[test]
    fn the_digest_header_is_of_rfc_9530() {
        // RFC 9530, appendix D: the bytes of {"hello": "world"} and a line feed
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
    }

    #[test]
    fn the_essence_has_five_lines() {
        assert_eq!(string_to_sign("GET", "/a?b=c", 17, "n", ""), "GET\n/a?b=c\n17\nn\n");
    }
}
