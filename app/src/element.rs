//! Elements of the page, built as they are described and kept in step with signals.
//!
//! Every element made by `view!` has a type of its own, and with it code of its own to build, update and remove it.
//! Here all elements have one type, so that a larger page costs hardly more bytes to load.
//!
//! Invariant: what follows signals or listens to events ends with Leptos' owner in which it was made, so elements
//! are made in components and in [`Part::parts_with`], never in event handlers.

use std::cell::RefCell;

use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::view::Render;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Element, Event, HtmlInputElement, KeyboardEvent};

use crate::browser::window;

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element with all that is in it.
pub(crate) struct Part(Element);

/// An empty HTML element.
pub(crate) fn element(tag: &str) -> Part {
    Part(
        document()
            .create_element(tag)
            .expect("the tags of this page are valid"),
    )
}

/// An empty HTML element of a class.
pub(crate) fn classed(tag: &str, class: &str) -> Part {
    element(tag).attr("class", class)
}

/// An empty SVG element.
pub(crate) fn svg(tag: &str) -> Part {
    Part(
        document()
            .create_element_ns(Some(SVG), tag)
            .expect("the tags of this page are valid"),
    )
}

/// A button that doesn't submit its form.
pub(crate) fn button(text: &str, testid: &str, click: impl FnMut() + 'static) -> Part {
    element("button")
        .attr("type", "button")
        .testid(testid)
        .text(text)
        .on_click(click)
}

/// Runs now and after every change of a signal it read, as long as the owner in which this is called.
pub(crate) fn follow(run: impl FnMut() + 'static) {
    follow_boxed(Box::new(run));
}

impl Part {
    /// Sets an attribute.
    #[inline(never)]
    pub(crate) fn attr(self, name: &str, value: &str) -> Self {
        set(&self.0, name, Some(value));
        self
    }

    /// Sets attributes.
    #[inline(never)]
    pub(crate) fn attrs(self, attributes: &[(&str, &str)]) -> Self {
        for (name, value) in attributes {
            set(&self.0, name, Some(value));
        }
        self
    }

    /// Sets `data-testid`.
    #[inline(never)]
    pub(crate) fn testid(self, testid: &str) -> Self {
        self.attr("data-testid", testid)
    }

    /// Keeps an attribute in step; `None` takes it away.
    pub(crate) fn attr_with(self, name: &'static str, value: impl Fn() -> Option<String> + 'static) -> Self {
        let element = self.0.clone();
        let mut before = None;
        follow(move || {
            let value = value();
            if value != before {
                set(&element, name, value.as_deref());
                before = value;
            }
        });
        self
    }

    /// Adds text.
    #[inline(never)]
    pub(crate) fn text(self, text: &str) -> Self {
        append(&self.0, &document().create_text_node(text));
        self
    }

    /// Adds text that is kept in step.
    pub(crate) fn text_with(self, text: impl Fn() -> String + 'static) -> Self {
        let node = document().create_text_node("");
        append(&self.0, &node);
        follow(move || node.set_data(&text()));
        self
    }

    /// Adds a message that comes and goes.
    pub(crate) fn message(self, message: RwSignal<Option<String>>) -> Self {
        self.text_with(move || message.get().unwrap_or_default())
    }

    /// Adds a part.
    #[inline(never)]
    pub(crate) fn part(self, part: Part) -> Self {
        append(&self.0, &part.0);
        self
    }

    /// Adds parts.
    pub(crate) fn parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        for part in parts {
            self = self.part(part);
        }
        self
    }

    /// Adds parts that are made anew whenever a signal read for them changes.
    pub(crate) fn parts_with(self, parts: impl Fn() -> Vec<Part> + 'static) -> Self {
        // Marks the place, also while there are none.
        let end = document().create_comment("");
        append(&self.0, &end);
        let parent = self.0.clone();
        let shown = RefCell::new(Vec::<Part>::new());
        follow(move || {
            let parts = parts();
            for old in shown.replace(Vec::new()) {
                old.0.remove();
            }
            for part in &parts {
                parent
                    .insert_before(&part.0, Some(&end))
                    .expect("the mark stays in its parent");
            }
            shown.replace(parts);
        });
        self
    }

    /// Keeps an input's value in step.
    pub(crate) fn value_with(self, value: impl Fn() -> String + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        follow(move || {
            let value = value();
            // Setting an equal one could move the caret.
            if input.value() != value {
                input.set_value(&value);
            }
        });
        self
    }

    /// Keeps a checkbox in step.
    pub(crate) fn checked_with(self, checked: impl Fn() -> bool + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        follow(move || input.set_checked(checked()));
        self
    }

    /// Listens to clicks.
    pub(crate) fn on_click(self, mut run: impl FnMut() + 'static) -> Self {
        self.listen("click", Box::new(move |_| run()))
    }

    /// Listens to clicks, which then have no other effect.
    pub(crate) fn on_click_instead(self, mut run: impl FnMut() + 'static) -> Self {
        self.listen(
            "click",
            Box::new(move |event| {
                event.prevent_default();
                run();
            }),
        )
    }

    /// Listens to a form's submission, which then has no other effect.
    pub(crate) fn on_submit(self, mut run: impl FnMut() + 'static) -> Self {
        self.listen(
            "submit",
            Box::new(move |event| {
                event.prevent_default();
                run();
            }),
        )
    }

    /// Listens to what is typed into an input or a text area, or chosen in a select.
    pub(crate) fn on_input(self, mut run: impl FnMut(String) + 'static) -> Self {
        // All three have the property `value`.
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        self.listen("input", Box::new(move |_| run(input.value())))
    }

    /// Listens to a checkbox.
    pub(crate) fn on_checked(self, mut run: impl FnMut(bool) + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        self.listen("change", Box::new(move |_| run(input.checked())))
    }

    /// Listens to keys.
    pub(crate) fn on_key(self, mut run: impl FnMut(KeyboardEvent) + 'static) -> Self {
        self.listen("keydown", Box::new(move |event| run(event.unchecked_into())))
    }

    fn listen(self, event: &str, run: Box<dyn FnMut(Event)>) -> Self {
        let listener = Closure::wrap(run);
        self.0
            .add_event_listener_with_callback(event, listener.as_ref().unchecked_ref())
            .expect("elements take listeners");
        keep(listener);
        self
    }
}

impl Render for Part {
    type State = Element;

    fn build(self) -> Element {
        self.0
    }

    fn rebuild(self, state: &mut Element) {
        state
            .replace_with_with_node_1(&self.0)
            .expect("an element in the page can be replaced");
        *state = self.0;
    }
}

fn document() -> Document {
    window().document().expect("the page runs in a document")
}

fn set(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    }
    .expect("the attributes of this page have valid names");
}

fn append(parent: &Element, node: &web_sys::Node) {
    parent
        .append_child(node)
        .expect("parts are not put into themselves");
}

fn follow_boxed(mut run: Box<dyn FnMut()>) {
    keep(RenderEffect::new(move |_| run()));
}

/// Keeps a thing as long as the owner in which this is called.
fn keep<T: 'static>(thing: T) {
    StoredValue::new_local(thing);
}
