//! `/api/docs`: the viewer of the document, Swagger UI, out of the archive that the binary carries.

use std::io::{Cursor, Read as _};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;
use zip::result::ZipError;

use super::problem::Problem;

const PAGE: &str = r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>聊城市抗震加固工程登记接口</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/viewer.js" defer></script>
</head>
<body><main id="viewer"><p>接口说明由脚本显示；程序可以直接读取 <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>。</p></main></body>
</html>
"#;

const VIEWER: &str = "\
addEventListener(\"load\", () => {
  SwaggerUIBundle({
    url: \"/api/v1/openapi.json\",
    dom_id: \"#viewer\",
    deepLinking: true,
    docExpansion: \"none\",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
});
";

/// `GET /api/docs`.
pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE)
}

/// A file of the viewer's.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: Vec<u8>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets = vec![Asset {
        name: "viewer.js",
        media_type: "text/javascript; charset=utf-8",
        content: VIEWER.into(),
    }];
    for (name, media_type) in [
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ] {
        match unpacked(name) {
            Ok(content) => assets.push(Asset {
                name,
                media_type,
                content,
            }),
            Err(error) => tracing::error!("{name} is not in the viewer's archive: {error}"),
        }
    }
    assets
});

fn unpacked(name: &str) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let ending = format!("/dist/{name}");
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        if entry.name()?.ends_with(&ending) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            return Ok(content);
        }
    }
    Err(ZipError::FileNotFound)
}

/// `GET /api/docs/{file}`.
pub(super) async fn file(Path(file): Path<String>) -> Result<Response, Problem> {
    let asset = tokio::task::spawn_blocking(move || ASSETS.iter().find(|asset| asset.name == file))
        .await
        .map_err(|error| Problem::internal(&error.into()))?
        .ok_or_else(Problem::not_found)?;
    let headers = [
        (CONTENT_TYPE, asset.media_type),
        (CACHE_CONTROL, "private, max-age=3600"),
    ];
    Ok((headers, asset.content.as_slice()).into_response())
}
