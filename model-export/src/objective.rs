//! What a model was trained for, and how its margins become outputs.

use crate::model::probability;

/// From margins to outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// The margin itself.
    Identity,
    /// `1 / (1 + exp(-margin))`.
    Logistic,
    /// `exp(margin)`.
    Exponential,
    /// 1 above a margin of 0, else 0.
    Step,
    /// `exp(margin - max) / sum` over the groups of a row.
    Softmax,
    /// The margins in ascending order: quantiles that cross are put right.
    Sorted,
    /// The first margin, and each next one's `ln(1 + exp(margin))` and 1e-6 on top of the output before it.
    Expectiles,
    /// The index of the group with the largest margin, the first of equals: one output a row.
    Argmax,
}

/// A training objective, by the name XGBoost has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    name: &'static str,
    link: Link,
}

const OBJECTIVES: [Objective; 21] = [
    objective("binary:hinge", Link::Step),
    objective("binary:logistic", Link::Logistic),
    objective("binary:logitraw", Link::Identity),
    objective("count:poisson", Link::Exponential),
    objective("multi:softmax", Link::Argmax),
    objective("multi:softprob", Link::Softmax),
    objective("rank:map", Link::Identity),
    objective("rank:ndcg", Link::Identity),
    objective("rank:pairwise", Link::Identity),
    objective("reg:absoluteerror", Link::Identity),
    objective("reg:expectileerror", Link::Expectiles),
    objective("reg:gamma", Link::Exponential),
    objective("reg:linear", Link::Identity),
    objective("reg:logistic", Link::Logistic),
    objective("reg:pseudohubererror", Link::Identity),
    objective("reg:quantileerror", Link::Sorted),
    objective("reg:squarederror", Link::Identity),
    objective("reg:squaredlogerror", Link::Identity),
    objective("reg:tweedie", Link::Exponential),
    objective("survival:aft", Link::Exponential),
    objective("survival:cox", Link::Exponential),
];

const fn objective(name: &'static str, link: Link) -> Objective {
    Objective { name, link }
}

impl Objective {
    /// The objective of click-through rates.
    pub const BINARY_LOGISTIC: Self = objective("binary:logistic", Link::Logistic);

    /// The objective called `name`, if it is one that can be represented.
    pub fn from_name(name: &str) -> Option<Self> {
        OBJECTIVES.into_iter().find(|known| known.name == name)
    }

    /// XGBoost's name, such as `binary:logistic`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How margins become outputs.
    pub fn link(self) -> Link {
        self.link
    }

    /// Outputs per row of a model with this many groups.
    pub fn outputs(self, groups: usize) -> usize {
        if self.link == Link::Argmax { 1 } else { groups }
    }

    /// Turns the margins of many rows, one for each of `groups` groups, into their outputs, row after row.
    pub fn apply_rows(self, groups: usize, margins: &[f32], out: &mut [f32]) {
        let rows = margins.chunks_exact(groups);
        for (margins, out) in rows.zip(out.chunks_exact_mut(self.outputs(groups))) {
            self.apply(margins, out);
        }
    }

    /// Turns the margins of one row into its outputs, of which there are [`Objective::outputs`].
    ///
    /// Exponentials are those of musl (Rust's `libm`), the same bits on every platform. Panics when `out` is
    /// shorter than that.
    pub fn apply(self, margins: &[f32], out: &mut [f32]) {
        match self.link {
            Link::Identity => out[..margins.len()].copy_from_slice(margins),
            Link::Logistic => each(margins, out, probability),
            Link::Exponential => each(margins, out, libm::expf),
            Link::Step => each(margins, out, |margin| f32::from(u8::from(margin > 0.0))),
            Link::Softmax => softmax(margins, out),
            Link::Sorted => sorted(margins, out),
            Link::Expectiles => expectiles(margins, out),
            Link::Argmax => out[0] = argmax(margins) as f32,
        }
    }
}

fn each(margins: &[f32], out: &mut [f32], map: impl Fn(f32) -> f32) {
    for (margin, out) in margins.iter().zip(&mut out[..margins.len()]) {
        *out = map(*margin);
    }
}

/// As XGBoost has it: exponentials of the differences from the largest, summed in `f64`, divided in `f32`.
fn softmax(margins: &[f32], out: &mut [f32]) {
    let largest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    each(margins, out, |margin| libm::expf(margin - largest));
    let sum: f64 = out[..margins.len()].iter().map(|value| f64::from(*value)).sum();
    for value in &mut out[..margins.len()] {
        *value /= sum as f32;
    }
}

/// NaN stays where it is, as XGBoost's insertion sort leaves it.
fn sorted(margins: &[f32], out: &mut [f32]) {
    for (index, margin) in margins.iter().enumerate() {
        let mut place = index;
        while place > 0 && out[place - 1] > *margin {
            out[place] = out[place - 1];
            place -= 1;
        }
        out[place] = *margin;
    }
}

fn expectiles(margins: &[f32], out: &mut [f32]) {
    let mut last = 0.0;
    for (index, (margin, out)) in margins.iter().zip(&mut out[..margins.len()]).enumerate() {
        last = match index {
            0 => *margin,
            _ => last + (1e-6 + softplus(*margin)),
        };
        *out = last;
    }
}

/// `ln(1 + exp(x))`.
fn softplus(x: f32) -> f32 {
    if x > 0.0 {
        x + libm::log1pf(libm::expf(-x))
    } else {
        libm::log1pf(libm::expf(x))
    }
}

fn argmax(margins: &[f32]) -> usize {
    let mut best = 0;
    for (index, margin) in margins.iter().enumerate() {
        if *margin > margins[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(name: &str, margins: &[f32]) -> Vec<f32> {
        let objective = Objective::from_name(name).unwrap();
        let mut out = vec![0.0; objective.outputs(margins.len())];
        objective.apply(margins, &mut out);
        out
    }

    #[test]
    fn margins_become_outputs() {
        assert_eq!(apply("reg:squarederror", &[-3.0]), [-3.0]);
        assert_eq!(apply("binary:logistic", &[0.0]), [0.5]);
        assert_eq!(apply("count:poisson", &[0.0]), [1.0]);
        assert_eq!(
            (apply("binary:hinge", &[0.0]), apply("binary:hinge", &[1e-9])),
            (vec![0.0], vec![1.0])
        );
        assert_eq!(apply("multi:softmax", &[1.0, 3.0, 3.0, 2.0]), [1.0]);
        assert_eq!(
            apply("multi:softprob", &[2.0, 2.0, f32::NEG_INFINITY]),
            [0.5, 0.5, 0.0]
        );
        assert_eq!(
            apply("reg:quantileerror", &[3.0, -1.0, 2.0, 2.0]),
            [-1.0, 2.0, 2.0, 3.0]
        );
        // What XGBoost gives for these margins.
        let expectiles = apply("reg:expectileerror", &[0.3, -13.815_51]);
        assert_eq!(expectiles[0], 0.3);
        assert!((expectiles[1] - 0.300_002).abs() < 1e-7, "{expectiles:?}");
        assert_eq!(Objective::from_name("reg:unknown"), None);
    }
}
