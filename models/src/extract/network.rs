//! The layout transformer in candle: tokens of several pages in, scores of all fields out.
//!
//! The trainer's `net.py` is the same network. Pre-norm encoder; attention sees
//! words through their content and a learned bias on how many rows, and how
//! far across, two tokens stand apart (the idea of BROS, arXiv 2108.04539).

use std::sync::Arc;

use candle_core::{D, Device, Result, Tensor};
use candle_nn::{LayerNorm, Linear, Module, VarBuilder};

use super::config::{COUNTRIES, ITEM_KINDS, LANGUAGES, PAGE_KINDS, POINTER_FIELDS, ROLES, SPAN_FIELDS, Size};
use super::embed::Keys;
use super::features::{FEATURES, Features};

/// Rows further apart than this look the same, and so do tokens of one row.
const ROW_REACH: i64 = 8;
const ORDER_REACH: i64 = 6;
/// Borders between columns, as shares of the text's width.
const COLUMN_EDGES: [f32; 8] = [-0.6, -0.35, -0.15, -0.04, 0.04, 0.15, 0.35, 0.6];
const COLUMNS: i64 = COLUMN_EDGES.len() as i64 + 1;
const RELATIONS: usize = ((2 * ROW_REACH + 1) * COLUMNS + 2 * ORDER_REACH + 1) as usize;

/// Scores of a token: start, end and inside of each span field, one for each
/// pointer field, roles, and kinds of purchase rows.
pub(super) const HEAD: usize = 3 * SPAN_FIELDS.len() + POINTER_FIELDS.len() + ROLES.len() + ITEM_KINDS.len();
/// Scores of a page: that a field is not on it.
pub(super) const NULLS: usize = SPAN_FIELDS.len() + POINTER_FIELDS.len();

/// Scores of a page as a whole: its kind, language and country.
pub(super) const PAGE: usize = PAGE_KINDS.len() + LANGUAGES.len() + COUNTRIES.len();
/// Links between tokens, see [`Links`].
pub(super) const LINKS: usize = 2;
const LINK_WIDTH: usize = 48;
/// A query and a key for each link.
const LINK_VECTORS: usize = 2 * LINKS * LINK_WIDTH;

/// Added to the attention on padding.
const BLOCKED: f32 = -1e4;
const NORM_EPSILON: f64 = 1e-5;

/// What the network knows of a page.
pub(super) struct Input {
    /// Layout features; never empty.
    pub(super) features: Features,
    /// Embedding keys, token by token.
    pub(super) keys: Vec<Keys>,
}

/// What the network says of a page; empty for a page without tokens.
#[derive(Default)]
pub(super) struct Scores {
    /// [`HEAD`] scores for each token.
    pub(super) tokens: Vec<Vec<f32>>,
    /// [`NULLS`] scores.
    pub(super) nulls: Vec<f32>,
    /// [`PAGE`] scores.
    pub(super) page: Vec<f32>,
    /// Which token belongs to which.
    pub(super) links: Links,
}

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// From a token of a row to the row's anchor.
    Row,
    /// From the anchor of a discount or deposit to that of the item it belongs to, or to itself.
    Item,
}

/// Scores of links between the tokens of a page; they are computed when asked
/// for, since only tokens of rows have any.
#[derive(Default)]
pub(super) struct Links {
    /// Query, then key, of every link: [`LINK_VECTORS`] numbers a token.
    vectors: Vec<f32>,
    /// Bias of a relation, link by link.
    relation: Arc<Vec<f32>>,
    rows: Vec<i64>,
    columns: Vec<f32>,
}

impl Links {
    /// The links of `page`, of which these are a part, without any token's own.
    pub(super) fn spread(&self, page: &Features) -> Self {
        Self {
            vectors: vec![0.0; page.rows.len() * LINK_VECTORS],
            relation: Arc::clone(&self.relation),
            rows: page.rows.clone(),
            columns: page.columns.clone(),
        }
    }

    /// Makes token `to` what token `from` of `others` is.
    pub(super) fn take(&mut self, to: usize, others: &Self, from: usize) {
        let of = |token: usize| token * LINK_VECTORS..(token + 1) * LINK_VECTORS;
        if let (Some(to), Some(from)) = (self.vectors.get_mut(of(to)), others.vectors.get(of(from))) {
            to.copy_from_slice(from);
        }
    }

    /// How much token `from` is linked to token `to`; 0 for tokens that there are not.
    pub(super) fn score(&self, link: Link, from: usize, to: usize) -> f32 {
        self.try_score(link as usize, from, to).unwrap_or(0.0)
    }

    fn try_score(&self, link: usize, from: usize, to: usize) -> Option<f32> {
        let vector = |token: usize, part: usize| {
            let start = ((2 * token + part) * LINKS + link) * LINK_WIDTH;
            self.vectors.get(start..start + LINK_WIDTH)
        };
        let product: f32 = vector(from, 0)?.iter().zip(vector(to, 1)?).map(|(q, k)| q * k).sum();
        let row = |token: usize| self.rows.get(token).copied();
        let column = |token: usize| self.columns.get(token).copied();
        let bucket = relate(row(to)? - row(from)?, column(to)? - column(from)?, to as i64 - from as i64) as usize;
        Some(product / (LINK_WIDTH as f32).sqrt() + self.relation.get(bucket * LINKS + link)?)
    }
}

struct Layer {
    /// What a relation adds to the attention: [heads, RELATIONS].
    relation: Tensor,
    attention_norm: LayerNorm,
    qkv: Linear,
    out: Linear,
    inner_norm: LayerNorm,
    up: Linear,
    down: Linear,
}

/// The network with its weights.
pub(super) struct Network {
    device: Device,
    heads: usize,
    width: usize,
    /// Features, pieces and n-grams below each other: [rows, width].
    table: Tensor,
    first_piece: u32,
    first_gram: u32,
    layers: Vec<Layer>,
    norm: LayerNorm,
    head: Linear,
    null: Linear,
    page: Linear,
    link: Linear,
    link_relation: Arc<Vec<f32>>,
}

fn linear(input: usize, output: usize, vb: VarBuilder) -> Result<Linear> {
    candle_nn::linear(input, output, vb)
}

impl Network {
    /// Takes the weights by name.
    ///
    /// # Errors
    /// A tensor that is missing or has another shape than `size` says.
    pub(super) fn new(size: &Size, vb: VarBuilder) -> Result<Self> {
        let d = size.width;
        let feature_rows: usize = FEATURES.iter().map(|(_, n)| n).sum();
        let mut tables = vec![vb.get((feature_rows, d), "feature.weight")?];
        if size.pieces != 0 {
            tables.push(vb.get((size.pieces, d), "piece.weight")?);
        }
        if size.gram_buckets != 0 {
            tables.push(vb.get((size.gram_buckets, d), "gram.weight")?);
        }
        let norm = |vb: VarBuilder| candle_nn::layer_norm(d, NORM_EPSILON, vb);
        let mut layers = Vec::new();
        for i in 0..size.layers {
            let vb = vb.pp("layer").pp(i);
            layers.push(Layer {
                relation: vb.get((RELATIONS, size.heads), "relation.weight")?.t()?.contiguous()?,
                attention_norm: norm(vb.pp("attention_norm"))?,
                qkv: linear(d, 3 * d, vb.pp("qkv"))?,
                out: linear(d, d, vb.pp("out"))?,
                inner_norm: norm(vb.pp("inner_norm"))?,
                up: linear(d, size.inner, vb.pp("up"))?,
                down: linear(size.inner, d, vb.pp("down"))?,
            });
        }
        Ok(Self {
            device: vb.device().clone(),
            heads: size.heads,
            width: d,
            table: Tensor::cat(&tables, 0)?,
            first_piece: feature_rows as u32,
            first_gram: (feature_rows + size.pieces) as u32,
            layers,
            norm: norm(vb.pp("norm"))?,
            head: linear(d, HEAD, vb.pp("head"))?,
            null: linear(d, NULLS, vb.pp("null"))?,
            page: linear(d, PAGE, vb.pp("page"))?,
            link: linear(d, LINK_VECTORS, vb.pp("link"))?,
            link_relation: Arc::new(vb.get((RELATIONS, LINKS), "link_relation.weight")?.flatten_all()?.to_vec1()?),
        })
    }

    /// Scores of pages, none empty, that are padded to the longest of them.
    pub(super) fn forward(&self, pages: &[&Input]) -> Result<Vec<Scores>> {
        let b = pages.len();
        let n = pages.iter().map(|p| p.keys.len()).max().unwrap_or(0);
        let (relations, padding) = (self.relations(pages, n)?, self.padding(pages, n)?);
        let mut x = self.embed(pages, n)?.reshape((b, n, self.width))?;
        for layer in &self.layers {
            // Of one layer at a time: all of them would be 150 MB for 1,024 tokens.
            let bias = layer.relation.index_select(&relations, 1)?.reshape((self.heads, b, n, n))?.transpose(0, 1)?;
            let bias = match &padding {
                Some(padding) => bias.broadcast_add(padding)?,
                None => bias,
            };
            x = (&x + self.attend(layer, &layer.attention_norm.forward(&x)?, &bias)?)?;
            let inner = layer.up.forward(&layer.inner_norm.forward(&x)?)?.relu()?;
            x = (x + layer.down.forward(&inner)?)?;
        }
        let x = self.norm.forward(&x)?;
        let tokens: Vec<Vec<Vec<f32>>> = self.head.forward(&x)?.to_vec3()?;
        let links = self.link.forward(&x)?;
        let mut out = Vec::with_capacity(b);
        for (i, (page, mut tokens)) in pages.iter().zip(tokens).enumerate() {
            let count = page.keys.len();
            tokens.truncate(count);
            let mean = x.get(i)?.narrow(0, 0, count)?.mean_keepdim(0)?;
            let of_page = |scores: &Linear| scores.forward(&mean)?.squeeze(0)?.to_vec1();
            let links = Links {
                vectors: links.get(i)?.narrow(0, 0, count)?.flatten_all()?.to_vec1()?,
                relation: Arc::clone(&self.link_relation),
                rows: page.features.rows.clone(),
                columns: page.features.columns.clone(),
            };
            out.push(Scores { tokens, nulls: of_page(&self.null)?, page: of_page(&self.page)?, links });
        }
        Ok(out)
    }

    /// The sum of a token's feature rows, the mean of its pieces' and the mean of its n-grams': [B * N, width].
    fn embed(&self, pages: &[&Input], n: usize) -> Result<Tensor> {
        let (mut rows, mut owners, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (i, page) in pages.iter().enumerate() {
            for (t, (buckets, keys)) in page.features.buckets.iter().zip(&page.keys).enumerate() {
                let owner = (i * n + t) as u32;
                let mut first = 0;
                for (bucket, (_, count)) in buckets.iter().zip(FEATURES) {
                    rows.push(first + bucket);
                    weights.push(1.0);
                    first += count as u32;
                }
                for (keys, first) in [(&keys.pieces, self.first_piece), (&keys.grams, self.first_gram)] {
                    rows.extend(keys.iter().map(|k| first + k));
                    weights.extend(std::iter::repeat_n(1.0 / keys.len().max(1) as f32, keys.len()));
                }
                owners.resize(rows.len(), owner);
            }
        }
        let count = rows.len();
        let rows = Tensor::from_vec(rows, count, &self.device)?;
        let owners = Tensor::from_vec(owners, count, &self.device)?;
        let weights = Tensor::from_vec(weights, (count, 1), &self.device)?;
        let values = self.table.index_select(&rows, 0)?.broadcast_mul(&weights)?;
        let zeros = Tensor::zeros((pages.len() * n, self.width), values.dtype(), &self.device)?;
        zeros.index_add(&owners, &values, 0)
    }

    /// How every token of a page stands to every other one: [B * N * N] buckets.
    fn relations(&self, pages: &[&Input], n: usize) -> Result<Tensor> {
        let mut relations = vec![0u32; pages.len() * n * n];
        for (page, cells) in pages.iter().zip(relations.chunks_mut(n * n)) {
            let Features { rows, columns, .. } = &page.features;
            for (i, (cells, (row, column))) in cells.chunks_mut(n).zip(rows.iter().zip(columns)).enumerate() {
                for (j, (cell, (other_row, other_column))) in cells.iter_mut().zip(rows.iter().zip(columns)).enumerate()
                {
                    *cell = relate(other_row - row, other_column - column, j as i64 - i as i64);
                }
            }
        }
        Tensor::from_vec(relations, pages.len() * n * n, &self.device)
    }

    /// What hides padding from the attention, where there is any: [B, 1, 1, N].
    fn padding(&self, pages: &[&Input], n: usize) -> Result<Option<Tensor>> {
        if pages.iter().all(|p| p.keys.len() == n) {
            return Ok(None);
        }
        let mask: Vec<f32> =
            pages.iter().flat_map(|p| (0..n).map(|t| if t < p.keys.len() { 0.0 } else { BLOCKED })).collect();
        Tensor::from_vec(mask, (pages.len(), 1, 1, n), &self.device).map(Some)
    }

    /// Self-attention of `x` [B, N, width] with `bias` [B, heads, N, N].
    fn attend(&self, layer: &Layer, x: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let (b, n, d) = x.dims3()?;
        let size = d / self.heads;
        let qkv = layer.qkv.forward(x)?.reshape((b, n, 3, self.heads, size))?;
        let part = |i: usize| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let (q, k, v) = ((part(0)? * (1.0 / (size as f64).sqrt()))?, part(1)?, part(2)?);
        let scores = (q.matmul(&k.transpose(D::Minus2, D::Minus1)?)? + bias)?;
        let mixed = candle_nn::ops::softmax_last_dim(&scores.contiguous()?)?.matmul(&v)?;
        layer.out.forward(&mixed.transpose(1, 2)?.reshape((b, n, d))?)
    }
}

/// The bucket of a pair of tokens: `rows` below, `across` to the right, `order` places later.
fn relate(rows: i64, across: f32, order: i64) -> u32 {
    let bucket = if rows == 0 {
        (2 * ROW_REACH + 1) * COLUMNS + order.clamp(-ORDER_REACH, ORDER_REACH) + ORDER_REACH
    } else {
        let column = COLUMN_EDGES.iter().filter(|e| **e < across).count() as i64;
        (rows.clamp(-ROW_REACH, ROW_REACH) + ROW_REACH) * COLUMNS + column
    };
    bucket as u32
}
