//! From a plan to hits: what matches, what of it counts, which are best, and their page.

use graph::limits::SEARCH_DEPTH_MAX;
use tantivy::{
    Searcher,
    query::{EnableScoring, Query, Weight},
};
use tenant::{
    index::IndexError,
    kept::Ordinal,
    search::plan::{Hit, Hits},
};

use super::{
    collector::{Found, Judge, Scores, Top, Walk},
    failure,
    mapping::Fields,
    query::{self, Ranking, Shape, Translation},
    watch::Watch,
};

/// The best that many hits are put in order once more, with the words in their titles. Always the same ones, whatever the page: so no page repeats or
/// loses a hit.
const WINDOW: usize = 200;

/// What a word in the title counts, compared with the same word in the text.
const TITLE_BOOST: f32 = 2.0;

/// Why a search ended without an answer.
fn over() -> IndexError {
    IndexError::Unavailable("the search was stopped at its deadline, or its caller is gone".into())
}

/// Answers the watched plan on what the judge admits.
pub fn answer<J: Judge>(
    searcher: &Searcher,
    fields: Fields,
    watch: &Watch,
    judge: &J,
) -> Result<Hits, IndexError> {
    let plan = watch.plan();
    let from = plan.from as usize;
    let depth = from.saturating_add(plan.size as usize);
    if plan.size > 0 && depth > SEARCH_DEPTH_MAX as usize {
        return Err(IndexError::Unsupported(
            "pages beyond the first 100,000 hits",
        ));
    }
    if watch.is_over() {
        return Err(over());
    }
    let translation = Translation { fields, watch };
    let question = Question {
        walk: Walk {
            searcher,
            text: fields.text,
            judge,
            watch,
        },
        fields,
        matching: translation.query(&plan.criteria)?,
        ranking: query::ranking(&plan.criteria),
    };
    let keep = match plan.size {
        0 => 0,
        _ => depth.max(WINDOW),
    };
    let found = question.run(keep).map_err(|error| failure::refused(&error));
    // What was collected after the end is not an answer, and neither is an error on the way.
    if watch.is_over() {
        return Err(over());
    }
    let (found, total) = found?;
    let hits = found.into_iter().skip(from).take(plan.size as usize);
    Ok(Hits {
        hits: hits
            .map(|found| Hit {
                ordinal: Ordinal(found.ordinal),
                score: found.score,
            })
            .collect(),
        total,
    })
}

struct Question<'a, J> {
    walk: Walk<'a, J>,
    fields: Fields,
    matching: Box<dyn Query>,
    ranking: Ranking,
}

impl<J: Judge> Question<'_, J> {
    /// The best `keep` hits, best first, and the exact number of all.
    fn run(&self, keep: usize) -> tantivy::Result<(Vec<Found>, u64)> {
        let searcher = self.walk.searcher;
        let weight = self
            .matching
            .weight(EnableScoring::disabled_from_searcher(searcher))?;
        if keep == 0 {
            return Ok((Vec::new(), self.walk.count(weight.as_ref())?));
        }
        let scores = Scores::new(searcher, self.fields.text, &self.ranking.words)?;
        let mut top = Top::new(keep);
        let total = match self.ranking.shape {
            Shape::Every | Shape::Any => self.pruned(weight.as_ref(), &scores, &mut top)?,
            Shape::Mixed => self
                .walk
                .best_and_count(weight.as_ref(), &scores, &mut top)?,
        };
        let mut found = top.into_sorted();
        self.weigh_titles(&mut found)?;
        Ok((found, total))
    }

    fn pruned(
        &self,
        matching: &dyn Weight,
        scores: &Scores,
        top: &mut Top,
    ) -> tantivy::Result<u64> {
        let scoring = EnableScoring::enabled_from_searcher(self.walk.searcher);
        let ranked = query::pruned(self.fields.text, &self.ranking).weight(scoring)?;
        self.walk.best(ranked.as_ref(), scores, top)?;
        if !top.is_full() {
            // Nothing was skipped, so all were found.
            return Ok(top.len() as u64);
        }
        // The picture may have changed between the walks; what was found was there.
        Ok(self.walk.count(matching)?.max(top.len() as u64))
    }

    /// Puts the best hits in order once more.
    fn weigh_titles(&self, found: &mut [Found]) -> tantivy::Result<()> {
        if self.ranking.words.is_empty() {
            return Ok(());
        }
        let window = found.len().min(WINDOW);
        let window = &mut found[..window];
        let searcher = self.walk.searcher;
        let scores = Scores::new(searcher, self.fields.title, &self.ranking.words)?;
        window.sort_unstable_by_key(|found| (found.segment, found.doc));
        for of_segment in window.chunk_by_mut(|left, right| left.segment == right.segment) {
            let mut scores = scores.open(searcher.segment_reader(of_segment[0].segment))?;
            for found in of_segment {
                found.score += TITLE_BOOST * scores.score(found.doc);
            }
        }
        window.sort_unstable();
        Ok(())
    }
}
