//! Enlargements that only convolutions read are left to them, see [`crate::split`];
//! the large value never exists.

use crate::network::{Padding, Value};
use crate::op::{Op, Source};
use crate::ops::pool::PoolKind;
use crate::split::Split;

/// The largest factor's power of two that is folded: what coarse borders allow.
const MAX_SHIFT: u32 = 5;

/// Takes enlargements out of `ops`, the network's operations, where every reader
/// is a dense convolution, and gives the number that every value has afterwards.
/// `channels` are those of all values; `output` has to stay.
pub(crate) fn fold_enlargements(ops: &mut Vec<Op>, channels: &mut Vec<usize>, output: Value) -> Value {
    let folded: Vec<Option<Source>> = (0..ops.len()).map(|i| foldable(ops, i, output)).collect();
    if folded.iter().all(Option::is_none) {
        return output;
    }
    // The number of each value once the folded ones are gone; those keep none.
    let mut numbers = vec![Value(0)];
    for gone in &folded {
        let Value(last) = numbers[numbers.len() - 1];
        numbers.push(Value(last + usize::from(gone.is_none())));
    }
    let mut kept = folded.iter().map(Option::is_none);
    ops.retain(|_| kept.next().unwrap_or(true));
    let mut kept = std::iter::once(true).chain(folded.iter().map(Option::is_none));
    channels.retain(|_| kept.next().unwrap_or(true));
    for op in ops {
        if let Op::Conv { inputs, .. } = op {
            for source in inputs {
                let enlargement = source.value.0.checked_sub(1).and_then(|i| folded[i]);
                *source = enlargement.unwrap_or(*source);
            }
        }
        op.renumber(|value| numbers[value.0]);
        if let Op::Conv { inputs, weights, kernel, padding, split, .. } = op {
            let inputs: Vec<_> = inputs.iter().map(|source| (*source, channels[source.value.0])).collect();
            *split = Split::new(&inputs, weights, *kernel, *padding).map(Box::new);
        }
    }
    numbers[output.0]
}

/// What operation `i` enlarges, where it can be folded.
fn foldable(ops: &[Op], i: usize, output: Value) -> Option<Source> {
    let Op::Pool { kind: PoolKind::Upsample { factor }, input, .. } = ops[i] else { return None };
    let result = Value(i + 1);
    let only_dense = ops.iter().filter(|op| op.inputs().contains(&result)).all(|op| match op {
        // Strides would skip most of the enlarged pixels; an output of another size would not be made of squares.
        Op::Conv { stride: (1, 1), kernel, padding, residual, .. } => {
            let keeps = |kernel: usize, padding: usize| kernel == 2 * padding + 1;
            let keeps_size = match padding {
                Padding::Symmetric(h, w) => keeps(kernel.0, *h) && keeps(kernel.1, *w),
                Padding::SameUpper => true,
            };
            keeps_size && *residual != Some(result)
        }
        _ => false,
    });
    let shift = factor.trailing_zeros();
    let fits = factor.is_power_of_two() && (1..=MAX_SHIFT).contains(&shift) && input != Value(0);
    (fits && only_dense && result != output).then_some(Source { value: input, shift })
}
