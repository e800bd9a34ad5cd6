//! The image of a request: raw body or multipart field `file`, bounded while it is read.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use slipstream_api::ErrorCode;

use super::error::ApiError;
use super::linger::linger;
use crate::pipeline::Upload;

/// Media types of uploads. `application/octet-stream` leaves it to the bytes,
/// which decide in any case.
const MEDIA_TYPES: [&str; 8] = [
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/webp",
    "application/pdf",
    "application/xml",
    "text/xml",
    "application/octet-stream",
];

/// How the image comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The body is the image.
    Raw,
    /// The body is a multipart form with a field `file`.
    Multipart,
}

/// Judges an upload by the request's head alone.
///
/// # Errors
/// `malformed` without a body, `too_large` if it says so itself,
/// `unsupported_media` for a media type that holds no image.
pub fn inspect(parts: &Parts, body: &Body, max_bytes: usize) -> Result<Form, ApiError> {
    if body.is_end_stream() {
        return Err(ApiError::malformed("the body is empty, send the image as the body or as multipart field file"));
    }
    // The size hint is the content-length where there is one.
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(ApiError::upload_too_large(max_bytes));
    }
    match media_type(&parts.headers)? {
        Some(media) if media == "multipart/form-data" => Ok(Form::Multipart),
        Some(media) if MEDIA_TYPES.contains(&media.as_str()) => Ok(Form::Raw),
        _ => Err(unsupported()),
    }
}

/// Reads the image, at most `max_bytes` of it.
///
/// # Errors
/// `too_large`, `malformed` when there is none or the connection broke,
/// `unsupported_media` for a `file` that says it is no image.
pub async fn receive(parts: Parts, body: Body, form: Form, max_bytes: usize) -> Result<Upload, ApiError> {
    let upload = match form {
        Form::Raw => {
            let declared = media_type(&parts.headers)?;
            Upload { bytes: raw(body, max_bytes).await?, declared }
        }
        Form::Multipart => multipart(parts, body, max_bytes).await?,
    };
    if upload.bytes.is_empty() {
        return Err(ApiError::malformed("the image is empty"));
    }
    Ok(upload)
}

async fn raw(mut body: Body, max_bytes: usize) -> Result<Bytes, ApiError> {
    let expected = body.size_hint().exact().unwrap_or(0).min(max_bytes as u64);
    let mut image = Vec::with_capacity(expected as usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::malformed("the body broke off before its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        if image.len() + data.len() > max_bytes {
            linger(body);
            return Err(ApiError::upload_too_large(max_bytes));
        }
        image.extend_from_slice(&data);
    }
    Ok(image.into())
}

async fn multipart(parts: Parts, body: Body, max_bytes: usize) -> Result<Upload, ApiError> {
    let refusal = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::upload_too_large(max_bytes),
        _ => ApiError::malformed("cannot understand the multipart form"),
    };
    let request = Request::from_parts(parts, Body::new(Limited::new(body, max_bytes)));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::malformed("the multipart form names no boundary in its content-type"))?;
    while let Some(field) = form.next_field().await.map_err(refusal)? {
        if field.name() == Some("file") {
            let declared = field.content_type().map(essence);
            if declared.as_deref().is_some_and(|media| !MEDIA_TYPES.contains(&media)) {
                return Err(unsupported());
            }
            return Ok(Upload { bytes: field.bytes().await.map_err(refusal)?, declared });
        }
    }
    Err(ApiError::malformed("the multipart form has no field file"))
}

fn unsupported() -> ApiError {
    let detail = "send image/jpeg, image/png, image/webp, application/pdf or application/xml, or a multipart form with a field file";
    ApiError::new(ErrorCode::UnsupportedMedia, detail)
}

fn media_type(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let value = headers.get(header::CONTENT_TYPE).map(|value| value.to_str());
    let value = value.transpose().map_err(|_| unsupported())?;
    Ok(value.map(essence))
}

/// The media type without its parameters, in lower case.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
