//! What networks on a device are given: floats, pages in bytes, or lines of text on pages.

use super::arguments::{Address, Line, Page, bytes_of};
use super::lower::int;
use super::machine::MachineError;
use crate::executor::RunError;

/// Where pixels of a page start, among those of all.
const ALIGNMENT: usize = 16;

/// A page's pixels.
#[derive(Debug, Clone, Copy)]
pub struct PagePixels<'a> {
    /// `[height][width][3]`, red first.
    pub rgb: &'a [u8],
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// A line of text on a page.
#[derive(Debug, Clone, Copy)]
pub struct LinePlace {
    /// The page's number among those given.
    pub page: usize,
    /// (x, y) of its corners in pixels of the page, clockwise from the top left of its text.
    pub corners: [[f32; 2]; 4],
    /// Columns that it takes of the image; the rest is zero, as padding is everywhere.
    pub columns: usize,
    /// Samples of a pixel, down and across.
    pub samples: usize,
}

/// Images, in one of the forms that a device turns into what networks take.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// `[images][height][width][3]`, as the network takes it.
    Floats(&'a [f32]),
    /// Every page is scaled to the image's size, reduced by whole factors first; channels are reversed, and every
    /// value becomes `value · scale + shift`.
    Pages {
        /// The pages, each an image.
        pages: &'a [PagePixels<'a>],
        /// By channel, blue first.
        scale: [f32; 3],
        /// By channel, blue first.
        shift: [f32; 3],
    },
    /// Every line is an image: rectified, blue first, from -1 to 1.
    Lines {
        /// The pages that they stand on.
        pages: &'a [PagePixels<'a>],
        /// The lines, each an image.
        lines: &'a [LinePlace],
    },
}

/// Which form, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum InputKind {
    Floats,
    Pages,
    Lines,
}

impl<'a> Input<'a> {
    pub(super) fn kind(&self) -> InputKind {
        match self {
            Self::Floats(_) => InputKind::Floats,
            Self::Pages { .. } => InputKind::Pages,
            Self::Lines { .. } => InputKind::Lines,
        }
    }

    /// How many images of `height`×`width` these are.
    ///
    /// # Errors
    /// When there is none, or one has not the values that it should have.
    pub(super) fn count(&self, (height, width): (usize, usize)) -> Result<usize, RunError> {
        let size = |expected, got| RunError::ImageSize { height, width, expected, got };
        match *self {
            Self::Floats(values) => {
                let each = height.saturating_mul(width).saturating_mul(3);
                match values.len().checked_div(each) {
                    Some(count) if count > 0 && count * each == values.len() => Ok(count),
                    _ => Err(size(each, values.len())),
                }
            }
            Self::Pages { pages, .. } => {
                check_pages(pages)?;
                if pages.is_empty() { Err(size(1, 0)) } else { Ok(pages.len()) }
            }
            Self::Lines { pages, lines } => {
                check_pages(pages)?;
                let fits = |line: &LinePlace| line.page < pages.len() && line.columns <= width && line.samples > 0;
                match lines.iter().find(|line| !fits(line)) {
                    None if !lines.is_empty() => Ok(lines.len()),
                    misfit => Err(size(width, misfit.map_or(0, |line| line.columns))),
                }
            }
        }
    }

    /// The first `count` images, and the others.
    pub(super) fn split(&self, count: usize, of: usize) -> (Self, Self) {
        match *self {
            Self::Floats(values) => {
                let (first, second) = values.split_at(values.len() / of * count);
                (Self::Floats(first), Self::Floats(second))
            }
            Self::Pages { pages, scale, shift } => {
                let (first, second) = pages.split_at(count);
                (Self::Pages { pages: first, scale, shift }, Self::Pages { pages: second, scale, shift })
            }
            Self::Lines { pages, lines } => {
                let (first, second) = lines.split_at(count);
                (Self::Lines { pages, lines: first }, Self::Lines { pages, lines: second })
            }
        }
    }

    /// Bytes that all pages together have on the device.
    pub(super) fn pixel_bytes(&self) -> usize {
        self.pages().iter().map(|page| page.rgb.len().next_multiple_of(ALIGNMENT)).sum()
    }

    fn pages(&self) -> &'a [PagePixels<'a>] {
        match *self {
            Self::Floats(_) => &[],
            Self::Pages { pages, .. } | Self::Lines { pages, .. } => pages,
        }
    }

    /// Hands every page to `write`, with its place among all.
    pub(super) fn each_page(
        &self,
        mut write: impl FnMut(usize, &[u8]) -> Result<(), MachineError>,
    ) -> Result<(), MachineError> {
        let mut place = 0;
        for page in self.pages() {
            write(place, page.rgb)?;
            place += page.rgb.len().next_multiple_of(ALIGNMENT);
        }
        Ok(())
    }

    /// What the first kernel reads for images of `height`×`width`; pixels are at `pixels`.
    pub(super) fn head(&self, (height, width): (usize, usize), pixels: Address) -> Vec<u8> {
        let mut place = pixels;
        let addresses: Vec<_> = self
            .pages()
            .iter()
            .map(|page| {
                let address = place;
                place += page.rgb.len().next_multiple_of(ALIGNMENT) as Address;
                address
            })
            .collect();
        match *self {
            Self::Floats(values) => values.iter().flat_map(|v| v.to_ne_bytes()).collect(),
            Self::Pages { pages, scale, shift } => {
                let all = pages.iter().zip(addresses).map(|(page, rgb)| Page {
                    rgb,
                    height: int(page.height),
                    width: int(page.width),
                    factor: int((page.width / width).min(page.height / height).max(1)),
                    unused: 0,
                    scale,
                    shift,
                });
                bytes_of(&all.collect::<Vec<_>>())
            }
            Self::Lines { pages, lines } => {
                let all = lines.iter().map(|line| {
                    let page = pages[line.page];
                    let [[a, b], [c, d], [e, f], [g, h]] = line.corners;
                    Line {
                        rgb: addresses[line.page],
                        height: int(page.height),
                        width: int(page.width),
                        corners: [a, b, c, d, e, f, g, h],
                        columns: int(line.columns),
                        samples: int(line.samples),
                    }
                });
                bytes_of(&all.collect::<Vec<_>>())
            }
        }
    }
}

/// Whether all pages have pixels, and as many as they say.
fn check_pages(pages: &[PagePixels<'_>]) -> Result<(), RunError> {
    for &PagePixels { rgb, height, width } in pages {
        let expected = height.saturating_mul(width).saturating_mul(3);
        if expected == 0 || rgb.len() != expected {
            return Err(RunError::ImageSize { height, width, expected, got: rgb.len() });
        }
    }
    Ok(())
}
