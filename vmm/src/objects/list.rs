//! Linked lists in guest memory, walked with a bound and a cycle guard.

use super::{Problem, ViewError};
use vm_memory::GuestAddress;

/// Walks a list of structures; yields each, or the first error, and then ends.
///
/// A list that runs in a circle is found out within twice its length (Brent's method);
/// a list of more than `limit` entries is an error too.
#[derive(Debug)]
pub struct List<'m, M, V> {
    memory: &'m M,
    structure: &'static str,
    first: GuestAddress,
    at: GuestAddress,
    read: fn(&M, GuestAddress) -> Result<V, ViewError>,
    next: fn(&V) -> u64,
    limit: usize,
    seen: usize,
    mark: GuestAddress,
    next_mark: usize,
}

impl<'m, M, V> List<'m, M, V> {
    /// The list that starts at `first` (0 for an empty one), whose entries `read` copies
    /// and `next` leads on from.
    pub(super) fn new(
        memory: &'m M,
        structure: &'static str,
        first: u64,
        limit: usize,
        read: fn(&M, GuestAddress) -> Result<V, ViewError>,
        next: fn(&V) -> u64,
    ) -> Self {
        let first = GuestAddress(first);
        Self {
            memory,
            structure,
            first,
            at: first,
            read,
            next,
            limit,
            seen: 0,
            mark: GuestAddress(0),
            next_mark: 1,
        }
    }
}

impl<M, V> Iterator for List<'_, M, V> {
    type Item = Result<V, ViewError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at.0 == 0 {
            return None;
        }
        if self.at == self.mark || self.seen == self.limit {
            self.at = GuestAddress(0);
            let limit = self.seen;
            let problem = Problem::EndlessList { limit };
            return Some(Err(ViewError::new(self.structure, self.first, problem)));
        }
        self.seen += 1;
        if self.seen == self.next_mark {
            self.mark = self.at;
            self.next_mark = self.next_mark.saturating_mul(2);
        }
        let view = (self.read)(self.memory, self.at);
        self.at = GuestAddress(view.as_ref().map_or(0, self.next));
        Some(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(links: &[u64], limit: usize) -> (Vec<u64>, Option<ViewError>) {
        let read = |links: &Vec<u64>, at: GuestAddress| {
            let index = usize::try_from(at.0).unwrap();
            Ok((at.0, links[index]))
        };
        let memory = links.to_vec();
        let mut seen = Vec::new();
        for entry in List::new(&memory, "entry", 1, limit, read, |entry| entry.1) {
            match entry {
                Ok((at, _)) => seen.push(at),
                Err(error) => return (seen, Some(error)),
            }
        }
        (seen, None)
    }

    #[test]
    fn a_list_that_ends_is_walked_to_its_end() {
        assert_eq!(walk(&[0, 2, 3, 0], 3), (vec![1, 2, 3], None));
    }

    #[test]
    fn a_longer_list_than_can_be_is_an_error() {
        let (seen, error) = walk(&[0, 2, 3, 0], 2);
        assert_eq!(seen, [1, 2]);
        assert_eq!(
            error.map(|error| error.problem),
            Some(Problem::EndlessList { limit: 2 })
        );
    }

    #[test]
    fn circles_are_found_long_before_the_limit() {
        for links in [vec![0, 1], vec![0, 2, 1], vec![0, 2, 3, 4, 5, 3]] {
            let (seen, error) = walk(&links, usize::MAX);
            assert!(error.is_some(), "{links:?}");
            assert!(seen.len() <= 3 * links.len(), "{links:?}: {seen:?}");
        }
    }
}
