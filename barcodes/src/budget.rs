//! A bound on the work for one image, whatever is on it.

/// What may still be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Rows of areas, about 0.02 ms each.
    rows: usize,
    /// Rough fits of templates, about 0.13 ms each.
    fits: usize,
    /// Fits of the modules of a code that is warped, about a millisecond each.
    warps: usize,
}

impl Default for Budget {
    /// About a tenth of a second on one core of 2020.
    fn default() -> Self {
        Self { rows: 2000, fits: 200, warps: 16 }
    }
}

impl Budget {
    /// Whether a row may be read; it is paid with that.
    pub(crate) fn take_row(&mut self) -> bool {
        take(&mut self.rows, 1)
    }

    /// Whether so many fits may be made; they are paid with that.
    pub(crate) fn take_fits(&mut self, count: usize) -> bool {
        take(&mut self.fits, count)
    }

    /// Whether a code may be warped; it is paid with that.
    pub(crate) fn take_warp(&mut self) -> bool {
        take(&mut self.warps, 1)
    }
}

fn take(from: &mut usize, count: usize) -> bool {
    let left = from.checked_sub(count);
    *from = left.unwrap_or(*from);
    left.is_some()
}
