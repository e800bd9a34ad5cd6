//! The contract as an OpenAPI document, gathered from the handlers.

use slipstream_api::{Health, ModelsResponse, Problem, ReceiptResponse};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

/// The multipart form of an upload.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form, which is read field by field")]
pub struct UploadForm {
    /// The image.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Slipstream", description = "Receipts in, checked JSON out.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(
        super::receipts::read_receipt,
        super::customers::erase,
        super::operations::models,
        super::health::live,
        super::health::ready,
        super::operations::metrics,
        super::operations::openapi,
    ),
    components(schemas(ReceiptResponse, Problem, ModelsResponse, Health, UploadForm)),
    modifiers(&BearerKey),
    tags(
        (name = "receipts", description = "Reading receipts."),
        (name = "operations", description = "Running the server."),
    ),
)]
struct Contract;

/// Declares the security scheme that handlers name `key`.
struct BearerKey;

impl Modify for BearerKey {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        openapi.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The document that `GET /openapi.json` answers.
pub fn document() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}
