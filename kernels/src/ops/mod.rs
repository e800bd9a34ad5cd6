//! The kernels, each written once over sixteen lanes.
//!
//! Every kernel works on raw views: the executor hands each parallel task its
//! own rows or blocks of the output, and inputs that no task of the same step
//! writes.

pub(crate) mod activation;
pub(crate) mod attention;
pub(crate) mod conv;
mod conv_staged;
pub(crate) mod depthwise;
pub(crate) mod enlarged;
pub(crate) mod mosaic;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod scale;
