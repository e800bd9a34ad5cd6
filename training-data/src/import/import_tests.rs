//! Imports of invented receipts in each data set's layout.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::truth::{Field, Purpose};

/// A folder with these files; images are blank.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match path.extension().unwrap().to_str().unwrap() {
            "png" => image::RgbImage::new(400, 600).save(path).unwrap(),
            _ => fs::write(path, text).unwrap(),
        }
    }
    dir
}

fn import(format: Format, data: &tempfile::TempDir) -> Import {
    Import { format, data: data.path().to_path_buf(), images: Images::Link, hold_out: BTreeSet::new() }
}

fn records(import: &Import) -> Result<Vec<Truth>, ImportError> {
    let out = tempfile::tempdir().unwrap();
    let count = import.write(out.path())?;
    let manifest = fs::read_to_string(out.path().join("manifest.jsonl")).unwrap();
    let records: Vec<Truth> = manifest.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(records.len(), count);
    for record in &records {
        let place = out.path().join("images").join(record.image.as_ref().unwrap());
        assert_eq!(import.images == Images::Link, place.starts_with(out.path()));
        assert_eq!(checksum(&place).unwrap(), *record.image_sha256.as_ref().unwrap());
    }
    Ok(records)
}

fn printed(truth: &Truth, field: Field, group: Option<usize>) -> String {
    truth.printed(field, group).join("|")
}

/// The company is one of those that validate, by the hash of its name.
const KEY: &str = r#"{"company": "CORNER CO SDN BHD", "date": "03/02/2019", "address": "12, LONG ROAD, NORTH TOWN.", "total": "RM 9.00"}"#;
const BOX: &str = "10,10,200,10,200,30,10,30,CORNER CO. SDN BHD\n10,40,150,40,150,60,10,60,12, LONG ROAD,\n\n\
    10,70,150,70,150,90,10,90,NORTH TOWN\n10,100,150,100,150,120,10,120,DATE 03/02/2019\n\
    10,140,90,140,90,160,10,160,TOTAL\n100,140,150,140,150,160,100,160,RM9.00\n10,170,150,170,150,190,10,190,CASH 9.00\n";

#[test]
fn sroie_gives_lines_four_fields_and_their_places() {
    let mut data = import(Format::Sroie, &folder(&[]));
    assert!(matches!(records(&data), Err(ImportError::Unreadable { .. })));
    let files = folder(&[("img/000.png", ""), ("key/000.json", KEY), ("box/000.csv", BOX)]);
    data.data = files.path().to_path_buf();
    let truth = records(&data).unwrap().remove(0);
    assert_eq!((truth.id.as_str(), truth.lines.len(), truth.page.width), ("000", 7, 400));
    assert_eq!(truth.fields.date.as_deref(), Some("2019-02-03"), "the day stands first");
    assert_eq!((truth.fields.total.as_deref(), truth.currency.as_deref()), (Some("9.00"), Some("MYR")));
    assert_eq!(printed(&truth, Field::MerchantName, None), "CORNER CO. SDN BHD");
    assert_eq!(printed(&truth, Field::MerchantAddress, None), "12, LONG ROAD,|NORTH TOWN");
    assert_eq!(printed(&truth, Field::Date, None), "03/02/2019");
    assert_eq!(printed(&truth, Field::Total, None), "9.00");
    assert_eq!(truth.lines[5].quad, Some([[100.0, 140.0], [150.0, 140.0], [150.0, 160.0], [100.0, 160.0]]));
    let source = truth.source.unwrap();
    assert_eq!(
        (source.licence.as_str(), source.purpose, truth.split),
        ("CC BY 4.0", Purpose::Training, Some(Split::Validation))
    );
}

#[test]
fn companies_are_split_as_they_are_for_training() {
    let other = KEY.replace("CORNER CO", "HILL STORE");
    let files = folder(&[
        ("img/0.png", ""),
        ("key/0.json", KEY),
        ("box/0.csv", BOX),
        ("img/1.png", ""),
        ("key/1.json", &other),
        ("box/1.csv", BOX),
    ]);
    let splits: Vec<_> =
        records(&import(Format::Sroie, &files)).unwrap().into_iter().map(|truth| truth.split).collect();
    assert_eq!(splits, [Some(Split::Validation), Some(Split::Train)]);
}

#[test]
fn receipts_can_be_held_out_and_images_referred_to() {
    let key = KEY.replace("CORNER CO", "HILL STORE");
    let files = folder(&[("img/000.png", ""), ("key/000.json", &key), ("box/000.csv", BOX)]);
    let mut data = import(Format::Sroie, &files);
    data.images = Images::Refer;
    data.hold_out.insert("000".to_string());
    let truth = records(&data).unwrap().remove(0);
    assert_eq!(truth.split, Some(Split::Validation));
    assert!(Path::new(truth.image.as_ref().unwrap()).is_absolute());
    data.hold_out.insert("001".to_string());
    let error = records(&data).unwrap_err().to_string();
    assert!(error.contains("\"001\""), "{error}");
}

#[test]
fn errors_name_the_file_and_the_line() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("img/0.png", ""), ("key/0.json", "{\n\"total\": }"), ("box/0.csv", "")], "0.json, line 2"),
        (&[("img/0.png", ""), ("key/0.json", "{}"), ("box/0.csv", "1,2,3,4,5,6,7,8,A\n1,2,x\n")], "0.csv, line 2"),
        (&[("img/0.png", ""), ("key/0.json", "{}"), ("box/0.csv", "1,2,3,4,5,6,7,8\n")], "0.csv, line 1"),
        (&[("img/1.png", ""), ("key/0.json", "{}")], "no image 0"),
        (&[("img/0.jpg", ""), ("key/0.json", "{}"), ("box/0.csv", "")], "0.jpg"),
    ];
    for (files, expected) in cases {
        let files = folder(files);
        let error = records(&import(Format::Sroie, &files)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

const CLASSES: &str =
    "Ignore\nStore_name_value\nDate_value\nProd_item_value\nProd_quantity_value\nProd_price_value\nTotal_value\n";

/// A receipt with boxes at these places, whose corners begin at the bottom left.
fn labels(boxes: &[(f32, f32, &str, usize)]) -> String {
    let annotation = |(x, y, text, label): &(f32, f32, &str, usize)| {
        let (right, bottom) = (x + 40.0, y + 16.0);
        serde_json::json!({"box": [x, bottom, right, bottom, right, y, x, y], "text": text, "label": label})
    };
    let boxes: Vec<_> = boxes.iter().map(annotation).collect();
    serde_json::json!({"file_name": "img/a.png", "annotations": boxes}).to_string()
}

#[test]
fn wildreceipt_gives_rows_and_says_that_it_serves_validation_only() {
    let record = labels(&[
        (60.0, 10.0, "Cafe", 1),
        (10.0, 11.0, "Corner", 1),
        (10.0, 40.0, "02/03/2019", 2),
        (0.0, 0.0, "", 0),
        (200.0, 80.0, "$4.00", 5),
        (10.0, 81.0, "2x", 4),
        (60.0, 79.0, "Tea", 3),
        (60.0, 100.0, "green", 3),
        (60.0, 120.0, "Cake", 3),
        (200.0, 121.0, "3,50", 5),
        (200.0, 160.0, "Total:$7.50", 6),
    ]);
    let files = folder(&[("img/a.png", ""), ("class_list.txt", CLASSES), ("labels.jsonl", &format!("\n{record}\n"))]);
    let truth = records(&import(Format::Wildreceipt, &files)).unwrap().remove(0);
    assert_eq!((truth.fields.merchant_name.as_deref(), truth.lines.len()), (Some("Corner Cafe"), 10));
    assert_eq!(truth.fields.date.as_deref(), Some("2019-02-03"), "the month stands first");
    assert_eq!((truth.fields.total.as_deref(), truth.currency.as_deref()), (Some("7.50"), None));
    assert_eq!(printed(&truth, Field::Total, None), "7.50");
    let rows: Vec<_> =
        truth.items.iter().map(|i| [&i.description, &i.quantity, &i.amount].map(|v| v.as_deref())).collect();
    assert_eq!(rows, [[Some("Tea green"), Some("2"), Some("4.00")], [Some("Cake"), None, Some("3.50")]]);
    assert_eq!(printed(&truth, Field::ItemAmount, Some(1)), "3,50");
    let source = truth.source.unwrap();
    assert_eq!((source.purpose, truth.split), (Purpose::ValidationOnly, Some(Split::Validation)));
    let unknown = labels(&[(0.0, 0.0, "x", 99)]);
    fs::write(files.path().join("labels.jsonl"), format!("{record}\n{unknown}\n")).unwrap();
    let error = records(&import(Format::Wildreceipt, &files)).unwrap_err().to_string();
    assert!(error.contains("labels.jsonl, line 2") && error.contains("99"), "{error}");
}

#[test]
fn german_scans_give_the_truth_of_their_names_and_words() {
    let corner = |x: f32, y: f32| serde_json::json!({"X": x, "Y": y});
    let block = |kind: &str, id: &str, text: Option<&str>, y: f32, ids: &[&str]| {
        let polygon = [corner(0.1, y), corner(0.5, y), corner(0.5, y + 0.02), corner(0.1, y + 0.02)];
        serde_json::json!({"BlockType": kind, "Id": id, "Text": text, "Geometry": {"Polygon": polygon},
            "Relationships": [{"Type": "CHILD", "Ids": ids}]})
    };
    let blocks = serde_json::json!([
        block("PAGE", "p", None, 0.0, &["a", "b"]),
        block("LINE", "a", Some("Datum 24.12.20"), 0.1, &["c", "d"]),
        block("LINE", "b", Some("SUMME 8,05"), 0.2, &[]),
        block("WORD", "c", Some("Datum"), 0.1, &[]),
        block("WORD", "d", Some("24.12.20"), 0.1, &[]),
    ]);
    let files = folder(&[
        ("scans/laden_24122020_11_00805.png", ""),
        ("scans/laden_24122020_11_00805_blocks.json", &blocks.to_string()),
        ("scans/tanke_01022020_01_03400_B.png", ""),
        ("photos/x.png", ""),
    ]);
    let all = records(&import(Format::German, &files)).unwrap();
    let [shop, fuel] = all.as_slice() else { unreachable!("{all:?}") };
    let fields = &shop.fields;
    assert_eq!(
        [&fields.merchant_name, &fields.date, &fields.total].map(|f| f.as_deref()),
        [Some("laden"), Some("2020-12-24"), Some("8.05")]
    );
    assert_eq!(
        (printed(shop, Field::Date, None), printed(shop, Field::Total, None)),
        ("24.12.20".into(), "8,05".into())
    );
    let words: Vec<&str> = shop.lines[0].words.iter().map(|w| w.text.as_str()).collect();
    assert_eq!((shop.lines.len(), words), (2, vec!["Datum", "24.12.20"]));
    assert_eq!(shop.lines[0].bounds.map(f32::round), [40.0, 60.0, 200.0, 72.0]);
    assert_eq!(
        (fuel.fields.merchant_name.as_deref(), fuel.fields.total.as_deref(), fuel.lines.len()),
        (None, Some("34.00"), 0)
    );
    fs::write(files.path().join("scans/note.png"), "").unwrap();
    let error = records(&import(Format::German, &files)).unwrap_err().to_string();
    assert!(error.contains("note.png") && error.contains("merchant_DDMMYYYY"), "{error}");
}
