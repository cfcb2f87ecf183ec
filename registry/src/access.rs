//! Who does something, and what they may do.

mod tokens;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Registry, limits};

pub use tokens::{ApiToken, NewApiToken, TOKEN_PREFIX};

/// What a token allows. Each role allows what the ones before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reading.
    Viewer,
    /// Tracking runs, registering versions and queueing training runs, too.
    Trainer,
    /// Everything, too: stages, aliases, deleting what is registered, tokens.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Trainer, Role::Admin];

    /// The role's name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Trainer => "trainer",
            Role::Admin => "admin",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who changes something, and from where, as the audit log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    who: String,
    origin: String,
}

impl Actor {
    /// Someone by name, such as `token:ci:0a1b2c3d4e5f6071`, and an address such as `192.0.2.7`. Characters that a
    /// database can't hold are replaced, and what is too long is cut short: what a caller is called must not keep a change
    /// from being recorded.
    pub fn new(who: impl AsRef<str>, origin: impl AsRef<str>) -> Actor {
        let kept = |text: &str| -> String {
            let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
            text.chars().map(shown).take(limits::MAX_NAME).collect()
        };
        Actor {
            who: kept(who.as_ref()),
            origin: kept(origin.as_ref()),
        }
    }

    /// A person at a command line.
    pub fn command_line(user: &str) -> Actor {
        Actor::new(format!("cli:{user}"), "cli")
    }

    /// A worker of the training queue.
    pub fn worker(name: &str) -> Actor {
        Actor::new(format!("worker:{name}"), "worker")
    }

    /// Who.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// From where.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Default for Actor {
    /// A program that didn't say for whom it acts.
    fn default() -> Self {
        Actor::new("program", "program")
    }
}

impl Registry {
    /// The same registry, whose changes the audit log ascribes to `actor`. Cheap.
    pub fn acting_as(&self, actor: Actor) -> Registry {
        self.with_actor(actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_include_the_lesser_ones() {
        assert!(Role::Viewer < Role::Trainer && Role::Trainer < Role::Admin);
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("Admin"), None);
    }

    #[test]
    fn no_name_keeps_a_change_from_being_recorded() {
        let actor = Actor::new("a\0b\nc", "x".repeat(1000));
        assert_eq!(actor.who(), "a\u{fffd}b\u{fffd}c");
        assert_eq!(actor.origin().len(), limits::MAX_NAME);
    }
}
