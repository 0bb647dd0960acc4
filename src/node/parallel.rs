//! Runs work on all cores.

/// Applies the same work to each item, on as many threads as there are cores, with at least `share` items for each thread. The answers
/// are in the items' order. The calling thread does the first share.
pub(in crate::node) fn on_all_cores<T: Send, A: Send>(
    items: Vec<T>,
    share: usize,
    work: impl Fn(T) -> A + Sync,
) -> Vec<A> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(share).max(1);
    let mut items = items.into_iter();
    let mut shares = std::iter::from_fn(|| {
        let next: Vec<T> = items.by_ref().take(share).collect();
        (!next.is_empty()).then_some(next)
    });
    let first = shares.next().unwrap_or_default();
    let others: Vec<Vec<T>> = shares.collect();
    let work = &work;
    std::thread::scope(|scope| {
        let run = |share: Vec<T>| scope.spawn(move || share.into_iter().map(work).collect::<Vec<A>>());
        let running: Vec<_> = others.into_iter().map(run).collect();
        let mut answers: Vec<A> = first.into_iter().map(work).collect();
        for other in running {
            // A panic in a thread is passed on to the caller, because an answer with a part missing is no use.
            answers.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        answers
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_in_the_items_order() {
        for number in [0, 1, 2, 15, 16, 17, 1000] {
            let items: Vec<usize> = (0..number).collect();
            let wanted: Vec<usize> = items.iter().map(|n| n * 2).collect();
            assert_eq!(on_all_cores(items, 16, |n| n * 2), wanted);
        }
    }
}
