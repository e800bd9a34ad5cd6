//! Bytes of a stored fingerprint: little-endian numbers, and lists with their length in front.

use crate::fingerprint::Damaged;

/// Bytes of a 48-bit hash.
const SIX: usize = 6;

/// Writes a fingerprint.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub(crate) fn one(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn two(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn four(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// The lower six bytes.
    pub(crate) fn six(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes().into_iter().take(SIX));
    }

    pub(crate) fn eight(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// At most 255 items; fingerprints keep fewer of everything.
    pub(crate) fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        let length = u8::try_from(items.len()).unwrap_or(u8::MAX);
        self.one(length);
        items.iter().take(length.into()).for_each(|item| write(self, item));
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what a [`Writer`] wrote; bytes that nobody wrote are an error, never a panic.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], version: u8) -> Result<Self, Damaged> {
        let mut reader = Self(bytes);
        (reader.one()? == version).then_some(reader).ok_or(Damaged)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn one(&mut self) -> Result<u8, Damaged> {
        self.take().map(u8::from_le_bytes)
    }

    pub(crate) fn two(&mut self) -> Result<u16, Damaged> {
        self.take().map(u16::from_le_bytes)
    }

    pub(crate) fn four(&mut self) -> Result<u32, Damaged> {
        self.take().map(u32::from_le_bytes)
    }

    pub(crate) fn six(&mut self) -> Result<u64, Damaged> {
        let [a, b, c, d, e, f] = self.take::<SIX>()?;
        Ok(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    pub(crate) fn eight(&mut self) -> Result<u64, Damaged> {
        self.take().map(u64::from_le_bytes)
    }

    /// A list of at most `max` items.
    pub(crate) fn list<T>(
        &mut self,
        max: usize,
        read: impl Fn(&mut Self) -> Result<T, Damaged>,
    ) -> Result<Vec<T>, Damaged> {
        let length = usize::from(self.one()?);
        if length > max {
            return Err(Damaged);
        }
        (0..length).map(|_| read(self)).collect()
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), Damaged> {
        self.0.is_empty().then_some(()).ok_or(Damaged)
    }
}
