//! The few things the page asks of the browser that are neither fetching nor keeping.

use std::time::Duration;

use js_sys::{Date, Number, Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The window; the page runs nowhere else.
pub(crate) fn window() -> web_sys::Window {
    web_sys::window().expect("the page runs in a window")
}

/// Milliseconds on the browser's steady clock, which may be coarse (0.1 ms, or 0.005 ms at best).
pub(crate) fn now() -> f64 {
    window().performance().map_or_else(Date::now, |clock| clock.now())
}

/// Waits.
pub(crate) async fn sleep(duration: Duration) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let ms = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
        // A window always has timers; were it to refuse one, nobody would wait any more.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    let _ = JsFuture::from(promise).await;
}

/// A number with this many digits after the point.
pub(crate) fn fixed(value: f64, digits: u8) -> String {
    let text = Number::from(value)
        .to_fixed(digits)
        .map_or_else(|_| "—".to_owned(), String::from);
    text.replacen('-', "−", 1)
}

/// A number with three significant digits.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        0.01.. => 4,
        0.001.. => 5,
        _ => 6,
    };
    fixed(value, digits)
}

/// A number so that it can be read back exactly.
pub(crate) fn exact(value: f64) -> String {
    Number::from(value)
        .to_string_with_radix(10)
        .map_or_else(|_| String::new(), String::from)
}

/// A probability as percent: two decimals, more where it is small.
pub(crate) fn percent(probability: f32) -> String {
    let percent = f64::from(probability) * 100.0;
    let text = if percent < 1.0 {
        significant(percent)
    } else {
        fixed(percent, 2)
    };
    format!("{text} %")
}

/// A time in the reader's own zone: `23 Nov 2026, 22:07:23 UTC`.
pub(crate) fn local_time(ms: i64) -> String {
    let options = Object::new();
    for (key, value) in [
        ("day", "numeric"),
        ("month", "short"),
        ("year", "numeric"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("timeZoneName", "short"),
    ] {
        let _ = Reflect::set(&options, &key.into(), &value.into());
    }
    Date::new(&JsValue::from_f64(ms as f64))
        .to_locale_string("en-GB", &options)
        .into()
}

/// Copies text; where the browser refuses, `false`.
pub(crate) async fn copy(text: String) -> bool {
    // Absent outside secure contexts, though its type says otherwise.
    let clipboard = window().navigator().clipboard();
    if AsRef::<JsValue>::as_ref(&clipboard).is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// Moves the focus to an element.
pub(crate) fn focus(id: &str) {
    let element = window()
        .document()
        .and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Whether anybody can see the page.
pub(crate) fn visible() -> bool {
    window()
        .document()
        .is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}
