//! Panics of the parquet crate, which some damaged files cause, as refusals.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::Result;
use crate::refusal::{Failure, Refusal};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs `work`; where it panics the file is refused, and nothing is printed.
///
/// What `work` changes must not be looked at after a refusal.
pub(crate) fn guarded<T, E: Into<Failure>>(work: impl FnOnce() -> Result<T, E>) -> Result<T> {
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    match result {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Refusal::of_input("this Parquet file is damaged").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_refusal() {
        let panics = || -> Result<u8, Refusal> { panic!("deep inside") };
        assert_eq!(
            guarded(panics).unwrap_err().to_string(),
            "this Parquet file is damaged"
        );
        assert_eq!(guarded(|| Ok::<_, Refusal>(7)).unwrap(), 7);
    }
}
