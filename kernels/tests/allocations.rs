//! A network that has run once allocates its result and nothing else.

#![allow(missing_docs, clippy::unwrap_used)]

mod reference;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use slipstream_kernels::{
    Activation, Backend, Filter, NetworkBuilder, OutputOrder, Padding, Parallelism, Quantisation,
};

use reference::{filter, first_layer};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts for each thread.
struct Counting;

// SAFETY: everything is the system allocator's doing; a constant thread-local
// counter without a destructor allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: forwarded.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: forwarded.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn runs_in_steady_state_allocate_their_result_alone() {
    for backend in Backend::available() {
        let (mut net, image) = NetworkBuilder::new();
        let x = first_layer(&mut net, image, 24);
        let half = net.average_pool(x, (2, 2));
        let inputs = [net.upsample(half, 2), x];
        let steps = Some(Quantisation { steps: vec![0.02; 48], zero: 3, means: Vec::new() });
        let dense = Filter { input: steps, ..filter([32, 48, 3, 3], 1) };
        let x = net.conv(&inputs, &dense, (1, 1), Padding::Symmetric(1, 1), Activation::Gelu, None).unwrap();
        let x = net.squeeze_excite(x, filter([8, 32, 1, 1], 2), filter([32, 8, 1, 1], 3), 0.2, true).unwrap();
        let x = net.depthwise(x, &filter([32, 1, 3, 3], 4), (1, 1), Activation::None, None).unwrap();
        let row = net.average_pool(x, (8, 1));
        let row = net.layer_norm(row, &[1.0; 32], &[0.0; 32], 1e-5).unwrap();
        let row =
            net.self_attention(row, &filter([96, 32, 1, 1], 5), &filter([32, 32, 1, 1], 6), 4, Some(row)).unwrap();
        let row = net.softmax(row);
        let network = net.finish(row, OutputOrder::ChannelsLast).unwrap().with_backend(backend);
        let photo = vec![0.3; 16 * 80 * 3];
        let run = || network.run(&photo, (16, 80), Parallelism::Serial).unwrap();
        run();
        let before = ALLOCATIONS.get();
        let result = run();
        assert_eq!(ALLOCATIONS.get() - before, 1, "on {backend:?}");
        assert_eq!(result.1, [1, 40, 32]);
    }
}
