//! Parts that the views are made of.

#![expect(unreachable_pub, reason = "the component macro makes its functions pub")]

mod banner;
mod copy;
mod curves;
mod fingerprint;
mod header;
mod inputs;
mod provenance;
mod result;
mod token;

pub(crate) use banner::Banner;
pub(crate) use curves::Curves;
pub(crate) use header::{Header, Notices};
pub(crate) use inputs::{Inputs, LinePaste};
pub(crate) use provenance::{METRICS, ProvenancePanel, metric};
pub(crate) use result::{ResultCard, ServerAnswer};
pub(crate) use token::TokenInput;
