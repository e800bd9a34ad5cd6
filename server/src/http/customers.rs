//! `DELETE /v1/customers/{reference}/fingerprints`: forgetting what a customer sent.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use slipstream_api::{Erased, ErrorCode, Problem};

use super::App;
use super::error::ApiError;
use super::options::MAX_CUSTOMER_BYTES;
use crate::pipeline::ReadError;

/// Erases the fingerprints of every receipt that was remembered with this `x-customer` by the same tenant.
#[utoipa::path(
    delete,
    path = "/v1/customers/{reference}/fingerprints",
    tag = "receipts",
    params(("reference" = String, Path, description = "the customer reference, as it was sent in x-customer")),
    responses(
        (status = 200, description = "how many receipts were forgotten; none is no error", body = Erased),
        (status = 400, description = "`malformed`: no reference, or one that is too long", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: a key is needed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: this server keeps no fingerprints", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`duplicates_unavailable`: the store cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub async fn erase(
    State(app): State<Arc<App>>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Erased>, ApiError> {
    let tenant = app.keys.check(&headers)?;
    let Some(store) = &app.duplicates else {
        return Err(ApiError::new(ErrorCode::NotFound, "this server keeps no fingerprints"));
    };
    if reference.is_empty() || reference.len() > MAX_CUSTOMER_BYTES {
        return Err(ApiError::malformed(format!("a customer reference has 1 to {MAX_CUSTOMER_BYTES} bytes")));
    }
    let erased = store.erase(app.keys.name(tenant), reference).await.map_err(ReadError::Duplicates)?;
    Ok(Json(Erased { erased }))
}
