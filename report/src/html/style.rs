//! The page's style, with the colours that `chart.rs` names.

pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d9dee3; --grid: #e6e9ec;
  --first: #1f5eb4; --second: #c2510a; --notice: #fff4d6; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --ink: #e6e9ec; --soft: #a0a9b3; --line: #343a41; --grid: #2a2f35;
    --first: #6ea8fe; --second: #ff9d5c; --notice: #3a3110; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 0.5rem; }
section > * + h3 { margin-top: 1.5rem; }
p { max-width: 45rem; }
.note { color: var(--soft); margin: 0 0 0.5rem; }
.notice { background: var(--notice); padding: 0.5rem 0.75rem; border-radius: 0.25rem; }
.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
figure { margin: 0; max-width: 40rem; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; color: var(--soft); font-size: 0.875rem; }
figcaption span { display: inline-flex; align-items: center; gap: 0.375rem; }
.line { display: inline-block; flex: none; width: 1.5rem; border-top: 0.1875rem solid var(--soft); }
.dashed { border-top-style: dashed; }
.of-0 { border-color: var(--first); }
.of-1 { border-color: var(--second); }
.scroll { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
th, td { padding: 0.25rem 0.5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
th { font-weight: 600; }
tbody th { font-weight: 400; white-space: normal; }
.identity th, .identity td { text-align: left; white-space: normal; }
.identity td { overflow-wrap: anywhere; }
.identity th { vertical-align: top; }
details { margin: 1rem 0; }
summary { cursor: pointer; margin-bottom: 0.5rem; }
svg text { fill: var(--ink); }
svg [stroke=\"#DDDDDD\"] { stroke: var(--grid); }
svg [fill=\"#1F5EB4\"] { fill: var(--first); }
svg [fill=\"#C8500A\"] { fill: var(--second); }
svg [stroke=\"#1F5EB4\"] { stroke: var(--first); }
svg [stroke=\"#1F5EB5\"] { stroke: var(--first); stroke-dasharray: 6 4; }
svg [stroke=\"#C8500A\"] { stroke: var(--second); }
svg [stroke=\"#C8500B\"] { stroke: var(--second); stroke-dasharray: 6 4; }
svg [stroke=\"#888888\"] { stroke: var(--soft); stroke-dasharray: 2 4; }
";
