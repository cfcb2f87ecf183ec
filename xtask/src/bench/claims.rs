//! The ratios that say whether this project is what it wants to be, each from one run.

use super::results::{Results, Row, ratio};
use super::table::{shown, thousands};

/// XGBoost's own engines aren't peers that take its models.
const XGBOOST: [&str; 2] = ["xgboost-inplace", "xgboost-c"];

/// A line for each, as far as what it compares was measured.
pub(super) fn lines(results: &Results, model: &str) -> Vec<String> {
    let row = |engine: &str| results.row(model, engine);
    let (native, wasm) = (row("ours"), row("ours-wasm"));
    let batch: Measure = |row| &row.batch;
    let single: Measure = |row| &row.single;
    let load: Measure = |row| &row.load;
    let [native_peers, wasm_peers] = [false, true].map(|in_wasm| {
        let peers = results.rows.iter().filter(move |row| {
            row.model == model
                && row.not_run.is_none()
                && !row.engine.is_ours()
                && row.engine.in_wasm() == in_wasm
        });
        peers.collect::<Vec<&Row>>()
    });
    let takes_models = |row: &&&Row| !XGBOOST.contains(&row.engine.id);
    let batch_peers: Vec<&Row> = native_peers.iter().filter(takes_models).copied().collect();
    let [native_others, wasm_others] = [&native_peers, &wasm_peers].map(|peers| {
        let others = peers.iter().filter(|row| !row.engine.id.starts_with("hessboost"));
        others.copied().collect::<Vec<&Row>>()
    });

    let mut lines = Vec::new();
    if let Some(ours) = native {
        lines.push(format!(
            "{} bytes: {:.2} per node as stored",
            thousands(ours.sizes.raw),
            ours.sizes.raw as f64 / ours.shape.nodes as f64
        ));
    }
    let model = results.models.iter().find(|known| known.name == model);
    for (form, bytes) in model.map_or(&[][..], |model| &model.forms) {
        let per_node = *bytes as f64 / model.map_or(1, |model| model.shape.nodes) as f64;
        lines.push(format!(
            "{} bytes with {form}: {per_node:.2} per node as stored",
            thousands(*bytes)
        ));
    }
    let bytes = |peer: &str, of: fn(&Row) -> u64, what: &str| {
        let (ours, peer) = (native?, row(peer)?);
        let part = of(ours) as f64 / of(peer) as f64;
        Some(format!(
            "{what}: {part:.3} of them, 1/{}",
            shown(Some(1.0 / part))
        ))
    };
    let faster = |what: &str, measure: Measure, ours: Option<&Row>, peer: Option<&Row>| {
        let (ours, peer) = (ours?, peer?);
        let times = ratio(measure(peer), measure(ours))?;
        Some(format!("{what} {}: {} ×", peer.engine.name, shown(Some(times))))
    };
    lines.extend(
        [
            bytes(
                "xgboost-inplace",
                |row| row.sizes.raw,
                "beside the bytes of the UBJSON file, as stored",
            ),
            bytes(
                "onnxruntime",
                |row| row.sizes.raw,
                "beside the bytes of the ONNX file, as stored",
            ),
            bytes(
                "onnxruntime",
                |row| row.sizes.smallest(),
                "beside the bytes of the ONNX file, as served",
            ),
            faster("native batch, beside", batch, native, row("xgboost-inplace")),
            faster(
                "native batch, beside the best peer,",
                batch,
                native,
                fastest(&batch_peers, batch),
            ),
            faster(
                "batch in WebAssembly, beside native",
                batch,
                wasm,
                row("xgboost-inplace"),
            ),
            faster(
                "batch in WebAssembly, beside",
                batch,
                wasm,
                row("onnxruntime-web"),
            ),
            faster("batch in WebAssembly, beside", batch, wasm, row("hessboost-wasm")),
            faster("native single row, beside", single, native, row("hessboost")),
            faster(
                "native single row, beside the best other,",
                single,
                native,
                fastest(&native_others, single),
            ),
            faster(
                "single row in WebAssembly, beside",
                single,
                wasm,
                row("hessboost-wasm"),
            ),
            faster(
                "single row in WebAssembly, beside the best other,",
                single,
                wasm,
                fastest(&wasm_others, single),
            ),
            faster(
                "from bytes to the first prediction in the browser, beside",
                load,
                wasm,
                row("onnxruntime-web"),
            ),
        ]
        .into_iter()
        .flatten(),
    );
    if let Some(code) = wasm.and_then(|ours| ours.code_sizes) {
        lines.push(format!(
            "the evaluator's WebAssembly after brotli: {} bytes",
            thousands(code.brotli)
        ));
    }
    lines
}

type Measure = fn(&Row) -> &[f64];

fn fastest<'a>(rows: &[&'a Row], measure: Measure) -> Option<&'a Row> {
    let measured = rows.iter().filter(|row| !measure(row).is_empty());
    let median = |row: &Row| super::results::median(measure(row)).unwrap_or(f64::INFINITY);
    measured.min_by(|a, b| median(a).total_cmp(&median(b))).copied()
}
