//! What every kind of criteria means, by example.

use std::sync::Arc;

use graph::{DateTime, Value, value::Principal};

use super::{
    THERE,
    scene::{
        HERE, Scene, check, content, document, equals, everyone, exists, near, not, of, on, phrase,
        phrase_on, range, starts_with, text, texts, tokens, words, words_on, write,
    },
};
use crate::{
    index::{Document, Index},
    search::plan::{
        Bound::{Excluded, Included, Open},
        Criteria::{self, All, And, None, Or},
        Field,
    },
    visibility::Lens,
};

/// 2^53, the last whole number before doubles leave some out.
const WIDE: i64 = 1 << 53;

fn items() -> Vec<(u64, Document)> {
    let date = |ticks| Value::DateTime(DateTime(ticks));
    let owner = Value::Principal(Principal {
        members: vec![("upn".to_owned(), "dave".to_owned())],
    });
    let rich = [
        ("title", text("Quarterly Budget")),
        ("Note", text("Approved by the Board!")),
        ("tags", texts(&["finance", "Dark Red"])),
        ("code", text(" CTS-Été 1 ")),
        ("codes", texts(&["a b", "C"])),
        ("size", Value::Int64(10)),
        ("sizes", Value::Int64s(vec![1, 50])),
        ("ratio", Value::Double(0.5)),
        ("ratios", Value::Doubles(vec![1.5, -2.0])),
        ("changed", date(100)),
        (
            "changes",
            Value::DateTimes(vec![DateTime(10), DateTime(90)]),
        ),
        ("done", Value::Boolean(true)),
        ("owner", owner),
        ("quiet", text("whisper")),
        ("hidden", text("secret words")),
    ];
    let second = [
        ("title", text("Budget")),
        ("Note", text("approved")),
        ("tags", texts(&["red dark", "re"])),
        ("code", text("cts-ete 12")),
        ("codes", texts(&[])),
        ("size", Value::Int64(-3)),
        ("ratio", Value::Double(3.0)),
        ("changed", date(-100)),
        ("done", Value::Boolean(false)),
    ];
    let third = odd_item();
    let there = [
        ("title", text("Budget plan")),
        ("size", text("10")),
        ("ratio", Value::Int64(3)),
        ("note", Value::Boolean(true)),
    ];
    let long = format!("start {} end", "x ".repeat(1500));
    vec![
        (
            1,
            document(HERE, &rich, Some("the acquisition of the debt was a deal")),
        ),
        (
            2,
            document(HERE, &second, Some("budgetary planning, a year a head")),
        ),
        (3, document(HERE, &third, Some("Budget"))),
        (4, document(THERE, &there, Option::None)),
        (5, content("debt; acquisition")),
        (6, content(&long)),
        (
            7,
            document(
                HERE,
                &[("title", text("start x")), ("quiet", text("x"))],
                Some("end"),
            ),
        ),
    ]
}

/// An item at the edges of what its types hold.
fn odd_item() -> [(&'static str, Value); 5] {
    [
        ("title", text("Quarterly")),
        ("tags", texts(&["dark", "red"])),
        ("Note", text("… —")),
        ("size", Value::Int64(WIDE + 1)),
        ("ratio", Value::Double(WIDE as f64)),
    ]
}

/// Every kind of criteria on a few items.
pub async fn every_criteria(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let here = scene.acl(HERE, &[everyone()]);
    let there = scene.acl(THERE, &[everyone()]);
    scene.show([1, 2, 3, 5, 6, 7], here);
    scene.show([4], there);
    write(&index, items()).await;
    let lens = scene.lens("alice", &[HERE, THERE]);
    booleans(&index, &lens).await;
    free_text(&index, &lens).await;
    proximity(&index, &lens).await;
    properties(&index, &lens).await;
    beginnings(&index, &lens).await;
    numbers(&index, &lens).await;
    ranges(&index, &lens).await;
    dates_and_truth(&index, &lens).await;
    existence(&index, &lens).await;
}

async fn booleans(index: &Arc<dyn Index>, lens: &Lens) {
    check(index, All, lens, &[1, 2, 3, 4, 5, 6, 7]).await;
    check(index, None, lens, &[]).await;
    check(index, And(vec![]), lens, &[1, 2, 3, 4, 5, 6, 7]).await;
    check(index, Or(vec![]), lens, &[]).await;
    check(
        index,
        And(vec![words("budget"), words("quarterly")]),
        lens,
        &[1, 3],
    )
    .await;
    check(
        index,
        Or(vec![words("quarterly"), words("debt")]),
        lens,
        &[1, 3, 5],
    )
    .await;
    check(index, not(words("budget")), lens, &[5, 6, 7]).await;
    check(index, not(not(words("debt"))), lens, &[1, 5]).await;
    check(
        index,
        And(vec![words("budget"), not(words("quarterly"))]),
        lens,
        &[2, 4],
    )
    .await;
    check(
        index,
        And(vec![not(words("budget")), not(words("debt"))]),
        lens,
        &[6, 7],
    )
    .await;
    check(
        index,
        Or(vec![words("plan"), not(words("budget"))]),
        lens,
        &[4, 5, 6, 7],
    )
    .await;
    check(index, And(vec![All, None]), lens, &[]).await;
    check(index, Or(vec![All, None]), lens, &[1, 2, 3, 4, 5, 6, 7]).await;
    check(index, not(All), lens, &[]).await;
    check(index, not(None), lens, &[1, 2, 3, 4, 5, 6, 7]).await;
    check(index, And(vec![not(None), words("debt")]), lens, &[1, 5]).await;
}

async fn free_text(index: &Arc<dyn Index>, lens: &Lens) {
    check(index, words("Budget"), lens, &[1, 2, 3, 4]).await;
    check(index, words("budget quarterly"), lens, &[1, 3]).await;
    check(index, words("budget*"), lens, &[1, 2, 3, 4]).await;
    check(index, words("budgeta*"), lens, &[2]).await;
    check(index, words("plan*"), lens, &[2, 4]).await;
    check(index, words("plan* year"), lens, &[2]).await;
    check(index, words("zzz*"), lens, &[]).await;
    check(index, words("whisper"), lens, &[1]).await;
    // Neither the queryable nor the hidden are free text.
    check(index, words("approved"), lens, &[]).await;
    check(index, words("secret"), lens, &[]).await;
    check(index, words("dark red"), lens, &[1, 2, 3]).await;
    check(index, phrase("dark red"), lens, &[1]).await;
    check(index, phrase("acquisition of the"), lens, &[1]).await;
    check(index, phrase("debt acquisition"), lens, &[5]).await;
    check(index, phrase("quarterly budget"), lens, &[1]).await;
    check(index, phrase("a year a head"), lens, &[2]).await;
    check(index, phrase("a head a"), lens, &[]).await;
    check(index, phrase("dark r*"), lens, &[1]).await;
    check(index, phrase("red d*"), lens, &[2]).await;
    check(index, phrase("a d*"), lens, &[1]).await;
    check(index, phrase("a z*"), lens, &[]).await;
    check(index, phrase("nothing here"), lens, &[]).await;
}

async fn proximity(index: &Arc<dyn Index>, lens: &Lens) {
    let pair = |left, right, distance, ordered| near(words(left), words(right), distance, ordered);
    check(index, pair("acquisition", "debt", 2, false), lens, &[1, 5]).await;
    check(index, pair("acquisition", "debt", 1, false), lens, &[5]).await;
    check(index, pair("debt", "acquisition", 0, false), lens, &[5]).await;
    check(index, pair("acquisition", "debt", 8, true), lens, &[1]).await;
    check(index, pair("debt", "acquisition", 8, true), lens, &[5]).await;
    check(index, pair("debt", "acqui*", 8, true), lens, &[5]).await;
    check(index, pair("de*", "acqui*", 8, false), lens, &[1, 5]).await;
    check(index, pair("de*", "zzz*", 8, false), lens, &[]).await;
    // One and the same word is not next to itself.
    check(index, pair("acquisition", "acqui*", 9, false), lens, &[]).await;
    check(index, pair("the", "the", 2, true), lens, &[1]).await;
    check(index, pair("the", "the", 1, true), lens, &[]).await;
    check(
        index,
        near(phrase("the acquisition"), words("debt"), 2, true),
        lens,
        &[1],
    )
    .await;
    check(
        index,
        near(words("debt"), phrase("acquisition of"), 1, false),
        lens,
        &[1],
    )
    .await;
    check(
        index,
        near(words("debt"), phrase("acquisition of"), 1, true),
        lens,
        &[],
    )
    .await;
    check(
        index,
        near(phrase("of the"), phrase("was a d*"), 1, true),
        lens,
        &[1],
    )
    .await;
    // Inside one value, however far.
    check(index, pair("start", "x", 0, true), lens, &[6, 7]).await;
    check(index, pair("x", "end", 0, true), lens, &[6]).await;
    check(index, pair("start", "end", 1500, true), lens, &[6]).await;
    check(index, pair("start", "end", 1499, true), lens, &[]).await;
    check(index, pair("start", "end", u16::MAX, false), lens, &[6]).await;
    check(index, pair("finance", "dark", u16::MAX, false), lens, &[]).await;
    let tags = |token| words_on(on("tags"), token);
    check(index, near(tags("dark"), tags("red"), 0, true), lens, &[1]).await;
    check(
        index,
        near(tags("dark"), tags("red"), u16::MAX, false),
        lens,
        &[1, 2],
    )
    .await;
}

async fn properties(index: &Arc<dyn Index>, lens: &Lens) {
    check(index, words_on(on("title"), "budget"), lens, &[1, 2]).await;
    let title_there = Field::Property(of(THERE, "Title"));
    check(index, words_on(title_there, "budget"), lens, &[4]).await;
    check(index, words_on(on("tags"), "red dark"), lens, &[1, 2, 3]).await;
    check(index, words_on(on("note"), "appr*"), lens, &[1, 2]).await;
    check(index, words_on(on("quiet"), "whisper"), lens, &[]).await;
    check(index, words_on(on("hidden"), "secret"), lens, &[]).await;
    check(index, phrase_on(on("tags"), "dark red"), lens, &[1]).await;
    check(index, phrase_on(on("tags"), "red d*"), lens, &[2]).await;
    check(index, phrase_on(on("note"), "the board"), lens, &[1]).await;

    check(index, equals("title", text("budget")), lens, &[2]).await;
    check(
        index,
        equals("title", text("QUARTERLY, budget.")),
        lens,
        &[1],
    )
    .await;
    check(index, equals("note", text("approved")), lens, &[2]).await;
    check(index, equals("note", text("!")), lens, &[3]).await;
    check(index, equals("tags", text("Dark red")), lens, &[1]).await;
    check(index, equals("tags", text("dark")), lens, &[3]).await;
    check(
        index,
        not(equals("tags", text("dark"))),
        lens,
        &[1, 2, 4, 5, 6, 7],
    )
    .await;
    check(index, equals("code", text("cts-ete 1")), lens, &[1]).await;
    check(index, equals("code", text("CTS-ÉTÉ 12")), lens, &[2]).await;
    check(index, equals("code", text("cts ete 1")), lens, &[]).await;
    check(index, equals("codes", text("A B")), lens, &[1]).await;
    check(index, equals("codes", text("a")), lens, &[]).await;
    check(index, words_on(on("codes"), "c"), lens, &[1]).await;
}

async fn beginnings(index: &Arc<dyn Index>, lens: &Lens) {
    check(index, starts_with("title", "budget"), lens, &[2]).await;
    check(index, starts_with("title", "quart"), lens, &[1, 3]).await;
    check(index, starts_with("title", "quarterly bud"), lens, &[1]).await;
    check(index, starts_with("title", "quart bud"), lens, &[]).await;
    check(index, starts_with("tags", "red"), lens, &[2, 3]).await;
    check(index, starts_with("tags", "re"), lens, &[2, 3]).await;
    check(index, starts_with("tags", "red d"), lens, &[2]).await;
    check(index, starts_with("code", "CTS-é"), lens, &[1, 2]).await;
    check(index, starts_with("code", "cts-ete 12"), lens, &[2]).await;
    check(index, starts_with("code", "ts"), lens, &[]).await;
    check(index, starts_with("codes", "a "), lens, &[1]).await;
    // A property's name does not run into the next one's values.
    check(index, starts_with("code", "s"), lens, &[]).await;
}

async fn numbers(index: &Arc<dyn Index>, lens: &Lens) {
    let (int, double) = (Value::Int64, Value::Double);
    check(index, equals("size", int(10)), lens, &[1]).await;
    check(index, equals("size", double(10.0)), lens, &[1]).await;
    check(index, equals("size", double(10.5)), lens, &[]).await;
    check(index, equals("size", int(WIDE + 1)), lens, &[3]).await;
    // As doubles these two would be equal.
    check(index, equals("size", int(WIDE)), lens, &[]).await;
    check(index, equals("size", double(WIDE as f64)), lens, &[]).await;
    check(index, equals("ratio", int(3)), lens, &[2]).await;
    check(index, equals("ratio", int(WIDE)), lens, &[3]).await;
    check(index, equals("ratio", int(WIDE + 1)), lens, &[]).await;
    check(index, equals("ratios", double(-2.0)), lens, &[1]).await;
    check(index, equals("sizes", int(50)), lens, &[1]).await;
    // A string is no number, a number of the other connection is not ours.
}

async fn ranges(index: &Arc<dyn Index>, lens: &Lens) {
    let (int, double) = (Value::Int64, Value::Double);
    check(index, equals("size", text("10")), lens, &[]).await;

    check(
        index,
        range("size", Included(int(-3)), Included(int(10))),
        lens,
        &[1, 2],
    )
    .await;
    check(index, range("size", Excluded(int(-3)), Open), lens, &[1, 3]).await;
    check(index, range("size", Open, Excluded(int(10))), lens, &[2]).await;
    check(index, range("size", Open, Open), lens, &[1, 2, 3]).await;
    check(
        index,
        range("size", Included(double(9.5)), Included(double(10.5))),
        lens,
        &[1],
    )
    .await;
    check(
        index,
        range("size", Excluded(double(10.0)), Open),
        lens,
        &[3],
    )
    .await;
    check(
        index,
        range("size", Included(int(11)), Included(int(9))),
        lens,
        &[],
    )
    .await;
    check(
        index,
        range("size", Open, Included(double(f64::INFINITY))),
        lens,
        &[1, 2, 3],
    )
    .await;
    check(index, range("ratio", Included(int(1)), Open), lens, &[2, 3]).await;
    check(index, range("ratio", Open, Excluded(int(3))), lens, &[1]).await;
    check(
        index,
        range("ratio", Included(int(WIDE + 1)), Open),
        lens,
        &[],
    )
    .await;
    // One element must lie inside, not one on either side.
    check(
        index,
        range("sizes", Included(int(2)), Included(int(49))),
        lens,
        &[],
    )
    .await;
    check(index, range("sizes", Included(int(2)), Open), lens, &[1]).await;
    check(
        index,
        range("ratios", Open, Excluded(double(0.0))),
        lens,
        &[1],
    )
    .await;
    check(index, range("title", Open, Open), lens, &[]).await;
}

async fn dates_and_truth(index: &Arc<dyn Index>, lens: &Lens) {
    let date = |ticks| Value::DateTime(DateTime(ticks));
    check(index, equals("changed", date(100)), lens, &[1]).await;
    check(
        index,
        range("changed", Included(date(-100)), Excluded(date(100))),
        lens,
        &[2],
    )
    .await;
    check(
        index,
        range("changed", Excluded(date(-100)), Open),
        lens,
        &[1],
    )
    .await;
    check(
        index,
        range("changes", Included(date(11)), Excluded(date(90))),
        lens,
        &[],
    )
    .await;
    check(
        index,
        range("changes", Included(date(11)), Included(date(90))),
        lens,
        &[1],
    )
    .await;
    check(
        index,
        range("changed", Included(Value::Int64(0)), Open),
        lens,
        &[],
    )
    .await;
    check(index, range("size", Included(date(0)), Open), lens, &[]).await;
    check(index, equals("done", Value::Boolean(true)), lens, &[1]).await;
    check(index, equals("done", Value::Boolean(false)), lens, &[2]).await;
    check(
        index,
        not(equals("done", Value::Boolean(true))),
        lens,
        &[2, 3, 4, 5, 6, 7],
    )
    .await;
}

async fn existence(index: &Arc<dyn Index>, lens: &Lens) {
    check(index, exists("title"), lens, &[1, 2, 3, 7]).await;
    check(index, exists("note"), lens, &[1, 2, 3]).await;
    check(index, exists("codes"), lens, &[1]).await;
    check(index, exists("sizes"), lens, &[1]).await;
    check(index, exists("owner"), lens, &[1]).await;
    check(index, exists("done"), lens, &[1, 2]).await;
    check(index, exists("quiet"), lens, &[]).await;
    check(index, exists("hidden"), lens, &[]).await;
    let there = Criteria::Exists {
        property: of(THERE, "NOTE"),
    };
    check(index, there, lens, &[4]).await;
    assert!(tokens("a*")[0].prefix && !tokens("a")[0].prefix);
}
