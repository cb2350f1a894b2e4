//! A vector that grows without moving what is in it.
//!
//! Doubling a plain vector of a hundred million bytes copies them all between two contributions;
//! here growth is one allocation of one chunk.

const CHUNK: usize = 4096;

/// A growing sequence in chunks of fixed size.
#[derive(Clone, Debug)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            length: 0,
        }
    }
}

impl<T> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.length.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(item);
            self.length += 1;
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.chunks.last()?.last()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Index of the first item for which `before` is false; items are sorted by it.
    pub(crate) fn partition_point(&self, mut before: impl FnMut(&T) -> bool) -> usize {
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(&mut before));
        let inside = self
            .chunks
            .get(chunk)
            .map_or(0, |chunk| chunk.partition_point(&mut before));
        (chunk * CHUNK + inside).min(self.length)
    }
}

impl<T> std::ops::Index<usize> for Chunked<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

impl<T> std::ops::IndexMut<usize> for Chunked<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.chunks[index / CHUNK][index % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_vector_holds() {
        let mut chunked = Chunked::default();
        for item in 0..10_000_u32 {
            assert_eq!(chunked.partition_point(|&held| held < item), item as usize);
            chunked.push(item);
        }
        assert_eq!(chunked.len(), 10_000);
        assert!(chunked.iter().copied().eq(0..10_000));
        assert_eq!(chunked.partition_point(|&held| held < 4096), 4096);
        assert_eq!(chunked.partition_point(|&held| held < 77), 77);
        assert_eq!(chunked.get(10_000), None);
        assert_eq!(chunked.last(), Some(&9_999));
        assert_eq!(Chunked::<u32>::default().last(), None);
    }
}
