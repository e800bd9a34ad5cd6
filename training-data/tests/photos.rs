//! Photographs agree with their truth, and collections with their seeds.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use image::RgbImage;
use slipstream_training_data::manifest::{Mix, Shares};
use slipstream_training_data::synthesise::Recipe;
use slipstream_training_data::truth::{Kind, Line, Truth};
use slipstream_training_data::{PhotoOptions, Typefaces, generate_in, generate_lines, locale, photograph};

/// True where `p` is in the quad, or at most `slack` pixels outside.
fn holds(quad: &[[f32; 2]; 4], p: [f32; 2], slack: f32) -> bool {
    (0..4).all(|i| {
        let (a, b) = (quad[i], quad[(i + 1) % 4]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        (dx * (p[1] - a[1]) - dy * (p[0] - a[0])) / dx.hypot(dy).max(1e-3) >= -slack
    })
}

/// Dark pixels inside of each line, and outside of all, where paper and table are white.
fn dark(image: &RgbImage, lines: &[Line]) -> (Vec<usize>, usize) {
    let (mut inside, mut outside) = (vec![0; lines.len()], 0);
    for (x, y, _) in image.enumerate_pixels().filter(|(_, _, p)| p[1] < 105) {
        let at = [x as f32 + 0.5, y as f32 + 0.5];
        let found = lines.iter().position(|l| holds(l.quad.as_ref().unwrap(), at, 1.0));
        match found {
            Some(i) => inside[i] += 1,
            None => outside += 1,
        }
    }
    (inside, outside)
}

#[test]
fn quads_hold_the_ink_of_bent_pages() {
    for index in 0..12 {
        let drawn = PhotoOptions::photo(21, index);
        let options = PhotoOptions {
            ground_colour: [250; 3],
            margins: [-0.2; 4],
            angles: drawn.angles,
            distance: drawn.distance,
            curl: drawn.curl,
            folds: drawn.folds,
            enlarge: drawn.enlarge,
            feed: drawn.feed,
            stretch: drawn.stretch,
            seed: index,
            ..PhotoOptions::clean()
        };
        let locale = &locale::all()[index as usize];
        let make = if index % 2 == 0 { generate_lines } else { generate_in };
        let mut receipt = make(locale, 21, index, &Typefaces::default());
        receipt.sheet.rules.clear();
        let photo = photograph(&receipt, &options);
        assert_eq!((photo.image.width(), photo.image.height()), (photo.truth.page.width, photo.truth.page.height));
        let (inside, outside) = dark(&photo.image, &photo.truth.lines);
        for (line, found) in photo.truth.lines.iter().zip(&inside) {
            assert!(*found > 0, "{}: {:?} is blank", photo.truth.id, line.text);
        }
        let all: usize = inside.iter().sum();
        assert!(outside * 300 < all, "{}: {outside} dark pixels outside of lines, {all} inside", photo.truth.id);
    }
}

#[test]
fn lines_lie_on_the_photograph() {
    for index in 0..40 {
        let receipt = generate_lines(&locale::all()[index as usize % 12], 5, index, &Typefaces::default());
        let options = if index % 3 == 0 { PhotoOptions::scan(5, index) } else { PhotoOptions::photo(5, index) };
        let photo = photograph(&receipt, &options);
        let (w, h) = (photo.image.width() as f32, photo.image.height() as f32);
        for line in &photo.truth.lines {
            let quad = line.quad.unwrap();
            assert!(
                quad.iter().all(|p| p[0] >= 0.0 && p[1] >= 0.0 && p[0] <= w && p[1] <= h),
                "{}: {line:?}",
                photo.truth.id
            );
        }
    }
}

fn recipe(count: u64) -> Recipe {
    Recipe {
        seed: 77,
        count,
        mix: Mix::of(&["de".to_string(), "fi".to_string()]).unwrap(),
        typefaces: Typefaces::default(),
        shares: Shares { invoice: 0.2, long: 0.0, inconsistent: 0.1 },
        lines_share: 0.5,
        photograph_share: 0.7,
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let images = fs::read_dir(folder.join("images")).unwrap().map(|e| e.unwrap().path());
    let all = images.chain([folder.join("manifest.jsonl")]);
    all.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(p).unwrap())).collect()
}

#[test]
fn threads_do_not_change_a_collection() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut heard = 0;
    recipe(10).write(one.path(), 1, |n| heard = n).unwrap();
    recipe(10).write(two.path(), 2, |_| ()).unwrap();
    assert_eq!(heard, 10);
    let found = files(one.path());
    assert!(found == files(two.path()), "the files differ");
    let manifest = String::from_utf8(found["manifest.jsonl"].clone()).unwrap();
    let records: Vec<Truth> = manifest.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for record in &records {
        let image = image::load_from_memory(&found[record.image.as_ref().unwrap()]).unwrap();
        assert_eq!((image.width(), image.height()), (record.page.width, record.page.height));
        assert_eq!(record.kind == Some(Kind::Lines), record.id.contains("-lines-"), "{}", record.id);
        assert!(record.id.starts_with(&record.language) && record.typeface.as_deref() == Some("dejavu"));
        assert!(record.lines.iter().all(|l| l.quad.is_some()));
    }
    assert_eq!(records.len(), 10);
    assert!(records.iter().any(|r| r.kind == Some(Kind::Lines)) && records.iter().any(|r| r.fields.total.is_some()));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = recipe(1).write(&file, 1, |_| ()).unwrap_err().to_string();
    assert!(error.contains("file"), "{error}");
}
