//! Tokens that begin with something: all of them, never only the first few.

use tantivy::{
    BitSet, DocId, Score, SegmentReader, Term,
    postings::TermInfo,
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

use super::{query, watch::Watch};

/// All items that hold a term beginning with this one.
#[derive(Clone, Debug)]
pub struct PrefixQuery {
    /// What the terms begin with, and their field.
    pub prefix: Term,
    /// When to give up.
    pub watch: Watch,
}

impl Query for PrefixQuery {
    fn weight(&self, _scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PrefixQuery {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut docs = BitSet::with_max_value(reader.max_doc());
        for info in terms_with(reader, &self.prefix)? {
            if self.watch.is_over() {
                break;
            }
            insert_docs(reader, &self.prefix, &info, &mut docs)?;
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        query::explain_constant(self, reader, doc)
    }
}

/// Where the postings of every term stand that begins with this one, in one segment.
pub fn terms_with(reader: &SegmentReader, prefix: &Term) -> tantivy::Result<Vec<TermInfo>> {
    let inverted = reader.inverted_index(prefix.field())?;
    let start = prefix.serialized_value_bytes();
    let mut range = inverted.terms().range().without_keys().ge(start);
    if let Some(end) = end_of_prefix(start) {
        range = range.lt(end);
    }
    let mut stream = range.into_stream()?;
    let mut infos = Vec::new();
    while stream.advance() {
        infos.push(stream.value().clone());
    }
    Ok(infos)
}

/// Adds the items of one term.
pub fn insert_docs(
    reader: &SegmentReader,
    of: &Term,
    info: &TermInfo,
    docs: &mut BitSet,
) -> tantivy::Result<()> {
    let inverted = reader.inverted_index(of.field())?;
    let mut postings =
        inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
    while !postings.docs().is_empty() {
        for doc in postings.docs() {
            docs.insert(*doc);
        }
        postings.advance();
    }
    Ok(())
}

/// The first key behind all that begin with `start`; none when there is no such key.
fn end_of_prefix(start: &[u8]) -> Option<Vec<u8>> {
    let last = start.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = start[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_sibling() {
        assert_eq!(end_of_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(end_of_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(end_of_prefix(b"\xff"), None);
        assert_eq!(end_of_prefix(b""), None);
    }
}
