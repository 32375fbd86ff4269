//! The stylesheet and the script: embedded, under an address that changes with their content, so that a browser may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::error::WebError;

/// One embedded file.
struct Asset {
    /// Its address.
    url: String,
    content_type: &'static str,
    content: &'static str,
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::new(
            "style",
            "css",
            "text/css; charset=utf-8",
            include_str!("static/style.css"),
        ),
        Asset::new(
            "app",
            "js",
            "text/javascript; charset=utf-8",
            include_str!("static/app.js"),
        ),
    ]
});

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let digest = Sha256::digest(content.as_bytes());
        let version = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self {
            url: format!("/static/{name}.{version:08x}.{extension}"),
            content_type,
            content,
        }
    }
}

/// The stylesheet's address.
pub(super) fn style_url() -> &'static str {
    &ASSETS[0].url
}

/// The script's address.
pub(super) fn script_url() -> &'static str {
    &ASSETS[1].url
}

/// `GET /static/{file}`.
pub(super) async fn file(Path(file): Path<String>) -> Result<Response, WebError> {
    let asset = ASSETS.iter().find(|asset| asset.url["/static/".len()..] == file);
    let asset = asset.ok_or(WebError::NotFound)?;
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
