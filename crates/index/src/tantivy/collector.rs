//! Collects the best admitted copies, and counts all of them. Trimming happens here, per candidate, so that the engine may go on skipping what cannot
//! be among the best.

use std::{cmp::Ordering, collections::BinaryHeap, sync::Arc};

use tantivy::{
    DocId, Score, Searcher, SegmentReader, TERMINATED, TantivyError,
    columnar::{Cardinality, ColumnValues},
    fastfield::AliveBitSet,
    query::{EnableScoring, Scorer, Weight},
    schema::Field,
};
use tenant::{
    kept::{Ordinal, Text},
    visibility::Lens,
};

use super::{
    mapping::{ORDINAL, WORDS},
    query,
    watch::{Ticks, Watch},
};

/// Decides which copies count.
pub trait Judge: Send + Sync {
    /// May this copy be counted? Reading which copy it is costs something, so it is read when asked for.
    fn admits(&self, copy: impl FnOnce() -> (Ordinal, Text)) -> bool;
}

impl Judge for Lens {
    #[inline]
    fn admits(&self, copy: impl FnOnce() -> (Ordinal, Text)) -> bool {
        let (ordinal, text) = copy();
        Self::admits(self, ordinal, text)
    }
}

/// Admits every copy: to measure what trimming costs.
#[cfg(feature = "bench")]
pub struct Everything;

#[cfg(feature = "bench")]
impl Judge for Everything {
    fn admits(&self, _copy: impl FnOnce() -> (Ordinal, Text)) -> bool {
        true
    }
}

/// A candidate for the page. The order is "is worse than": lower score first, then the higher number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The item's number.
    pub ordinal: u64,
    /// Its score.
    pub score: Score,
    /// The segment it was found in.
    pub segment: u32,
    /// Its place in the segment.
    pub doc: DocId,
}

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.ordinal.cmp(&other.ordinal))
    }
}

/// The best so far.
pub struct Top {
    keep: usize,
    heap: BinaryHeap<Found>,
}

impl Top {
    /// Keeps that many.
    pub fn new(keep: usize) -> Self {
        Self {
            keep,
            heap: BinaryHeap::new(),
        }
    }

    /// Is every further candidate in competition?
    pub fn is_full(&self) -> bool {
        self.heap.len() >= self.keep
    }

    /// How many were kept.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// The score that a candidate must at least reach.
    fn floor(&self) -> Option<Score> {
        self.heap
            .peek()
            .filter(|_| self.is_full())
            .map(|worst| worst.score)
    }

    fn offer(&mut self, found: Found) {
        if !self.is_full() {
            self.heap.push(found);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && found < *worst
        {
            *worst = found;
        }
    }

    /// What was kept, best first.
    pub fn into_sorted(self) -> Vec<Found> {
        self.heap.into_sorted_vec()
    }
}

/// The words of a ranking on one field, added up in their order.
pub struct Scores {
    weights: Vec<Box<dyn Weight>>,
}

impl Scores {
    /// Prepares the words.
    pub fn new(searcher: &Searcher, field: Field, words: &[String]) -> tantivy::Result<Self> {
        let scoring = EnableScoring::enabled_from_searcher(searcher);
        let weights = words
            .iter()
            .map(|word| query::scored(field, word).weight(scoring))
            .collect::<tantivy::Result<_>>()?;
        Ok(Self { weights })
    }

    /// Opens them in one segment.
    pub fn open(&self, reader: &SegmentReader) -> tantivy::Result<SegmentScores> {
        let mut scorers = Vec::with_capacity(self.weights.len());
        for weight in &self.weights {
            scorers.push(weight.scorer(reader, 1.0)?);
        }
        Ok(SegmentScores(scorers))
    }

    /// Two scores add up to the same whatever their order; more may not.
    fn depend_on_order(&self) -> bool {
        self.weights.len() > 2
    }
}

/// The words of a ranking in one segment; to be asked with growing documents.
pub struct SegmentScores(Vec<Box<dyn Scorer>>);

impl SegmentScores {
    /// The score of a document.
    pub fn score(&mut self, doc: DocId) -> Score {
        let mut score = 0.0;
        for scorer in &mut self.0 {
            let at = scorer.doc();
            if at == doc || at < doc && scorer.seek(doc) == doc {
                score += scorer.score();
            }
        }
        score
    }
}

/// What one walk over the segments needs.
pub struct Walk<'a, J> {
    /// The segments.
    pub searcher: &'a Searcher,
    /// The ranked field.
    pub text: Field,
    /// Who decides.
    pub judge: &'a J,
    /// When to stop.
    pub watch: &'a Watch,
}

/// The copies of one segment.
struct Copies<'a, J> {
    ordinals: Arc<dyn ColumnValues<u64>>,
    words: Arc<dyn ColumnValues<u64>>,
    alive: Option<&'a AliveBitSet>,
    judge: &'a J,
}

impl<'a, J: Judge> Copies<'a, J> {
    fn open(reader: &'a SegmentReader, judge: &'a J) -> tantivy::Result<Self> {
        Ok(Self {
            ordinals: column(reader, ORDINAL)?,
            words: column(reader, WORDS)?,
            alive: reader.alive_bitset(),
            judge,
        })
    }

    #[inline]
    fn admits(&self, doc: DocId) -> bool {
        self.alive.is_none_or(|alive| alive.is_alive(doc))
            && self.judge.admits(|| {
                let words = self.words.get_val(doc);
                // A number that does not fit was not written by us, and no version is that high.
                let text = Text(u32::try_from(words).unwrap_or(u32::MAX));
                (Ordinal(self.ordinal(doc)), text)
            })
    }

    #[inline]
    fn ordinal(&self, doc: DocId) -> u64 {
        self.ordinals.get_val(doc)
    }
}

fn column(reader: &SegmentReader, name: &str) -> tantivy::Result<Arc<dyn ColumnValues<u64>>> {
    let column = reader.fast_fields().u64(name)?;
    if reader.max_doc() > 0 && column.get_cardinality() != Cardinality::Full {
        return Err(TantivyError::SchemaError(format!(
            "the column `{name}` has not one value per document"
        )));
    }
    Ok(column.values)
}

impl<J: Judge> Walk<'_, J> {
    /// Finds the best of what a prunable ranking matches.
    pub fn best(&self, weight: &dyn Weight, scores: &Scores, top: &mut Top) -> tantivy::Result<()> {
        let lengths = Lengths::of(self.searcher, self.text)?;
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            if self.watch.is_over() {
                return Ok(());
            }
            let copies = Copies::open(reader, self.judge)?;
            let slack = lengths.slack(reader, self.text)?;
            let mut exact = if scores.depend_on_order() {
                Some(scores.open(reader)?)
            } else {
                None
            };
            // A sum whose order matters may be off by rounding, by less than the slack allows for.
            let margin = if exact.is_some() { slack } else { 1.0 };
            let mut ticks = Ticks::new(self.watch);
            let threshold = |top: &Top| top.floor().map_or(Score::MIN, |floor| floor * slack);
            weight.for_each_pruning(threshold(top), reader, &mut |doc, score| {
                if ticks.tick() {
                    return Score::INFINITY;
                }
                if top.floor().is_none_or(|floor| score >= floor * margin) && copies.admits(doc) {
                    let score = exact.as_mut().map_or(score, |exact| exact.score(doc));
                    top.offer(Found {
                        ordinal: copies.ordinal(doc),
                        score,
                        segment,
                        doc,
                    });
                }
                threshold(top)
            })?;
        }
        Ok(())
    }

    /// Counts everything that matches.
    pub fn count(&self, weight: &dyn Weight) -> tantivy::Result<u64> {
        let mut total = 0;
        for reader in self.searcher.segment_readers() {
            if self.watch.is_over() {
                break;
            }
            let copies = Copies::open(reader, self.judge)?;
            let mut ticks = Ticks::new(self.watch);
            weight.for_each_no_score(reader, &mut |docs| {
                for doc in docs {
                    if ticks.tick() {
                        return;
                    }
                    total += u64::from(copies.admits(*doc));
                }
            })?;
        }
        Ok(total)
    }

    /// Finds the best of anything, and counts, in one walk.
    pub fn best_and_count(
        &self,
        weight: &dyn Weight,
        scores: &Scores,
        top: &mut Top,
    ) -> tantivy::Result<u64> {
        let mut total = 0;
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            if self.watch.is_over() {
                break;
            }
            let copies = Copies::open(reader, self.judge)?;
            let mut scores = scores.open(reader)?;
            let mut ticks = Ticks::new(self.watch);
            let mut matches = weight.scorer(reader, 1.0)?;
            let mut doc = matches.doc();
            while doc != TERMINATED && !ticks.tick() {
                if copies.admits(doc) {
                    total += 1;
                    top.offer(Found {
                        ordinal: copies.ordinal(doc),
                        score: scores.score(doc),
                        segment,
                        doc,
                    });
                }
                doc = matches.advance();
            }
        }
        Ok(total)
    }
}

/// How long the texts are on average, everywhere.
struct Lengths {
    everywhere: f64,
}

/// BM25's factor of the length, k1 · b, as the engine has it.
const LENGTH_FACTOR: f64 = 1.2 * 0.75;
/// Lengths are stored rounded down by at most this part.
const LENGTH_ROUNDING: f64 = 0.125;
/// More than the sum of many scores can be off by.
const SUM_ROUNDING: f64 = 1e-5;

impl Lengths {
    fn of(searcher: &Searcher, text: Field) -> tantivy::Result<Self> {
        let mut tokens = 0_u64;
        let mut docs = 0_u64;
        for reader in searcher.segment_readers() {
            tokens += reader.inverted_index(text)?.total_num_tokens();
            docs += u64::from(reader.max_doc());
        }
        Ok(Self {
            everywhere: tokens as f64 / docs as f64,
        })
    }

    /// By what to multiply a threshold so that the engine, which skips blocks by their best possible score, never skips a block that reaches it.
    ///
    /// The engine keeps, per block, the length and frequency that scored best with the average length of that segment alone. With the average of all
    /// segments another one may score better, but never by more than the ratio of the two averages. Likewise the best score that it thinks possible
    /// for a word is a little too low for texts that hold hardly anything else, as lengths are rounded down.
    fn slack(&self, reader: &SegmentReader, text: Field) -> tantivy::Result<Score> {
        let tokens = reader.inverted_index(text)?.total_num_tokens();
        let here = tokens as f64 / f64::from(reader.max_doc());
        Ok(slack(here, self.everywhere))
    }
}

fn slack(here: f64, everywhere: f64) -> Score {
    let blocks = (here / everywhere).max(everywhere / here);
    let spam = 1.0
        + LENGTH_FACTOR * LENGTH_ROUNDING / (everywhere + LENGTH_FACTOR * (1.0 - LENGTH_ROUNDING));
    let slack = (1.0 - SUM_ROUNDING) / (blocks * spam);
    // Without texts there is nothing to skip.
    if slack.is_finite() {
        slack as Score
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::fieldnorm::FieldNormReader;

    use super::*;

    #[test]
    fn the_best_are_kept_in_order() {
        let found = |ordinal, score| Found {
            ordinal,
            score,
            segment: 0,
            doc: 0,
        };
        let mut top = Top::new(3);
        assert_eq!(top.floor(), None);
        for (ordinal, score) in [(5, 1.0), (4, 1.0), (9, 2.0), (1, 1.0), (2, 0.5), (7, 1.0)] {
            top.offer(found(ordinal, score));
        }
        assert_eq!(top.floor(), Some(1.0));
        let kept: Vec<_> = top.into_sorted().iter().map(|f| f.ordinal).collect();
        assert_eq!(kept, [9, 1, 4]);
    }

    /// BM25's factor without the length, k1 · (1 - b).
    const BASE_FACTOR: f64 = 1.2 * 0.25;

    fn part(length: f64, frequency: f64, average: f64) -> f64 {
        frequency / (frequency + BASE_FACTOR + LENGTH_FACTOR * length / average)
    }

    proptest! {
        #[test]
        fn no_text_scores_more_than_its_block_with_slack(
            block in prop::collection::vec((1_u32..5000, 1_u32..300), 1..20),
            here in 1.0..3000.0,
            everywhere in 1.0..3000.0,
        ) {
            let parts = |average| block.iter().map(move |(length, frequency)| {
                part(f64::from(*length.max(frequency)), f64::from(*frequency), average)
            });
            let best_here = parts(here).enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at);
            let bound = parts(everywhere).nth(best_here).unwrap_or_default();
            let truth = parts(everywhere).fold(0.0, f64::max);
            prop_assert!(bound / f64::from(slack(here, everywhere)) >= truth);
        }
    }

    #[test]
    fn lengths_are_rounded_by_no_more_than_assumed() {
        let mut before = 0;
        for id in 1..=255 {
            let length = FieldNormReader::id_to_fieldnorm(id);
            // The longest text that is stored with the length before.
            let longest = f64::from(length - 1);
            assert!(
                f64::from(before) >= longest * (1.0 - LENGTH_ROUNDING),
                "{before} {length}"
            );
            before = length;
        }
    }

    #[test]
    fn without_texts_nothing_is_skipped() {
        assert_eq!(slack(f64::NAN, f64::NAN), 0.0);
        assert_eq!(slack(0.0, 5.0), 0.0);
    }
}
