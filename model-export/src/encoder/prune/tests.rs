use proptest::prelude::*;

use super::*;
use crate::encoder::{EncoderConfig, EncoderFit, WIDTH as WIDTH_WITHOUT_CROSSES};
use crate::row::{CATEGORY_COLUMNS, Row};
use crate::{Node, Tree};

/// With two crosses.
const WIDTH: usize = WIDTH_WITHOUT_CROSSES + 4;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    /// Keys from a few to hundreds a column, popular ones and rare ones, none of them in other columns.
    fn row(&mut self) -> Row {
        Row {
            label: Some(self.below(4) == 0),
            integers: std::array::from_fn(|_| (self.below(9) > 0).then(|| self.below(50) as i64)),
            categories: std::array::from_fn(|column| {
                let range = 2 + 30 * column as u64;
                let key = self.below(range) * self.below(range) / range;
                (self.below(7) > 0).then(|| (key as u32 * 26 + column as u32).wrapping_mul(0x9e37_79b1))
            }),
        }
    }

    fn rows(&mut self, count: usize) -> Vec<Row> {
        (0..count).map(|_| self.row()).collect()
    }

    /// A threshold at, just above or just below a value that is encoded, or anywhere.
    fn threshold(&mut self, rows: &[Vec<f32>], feature: usize) -> f32 {
        let value = rows[self.below(rows.len() as u64) as usize][feature];
        match self.below(4) {
            _ if value.is_nan() => 3.0,
            0 => value,
            1 => value.next_up(),
            2 => value.next_down(),
            _ => self.below(1000) as f32 / 200.0 - 1.0,
        }
    }

    /// Full trees of three levels, most of them of category columns, with numeric and categorical splits.
    fn ensemble(&mut self, trees: usize, rows: &[Vec<f32>]) -> Ensemble {
        let mut tree = || {
            let mut nodes: Vec<Node> = (0..7)
                .map(|index| {
                    let feature = self.below(WIDTH as u64) as u32;
                    let (left, right) = (2 * index + 1, 2 * index + 2);
                    let (gain, cover, default_left) = (0.0, 0.0, self.below(2) == 0);
                    if self.below(8) == 0 {
                        let categories = (0..9).filter(|_| self.below(3) == 0).collect();
                        return Node::CategorySplit {
                            feature,
                            categories,
                            default_left,
                            left,
                            right,
                            gain,
                            cover,
                        };
                    }
                    Node::Split {
                        feature,
                        threshold: self.threshold(rows, feature as usize),
                        default_left,
                        left,
                        right,
                        gain,
                        cover,
                    }
                })
                .collect();
            nodes.extend((0..8).map(|_| Node::Leaf {
                value: self.below(2000) as f32 / 999.0 - 1.0,
                cover: 0.0,
            }));
            Tree { group: 0, nodes }
        };
        let trees: Vec<Tree> = (0..trees).map(|_| tree()).collect();
        Ensemble::grouped(crate::Objective::BINARY_LOGISTIC, &[0.25], WIDTH, &trees).unwrap()
    }
}

fn fit(rows: &[Row], seed: u64) -> FittedEncoder {
    let mut fit = EncoderFit::new(EncoderConfig {
        seed,
        crosses: ["C9xC3", "I2xC26"].map(|cross| cross.parse().unwrap()).into(),
        ..EncoderConfig::default()
    });
    for (index, row) in rows.iter().enumerate() {
        fit.observe(index as u64, row).unwrap();
    }
    fit.finish().unwrap()
}

fn encoded(encoder: &Encoder, row: &Row) -> Vec<f32> {
    let mut features = vec![0.0; WIDTH];
    encoder.encode(row, &mut features);
    features
}

fn bits(features: &[f32]) -> Vec<u32> {
    features.iter().map(|feature| feature.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn trees_cannot_tell_the_pruned_encoder_from_the_whole(seed in any::<u64>(), trees in 0..60_usize, count in 1..400_usize) {
        let mut random = Random(seed);
        let rows = random.rows(count);
        let fitted = fit(&rows, seed);
        let whole = fitted.encoder();
        let features: Vec<Vec<f32>> = rows.iter().map(|row| encoded(whole, row)).collect();
        let ensemble = random.ensemble(trees, &features);
        let pruned = whole.pruned(&ensemble);
        prop_assert!(pruned.keys() <= whole.keys());
        prop_assert_eq!(&pruned.pruned(&ensemble), &pruned);
        let mut asked = random.rows(100);
        asked.extend(rows.iter().take(200).cloned());
        asked.push(Row::default());
        for unseen in random.rows(20) {
            let categories = unseen.categories.map(|key| key.map(|key| key ^ random.below(1 << 32) as u32));
            asked.push(Row { categories, ..unseen });
        }
        for row in &asked {
            let margin = ensemble.margin(&encoded(&pruned, row));
            prop_assert_eq!(margin.to_bits(), ensemble.margin(&encoded(whole, row)).to_bits());
        }
        let fewer = ensemble.clone().first_trees(trees / 2);
        prop_assert!(fewer.splits_within(&ensemble) && ensemble.splits_within(&ensemble));
        for row in &asked {
            let margin = fewer.margin(&encoded(&pruned, row));
            prop_assert_eq!(margin.to_bits(), fewer.margin(&encoded(whole, row)).to_bits());
        }
        // With fingerprints too, pruning changes nothing that trees can see.
        let hashed = whole.hashed(LEAST_SPARE_BITS, &fitted);
        let pruned = hashed.pruned(&ensemble);
        prop_assert_eq!(&pruned.pruned(&ensemble), &pruned);
        for row in &asked {
            let margin = ensemble.margin(&encoded(&pruned, row));
            prop_assert_eq!(margin.to_bits(), ensemble.margin(&encoded(&hashed, row)).to_bits());
        }
    }

    #[test]
    fn seen_keys_are_never_taken_for_others(seed in any::<u64>(), count in 1..2000_usize, spare_bits in 4..12_u32) {
        let mut random = Random(seed);
        let rows = random.rows(count);
        let fitted = fit(&rows, seed);
        let hashed = fitted.encoder().hashed(spare_bits, &fitted);
        prop_assert!(hashed.keys() <= fitted.encoder().keys());
        prop_assert!(hashed.false_match_rate() <= 1.0 / f64::from(1 << spare_bits));
        for row in &rows {
            prop_assert_eq!(bits(&encoded(&hashed, row)), bits(&encoded(fitted.encoder(), row)));
        }
        prop_assert_eq!(&hashed.hashed(spare_bits, &fitted), &hashed);
    }
}

#[test]
fn trees_that_split_elsewhere_are_found() {
    let split = |feature, threshold| Node::Split {
        feature,
        threshold,
        default_left: false,
        left: 1,
        right: 2,
        gain: 0.0,
        cover: 0.0,
    };
    let set = |categories| Node::CategorySplit {
        feature: 1,
        categories,
        default_left: false,
        left: 1,
        right: 2,
        gain: 0.0,
        cover: 0.0,
    };
    let ensemble = |splits: Vec<Node>| {
        let leaf = || Node::Leaf {
            value: 1.0,
            cover: 0.0,
        };
        let tree = |split| vec![split, leaf(), leaf()];
        Ensemble::from_trees(0.0, 2, splits.into_iter().map(tree).collect()).unwrap()
    };
    let wide = ensemble(vec![split(0, 1.0), split(0, 0.0), split(1, 2.0), split(1, 4.0)]);
    for (splits, within) in [
        (vec![], true),
        (vec![split(0, -0.0)], true),
        (vec![split(0, 1.0_f32.next_up())], false),
        (vec![split(1, 1.0)], false),
        (vec![set(vec![2, 3])], false),
        (vec![set(vec![])], true),
    ] {
        assert_eq!(
            ensemble(splits.clone()).splits_within(&wide),
            within,
            "{splits:?}"
        );
    }
    assert!(
        ensemble(vec![set(vec![3]), split(1, 2.0)]).splits_within(&ensemble(vec![
            split(1, 2.0),
            split(1, 3.0),
            split(1, 4.0)
        ]))
    );
}

#[test]
fn unseen_keys_are_taken_for_others_as_rarely_as_stated() {
    let mut random = Random(11);
    let fitted = fit(&random.rows(4000), 1);
    let hashed = fitted.encoder().hashed(5, &fitted);
    let (mut matches, mut expected, asked) = (0, 0.0, 100_000);
    for (column, whole) in hashed.columns.iter().zip(&fitted.encoder().columns) {
        let unseen = (0..asked).map(|_| random.below(1 << 32) as u32);
        let unseen = unseen.filter(|key| whole.slot(Some(*key)) == RARE_SLOT);
        matches += unseen.filter(|key| column.slot(Some(*key)) != RARE_SLOT).count();
        expected += match column.keys().bits() {
            KEY_BITS => 0.0,
            bits => f64::from(asked) * column.keys().len() as f64 / (1_u64 << bits) as f64,
        };
    }
    assert!(
        hashed.false_match_rate() > 1.0 / 64.0,
        "{}",
        hashed.false_match_rate()
    );
    assert!(
        expected > 30_000.0 && (matches as f64 / expected - 1.0).abs() < 0.05,
        "{matches} of {expected}"
    );
    assert_eq!(fitted.encoder().false_match_rate(), 0.0);
}

#[test]
fn columns_that_no_split_asks_for_keep_no_key() {
    let mut random = Random(5);
    let rows = random.rows(500);
    let fitted = fit(&rows, 1);
    let split = |feature, threshold| Node::Split {
        feature,
        threshold,
        default_left: false,
        left: 1,
        right: 2,
        gain: 0.0,
        cover: 0.0,
    };
    let tree = |split| {
        let leaf = |value| Node::Leaf { value, cover: 0.0 };
        vec![split, leaf(-1.0), leaf(1.0)]
    };
    // The log count of 12 rows, in the third category column.
    let trees = vec![tree(split(0, 7.0)), tree(split(18, 13.0_f32.ln()))];
    let pruned = fitted
        .encoder()
        .pruned(&Ensemble::from_trees(0.0, WIDTH, trees).unwrap());
    assert_eq!(pruned.key_columns(), CATEGORY_COLUMNS + 2);
    for column in (0..CATEGORY_COLUMNS + 2).filter(|column| *column != 2) {
        assert_eq!(
            (pruned.columns[column].keys().len(), pruned.classes(column)),
            (0, 2),
            "column {column}"
        );
    }
    let frequent =
        |(key, slot)| (fitted.encoder().columns[2].classes()[slot as usize - 2].rows >= 12).then_some(key);
    let frequent: Vec<u32> = fitted.encoder().columns[2]
        .keys()
        .entries()
        .filter_map(frequent)
        .collect();
    let kept: Vec<u32> = pruned.columns[2].keys().entries().map(|(key, _)| key).collect();
    assert!(!kept.is_empty() && kept.len() < fitted.encoder().columns[2].keys().len());
    assert_eq!(kept, frequent);
    assert_eq!(pruned.classes(2), 3);
}

#[test]
fn classes_can_be_merged_and_forgotten() {
    let mut random = Random(8);
    let rows = random.rows(1500);
    let fitted = fit(&rows, 1);
    let whole = fitted.encoder();
    let classes = fitted.classes(whole, 25);
    assert_eq!(
        classes.iter().map(|class| class.keys).sum::<usize>(),
        whole.columns[25].keys().len()
    );
    let own = |row: &&Row| whole.columns[25].slot(row.categories[25]) >= FIRST_CLASS_SLOT;
    assert_eq!(
        classes.iter().map(|class| class.rows).sum::<u64>(),
        rows.iter().filter(own).count() as u64
    );

    let merged = whole.merged(|column, class| match (column, class) {
        (25, 2) => 0,
        (25, 3) => 4,
        _ => class,
    });
    assert_eq!(merged.keys(), whole.keys() - classes[2].keys);
    assert_eq!(merged.classes(25), whole.classes(25) - 2);
    for (key, slot) in whole.columns[25].keys().entries() {
        let row = Row {
            categories: std::array::from_fn(|column| (column == 25).then_some(key)),
            ..Row::default()
        };
        let expected = [0, 1, 0, 4]
            .get(slot as usize)
            .map_or(slot as usize, |slot| *slot);
        assert_eq!(encoded(&merged, &row)[63..65], classes[expected].features);
    }
}
