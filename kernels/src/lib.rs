//! CPU kernels and the executor that runs convolutional networks on them
