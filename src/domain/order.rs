//! The author's order of portions. Portions have no numbers, because a number would reveal that others are withheld. The order is that of the
//! lists in releases, each of which leaves out what it does not disclose.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::Hash,
};

/// Whether every item of `part` is in `whole`, in the same order.
pub fn is_part<T: Eq>(part: &[T], whole: &[T]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|one| rest.any(|other| other == one))
}

/// Merges the lists: everything that is in any of them, once, in an order that agrees with each list. If the lists leave the order open or
/// contradict each other, what came first goes first.
pub fn merged<T: Eq + Hash + Clone>(lists: impl IntoIterator<Item = Vec<T>>) -> Vec<T> {
    let lists: Vec<Vec<T>> = lists.into_iter().collect();
    let mut numbers: HashMap<&T, usize> = HashMap::new();
    let mut each: Vec<&T> = Vec::new();
    for one in lists.iter().flatten() {
        numbers.entry(one).or_insert_with(|| {
            each.push(one);
            each.len() - 1
        });
    }
    let numbered = |list: &Vec<T>| -> Vec<usize> { list.iter().filter_map(|one| numbers.get(one)).copied().collect() };
    let numbered: Vec<Vec<usize>> = lists.iter().map(numbered).collect();
    let pairs = numbered.iter().flat_map(|list| list.windows(2)).filter_map(|pair| match pair {
        [before, after] if before != after => Some((*before, *after)),
        _ => None,
    });
    let pairs: HashSet<(usize, usize)> = pairs.collect();
    let mut followers: Vec<Vec<usize>> = vec![vec![]; each.len()];
    let mut waits_for: Vec<usize> = vec![0; each.len()];
    for (before, after) in pairs {
        followers.get_mut(before).into_iter().for_each(|all| all.push(after));
        waits_for.get_mut(after).into_iter().for_each(|number| *number += 1);
    }
    // Take the first of those that wait for the fewest others. These wait for none, unless the lists contradict each other.
    let mut waiting: BTreeSet<(usize, usize)> =
        waits_for.iter().copied().enumerate().map(|(n, waits)| (waits, n)).collect();
    let mut all = Vec::with_capacity(each.len());
    while let Some((_, next)) = waiting.pop_first() {
        all.extend(each.get(next).map(|one| (*one).clone()));
        for follower in followers.get(next).into_iter().flatten() {
            if let Some(number) = waits_for.get_mut(*follower)
                && waiting.remove(&(*number, *follower))
            {
                *number = number.saturating_sub(1);
                waiting.insert((*number, *follower));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_keeps_the_order_and_adds_nothing() {
        assert!(is_part(&[1, 3], &[1, 2, 3]) && is_part::<u8>(&[], &[]));
        for wrong in [&[3, 1][..], &[1, 1], &[4]] {
            assert!(!is_part(wrong, &[1, 2, 3]), "{wrong:?}");
        }
    }

    proptest! {
        /// Parts of one order are merged in that order, whatever each part leaves out, as far as they say which of two comes first.
        #[test]
        fn what_came_in_parts_is_in_the_order_of_each(parts in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 12), 0..5)) {
            let lists: Vec<Vec<usize>> =
                parts.iter().map(|kept| (0..12).filter(|i| kept[*i]).collect()).collect();
            let all = merged(lists.clone());
            for list in &lists {
                prop_assert!(is_part(list, &all), "{list:?} in {all:?}");
            }
            let mut each = all.clone();
            each.sort_unstable();
            each.dedup();
            prop_assert_eq!(each.len(), all.len());
            prop_assert!(all.iter().all(|one| lists.iter().any(|list| list.contains(one))));
        }

        /// Nothing is lost if lists contradict each other.
        #[test]
        fn contradictions_lose_nothing(lists in proptest::collection::vec(proptest::collection::vec(0..8_u8, 0..8), 0..5)) {
            let all = merged(lists.clone());
            prop_assert!(lists.iter().flatten().all(|one| all.iter().filter(|other| *other == one).count() == 1));
        }
    }
}
