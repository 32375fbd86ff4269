//! What comes in the body of a request: JSON of a type, a file, or nothing.

use std::future::Future;
use std::io::Write as _;
use std::marker::PhantomData;

use axum::body::{Body as HttpBody, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::openapi::{Described, Schemas};
use super::problem::{Code, Problem};
use super::reply::JSON;
use super::types::Nothing;
use crate::registry::Registry;
use crate::registry::photos::{Limits, MOST_BYTES_SENT};

/// The largest JSON body. Photos may come inside.
const MOST_JSON: usize = 64 << 20;

/// What comes in a body.
pub(super) trait Body: Sized + Send + 'static {
    /// The media types, with the schema where there is one.
    fn describe(described: &mut Described, schemas: &mut Schemas);

    /// Reads it, with the digest of its bytes.
    fn read(
        registry: &Registry,
        headers: &HeaderMap,
        body: HttpBody,
    ) -> impl Future<Output = Result<(Self, Sha256), Problem>> + Send;
}

impl Body for Nothing {
    fn describe(_: &mut Described, _: &mut Schemas) {}

    async fn read(_: &Registry, _: &HeaderMap, body: HttpBody) -> Result<(Self, Sha256), Problem> {
        // What is sent where nothing is asked for is not looked at, up to a small size.
        match to_bytes(body, 1 << 16).await {
            Ok(_) => Ok((Self {}, Sha256::new())),
            Err(_) => Err(Problem::new(Code::TooLarge, "这个地址不需要请求内容。")),
        }
    }
}

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Body for Json<T> {
    fn describe(described: &mut Described, schemas: &mut Schemas) {
        described.takes_json::<T>(schemas);
    }

    async fn read(_: &Registry, headers: &HeaderMap, body: HttpBody) -> Result<(Self, Sha256), Problem> {
        let kind = media_type(headers);
        if kind != JSON && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "请求内容须为 JSON，并写明 Content-Type: application/json。",
            ));
        }
        let bytes = to_bytes(body, MOST_JSON).await.map_err(|_| {
            let most = MOST_JSON >> 20;
            Problem::new(Code::TooLarge, format!("请求内容没有传完整，或者超过了 {most} MB。"))
        })?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::new(Code::InvalidBody, format!("请求内容不合接口文档：{error}")))?;
        Ok((Self(value), Sha256::new_with_prefix(&bytes)))
    }
}

/// A kind of file.
pub(super) trait Kind: Send + 'static {
    /// Its largest size, bytes.
    fn most(registry: &Registry) -> u64;
}

/// A roster, or receipts.
pub(super) struct Sheet;

impl Kind for Sheet {
    fn most(registry: &Registry) -> u64 {
        registry.checker.limits.file_bytes
    }
}

/// A photo.
pub(super) struct Picture;

impl Kind for Picture {
    fn most(_: &Registry) -> u64 {
        MOST_BYTES_SENT as u64
    }
}

/// An archive of photos.
pub(super) struct Pictures;

impl Kind for Pictures {
    fn most(_: &Registry) -> u64 {
        Limits::default().archive_bytes
    }
}

/// A file, as it was sent.
pub(super) struct Sent<K>(pub(super) NamedTempFile, PhantomData<K>);

impl<K: Kind> Body for Sent<K> {
    fn describe(described: &mut Described, _: &mut Schemas) {
        described.takes_file();
    }

    async fn read(registry: &Registry, headers: &HeaderMap, body: HttpBody) -> Result<(Self, Sha256), Problem> {
        if [JSON, "application/x-www-form-urlencoded", "multipart/form-data"].contains(&&*media_type(headers)) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "请直接发送文件的内容，并写明 Content-Type: application/octet-stream。",
            ));
        }
        let most = K::most(registry);
        let mut file = NamedTempFile::new()?;
        let mut digest = Sha256::new();
        let (mut stream, mut bytes) = (body.into_data_stream(), 0);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Problem::invalid("文件没有传完整，请重新发送。"))?;
            bytes += chunk.len() as u64;
            if bytes > most {
                return Err(Problem::new(Code::TooLarge, too_large(most)));
            }
            digest.update(&chunk);
            // Some kilobytes into the system's cache: not worth a thread.
            file.write_all(&chunk)?;
        }
        if bytes == 0 {
            return Err(Problem::invalid("没有收到文件的内容。"));
        }
        Ok((Self(file, PhantomData), digest))
    }
}

fn too_large(most: u64) -> String {
    // Some limits are binary.
    let megabytes = if most.is_multiple_of(1 << 20) {
        most >> 20
    } else {
        most / 1_000_000
    };
    format!("文件超过了 {megabytes} MB，请缩小或分成几个再传。")
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}
