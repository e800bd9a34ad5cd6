//! Runs one network on raw input and writes its raw output, for `models/convert/parity.py`.
//!
//! usage: probabilities MODEL_DIR INPUT HEIGHT WIDTH OUTPUT
//!
//! A detector takes f32 values `[height][width][3]` and gives `[height][width]`;
//! a recogniser takes bytes `[48][width][3]` (RGB) and gives `[steps][classes]`.

use std::error::Error;
use std::path::Path;

use slipstream_models::detect::Detector;
use slipstream_models::recognise::Recogniser;
use slipstream_models::{LineCrop, Quad};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, input, height, width, output] = arguments.as_slice() else {
        return Err("usage: probabilities MODEL_DIR INPUT HEIGHT WIDTH OUTPUT".into());
    };
    let (height, width): (usize, usize) = (height.parse()?, width.parse()?);
    let bytes = std::fs::read(input)?;
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(Path::new(model).join("config.json"))?)?;
    let result = if config["task"] == "detection" {
        let image = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Detector::load(Path::new(model))?.probability_map(image, (height, width))?
    } else {
        let quad = Quad::from_bounds(0.0, 0.0, width as f32, height as f32);
        let crop = LineCrop::new(width, bytes, quad).ok_or("a crop has 48 rows of `width` RGB pixels")?;
        Recogniser::load(Path::new(model))?.probabilities(&crop)?
    };
    std::fs::write(output, result.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())?;
    Ok(())
}
