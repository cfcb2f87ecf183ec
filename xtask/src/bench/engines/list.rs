//! Which engines there are.

use super::{Agreement, Code, Engine, File, Place, Version};

use Agreement::{Bits, Margins, OwnModel, Probabilities};
use File::{Converted, Kept};
use Place::{Native, Node, Python};

/// All of them, in the order of the table: ours first, natively and in WebAssembly.
pub(in crate::bench) const ENGINES: [Engine; 16] = [
    native("ours", "ClickLeaf", Bits, Converted("leaf"), Version::Ours),
    native("hessboost", "hessboost", Bits, Converted("hessboost"), HESSBOOST),
    native(
        "hessboost-compact",
        "hessboost, compact form",
        Bits,
        Converted("hessboost-compact"),
        HESSBOOST,
    ),
    native("gbdt", "gbdt", Probabilities, Converted("gbdt.json"), GBDT),
    python("xgboost-inplace", "XGBoost inplace_predict", Bits, "ubj", XGBOOST),
    native("xgboost-c", "XGBoost C API", Bits, Kept("ubj"), XGBOOST),
    python(
        "daal4py",
        "daal4py",
        Probabilities,
        "ubj",
        Version::Python("scikit-learn-intelex"),
    ),
    native(
        "tl2cgen",
        "TL2cgen, gcc -O3",
        Margins,
        Kept("so"),
        Version::Python("tl2cgen"),
    ),
    python(
        "treelite-gtil",
        "treelite GTIL",
        Margins,
        "treelite",
        Version::Python("treelite"),
    ),
    python(
        "onnxruntime",
        "ONNX Runtime",
        Probabilities,
        "onnx",
        Version::Python("onnxruntime"),
    ),
    wasm(
        "ours-wasm",
        "ClickLeaf, SIMD128",
        Bits,
        Converted("leaf"),
        Version::Ours,
        built("bench-wasm-ours", true),
    ),
    wasm(
        "ours-wasm-plain",
        "ClickLeaf, without SIMD",
        Bits,
        Converted("leaf"),
        Version::Ours,
        built("bench-wasm-ours", false),
    ),
    wasm(
        "hessboost-wasm",
        "hessboost, SIMD128",
        Bits,
        Converted("hessboost"),
        HESSBOOST,
        built("bench-wasm-hessboost", true),
    ),
    wasm(
        "gbdt-wasm",
        "gbdt, SIMD128",
        Probabilities,
        Converted("gbdt.json"),
        GBDT,
        built("bench-wasm-gbdt", true),
    ),
    wasm(
        "onnxruntime-web",
        "onnxruntime-web",
        Probabilities,
        Kept("onnx"),
        Version::Npm("onnxruntime-web"),
        Code::Package("onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
    ),
    wasm(
        "ydf-inference",
        "ydf-inference, own model",
        OwnModel,
        Kept("ydf.zip"),
        Version::Npm("ydf-inference"),
        Code::Package("ydf-inference/dist/inference.wasm"),
    ),
];

const HESSBOOST: Version = Version::Crate("hessboost");
const GBDT: Version = Version::Crate("gbdt");
const XGBOOST: Version = Version::Python("xgboost-cpu");

const fn native(
    id: &'static str,
    name: &'static str,
    agreement: Agreement,
    file: File,
    version: Version,
) -> Engine {
    Engine {
        id,
        name,
        place: Native,
        agreement,
        file,
        version,
        code: Code::Native,
    }
}

const fn python(
    id: &'static str,
    name: &'static str,
    agreement: Agreement,
    extension: &'static str,
    version: Version,
) -> Engine {
    Engine {
        id,
        name,
        place: Python,
        agreement,
        file: Kept(extension),
        version,
        code: Code::Native,
    }
}

const fn wasm(
    id: &'static str,
    name: &'static str,
    agreement: Agreement,
    file: File,
    version: Version,
    code: Code,
) -> Engine {
    Engine {
        id,
        name,
        place: Node,
        agreement,
        file,
        version,
        code,
    }
}

const fn built(package: &'static str, simd: bool) -> Code {
    Code::Built { package, simd }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_engine_has_a_name_of_its_own() {
        let ids: BTreeSet<_> = ENGINES.iter().map(|engine| engine.id).collect();
        let names: BTreeSet<_> = ENGINES
            .iter()
            .map(|engine| (engine.name, engine.in_wasm()))
            .collect();
        assert_eq!((ids.len(), names.len()), (ENGINES.len(), ENGINES.len()));
    }

    #[test]
    fn ours_and_hessboost_have_to_agree_bit_for_bit() {
        let exact =
            |engine: &&Engine| engine.name.starts_with("ClickLeaf") || engine.name.starts_with("hessboost");
        let exact: Vec<_> = ENGINES.iter().filter(exact).collect();
        assert_eq!(exact.len(), 6);
        assert!(exact.iter().all(|engine| engine.agreement == Bits));
    }

    #[test]
    fn what_runs_in_node_has_code_and_nothing_else_has() {
        for engine in &ENGINES {
            assert_eq!(
                engine.in_wasm(),
                !matches!(engine.code, Code::Native),
                "{}",
                engine.id
            );
        }
    }
}
