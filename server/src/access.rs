//! Who may do what.
//!
//! A route states what it [`Needs`] where it is put into the [table](crate::routes); the [`Guard`] of a route lets a
//! request through or refuses it before the handler sees it. Who was let in is the request's [`Caller`], in whose name the handler
//! changes the registry ([`Acting`]).
//!
//! Invariant: once a token was ever made, or the server was given one, or it can be reached from other machines, nothing
//! that needs a role is done without a token.

mod caller;
mod credentials;
mod guard;
mod origin;
mod tokens;

use std::fmt;

use registry::Role;

pub(crate) use caller::{Acting, Caller};
pub(crate) use guard::{Form, Guard, guard, too_little};
pub(crate) use tokens::Access;

/// What a request must bring for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: what pages and probes ask for.
    Nothing,
    /// Nothing, but a viewer's token where the server was started so.
    Reading,
    /// A token with this role or a greater one.
    Token(Role),
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Needs::Nothing => f.write_str("nothing"),
            Needs::Reading => f.write_str("reading"),
            Needs::Token(role) => f.write_str(role.as_str()),
        }
    }
}
