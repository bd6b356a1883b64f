//! Promises that hold for any items, any criteria and any audience, tried on many.

use std::sync::Arc;

use graph::{
    AccessType, Acl, AclType, ConnectionKey, DateTime, GroupId, Identity, IdentityType, Value,
    value::Principal,
};

use super::{
    BOTH, oracle,
    scene::{
        Dice, HERE, Scene, THERE, USERS, all, content, document, everyone, item_change, near, not,
        of, page, phrase, words, write,
    },
};
use crate::{
    analysis,
    index::{Document, Index},
    kept::AclId,
    membership::Memberships,
    search::plan::{Bound, Criteria, Field, Word},
    visibility::Change,
};

const TOKENS: [&str; 12] = [
    "a", "ab", "abc", "abd", "b", "bc", "Café", "cafe", "1", "10", "Straße", "x-y",
];
const NUMBERS: [i64; 8] = [i64::MIN, -3, 0, 1, 2, 3, (1 << 53) + 1, i64::MAX];
const DOUBLES: [f64; 9] = [
    f64::NEG_INFINITY,
    -2.5,
    -0.0,
    0.0,
    1.0,
    2.0,
    2.5,
    9_007_199_254_740_992.0,
    f64::NAN,
];
const PROPERTIES: [&str; 16] = [
    "title", "Note", "tags", "code", "codes", "size", "sizes", "ratio", "ratios", "changed",
    "changes", "done", "owner", "quiet", "hidden", "missing",
];

fn text(dice: &mut Dice) -> String {
    let count = dice.below(6);
    let tokens: Vec<_> = (0..count).map(|_| *dice.pick(&TOKENS)).collect();
    tokens.join(dice.pick::<&str>(&[" ", ", ", "  "]))
}

fn many<T>(dice: &mut Dice, one: impl Fn(&mut Dice) -> T) -> Vec<T> {
    let count = dice.below(4);
    (0..count).map(|_| one(dice)).collect()
}

fn date(dice: &mut Dice) -> DateTime {
    DateTime(*dice.pick(&NUMBERS))
}

/// A value as the schema of the connection wants it.
fn value(dice: &mut Dice, at: ConnectionKey, name: &str) -> Option<Value> {
    if at == THERE {
        return match name {
            "title" | "size" => Some(Value::String(text(dice))),
            "ratio" => Some(Value::Int64(*dice.pick(&NUMBERS))),
            "Note" => Some(Value::Boolean(dice.once_in(2))),
            _ => None,
        };
    }
    Some(match name {
        "title" | "Note" | "code" | "quiet" | "hidden" => Value::String(text(dice)),
        "tags" | "codes" => Value::Strings(many(dice, text)),
        "size" => Value::Int64(*dice.pick(&NUMBERS)),
        "sizes" => Value::Int64s(many(dice, |dice| *dice.pick(&NUMBERS))),
        "ratio" => Value::Double(*dice.pick(&DOUBLES)),
        "ratios" => Value::Doubles(many(dice, |dice| *dice.pick(&DOUBLES))),
        "changed" => Value::DateTime(date(dice)),
        "changes" => Value::DateTimes(many(dice, date)),
        "done" => Value::Boolean(dice.once_in(2)),
        "owner" => Value::Principal(Principal::default()),
        _ => return None,
    })
}

fn any_document(dice: &mut Dice) -> Document {
    let at = if dice.once_in(4) { THERE } else { HERE };
    let mut properties = Vec::new();
    for name in PROPERTIES {
        if dice.once_in(2)
            && let Some(value) = value(dice, at, name)
        {
            properties.push((name, value));
        }
    }
    let content = (!dice.once_in(3)).then(|| text(dice));
    document(at, &properties, content.as_deref())
}

fn any_word(dice: &mut Dice) -> Word {
    let tokens = analysis::tokens(dice.pick::<&str>(&TOKENS));
    Word {
        token: dice.pick(&tokens).text.clone(),
        prefix: false,
    }
}

fn some_words(dice: &mut Dice, least: usize) -> Vec<Word> {
    let count = least + dice.below(3);
    (0..count).map(|_| any_word(dice)).collect()
}

fn field(dice: &mut Dice) -> Field {
    if dice.once_in(2) {
        return Field::FullText;
    }
    let at = if dice.once_in(4) { THERE } else { HERE };
    Field::Property(of(at, dice.pick::<&str>(&PROPERTIES)))
}

fn any_words(dice: &mut Dice, on: Field) -> Criteria {
    let mut words = some_words(dice, 1);
    for word in &mut words {
        word.prefix = dice.once_in(4);
    }
    Criteria::Words { on, words }
}

fn any_phrase(dice: &mut Dice, on: Field) -> Criteria {
    let mut words = some_words(dice, 2);
    if let Some(last) = words.last_mut() {
        last.prefix = dice.once_in(3);
    }
    Criteria::Phrase { on, words }
}

fn any_near(dice: &mut Dice) -> Criteria {
    let on = field(dice);
    let side = |dice: &mut Dice| {
        if dice.once_in(3) {
            any_phrase(dice, on.clone())
        } else {
            let mut word = any_word(dice);
            word.prefix = dice.once_in(3);
            Criteria::Words {
                on: on.clone(),
                words: vec![word],
            }
        }
    };
    let (left, right) = (side(dice), side(dice));
    let distance = *dice.pick(&[0, 1, 2, 5, 1500]);
    near(left, right, distance, dice.once_in(2))
}

/// A literal: mostly of a type that some property has.
fn literal(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => Value::Int64(*dice.pick(&NUMBERS)),
        1 => Value::Double(*dice.pick(&DOUBLES)),
        2 => Value::DateTime(date(dice)),
        3 => Value::Boolean(dice.once_in(2)),
        _ => Value::String(text(dice)),
    }
}

fn bound(dice: &mut Dice) -> Bound {
    match dice.below(3) {
        0 => Bound::Open,
        1 => Bound::Included(literal(dice)),
        _ => Bound::Excluded(literal(dice)),
    }
}

fn leaf(dice: &mut Dice) -> Criteria {
    let at = if dice.once_in(4) { THERE } else { HERE };
    let property = of(at, dice.pick::<&str>(&PROPERTIES));
    match dice.below(10) {
        0 => Criteria::All,
        1 => Criteria::None,
        2 | 3 => {
            let on = field(dice);
            any_words(dice, on)
        }
        4 => {
            let on = field(dice);
            any_phrase(dice, on)
        }
        5 => any_near(dice),
        6 => Criteria::Equals {
            value: literal(dice),
            property,
        },
        7 => {
            let least = if property.exact { 0 } else { 1 };
            let mut words = some_words(dice, least);
            if property.exact {
                words = vec![any_word(dice)];
            }
            if let Some(last) = words.last_mut() {
                last.prefix = true;
            }
            Criteria::StartsWith { property, words }
        }
        8 => Criteria::Range {
            property,
            from: bound(dice),
            to: bound(dice),
        },
        _ => Criteria::Exists { property },
    }
}

fn any_criteria(dice: &mut Dice, depth: usize) -> Criteria {
    if depth == 0 || dice.once_in(3) {
        return leaf(dice);
    }
    let parts = |dice: &mut Dice| {
        let count = dice.below(4);
        (0..count).map(|_| any_criteria(dice, depth - 1)).collect()
    };
    match dice.below(5) {
        0 | 1 => Criteria::And(parts(dice)),
        2 | 3 => Criteria::Or(parts(dice)),
        _ => not(any_criteria(dice, depth - 1)),
    }
}

/// Any criteria on any items match what a plain reading of the criteria says, hits and total, and pages add up.
pub async fn random_criteria(index: Arc<dyn Index>) {
    for seed in 0..4 {
        let dice = &mut Dice::new(seed);
        let mut scene = Scene::new();
        let acls = BOTH.map(|at| scene.acl(at, &[everyone()]));
        index
            .reset(uuid::Uuid::from_u128(u128::from(seed)))
            .await
            .unwrap();
        let items: Vec<_> = (1..=120_u64).map(|n| (n, any_document(dice))).collect();
        for (n, document) in &items {
            scene.show([*n], acls[usize::from(document.at == THERE)]);
        }
        for batch in items.chunks(50) {
            write(&index, batch.to_vec()).await;
        }
        let lens = scene.lens("alice", &BOTH);
        for _ in 0..150 {
            let criteria = any_criteria(dice, 3);
            let expect: Vec<u64> = items
                .iter()
                .filter(|(_, document)| oracle::matches(&criteria, document))
                .map(|(n, _)| *n)
                .collect();
            assert_eq!(all(&index, &criteria, &lens).await, expect, "{criteria:?}");
        }
    }
}

/// Pages of any size add up to the whole ranking, also where an engine skips what cannot be among the best, and where texts of very different lengths were
/// written at different times.
pub async fn pages_add_up(index: Arc<dyn Index>) {
    let dice = &mut Dice::new(11);
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    let items: Vec<_> = (1..=1600_u64)
        .map(|n| {
            // Short texts first, long ones last; some say hardly anything but one word.
            let length = 1 + dice.below(if n < 1000 { 8 } else { 120 });
            let spam = dice.once_in(20);
            let text: Vec<_> = (0..length)
                .map(|_| {
                    if spam {
                        "a"
                    } else {
                        TOKENS[dice.below(TOKENS.len()).min(dice.below(40))]
                    }
                })
                .collect();
            let titled = dice
                .once_in(3)
                .then(|| ("title", value(dice, HERE, "title")));
            let titled = titled.and_then(|(name, value)| Some((name, value?)));
            (n, document(HERE, titled.as_slice(), Some(&text.join(" "))))
        })
        .collect();
    scene.show(1..=1600, acl);
    for batch in items.chunks(400) {
        write(&index, batch.to_vec()).await;
    }
    let lens = scene.lens("alice", &BOTH);
    let any = |text: &str| Criteria::Or(text.split(' ').map(words).collect());
    let queries = [
        words("a"),
        words("a ab"),
        words("a ab abc"),
        words("1 10 cafe b"),
        any("a ab"),
        any("a ab abc"),
        any("cafe strasse 1 10 b bc"),
        Criteria::And(vec![any("a cafe"), not(words("10"))]),
        phrase("a ab"),
    ];
    for criteria in queries {
        let whole = page(&index, &criteria, &lens, 0, 2000).await;
        assert_eq!(whole.total, whole.hits.len() as u64, "{criteria:?}");
        for size in [7, 90, 333] {
            // The first pages, and some on the way, always to the same ranking.
            let starts = (0..5).chain([30, 60, 100, 220]).map(|at| at * size);
            for from in starts.take_while(|from| *from < 1600) {
                let got = page(&index, &criteria, &lens, from, size).await;
                let expect: Vec<_> = whole
                    .hits
                    .iter()
                    .skip(from as usize)
                    .take(size as usize)
                    .copied()
                    .collect();
                assert_eq!(got.hits, expect, "{criteria:?}, {size} from {from}");
                assert_eq!(got.total, whole.total, "{criteria:?}");
            }
        }
    }
}

/// The best are found also among short texts that were written together with long ones, though together those look worse than they are.
pub async fn short_texts_among_long_ones(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=1128, acl);
    let lens = scene.lens("alice", &BOTH);
    let usual = format!("a {}", "b ".repeat(39));
    for batch in (1..=1000_u64).collect::<Vec<_>>().chunks(500) {
        write(&index, batch.iter().map(|n| (*n, content(&usual)))).await;
    }
    let long = format!("{} {}", "a ".repeat(10), "b ".repeat(990));
    let mixed = (1001..=1128).map(|n| (n, content(if n % 13 == 0 { "a b" } else { &long })));
    write(&index, mixed).await;
    let short: Vec<u64> = (1001..=1128).filter(|n| n % 13 == 0).collect();
    for criteria in [words("a"), Criteria::Or(vec![words("a"), words("c")])] {
        let hits = page(&index, &criteria, &lens, 0, short.len() as u32).await;
        let best: Vec<_> = hits.hits.iter().map(|hit| hit.ordinal.0).collect();
        assert_eq!(best, short, "{criteria:?}");
        assert_eq!(hits.total, 1128);
    }
}

fn any_acl(dice: &mut Dice) -> Vec<Acl> {
    many(dice, |dice| {
        let access = if dice.once_in(4) {
            AccessType::Deny
        } else {
            AccessType::Grant
        };
        let (kind, value) = match dice.below(6) {
            0 => (AclType::Everyone, "everyone"),
            1 => (AclType::EveryoneExceptGuests, "everyone"),
            2 | 3 => (AclType::User, *dice.pick(&USERS)),
            4 => (AclType::Group, *dice.pick(&GROUPS)),
            _ => (AclType::ExternalGroup, *dice.pick(&EXTERNAL)),
        };
        super::scene::entry(access, kind, value)
    })
}

const GROUPS: [&str; 2] = ["g1", "g2"];
const EXTERNAL: [&str; 2] = ["red", "blue"];

fn memberships(dice: &mut Dice) -> Memberships {
    Memberships {
        guest: dice.once_in(3),
        groups: GROUPS
            .iter()
            .filter(|_| dice.once_in(2))
            .map(|group| (*group).to_owned())
            .collect(),
    }
}

fn any_membership(dice: &mut Dice) -> Change {
    let member = match dice.below(3) {
        0 => (IdentityType::User, *dice.pick(&USERS)),
        1 => (IdentityType::Group, *dice.pick(&GROUPS)),
        _ => (IdentityType::ExternalGroup, *dice.pick(&EXTERNAL)),
    };
    Change::MemberAdded {
        at: *dice.pick(&BOTH),
        group: GroupId::admit(dice.pick::<&str>(&EXTERNAL)).unwrap(),
        member: Identity {
            kind: member.0,
            id: member.1.to_owned(),
        },
    }
}

/// Any audience gets the same hits and totals from an index of everything as from an index of only what it may see. Takes two indexes.
pub async fn non_interference(full: Arc<dyn Index>, visible: Arc<dyn Index>) {
    for seed in 0..5 {
        let dice = &mut Dice::new(100 + seed);
        let mut scene = Scene::new();
        let acls: Vec<_> = (0..12)
            .map(|_| {
                let (at, acl) = (*dice.pick(&BOTH), any_acl(dice));
                (scene.acl(at, &acl), at, acl)
            })
            .collect();
        scene.publish((0..3).map(|_| any_membership(dice)).collect());
        full.reset(uuid::Uuid::from_u128(1)).await.unwrap();
        let mut items = Vec::new();
        for n in 1..=80_u64 {
            let document = any_document(dice);
            // Some are written under one ACL and live under another, some are gone: the index of everything does not know.
            let of_here: Vec<_> = acls
                .iter()
                .filter(|(_, at, _)| *at == document.at)
                .collect();
            let live = (!of_here.is_empty() && !dice.once_in(8)).then(|| *dice.pick(&of_here));
            let acl = live.map_or(AclId::NOBODY, |(id, _, _)| *id);
            scene.publish(vec![item_change(n, 1, acl, None)]);
            items.push((n, document, live.map(|(_, _, acl)| acl)));
        }
        let everything = items.iter().map(|(n, document, _)| (*n, document.clone()));
        write(&full, everything).await;
        for user in USERS.iter().take(3) {
            let memberships = memberships(dice);
            let scope = if dice.once_in(3) {
                &BOTH[..1]
            } else {
                &BOTH[..]
            };
            let audience = scene.visibility.fold(user, &memberships).audience;
            visible.reset(uuid::Uuid::from_u128(2)).await.unwrap();
            let seen = items.iter().filter(|(_, document, acl)| {
                scope.contains(&document.at)
                    && acl.is_some_and(|acl| audience.judge(document.at, acl).may_see())
            });
            let seen: Vec<_> = seen
                .map(|(n, document, _)| (*n, document.clone()))
                .collect();
            write(&visible, seen.clone()).await;
            let lens = scene.lens_of(user, &memberships, scope);
            for round in 0..30 {
                let criteria = match round {
                    0 => Criteria::All,
                    _ => any_criteria(dice, 2),
                };
                let told = all(&full, &criteria, &lens).await;
                assert_eq!(told, all(&visible, &criteria, &lens).await, "{criteria:?}");
                let may: Vec<_> = seen
                    .iter()
                    .filter(|(_, document)| oracle::matches(&criteria, document))
                    .map(|(n, _)| *n)
                    .collect();
                assert_eq!(told, may, "{user} {criteria:?}");
            }
        }
    }
}
