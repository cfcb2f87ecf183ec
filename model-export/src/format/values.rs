//! `f32` values of trees: of leaves, and their covers.
//!
//! A value is a class, an index in its class and a sign. Where all values are whole multiples of a power of two, their
//! grain, below 2^24 of it, the class is the length of the multiple in bits; otherwise it is the exponent.
//!
//! Invariant: the layout follows from the values alone, which is why a reader can tell that no other was possible.

mod factor;
mod grain;

use factor::Factor;

use super::coder::{Bit, Coder, Frequencies};

/// Sizes of what a value stands for that are told apart, such as its leaf's share of the rows.
pub(super) const SIZES: usize = 24;
/// Classes that are told apart of a sibling, and that there is none.
const SIBLING_CLASSES: usize = 33;

/// How the values of a model are divided into classes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    form: Form,
    /// The largest class.
    top: u32,
    /// The smallest class.
    bottom: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// Multiples of 2 to this power.
    Whole(i32),
    Float(Factor),
}

/// A value taken apart.
#[derive(Clone, Copy, Default)]
struct Parts {
    class: u32,
    index: u32,
    negative: bool,
}

impl Layout {
    /// The one layout of `values`. `factors` allows a factor that they were all multiplied by.
    pub(super) fn of(values: impl Iterator<Item = f32> + Clone, factors: bool) -> Self {
        let form = match grain::grain(values.clone()) {
            Some(grain) => Form::Whole(grain),
            None if factors => Form::Float(Factor::of(values.clone())),
            None => Form::Float(Factor::PLAIN),
        };
        let layout = Self {
            form,
            top: 0,
            bottom: 0,
        };
        let classes = || values.clone().map(|value| layout.parts(value).class);
        let (top, bottom) = (classes().max().unwrap_or(0), classes().min().unwrap_or(0));
        Self {
            top,
            bottom,
            ..layout
        }
    }

    /// Codes the layout; the decoder gives any.
    pub(super) fn code(&self, coder: &mut impl Coder, factors: bool) -> Result<Self, &'static str> {
        let (whole, grain, factor) = match &self.form {
            Form::Whole(grain) => (1, grain::to_number(*grain), &Factor::PLAIN),
            Form::Float(factor) => (0, 0, factor),
        };
        let form = if coder.below(2, whole) == 1 {
            Form::Whole(grain::from_number(coder.below(1 << 9, grain)))
        } else if factors {
            Form::Float(factor.code(coder))
        } else {
            Form::Float(Factor::PLAIN)
        };
        let top = coder.below(1 << 8, self.top);
        let bottom = coder.below(1 << 8, self.bottom);
        if bottom > top || (matches!(form, Form::Whole(_)) && top > grain::MULTIPLE_BITS) {
            return Err("the classes of values are not a range");
        }
        Ok(Self { form, top, bottom })
    }

    fn parts(&self, value: f32) -> Parts {
        let negative = value.is_sign_negative();
        let (class, index) = match &self.form {
            Form::Whole(grain) => grain::index(value, *grain),
            // A layout has a factor only where each of its values has a place.
            Form::Float(factor) => factor.index(value).unwrap_or_default(),
        };
        Parts {
            class,
            index,
            negative,
        }
    }

    /// Values of a class, but for their sign.
    fn size(&self, class: u32) -> u32 {
        match &self.form {
            Form::Whole(_) => 1 << class >> u32::from(class > 0),
            Form::Float(factor) => factor.size(),
        }
    }

    fn value(&self, parts: Parts) -> f32 {
        let value = match &self.form {
            Form::Whole(grain) => grain::value(parts.class, parts.index, *grain),
            Form::Float(factor) => factor.value(parts.class, parts.index),
        };
        if parts.negative { -value } else { value }
    }
}

/// What is told apart of the value beside the one that is coded; the default is that there is none.
#[derive(Clone, Copy, Default)]
pub(super) struct Sibling {
    /// 0, or 1 more than how far its class is below the top, at most 32.
    class: u8,
    /// 0, or 1 for a positive and 2 for a negative value.
    sign: u8,
}

/// Codes values by the values before them.
pub(super) struct Values {
    layout: Layout,
    /// The largest and the smallest class so far.
    reached: Option<(u32, u32)>,
    classes: Frequencies,
    signs: Vec<Bit>,
}

impl Values {
    pub(super) fn new(layout: Layout) -> Self {
        let classes = layout.top - layout.bottom + 1;
        Self {
            layout,
            reached: None,
            classes: Frequencies::new(SIBLING_CLASSES * SIZES, classes as usize),
            signs: vec![Bit::default(); 3 * SIBLING_CLASSES * SIBLING_CLASSES],
        }
    }

    /// Whether all values, which are `values`, could have no other layout.
    pub(super) fn have_their_layout(&self, values: impl Iterator<Item = f32> + Clone, factors: bool) -> bool {
        let Layout { form, top, bottom } = &self.layout;
        let is_only_form = match (form, grain::grain(values.clone())) {
            (Form::Whole(grain), only) => only == Some(*grain),
            (Form::Float(factor), None) => !factors || factor.is_of(values),
            (Form::Float(_), Some(_)) => false,
        };
        is_only_form && self.reached.unwrap_or_default() == (*top, *bottom)
    }

    /// Codes a value by its sibling's and by a size below [`SIZES`]. Also returns what it is as a sibling.
    pub(super) fn code(
        &mut self,
        coder: &mut impl Coder,
        sibling: Sibling,
        size: usize,
        given: Option<f32>,
    ) -> (f32, Sibling) {
        let top = self.layout.top;
        let (given, below) = given.map_or_else(Default::default, |given| {
            let parts = self.layout.parts(given);
            (parts, (top - parts.class) as usize)
        });
        let context = usize::from(sibling.class) * SIZES + size;
        let below = coder.frequent(&mut self.classes, context, below);
        let class = top - below as u32;
        let (highest, lowest) = self.reached.unwrap_or((class, class));
        self.reached = Some((highest.max(class), lowest.min(class)));
        let own = 1 + below.min(SIBLING_CLASSES - 2);
        let context = usize::from(sibling.sign) * SIBLING_CLASSES + usize::from(sibling.class);
        let sign = &mut self.signs[context * SIBLING_CLASSES + own];
        let zero = class == 0 && matches!(self.layout.form, Form::Whole(_));
        let negative = !zero && coder.bit(sign, given.negative);
        let index = coder.below(self.layout.size(class), given.index);
        let value = self.layout.value(Parts {
            class,
            index,
            negative,
        });
        let sibling = Sibling {
            class: own as u8,
            sign: 1 + u8::from(negative),
        };
        (value, sibling)
    }
}

#[cfg(test)]
mod tests;
