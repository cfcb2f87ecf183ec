//! The places in the store that rows refer to, and what they say lies there.

use std::collections::{HashMap, HashSet};

use sqlx::{Any, Row, Transaction as Tx};

use crate::{Artifacts, Bucket, RegistryError, database::doing, queries};

/// Folders and files of the artifacts bucket, as URIs.
pub(crate) struct References {
    places: HashSet<String>,
}

impl References {
    /// Reads them; what was deleted counts unless that was before `deleted_before_ms`.
    pub(crate) async fn read(
        tx: &mut Tx<'static, Any>,
        artifacts: &Artifacts,
        deleted_before_ms: Option<i64>,
    ) -> Result<References, RegistryError> {
        let read = doing("read the places that rows refer to");
        let named: Vec<String> = sqlx::query_scalar(queries::PLACES)
            .bind(deleted_before_ms.unwrap_or(i64::MIN))
            .fetch_all(&mut **tx)
            .await
            .map_err(&read)?;
        let sources: Vec<String> = sqlx::query_scalar(queries::DATASET_SOURCES)
            .fetch_all(&mut **tx)
            .await
            .map_err(&read)?;
        let root = artifacts.uri(Bucket::Artifacts, "");
        let mut places: HashSet<String> = named.iter().map(|place| resolved(place, &root)).collect();
        for source in &sources {
            places.extend(within(source, &root));
        }
        Ok(References { places })
    }

    /// Whether rows refer to an object: to itself, or to a folder that it is in.
    pub(crate) fn contain(&self, uri: &str) -> bool {
        let folders = uri.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at);
        folders
            .map(|end| &uri[..end])
            .chain([uri])
            .any(|place| self.places.contains(place))
    }
}

/// URI and SHA-256 of every file that was recorded of a version.
pub(crate) async fn recorded_files(
    tx: &mut Tx<'static, Any>,
) -> Result<HashMap<String, String>, RegistryError> {
    let read = doing("read the files of versions");
    let rows = sqlx::query(queries::RECORDED_FILES)
        .fetch_all(&mut **tx)
        .await
        .map_err(&read)?;
    rows.iter()
        .map(|row| {
            let text = |at: usize| row.try_get::<String, _>(at);
            Ok((
                format!("{}/{}", text(0)?.trim_end_matches('/'), text(1)?),
                text(2)?,
            ))
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(read)
}

/// A place as the store's listing has it.
fn resolved(place: &str, root: &str) -> String {
    let place = match place.strip_prefix("mlflow-artifacts:") {
        Some(path) => {
            let path = match path.strip_prefix("//") {
                Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
                None => path,
            };
            format!("{root}{}", path.trim_start_matches('/'))
        }
        None => place.to_owned(),
    };
    place.trim_end_matches('/').to_owned()
}

/// Places below `root` that a text names, such as the JSON that says where a data set is from.
fn within<'a>(text: &'a str, root: &'a str) -> impl Iterator<Item = String> + 'a {
    text.match_indices(root).map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(['"', '\'', ',', '\n', '\t']).unwrap_or(rest.len());
        rest[..end].trim_end_matches('/').to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_contained_by_itself_and_by_folders_but_not_by_the_start_of_a_name() {
        let references = References {
            places: ["s3://b/1/r/artifacts", "s3://b/x/one.csv"]
                .map(str::to_owned)
                .into(),
        };
        for (uri, expected) in [
            ("s3://b/1/r/artifacts/model/MLmodel", true),
            ("s3://b/1/r/artifacts", true),
            ("s3://b/1/r/artifacts2/model", false),
            ("s3://b/1/r", false),
            ("s3://b/x/one.csv", true),
            ("s3://b/x/one.csv.gz", false),
            ("s3://c/1/r/artifacts/a", false),
        ] {
            assert_eq!(references.contain(uri), expected, "{uri}");
        }
    }

    #[test]
    fn places_are_found_however_they_are_written() {
        let root = "file:///d/mlflow-artifacts/";
        for (place, expected) in [
            (
                "mlflow-artifacts:/1/r/artifacts",
                "file:///d/mlflow-artifacts/1/r/artifacts",
            ),
            ("mlflow-artifacts://h:9/1/r/", "file:///d/mlflow-artifacts/1/r"),
            ("file:///d/mlflow-artifacts/1/", "file:///d/mlflow-artifacts/1"),
            ("s3://b/k", "s3://b/k"),
        ] {
            assert_eq!(resolved(place, root), expected);
        }
        let source =
            r#"{"uri": "file:///d/mlflow-artifacts/d/a b.csv", "x": "file:///d/mlflow-artifacts/e/"}"#;
        assert_eq!(
            within(source, root).collect::<Vec<_>>(),
            [
                "file:///d/mlflow-artifacts/d/a b.csv",
                "file:///d/mlflow-artifacts/e"
            ]
        );
    }
}
