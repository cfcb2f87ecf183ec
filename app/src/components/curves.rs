use api_types::RunDetail;
use leptos::prelude::*;

use crate::browser::{fixed, significant};
use crate::curve::{HEIGHT, WIDTH, chart};

/// A run's learning curves: logloss by boosting round.
#[component]
pub(crate) fn Curves(run: RunDetail) -> impl IntoView {
    let Some(chart) = chart(&run.curves, "logloss") else {
        return view! { <p class="hint">"This run has no learning curves."</p> }.into_any();
    };
    let label = format!(
        "Logloss by boosting round, from round 0 to {}, between {} and {}",
        chart.last_step,
        significant(chart.low),
        significant(chart.high)
    );
    let ends: Vec<String> = chart
        .lines
        .iter()
        .map(|line| format!("{} ends at {}", line.key, fixed(line.last, 5)))
        .collect();
    view! {
        <figure class="curves">
            <svg viewBox=format!("-64 -14 {} {}", WIDTH + 84, HEIGHT + 54) role="img" aria-label=label>
                <path class="axis" d=format!("M0 0V{HEIGHT}H{WIDTH}") />
                <text class="tick" x="-8" y="5" text-anchor="end">{significant(chart.high)}</text>
                <text class="tick" x="-8" y=HEIGHT text-anchor="end">{significant(chart.low)}</text>
                <text class="tick" x="0" y={HEIGHT + 22}>"round 0"</text>
                <text class="tick" x=WIDTH y={HEIGHT + 22} text-anchor="end">{chart.last_step}</text>
                {chart
                    .lines
                    .iter()
                    .enumerate()
                    .map(|(place, line)| {
                        view! { <path class=format!("curve curve-{place}") d=line.path.clone() /> }
                    })
                    .collect_view()}
            </svg>
            <figcaption>
                <ul class="legend">
                    {ends
                        .into_iter()
                        .enumerate()
                        .map(|(place, text)| {
                            view! {
                                <li>
                                    <svg viewBox="0 0 24 8" aria-hidden="true">
                                        <path class=format!("curve curve-{place}") d="M0 4H24" />
                                    </svg>
                                    {text}
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </figcaption>
        </figure>
    }
    .into_any()
}
