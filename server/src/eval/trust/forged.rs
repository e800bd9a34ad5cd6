//! Forges receipts, treats them as they are treated on their way, and asks the classifier.

use std::collections::BTreeMap;
use std::path::Path;

use image::RgbImage;
use indicatif::ProgressBar;
use rayon::prelude::*;
use slipstream_forger::{Area, Edit, Forged, Page, Treatment, forge, forge_at};
use slipstream_models::Raster;
use slipstream_models::forgery::{ForgeryClassifier, ForgeryVerdict};

use super::tally::{ForgeryFigures, Tally};
use super::{TrustJob, places};
use crate::eval::lines::LinePage;
use crate::eval::{EvalError, sroie};
use crate::hash::fnv1a;
use crate::pipeline::decode::{DecodeLimits, decode};

/// What reports call edits that were made again where people had made them.
const BY_PEOPLE: &str = "where_people_edited";

/// Receipts that the page shows of each edit without treatment.
const SHOWN: usize = 2;

/// A receipt as the classifier sees it, to be shown.
pub(super) struct Example {
    /// The receipt's name in the data set.
    pub(super) receipt: String,
    /// Edit and treatment.
    pub(super) what: String,
    /// The upload.
    pub(super) upload: Raster,
    /// What the classifier says of it.
    pub(super) verdict: ForgeryVerdict,
    /// What was edited.
    pub(super) areas: Vec<Area>,
}

/// What came of all receipts.
#[derive(Default)]
pub(super) struct Forgeries {
    /// Receipts that were looked at.
    pub(super) receipts: usize,
    /// Scores of genuine receipts by treatment; those of the receipts that people edited apart.
    pub(super) genuine: BTreeMap<(bool, Treatment), Vec<f32>>,
    pub(super) tallies: BTreeMap<(String, Treatment), Tally>,
    /// Some of them.
    pub(super) examples: Vec<Example>,
}

impl Forgeries {
    /// The figures, as `EDIT/TREATMENT`.
    pub(super) fn figures(&self) -> BTreeMap<String, ForgeryFigures> {
        let figures = |((edit, treatment), tally): (&(String, Treatment), &Tally)| {
            let genuine = self.genuine.get(&(edit == BY_PEOPLE, *treatment)).map_or(&[][..], Vec::as_slice);
            (format!("{edit}/{}", treatment.name()), tally.figures(genuine))
        };
        self.tallies.iter().map(figures).collect()
    }

    fn merge(&mut self, other: Self) {
        self.receipts += other.receipts;
        other.genuine.into_iter().for_each(|(key, scores)| self.genuine.entry(key).or_default().extend(scores));
        other.tallies.into_iter().for_each(|(key, tally)| self.tallies.entry(key).or_default().merge(tally));
        self.examples.extend(other.examples);
    }
}

/// Forges the receipts of `job` in every way and measures what is noticed.
///
/// # Errors
/// When a file cannot be read, or the classifier not be loaded.
pub(super) fn measure(job: &TrustJob<'_>, progress: impl Fn(usize) -> ProgressBar) -> Result<Forgeries, EvalError> {
    let classifier = ForgeryClassifier::load(job.classifier);
    let classifier = classifier.map_err(|error| EvalError::format(job.classifier, error))?;
    let all = sroie::load_lines(job.data, job.split)?;
    if all.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    let by_people = job.edits.map(places::load).transpose()?.unwrap_or_default();
    // Neighbours are of one shop, so that they are spread.
    let step = all.len().div_ceil(job.forged.max(1)).max(1);
    let chosen: Vec<usize> = (0..all.len()).step_by(step).collect();
    let bar = progress(chosen.len());
    let look = |(number, at): (usize, &usize)| {
        let receipt = all.get(*at).ok_or_else(|| EvalError::Empty { path: job.data.to_owned() })?;
        let other = all.get((*at + all.len() / 2) % all.len()).unwrap_or(receipt);
        let edits = by_people.get(&receipt.id).map(Vec::as_slice);
        let look = Look { classifier: &classifier, receipt, shown: number < SHOWN };
        let looked = look.at(&page(receipt)?, &page(other)?, edits);
        bar.inc(1);
        looked
    };
    let looked: Result<Vec<Forgeries>, EvalError> = chosen.par_iter().enumerate().map(look).collect();
    bar.finish_and_clear();
    let mut sum = Forgeries::default();
    looked?.into_iter().for_each(|one| sum.merge(one));
    Ok(sum)
}

/// A receipt with the boxes of its lines.
pub(in crate::eval) fn page(receipt: &LinePage) -> Result<Page, EvalError> {
    let bytes = std::fs::read(&receipt.image).map_err(EvalError::file(&receipt.image))?;
    let raster = raster(&bytes, &receipt.image)?;
    let (width, height) = (raster.width() as u32, raster.height() as u32);
    let image = RgbImage::from_raw(width, height, raster.rgb().to_vec());
    let image = image.ok_or_else(|| EvalError::format(&receipt.image, "an image of another size"))?;
    let lines = receipt.lines.iter().map(|line| {
        let (left, top, right, bottom) = line.quad.bounds();
        let pixel = |value: f32| value.max(0.0) as u32;
        (Area { left: pixel(left), top: pixel(top), right: pixel(right), bottom: pixel(bottom) }, line.text.as_str())
    });
    Ok(Page::new(image, lines))
}

fn raster(bytes: &[u8], path: &Path) -> Result<Raster, EvalError> {
    let decoded = decode(bytes, None, &DecodeLimits::default()).map_err(|error| EvalError::format(path, error))?;
    Ok(decoded.raster)
}

/// How one receipt is looked at.
struct Look<'a> {
    classifier: &'a ForgeryClassifier,
    receipt: &'a LinePage,
    /// Whether it is shown.
    shown: bool,
}

impl Look<'_> {
    fn at(&self, page: &Page, other: &Page, by_people: Option<&[(Edit, Area)]>) -> Result<Forgeries, EvalError> {
        let mut out = Forgeries { receipts: 1, ..Forgeries::default() };
        let genuine = Forged { image: page.image().clone(), areas: Vec::new() };
        for treatment in Treatment::ALL {
            let (_, verdict, _) = self.judged(&genuine, treatment)?;
            out.genuine.entry((false, treatment)).or_default().push(verdict.score);
            if by_people.is_some() {
                out.genuine.entry((true, treatment)).or_default().push(verdict.score);
            }
        }
        for edit in Edit::ALL {
            if let Some(forged) = forge(page, other, edit, self.seed(edit.name())) {
                self.add(&mut out, edit.name(), &forged)?;
            }
        }
        let again = by_people.and_then(|edits| forge_at(page, other, edits, self.seed(BY_PEOPLE)));
        if let Some(forged) = again {
            self.add(&mut out, BY_PEOPLE, &forged)?;
        }
        Ok(out)
    }

    /// Counts a forged receipt, after every treatment.
    fn add(&self, out: &mut Forgeries, edit: &str, forged: &Forged) -> Result<(), EvalError> {
        for treatment in Treatment::ALL {
            let (upload, verdict, areas) = self.judged(forged, treatment)?;
            out.tallies.entry((edit.to_owned(), treatment)).or_default().add(&verdict, &areas);
            if self.shown && treatment == Treatment::None {
                let (receipt, what) = (self.receipt.id.clone(), format!("{edit}/{}", treatment.name()));
                out.examples.push(Example { receipt, what, upload, verdict, areas });
            }
        }
        Ok(())
    }

    /// What the classifier says of the upload, and where on it the edits are.
    fn judged(&self, forged: &Forged, treatment: Treatment) -> Result<(Raster, ForgeryVerdict, Vec<Area>), EvalError> {
        let path = &self.receipt.image;
        let bytes = treatment.upload(&forged.image).map_err(|error| EvalError::format(path, error))?;
        let upload = raster(&bytes, path)?;
        let verdict = self.classifier.classify(&upload).map_err(|error| EvalError::format(path, error))?;
        let areas = forged.areas.iter().map(|area| treatment.moved(area, &forged.image)).collect();
        Ok((upload, verdict, areas))
    }

    /// A number that depends on the receipt and on `what` alone.
    fn seed(&self, what: &str) -> u64 {
        fnv1a(format!("{}/{what}", self.receipt.id).into_bytes())
    }
}
