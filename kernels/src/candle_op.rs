//! A whole network as one candle operation: `[N, H, W, 3]` → `[N, h, w, c]`, f32 in the CPU's memory.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, bail};
use rayon::prelude::*;

use crate::accelerator::{Accelerator, Device, DeviceError};
#[cfg(feature = "device")]
use crate::device::{DeviceNetwork, Input};
use crate::executor::{Parallelism, RunError};
use crate::network::Network;

/// Applies a [`Network`] to a contiguous tensor of images of one size.
///
/// A batch of one is spread over the pool; the images of a larger batch run
/// beside each other, one thread each.
#[derive(Clone)]
pub struct NetworkOp {
    network: Arc<Network>,
    parallelism: Parallelism,
    /// The network on a device; without it, it runs on this computer's processors.
    #[cfg(feature = "device")]
    device: Option<Arc<DeviceNetwork>>,
}

impl NetworkOp {
    /// The operation of `network`; `parallelism` says who works on a batch of one.
    pub fn new(network: Arc<Network>, parallelism: Parallelism) -> Self {
        Self {
            network,
            parallelism,
            #[cfg(feature = "device")]
            device: None,
        }
    }

    /// The same on `accelerator`. Tensors still are the CPU's: pixels go there and results come back in one copy each.
    ///
    /// # Errors
    /// [`DeviceError::Network`] when the device lacks a kernel or the memory for it.
    pub fn on(
        accelerator: &Accelerator,
        network: Arc<Network>,
        parallelism: Parallelism,
    ) -> std::result::Result<Self, DeviceError> {
        #[cfg(feature = "device")]
        if let Some(machine) = accelerator.machine() {
            let on_device = DeviceNetwork::new(Arc::clone(machine), Arc::clone(&network))
                .map_err(|error| DeviceError::Network { device: accelerator.device(), reason: error.to_string() })?;
            return Ok(Self { network, parallelism, device: Some(Arc::new(on_device)) });
        }
        debug_assert_eq!(accelerator.device(), Device::Cpu, "another device was opened without a machine");
        Ok(Self::new(network, parallelism))
    }

    /// Runs the network on this computer's processors, for an image whose rows `write` gives: see
    /// [`Network::run_rows`].
    ///
    /// # Errors
    /// [`RunError`] when the image is too small.
    pub fn run_rows(
        &self,
        size: (usize, usize),
        write: impl Fn(usize, &mut [[f32; 4]]) + Sync + Send,
    ) -> std::result::Result<(Vec<f32>, [usize; 3]), RunError> {
        self.network.run_rows(size, self.parallelism, write)
    }

    /// The network that it applies.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network on its device, for what tensors of the CPU are a detour to; `None` if that is the CPU.
    #[cfg(feature = "device")]
    pub fn device(&self) -> Option<&DeviceNetwork> {
        self.device.as_deref()
    }

    /// Whether batches run together: a device is busy only with many images, a core with one.
    pub fn prefers_batches(&self) -> bool {
        #[cfg(feature = "device")]
        return self.device.is_some();
        #[cfg(not(feature = "device"))]
        false
    }
}

impl CustomOp1 for NetworkOp {
    fn name(&self) -> &'static str {
        "slipstream-network"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, height, width, channels) = layout.shape().dims4()?;
        if channels != 3 || batch == 0 {
            bail!("the network expects images as [N, H, W, 3], got {:?}", layout.shape());
        }
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("the network expects a contiguous tensor");
        };
        let images = &storage.as_slice::<f32>()?[start..end];
        let size = (height, width);
        #[cfg(feature = "device")]
        if let Some(device) = &self.device {
            let (results, [h, w, c]) = device.run(Input::Floats(images), size).map_err(candle_core::Error::wrap)?;
            return Ok((CpuStorage::F32(results), (batch, h, w, c).into()));
        }
        if batch == 1 {
            let (result, [h, w, c]) =
                self.network.run(images, size, self.parallelism).map_err(candle_core::Error::wrap)?;
            return Ok((CpuStorage::F32(result), (1, h, w, c).into()));
        }
        let results = images
            .par_chunks_exact(height * width * 3)
            .map(|image| self.network.run(image, size, Parallelism::Serial).map_err(candle_core::Error::wrap))
            .collect::<Result<Vec<_>>>()?;
        let [h, w, c] = results[0].1;
        let all = results.into_iter().flat_map(|(values, _)| values).collect();
        Ok((CpuStorage::F32(all), (batch, h, w, c).into()))
    }
}
