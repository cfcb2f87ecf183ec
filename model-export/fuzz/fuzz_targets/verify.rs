//! No bundle and no key makes verification panic. The first line is the key, the rest the bundle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::signature::verify;

const KEY: &str = include_str!("../../tests/fixtures/signing.pub");

fuzz_target!(|text: &str| {
    let _ = verify(text, KEY);
    if let Some((key, bundle)) = text.split_once('\n') {
        let _ = verify(bundle, key);
    }
});
