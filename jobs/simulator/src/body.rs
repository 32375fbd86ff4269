//! Bodies as sent and as meant: the size limit before and after decompression.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;

use crate::problem::Problem;

/// 5 MB, before and after decompression (fine print 5).
pub(crate) const MOST_BYTES: usize = 5_000_000;

/// A body over the limit is read up to here all the same, so that its sender gets an answer and not a broken pipe.
const PATIENCE: usize = 4 * MOST_BYTES;

/// Reads the body as sent.
pub(crate) async fn read(body: Body) -> Result<axum::body::Bytes, Problem> {
    let too_large = || Problem::too_large(format!("the body is over {MOST_BYTES} bytes"));
    // Besides an endless body, only a broken connection fails here, and then nobody reads the answer.
    let bytes = axum::body::to_bytes(body, PATIENCE).await.map_err(|_| too_large())?;
    if bytes.len() > MOST_BYTES {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}

/// Undoes `Content-Encoding: gzip`, never holding more than the limit.
pub(crate) fn decode(headers: &HeaderMap, sent: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(encoding) = encodings.next() else {
        return Ok(sent.to_vec());
    };
    if encodings.next().is_some() || !encoding.as_bytes().eq_ignore_ascii_case(b"gzip") {
        return Err(Problem::malformed(
            "unsupported_encoding",
            "Content-Encoding must be gzip or absent",
        ));
    }
    let mut decoded = Vec::new();
    let mut limited = MultiGzDecoder::new(sent).take(MOST_BYTES as u64 + 1);
    limited
        .read_to_end(&mut decoded)
        .map_err(|error| Problem::malformed("bad_gzip", format!("the body is not gzip: {error}")))?;
    if decoded.len() > MOST_BYTES {
        return Err(Problem::too_large(format!(
            "the body unpacks to over {MOST_BYTES} bytes"
        )));
    }
    Ok(decoded)
}
