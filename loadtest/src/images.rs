//! The images that are sent: read once, kept in memory, shared by all requests.

use std::path::Path;

use hyper::body::Bytes;
use hyper::header::HeaderValue;

use crate::error::LoadError;

/// Bytes that are kept at most; a folder may hold more, which is left out.
pub const MAX_BYTES: u64 = 256 << 20;

/// An image as it is sent.
#[derive(Debug, Clone)]
pub struct Image {
    /// The file.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: HeaderValue,
}

/// Which images there are, by their indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// For ordinary requests, those of the most usual size first.
    pub ordinary: Vec<usize>,
    /// For requests that are meant to be heavy.
    pub huge: Vec<usize>,
}

/// A folder of images.
#[derive(Debug, Clone, Default)]
pub struct Images {
    /// In the order of their names.
    pub all: Vec<Image>,
    /// What they are used for.
    pub catalogue: Catalogue,
    /// Images that did not fit into [`MAX_BYTES`].
    pub left_out: usize,
}

impl Images {
    /// All images directly in `folder`, in the order of their names, up to [`MAX_BYTES`].
    ///
    /// # Errors
    /// When the folder or an image cannot be read, or there is no image.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| LoadError::Read { path, source }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            if let Some(content_type) = media_type(&path) {
                paths.push((path, content_type));
            }
        }
        paths.sort();
        let (mut images, mut sizes, mut total) = (Self::default(), Vec::new(), 0);
        for (path, content_type) in paths {
            let bytes = std::fs::metadata(&path).map_err(failed(&path))?.len();
            if total + bytes > MAX_BYTES {
                images.left_out += 1;
                continue;
            }
            total += bytes;
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            let bytes = Bytes::from(std::fs::read(&path).map_err(failed(&path))?);
            sizes.push((bytes.len(), name.contains("huge")));
            images.all.push(Image { bytes, content_type: HeaderValue::from_static(content_type) });
        }
        if images.all.is_empty() {
            return Err(LoadError::NoImages { path: folder.to_owned() });
        }
        images.catalogue = Catalogue::of(&sizes);
        Ok(images)
    }
}

impl Catalogue {
    /// Sorts images by what they are good for. `sizes` has the bytes of each, and whether its name says that it is huge;
    /// where no name does, the largest is. No list is empty unless `sizes` is.
    pub fn of(sizes: &[(usize, bool)]) -> Self {
        let named = |wanted: bool| sizes.iter().enumerate().filter(move |(_, (_, huge))| *huge == wanted);
        let mut huge: Vec<usize> = named(true).map(|(index, _)| index).collect();
        let mut ordinary: Vec<usize> = named(false).map(|(index, _)| index).collect();
        let size = |index: &usize| sizes.get(*index).map_or(0, |(bytes, _)| *bytes);
        if huge.is_empty() {
            huge.extend(ordinary.iter().copied().max_by_key(size));
        }
        if ordinary.is_empty() {
            ordinary.clone_from(&huge);
        }
        ordinary.sort_by_key(size);
        let median = ordinary.get(ordinary.len() / 2).map_or(0, size);
        ordinary.sort_by_key(|index| (size(index).abs_diff(median), *index));
        Self { ordinary, huge }
    }
}

fn media_type(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_huge_unless_a_name_says_so() {
        let cases = [
            (&[][..], Catalogue::default()),
            (&[(5, false)], Catalogue { ordinary: vec![0], huge: vec![0] }),
            (&[(5, false), (90, false), (6, false)], Catalogue { ordinary: vec![2, 0, 1], huge: vec![1] }),
            (&[(5, false), (90, false), (6, true)], Catalogue { ordinary: vec![1, 0], huge: vec![2] }),
            (&[(5, true)], Catalogue { ordinary: vec![0], huge: vec![0] }),
        ];
        for (sizes, expected) in cases {
            assert_eq!(Catalogue::of(sizes), expected, "{sizes:?}");
        }
    }

    #[test]
    fn a_folder_gives_its_images_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("b.PNG", 3), ("a.jpg", 2), ("notes.txt", 9), ("c.huge.webp", 1)] {
            std::fs::write(folder.path().join(name), vec![0; bytes]).unwrap();
        }
        let images = Images::load(folder.path()).unwrap();
        let kinds: Vec<_> = images.all.iter().map(|i| (i.bytes.len(), i.content_type.to_str().unwrap())).collect();
        assert_eq!(kinds, [(2, "image/jpeg"), (3, "image/png"), (1, "image/webp")]);
        assert_eq!(images.catalogue.huge, [2]);
    }

    #[test]
    fn a_folder_without_images_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Images::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("--images") && error.contains(&*folder.path().to_string_lossy()), "{error}");
        assert!(matches!(Images::load(&folder.path().join("absent")), Err(LoadError::Read { .. })));
    }
}
