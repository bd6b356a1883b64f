//! Words at positions: phrases and proximity, inside one value, exact also where the last word is a prefix.

use tantivy::{
    BitSet, DocId, DocSet, Score, SegmentReader, TERMINATED, Term,
    postings::{Postings, SegmentPostings},
    query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

use super::{
    prefix, query, terms,
    watch::{Ticks, Watch},
};

/// A word at one position.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The term, or what it begins with.
    pub term: Term,
    /// Does any term match that begins with it?
    pub prefix: bool,
}

/// How words must stand; all on one field.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// One behind the other.
    Sequence(Vec<Slot>),
    /// Two sequences that do not overlap.
    Near {
        /// One side.
        left: Vec<Slot>,
        /// The other side.
        right: Vec<Slot>,
        /// Tokens in between, at most.
        distance: u32,
        /// Must `left` come first?
        ordered: bool,
        /// The term between two values, which no answer may span.
        wall: Term,
    },
}

/// All items in which the words stand like that.
#[derive(Clone, Debug)]
pub struct PositionsQuery {
    /// How they must stand.
    pub pattern: Pattern,
    /// When to give up.
    pub watch: Watch,
}

impl Query for PositionsQuery {
    fn weight(&self, _scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PositionsQuery {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.positions(reader)? {
            Some(positions) => Box::new(ConstScorer::new(positions, boost)),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        query::explain_constant(self, reader, doc)
    }
}

impl PositionsQuery {
    /// Opens all words in one segment; `None` when one of them does not occur in it.
    fn positions(&self, reader: &SegmentReader) -> tantivy::Result<Option<Positions>> {
        let (left, right, rule) = match &self.pattern {
            Pattern::Sequence(slots) => (slots.as_slice(), [].as_slice(), Rule::Sequence),
            Pattern::Near {
                left,
                right,
                distance,
                ordered,
                wall,
            } => {
                let wall = if *distance as usize >= terms::GAP_FAR {
                    open_term(reader, wall)?.map(Box::new)
                } else {
                    None
                };
                let rule = Rule::Near {
                    distance: *distance,
                    ordered: *ordered,
                    wall,
                };
                (left.as_slice(), right.as_slice(), rule)
            }
        };
        let slots: Vec<&Slot> = left.iter().chain(right).collect();
        let Some(cursors) = self.open(reader, &slots)? else {
            return Ok(None);
        };
        let mut order: Vec<usize> = (0..cursors.len()).collect();
        order.sort_by_key(|at| cursors[*at].size());
        let mut positions = Positions {
            cursors,
            order,
            left: left.len(),
            rule,
            starts: [Vec::new(), Vec::new()],
            scratch: Vec::new(),
            ticks: Ticks::new(&self.watch),
            doc: 0,
        };
        positions.settle(0);
        Ok(Some(positions))
    }

    fn open(
        &self,
        reader: &SegmentReader,
        slots: &[&Slot],
    ) -> tantivy::Result<Option<Vec<Cursor>>> {
        let mut cursors: Vec<Option<Cursor>> = Vec::with_capacity(slots.len());
        let mut rarest: Option<(u32, &Term)> = None;
        for slot in slots {
            if slot.prefix {
                cursors.push(None);
                continue;
            }
            let Some(postings) = open_term(reader, &slot.term)? else {
                return Ok(None);
            };
            if rarest.is_none_or(|(size, _)| postings.size_hint() < size) {
                rarest = Some((postings.size_hint(), &slot.term));
            }
            cursors.push(Some(Cursor::Term(Box::new(postings))));
        }
        // What a prefix stands for is gathered only where the rarest of the other words occurs.
        let mut within = None;
        if let Some((_, term)) = rarest
            && cursors.iter().any(Option::is_none)
        {
            within = docs_of(reader, term)?;
        }
        for (cursor, slot) in cursors.iter_mut().zip(slots) {
            if cursor.is_some() {
                continue;
            }
            let gathered = self.gather(reader, &slot.term, within.as_ref())?;
            if gathered.occurrences.is_empty() {
                return Ok(None);
            }
            within = Some(gathered.docs(reader.max_doc()));
            *cursor = Some(Cursor::Gathered(gathered));
        }
        Ok(cursors.into_iter().collect())
    }

    /// All positions of all terms that begin with this one.
    fn gather(
        &self,
        reader: &SegmentReader,
        prefix: &Term,
        within: Option<&BitSet>,
    ) -> tantivy::Result<Gathered> {
        let inverted = reader.inverted_index(prefix.field())?;
        let mut ticks = Ticks::new(&self.watch);
        let mut occurrences = Vec::new();
        let mut positions = Vec::new();
        'terms: for info in prefix::terms_with(reader, prefix)? {
            let mut postings = inverted
                .read_postings_from_terminfo(&info, IndexRecordOption::WithFreqsAndPositions)?;
            while postings.doc() != TERMINATED {
                if ticks.tick() {
                    break 'terms;
                }
                let doc = postings.doc();
                if within.is_none_or(|within| within.contains(doc)) {
                    postings.positions(&mut positions);
                    occurrences.extend(positions.iter().map(|position| (doc, *position)));
                }
                postings.advance();
            }
        }
        occurrences.sort_unstable();
        Ok(Gathered::new(occurrences))
    }
}

fn open_term(reader: &SegmentReader, term: &Term) -> tantivy::Result<Option<SegmentPostings>> {
    let inverted = reader.inverted_index(term.field())?;
    Ok(inverted.read_postings(term, IndexRecordOption::WithFreqsAndPositions)?)
}

fn docs_of(reader: &SegmentReader, term: &Term) -> tantivy::Result<Option<BitSet>> {
    let inverted = reader.inverted_index(term.field())?;
    let Some(info) = inverted.get_term_info(term)? else {
        return Ok(None);
    };
    let mut docs = BitSet::with_max_value(reader.max_doc());
    prefix::insert_docs(reader, term, &info, &mut docs)?;
    Ok(Some(docs))
}

/// Where one word occurs.
enum Cursor {
    Term(Box<SegmentPostings>),
    Gathered(Gathered),
}

impl Cursor {
    fn size(&self) -> u32 {
        match self {
            Self::Term(postings) => postings.size_hint(),
            Self::Gathered(gathered) => {
                u32::try_from(gathered.occurrences.len()).unwrap_or(u32::MAX)
            }
        }
    }

    fn advance(&mut self) -> DocId {
        match self {
            Self::Term(postings) => postings.advance(),
            Self::Gathered(gathered) => gathered.advance(),
        }
    }

    /// Goes to the first document from `target` on.
    fn seek(&mut self, target: DocId) -> DocId {
        match self {
            Self::Term(postings) if postings.doc() < target => postings.seek(target),
            Self::Term(postings) => postings.doc(),
            Self::Gathered(gathered) => gathered.seek(target),
        }
    }

    fn positions(&mut self, positions: &mut Vec<u32>) {
        match self {
            Self::Term(postings) => postings.positions(positions),
            Self::Gathered(gathered) => gathered.positions(positions),
        }
    }
}

/// The (document, position) pairs of many terms, in order.
struct Gathered {
    occurrences: Vec<(DocId, u32)>,
    /// The pairs of the current document.
    current: std::ops::Range<usize>,
}

impl Gathered {
    fn new(occurrences: Vec<(DocId, u32)>) -> Self {
        let mut gathered = Self {
            occurrences,
            current: 0..0,
        };
        gathered.advance();
        gathered
    }

    fn docs(&self, max_doc: DocId) -> BitSet {
        let mut docs = BitSet::with_max_value(max_doc);
        for (doc, _) in &self.occurrences {
            docs.insert(*doc);
        }
        docs
    }

    fn doc(&self) -> DocId {
        self.occurrences
            .get(self.current.start)
            .map_or(TERMINATED, |(doc, _)| *doc)
    }

    fn advance(&mut self) -> DocId {
        let start = self.current.end;
        let Some((doc, _)) = self.occurrences.get(start) else {
            self.current = start..start;
            return TERMINATED;
        };
        let length = self.occurrences[start..]
            .iter()
            .take_while(|(other, _)| other == doc)
            .count();
        self.current = start..start + length;
        *doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() < target {
            let rest = &self.occurrences[self.current.end..];
            let skipped = rest.partition_point(|(doc, _)| *doc < target);
            self.current.end += skipped;
            self.advance();
        }
        self.doc()
    }

    fn positions(&self, positions: &mut Vec<u32>) {
        positions.clear();
        let current = &self.occurrences[self.current.clone()];
        positions.extend(current.iter().map(|(_, position)| *position));
    }
}

enum Rule {
    Sequence,
    Near {
        distance: u32,
        ordered: bool,
        wall: Option<Box<SegmentPostings>>,
    },
}

/// The documents of one segment in which the words stand as asked.
struct Positions {
    /// One per word, left side first.
    cursors: Vec<Cursor>,
    /// The same, rarest first.
    order: Vec<usize>,
    /// How many words belong to the left side.
    left: usize,
    rule: Rule,
    /// Where the sequences of each side begin in the current document.
    starts: [Vec<u32>; 2],
    scratch: Vec<u32>,
    ticks: Ticks,
    doc: DocId,
}

impl Positions {
    /// Goes to the first match from `target` on.
    fn settle(&mut self, target: DocId) -> DocId {
        let rarest = self.order[0];
        let mut candidate = self.cursors[rarest].seek(target);
        'candidates: while candidate != TERMINATED && !self.ticks.tick() {
            for at in 1..self.order.len() {
                let doc = self.cursors[self.order[at]].seek(candidate);
                if doc == TERMINATED {
                    break 'candidates;
                }
                if doc > candidate {
                    candidate = self.cursors[rarest].seek(doc);
                    continue 'candidates;
                }
            }
            if self.matches(candidate) {
                self.doc = candidate;
                return candidate;
            }
            candidate = self.cursors[rarest].advance();
        }
        self.doc = TERMINATED;
        TERMINATED
    }

    fn matches(&mut self, doc: DocId) -> bool {
        let [left_starts, right_starts] = &mut self.starts;
        let (left, right) = self.cursors.split_at_mut(self.left);
        starts(left, left_starts, &mut self.scratch);
        if left_starts.is_empty() {
            return false;
        }
        let Rule::Near {
            distance,
            ordered,
            wall,
        } = &mut self.rule
        else {
            return true;
        };
        starts(right, right_starts, &mut self.scratch);
        self.scratch.clear();
        if let Some(wall) = wall
            && (wall.doc() >= doc || wall.seek(doc) >= doc)
            && wall.doc() == doc
        {
            wall.positions(&mut self.scratch);
        }
        let follows = |first: &[u32], length: usize, second: &[u32]| {
            is_followed(first, length as u32, second, *distance, &self.scratch)
        };
        follows(left_starts, left.len(), right_starts)
            || !*ordered && follows(right_starts, right.len(), left_starts)
    }
}

impl DocSet for Positions {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        self.settle(self.doc + 1)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        self.settle(target)
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.cursors[self.order[0]].size()
    }

    fn cost(&self) -> u64 {
        // Reading positions costs more than reading documents: an intersection should ask others first.
        u64::from(self.size_hint()) * 10
    }
}

/// Where a sequence of words begins in the current document of all cursors.
fn starts(cursors: &mut [Cursor], starts: &mut Vec<u32>, scratch: &mut Vec<u32>) {
    starts.clear();
    for (offset, cursor) in cursors.iter_mut().enumerate() {
        if offset == 0 {
            cursor.positions(starts);
            continue;
        }
        cursor.positions(scratch);
        let mut next = scratch.iter().copied().peekable();
        starts.retain(|start| {
            let wanted = start + offset as u32;
            while next.peek().is_some_and(|position| *position < wanted) {
                next.next();
            }
            next.peek() == Some(&wanted)
        });
        if starts.is_empty() {
            return;
        }
    }
}

/// Does a sequence of `length` words that begins at one of `first` end at most `distance` tokens before one of `second`, with no wall in between?
fn is_followed(first: &[u32], length: u32, second: &[u32], distance: u32, walls: &[u32]) -> bool {
    let mut next = 0;
    first.iter().any(|start| {
        let end = start + length;
        while second.get(next).is_some_and(|position| *position < end) {
            next += 1;
        }
        // The nearest one is enough: farther ones are behind at least as many tokens and walls.
        second.get(next).is_some_and(|position| {
            let wall = walls.get(walls.partition_point(|wall| *wall < end));
            position - end <= distance && wall.is_none_or(|wall| wall > position)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_the_tokens_in_between() {
        let check = |first: &[u32], length, second: &[u32], distance, expect| {
            let got = is_followed(first, length, second, distance, &[]);
            assert_eq!(got, expect, "{first:?} {length} {second:?} {distance}");
        };
        check(&[3], 1, &[4], 0, true);
        check(&[3], 1, &[5], 0, false);
        check(&[3], 1, &[5], 1, true);
        check(&[3], 2, &[5], 0, true);
        check(&[3], 3, &[5], 9, false);
        check(&[3], 1, &[3], 9, false);
        check(&[1, 9], 1, &[2, 20], 0, true);
        check(&[9, 30], 1, &[2, 20, 32], 1, true);
        check(&[9], 1, &[2], 90, false);
    }

    #[test]
    fn walls_are_not_crossed() {
        assert!(is_followed(&[3], 1, &[2000], 5000, &[]));
        assert!(!is_followed(&[3], 1, &[2000], 5000, &[1004]));
        assert!(is_followed(&[3], 1, &[2000], 5000, &[2001]));
        assert!(is_followed(&[3, 1500], 1, &[2000], 5000, &[1004]));
    }

    #[test]
    fn gathered_positions_are_walked_in_order() {
        let mut gathered = Gathered::new(vec![(1, 5), (1, 9), (4, 0), (7, 2)]);
        let mut positions = Vec::new();
        assert_eq!(gathered.doc(), 1);
        gathered.positions(&mut positions);
        assert_eq!(positions, [5, 9]);
        assert_eq!(gathered.seek(1), 1);
        assert_eq!(gathered.seek(2), 4);
        assert_eq!(gathered.advance(), 7);
        assert_eq!(gathered.seek(8), TERMINATED);
        assert_eq!(gathered.advance(), TERMINATED);
    }
}
