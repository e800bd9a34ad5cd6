//! Quantisation tables of JPEG: how coarse they are, and whether they are those of the standard.

/// Steps for luminance of the JPEG standard (ITU-T T.81), table K.1, row by row.
const STANDARD: [u32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];

/// Where the entries of a table, which come along diagonals (figure A.6), stand row by row.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// The steps that brightness was rounded to, a step for each frequency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Row by row, from the mean to the finest pattern.
    steps: [u16; 64],
}

impl Tables {
    /// The first table of a `DQT` segment that is number 0, which brightness uses by custom.
    pub(crate) fn of_segment(mut body: &[u8]) -> Option<Self> {
        while let Some((head, rest)) = body.split_first() {
            let (wide, number) = (head >> 4 == 1, head & 15);
            let (entries, after) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            if number == 0 {
                let mut steps = [0; 64];
                for (i, place) in ZIGZAG.into_iter().enumerate() {
                    let value = if wide {
                        u16::from_be_bytes([*entries.get(2 * i)?, *entries.get(2 * i + 1)?])
                    } else {
                        u16::from(*entries.get(i)?)
                    };
                    *steps.get_mut(place)? = value;
                }
                return Some(Self { steps });
            }
            body = after;
        }
        None
    }

    /// The mean step, in grey levels: 1 keeps nearly every pixel, 58 is quality 50 of the standard's tables.
    pub fn mean_step(&self) -> f32 {
        self.steps.iter().map(|step| f32::from(*step)).sum::<f32>() / 64.0
    }

    /// The quality from 1 to 100 at which libjpeg scales the standard's table to this one; none for tables of other makers.
    pub fn standard_quality(&self) -> Option<u8> {
        (1..=100).rev().find(|quality| standard(*quality) == self.steps)
    }
}

/// The standard's steps at a quality from 1 to 100, as libjpeg scales them.
fn standard(quality: u8) -> [u16; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    STANDARD.map(|step| ((step * scale + 50) / 100).clamp(1, 255) as u16)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A `DQT` segment's body with the standard's table at `quality`.
    pub(crate) fn segment(quality: u8) -> Vec<u8> {
        let steps = standard(quality);
        std::iter::once(0).chain(ZIGZAG.map(|place| steps[place] as u8)).collect()
    }

    #[test]
    fn tables_of_the_standard_are_known_by_their_quality() {
        for quality in [1, 10, 49, 50, 75, 92, 100] {
            let tables = Tables::of_segment(&segment(quality));
            assert_eq!(tables.as_ref().and_then(Tables::standard_quality), Some(quality));
        }
        let mut other = segment(75);
        other[9] += 1;
        assert_eq!(Tables::of_segment(&other).and_then(|t| t.standard_quality()), None);
    }

    #[test]
    fn the_finer_a_table_the_smaller_its_mean_step() {
        let mean = |quality| Tables::of_segment(&segment(quality)).map_or(0.0, |tables| tables.mean_step());
        assert_eq!(mean(100), 1.0);
        assert!((mean(50) - 57.6).abs() < 0.1 && mean(95) < mean(90) && mean(90) < mean(75), "{}", mean(50));
    }

    #[test]
    fn brightness_is_found_behind_colour_and_in_wide_entries() {
        let colour = std::iter::once(1).chain([99; 64]);
        let wide = std::iter::once(0x10).chain([0, 7].repeat(64));
        let tables = Tables::of_segment(&colour.chain(wide).collect::<Vec<_>>());
        assert_eq!(tables, Some(Tables { steps: [7; 64] }));
        assert_eq!(Tables::of_segment(&segment(75)[..60]), None, "a cut table is none");
    }
}
