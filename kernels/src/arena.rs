//! What a run needs and the next one finds again: memory for all activations,
//! aligned to cache lines.

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A growing buffer of f32 values aligned to 64 bytes.
#[derive(Default)]
pub(crate) struct Arena {
    lines: Vec<Line>,
}

impl Arena {
    /// A pointer to at least `floats` initialised values; the buffer only grows,
    /// so that runs in steady state allocate nothing.
    pub(crate) fn reserve(&mut self, floats: usize) -> *mut f32 {
        let lines = floats.div_ceil(16);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0.0; 16]));
        }
        self.lines.as_mut_ptr().cast()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}

/// A constant buffer of f32 values aligned to 64 bytes, for packed weights.
pub(crate) struct Packed {
    lines: Vec<Line>,
    len: usize,
}

impl Packed {
    /// Copies `values`; the tail of the last cache line is zero.
    pub(crate) fn new(values: &[f32]) -> Self {
        let lines = values
            .chunks(16)
            .map(|chunk| {
                let mut line = [0.0; 16];
                line[..chunk.len()].copy_from_slice(chunk);
                Line(line)
            })
            .collect();
        Self { lines, len: values.len() }
    }

    /// The first value.
    pub(crate) fn as_ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    /// All values.
    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: the lines hold at least `len` initialised values.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len) }
    }

    /// Values held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}
