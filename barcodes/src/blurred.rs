//! The last resort for an area of bars: rows whose edges could not be read, compared with templates.

use std::sync::LazyLock;

use crate::budget::Budget;
use crate::profile::{Edges, Profile};
use crate::rx;
use crate::soft::{self, Match};
use crate::symbology::Symbology;
use crate::templates::Template;
use crate::windows::{Window, upc_a};

/// Templates with the least of a code's edges that have to be there.
struct Kind {
    symbology: Symbology,
    template: Template,
    fewest: usize,
    most: usize,
}

static KINDS: LazyLock<[Kind; 2]> = LazyLock::new(|| {
    const BLUR: f32 = 0.6;
    [
        Kind { symbology: Symbology::Ean13, template: Template::ean_13(BLUR), fewest: 30, most: 64 },
        Kind { symbology: Symbology::UpcE, template: Template::upc_e(BLUR), fewest: 20, most: 38 },
    ]
});

/// Places where a code may begin and end that are tried on a row.
const MOST_PLACES: usize = 3;

/// Light space beside a code, in modules.
const QUIET: f32 = 4.0;

/// What a row says; `window` is the reach in samples over which contrast is judged.
pub(crate) fn read(profile: &Profile, window: usize, budget: &mut Budget) -> Vec<(Window, String)> {
    let edges = profile.edges(Edges::Extremes(0.12), window);
    let reversed = profile.reversed();
    let last = profile.levels.len() as f32 - 1.0;
    let mut found = Vec::new();
    for kind in KINDS.iter() {
        for (from, to) in places(&edges, kind) {
            for backwards in [false, true] {
                let (profile, ends) =
                    if backwards { (&reversed, (last - to, last - from)) } else { (profile, (from, to)) };
                let Some((fit, value)) = kind.read(profile, ends, budget) else { continue };
                let (from, to) = if backwards { (last - fit.to, last - fit.from) } else { (fit.from, fit.to) };
                let (symbology, value) = upc_a(kind.symbology, value);
                found.push((Window { symbology, from, to, backwards }, value));
            }
        }
    }
    found
}

impl Kind {
    /// What stands between two places, if there is hardly a doubt.
    fn read(&self, profile: &Profile, (from, to): (f32, f32), budget: &mut Budget) -> Option<(Match, String)> {
        // A rough look first: it costs a quarter.
        if !budget.take_fits(1) || soft::fit(profile, &self.template, from, to, 2)?.likeness < WORTH_A_LOOK {
            return None;
        }
        budget.take_fits(4).then_some(())?;
        let fit = soft::fit(profile, &self.template, from, to, 4).filter(sure)?;
        let value = rx::linear(self.symbology, &self.template.widths(&fit.forms), 8.0, 12.0)?;
        Some((fit, value))
    }
}

/// Correlation of a rough fit from which an exact one is tried.
const WORTH_A_LOOK: f32 = 0.82;

fn sure(fit: &Match) -> bool {
    fit.likeness > 0.87 && fit.weakest > 0.6 && fit.margin > 0.03
}

/// Pairs of edges between which a code may lie: light space before and behind, and about as many edges as the code has.
fn places(edges: &[f32], kind: &Kind) -> Vec<(f32, f32)> {
    let modules = kind.template.modules() as f32;
    let mut places = Vec::new();
    for first in (0..edges.len()).step_by(2) {
        let before = if first == 0 { f32::MAX } else { edges[first] - edges[first - 1] };
        for last in (first + kind.fewest - 1..edges.len().min(first + kind.most)).filter(|last| last % 2 == 1) {
            let after = edges.get(last + 1).map_or(f32::MAX, |next| next - edges[last]);
            let module = (edges[last] - edges[first]) / modules;
            if before.min(after) >= QUIET * module {
                // Both ends are as clear as the less clear of them, and more than a code asks for says nothing.
                places.push(((before.min(after) / module).min(10.0), last - first, (edges[first], edges[last])));
            }
        }
    }
    places.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    places.into_iter().take(MOST_PLACES).map(|p| p.2).collect()
}
