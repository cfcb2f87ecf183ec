//! Parts that the views are made of.

mod banner;
mod copy;
mod curves;
mod explanation;
mod fingerprint;
mod header;
mod inputs;
mod provenance;
mod result;
mod token;

pub(crate) use banner::banner;
pub(crate) use curves::curves;
pub(crate) use explanation::explanation_card;
pub(crate) use header::{header, notices, skip_link};
pub(crate) use inputs::{category_inputs, integer_inputs, line_paste};
pub(crate) use provenance::{METRICS, metric, provenance_panel};
pub(crate) use result::{ServerAnswer, result_card};
pub(crate) use token::token_input;
