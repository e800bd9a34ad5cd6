//! What programs leave in the metadata that generate pictures or take screenshots.

use crate::{Provenance, short};

/// Programs that generate pictures, in lower case.
const GENERATORS: [&str; 12] = [
    "stable diffusion",
    "stablediffusion",
    "midjourney",
    "dall-e",
    "dall·e",
    "firefly",
    "novelai",
    "comfyui",
    "invokeai",
    "google ai",
    "imagen",
    "leonardo.ai",
];

/// Keywords of PNG text under which generators keep what they were asked for.
const PROMPTS: [&str; 7] =
    ["parameters", "prompt", "workflow", "Dream", "sd-metadata", "invokeai_metadata", "generation_data"];

/// Terms of IPTC's list of digital source types for what was made by a machine or with its help.
const GENERATED_SOURCES: [&str; 3] =
    ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia"];

/// Programs that take pictures of a screen, in lower case.
const SCREENSHOTS: [&str; 9] = [
    "screenshot",
    "screen shot",
    "screencapture",
    "snipping tool",
    "snip & sketch",
    "greenshot",
    "flameshot",
    "spectacle",
    "sharex",
];

/// Adds what the text entries of a PNG say.
pub(crate) fn of_texts(texts: &[(String, String)], found: &mut Provenance) {
    for (keyword, text) in texts {
        match keyword.as_str() {
            "Software" | "Source" => {
                found.add_software(text);
                of_comment(text, found);
            }
            "Comment" | "Description" | "Title" | "UserComment" => of_comment(text, found),
            keyword if PROMPTS.contains(&keyword) && !text.trim().is_empty() => {
                found.add_generated(format!("a text entry {keyword:?}, as image generators write it"));
            }
            _ => {}
        }
    }
}

/// Adds what a remark of a program says.
pub(crate) fn of_comment(text: &str, found: &mut Provenance) {
    if let Some(name) = generator(text) {
        found.add_generated(format!("a remark that names {name}"));
    } else if text.contains("Steps: ") && text.contains("Sampler: ") {
        found.add_generated("a remark with the settings of an image generator".to_owned());
    }
    let lower = short(text).to_lowercase();
    if found.screenshot.is_none() && SCREENSHOTS.iter().any(|name| lower.starts_with(name) || lower.ends_with(name)) {
        found.screenshot = Some(format!("a remark {:?}", short(text)));
    }
}

/// Adds what the kind of the picture's source says: a term of IPTC, as its name or its address.
pub(crate) fn of_source_type(value: &str, found: &mut Provenance) {
    if let Some(term) = generated_source(value) {
        found.add_generated(format!("the source type {term}"));
    }
}

/// The term, if it is one of those that say that a picture was generated.
pub(crate) fn generated_source(value: &str) -> Option<&'static str> {
    let term = value.trim().rsplit('/').next()?;
    GENERATED_SOURCES.into_iter().find(|known| *known == term)
}

/// The program that generates pictures, if `name` is one of those.
pub(crate) fn generator(name: &str) -> Option<&'static str> {
    let lower = short(name).to_lowercase();
    GENERATORS.into_iter().find(|known| lower.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[(&str, &str)]) -> Provenance {
        let texts: Vec<_> = texts.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect();
        let mut found = Provenance::default();
        of_texts(&texts, &mut found);
        found
    }

    #[test]
    fn generators_are_known_by_what_they_keep() {
        let said = [
            ("parameters", "a receipt, Steps: 20, Sampler: Euler a, Seed: 1"),
            ("prompt", r#"{"3": {"class_type": "KSampler"}}"#),
            ("Software", "NovelAI"),
            ("Comment", "made with Stable Diffusion"),
        ];
        for entry in said {
            assert_eq!(of(&[entry]).generated.len(), 1, "{entry:?}");
        }
        let honest = of(&[("Title", "prompt"), ("prompt", " "), ("Software", "Paint"), ("Comment", "at the till")]);
        assert!(honest.generated.is_empty());
        assert_eq!(honest.software, ["Paint"]);
    }

    #[test]
    fn screenshots_are_known_by_their_programs() {
        for name in ["gnome-screenshot", "Screenshot", "Flameshot"] {
            assert!(of(&[("Software", name)]).screenshot.is_some(), "{name}");
        }
        assert!(of(&[("Comment", "no screenshot of mine")]).screenshot.is_none());
    }
}
