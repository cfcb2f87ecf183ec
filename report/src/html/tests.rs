use super::*;
use crate::evaluation::{FeatureImportance, Identity, Importance, LearningCurves, LearningPoint};
use crate::slices::SliceGroup;

const HOSTILE: &str = "<script>alert(1)</script>\"' onload=x &amp;";

/// A report whose every name is this one.
fn named(name: &str, shift: f64) -> Report {
    let rows: Vec<(f64, bool)> = (0..600)
        .map(|i| {
            let p = (i * 37 % 101) as f64 / 110.0 + shift;
            (p, i * 53 % 97 < 20 + (60.0 * p) as i64)
        })
        .collect();
    let counts: Vec<u32> = (0..600).map(|i| i % 17).collect();
    let slices = vec![
        SliceGroup::by_count(name, name, &rows, &counts, 5).unwrap(),
        SliceGroup::new("one", "", &rows, &[0; 600], &[name.to_owned()]).unwrap(),
    ];
    let identity = Identity {
        model_name: name.to_owned(),
        experiment_name: name.to_owned(),
        run_id: name.to_owned(),
        run_name: name.to_owned(),
        model_sha256: name.to_owned(),
        engine: name.to_owned(),
        dataset_name: name.to_owned(),
        dataset_digest: name.to_owned(),
        first_test_row: 1,
        ..Identity::default()
    };
    let feature = |index: u32| FeatureImportance {
        name: format!("{name}{index}"),
        gain: Some(3.0),
        cover: None,
        weight: Some(u64::from(index)),
        mean_shap: Some(0.5 / f64::from(index + 1)),
    };
    let importance = Importance {
        shap_rows: 5,
        features: (0..20).map(feature).collect(),
    };
    let points = (0..40).map(|round| LearningPoint {
        round,
        train_logloss: 0.4 + 0.3 / f64::from(round + 1),
        validation_logloss: 0.45 + 0.25 / f64::from(round + 1),
    });
    Report::new(
        identity,
        &rows,
        slices,
        importance,
        LearningCurves::new(points, 39, true),
    )
    .unwrap()
}

/// Everything between angle brackets must be an element that this crate writes, with attributes that it writes.
fn assert_harmless(html: &str) {
    for (index, _) in html.match_indices('<') {
        let tag = html[index + 1..]
            .split(['>', ' ', '\n', '/'])
            .find(|part| !part.is_empty())
            .unwrap();
        let known = [
            "!doctype",
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "h1",
            "h2",
            "h3",
            "p",
            "main",
            "section",
            "div",
            "figure",
            "figcaption",
            "svg",
            "desc",
            "span",
            "i",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "details",
            "summary",
            "rect",
            "line",
            "polyline",
            "text",
            "circle",
            "polygon",
            "path",
        ];
        assert!(known.contains(&tag), "<{tag} at {index}");
        let element = html[index..].split('>').next().unwrap();
        assert!(!element.contains("onload"), "{element}");
    }
    for word in ["<script", "javascript:", "http://evil", "style=\""] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn no_name_becomes_markup() {
    let report = named(HOSTILE, 0.0);
    let html = page(&report).unwrap();
    assert_harmless(&html);
    // It is there as text: in a heading, in the chart of features and in a table.
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x &amp;amp;";
    assert!(
        html.matches(escaped).count() > 30,
        "{}",
        html.matches(escaped).count()
    );
    let other = named("plain", 0.01);
    let (first, second) = (
        Titled {
            title: HOSTILE,
            report: &report,
        },
        Titled {
            title: "Version 2",
            report: &other,
        },
    );
    assert_harmless(&comparison(first, second).unwrap());
}

#[test]
fn every_chart_has_a_title_and_a_description_of_its_own() {
    let html = page(&named("run", 0.0)).unwrap();
    let charts = html.matches("role=\"img\"").count();
    assert_eq!(charts, 10);
    for part in html.split("aria-labelledby=\"").skip(1) {
        for id in part.split('"').next().unwrap().split(' ') {
            assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }
    assert_eq!(html.matches("<desc id=").count(), charts);
    assert_eq!(html.matches("<thead>").count(), html.matches("<table").count());
}

#[test]
fn a_page_says_the_numbers_of_its_report() {
    let report = named("run", 0.0);
    let html = page(&report).unwrap();
    for number in [
        format!("{:.5}", report.metrics.logloss),
        format!("area under the curve {:.5}", report.metrics.auc),
        format!("average precision {:.5}", report.precision_recall.area),
        format!(
            "<th scope=\"row\">AUC (ROC)</th><td>{:.5}</td>",
            report.metrics.auc
        ),
    ] {
        assert!(html.contains(&number), "{number}");
    }
    assert_eq!(
        html,
        page(&Report::from_json(&report.to_json()).unwrap()).unwrap()
    );
}

#[test]
fn two_reports_are_side_by_side_with_differences() {
    let (a, b) = (named("run", 0.0), named("run", 0.02));
    let titled = |title, report| Titled { title, report };
    let html = comparison(titled("Version 1", &a), titled("Version 2", &b)).unwrap();
    let difference = b.metrics.logloss - a.metrics.logloss;
    let line = format!(
        "<th scope=\"row\">Logloss</th><td>{:.5}</td><td>{:.5}</td><td>{}</td>",
        a.metrics.logloss,
        b.metrics.logloss,
        text::signed(difference, 5)
    );
    assert!(html.contains(&line), "{line}");
    assert_eq!(html.matches("<i class=\"line of-1\"></i>Version 2").count(), 10);
    assert!(!html.contains("different rows"));
    let other = named("another data set", 0.0);
    let html = comparison(titled("Version 1", &a), titled("Version 3", &other)).unwrap();
    assert!(html.contains("different rows"));
}

#[test]
fn whatever_was_read_can_be_drawn() {
    let mut flat = named("run", 0.0);
    flat.scores.highest = 0.0;
    flat.learning.points.iter_mut().for_each(|point| {
        point.train_logloss = 0.5;
        point.validation_logloss = 0.5;
    });
    let mut bare = named("run", 0.0);
    bare.calibration.clear();
    bare.lift.clear();
    bare.scores.clicks.clear();
    bare.scores.others.clear();
    bare.slices.clear();
    bare.importance = Importance::default();
    bare.learning = LearningCurves::default();
    bare.roc.points.clear();
    let mut huge = named("run", 0.0);
    huge.lift[0].lift = 1e15;
    huge.learning.points[30].train_logloss = -1e15;
    huge.importance.features[3].mean_shap = Some(1e15);
    huge.learning.points[3].round = u32::MAX;
    huge.identity.first_test_row = u64::MAX;
    let mut empty_slice = named("run", 0.0);
    empty_slice.slices[0].slices.clear();
    empty_slice.importance.shap_rows = 0;
    for report in [flat, bare, huge, empty_slice] {
        let report = Report::from_json(&report.to_json()).unwrap();
        let html = page(&report).unwrap();
        assert!(html.ends_with("</html>\n") && !html.contains("NaN") && !html.contains("inf\""));
        let titled = Titled {
            title: "Version 1",
            report: &report,
        };
        comparison(titled, titled).unwrap();
    }
}
