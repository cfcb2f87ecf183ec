//! What `MLmodel` says about a model of XGBoost: the few lines that are needed, of YAML as MLflow writes it, in block or in
//! flow style.

/// The flavor `xgboost` of an `MLmodel`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XgboostFlavor {
    /// The model's file, relative to the directory.
    pub(super) data: String,
    /// The class that loads it, such as `xgboost.core.Booster`.
    pub(super) model_class: String,
}

impl XgboostFlavor {
    /// The flavor in an `MLmodel`, if it has this one and says where the file is.
    pub(super) fn of(text: &str) -> Option<XgboostFlavor> {
        let mut lines = text
            .lines()
            .skip_while(|line| line.trim_end() != "flavors:")
            .skip(1);
        let mut flavor = XgboostFlavor::default();
        let (mut depth, mut found) = (0, false);
        for line in lines.by_ref() {
            let name = line.trim_start();
            let indent = line.len() - name.len();
            if name.is_empty() || name.starts_with('#') {
                continue;
            }
            if indent == 0 || (found && indent <= depth) {
                break;
            }
            if !found {
                if let Some(rest) = name.strip_prefix("xgboost:") {
                    (found, depth) = (true, indent);
                    for field in rest
                        .trim()
                        .trim_start_matches('{')
                        .trim_end_matches('}')
                        .split(',')
                    {
                        flavor.field(field);
                    }
                }
                continue;
            }
            flavor.field(name);
        }
        (found && !flavor.data.is_empty()).then_some(flavor)
    }

    /// Whether rounds after the best one don't count, as the scikit-learn classes have it.
    pub(super) fn takes_best_rounds(&self) -> bool {
        self.model_class.starts_with("xgboost.sklearn.")
    }

    fn field(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let value = value.trim().trim_matches(['\'', '"']).to_owned();
        match name.trim().trim_matches(['\'', '"']) {
            "data" => self.data = value,
            "model_class" => self.model_class = value,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flavor_is_read_in_both_styles() {
        let block = "artifact_path: model\nflavors:\n  python_function:\n    data: other\n    env:\n      conda: c\n  xgboost:\n    \
                     code: null\n    data: model.ubj\n    model_class: xgboost.sklearn.XGBClassifier\nrun_id: x\ndata: no\n";
        let flow = "flavors:\n  xgboost: {data: 'model.ubj', model_class: xgboost.core.Booster}\n  python_function: {data: no}\n";
        let read = XgboostFlavor::of(block).unwrap();
        assert_eq!(
            (read.data.as_str(), read.takes_best_rounds()),
            ("model.ubj", true)
        );
        let read = XgboostFlavor::of(flow).unwrap();
        assert_eq!(
            (read.data.as_str(), read.takes_best_rounds()),
            ("model.ubj", false)
        );
        for none in [
            "",
            "flavors:\n  sklearn:\n    data: x\n",
            "xgboost:\n  data: x\n",
            "flavors:\n  xgboost:\n",
        ] {
            assert_eq!(XgboostFlavor::of(none), None, "{none:?}");
        }
    }
}
