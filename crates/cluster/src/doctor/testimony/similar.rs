//! "Did you mean …": names that look like the one that is missing.

/// Names that are proposed.
const SHOWN_MAX: usize = 5;
/// Characters that are compared. Tags have up to 128.
const LENGTH_MAX: usize = 256;

/// The names that look like `wanted`, the likeliest first.
pub(super) fn similar<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let limit = 1 + wanted.chars().count() / 4;
    let mut near: Vec<_> = names
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| Some((rank(wanted, name, limit)?, name)))
        .collect();
    near.sort();
    near.dedup();
    let names = near.into_iter().map(|(_, name)| name.to_owned());
    names.take(SHOWN_MAX).collect()
}

/// How far a name is from the wanted one, if it is near: a few letters off, or one is a part of the other.
fn rank(wanted: &str, name: &str, limit: usize) -> Option<usize> {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    let distance = distance(&wanted, &name);
    if distance <= limit {
        return Some(distance);
    }
    let is_part =
        wanted.len().min(name.len()) >= 2 && (name.contains(&wanted) || wanted.contains(&name));
    is_part.then_some(limit + distance)
}

/// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().take(LENGTH_MAX).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    // Three rows: the one before last is for swaps.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let is_same = a[i - 1] == b[j - 1];
            let mut best = (last[j] + 1)
                .min(row[j - 1] + 1)
                .min(last[j - 1] + usize::from(!is_same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_likeliest_come_first() {
        let tags = [
            "v1.2.3",
            "v1.2.4",
            "v1.3",
            "latest",
            "v1.2.3-alpine",
            "nightly",
        ];
        assert_eq!(similar("v1.2.33", tags), ["v1.2.3", "v1.2.4"]);
        assert_eq!(similar("latset", tags), ["latest"]);
        assert_eq!(similar("V1.3", tags), ["v1.3", "v1.2.3"]);
        assert_eq!(
            similar("1.2.3", tags),
            ["v1.2.3", "v1.2.4", "v1.2.3-alpine"]
        );
        assert_eq!(similar("busybox", tags), [""; 0]);
        assert_eq!(
            similar("web", ["wbe", "website", "api", "wbe"]),
            ["wbe", "website"]
        );
    }

    #[test]
    fn distances_are_counted_in_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("ca", "abc", 3),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn a_distance_is_one(a in "[a-c]{0,8}", b in "[a-c]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
