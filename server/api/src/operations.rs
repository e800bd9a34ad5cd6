//! What operators ask for: models and health.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer of `GET /v1/models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelsResponse {
    /// The name of the set that reads new receipts.
    pub serving: String,
    /// Every loaded set.
    pub sets: Vec<ModelSetInfo>,
}

/// A set of models that belong together: one request sees exactly one set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelSetInfo {
    /// The set's name, as in [`crate::ReceiptResponse::model_set`].
    pub name: String,
    /// Its models, in the order of the stages.
    pub models: Vec<ModelInfo>,
}

/// One model of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelInfo {
    /// The stage it runs in (`detect`, `recognise`, `extract`, …).
    #[schema(example = "detect")]
    pub stage: String,
    /// The model's name.
    pub name: String,
    /// Number of weights.
    pub parameters: u64,
    /// SPDX expression of the weights' licence.
    #[schema(example = "Apache-2.0")]
    pub licence: String,
}

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// The process answers (`/health/live`).
    Live,
    /// Models are loaded and warm; receipts are read.
    Ready,
    /// Models are loading.
    Starting,
    /// Requests in flight are finished, new ones are refused.
    Draining,
    /// An operation on the device failed.
    Failing,
}

/// The answer of `GET /health/live` and `GET /health/ready`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// What the server is doing.
    pub status: HealthState,
    /// The set of models that reads new receipts; absent while none is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_set: Option<String>,
}
