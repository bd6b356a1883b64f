//! `searchSettings.searchResultTemplates[].layout`: what is a card and what is broken.
//!
//! Documentation: <https://adaptivecards.io/explorer/AdaptiveCard.html>

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jsonschema::Keyword;
use proptest::prelude::*;

use super::*;
use crate::any_json::any_json_of;

fn check(layout: &Value) -> Result<(), PublicError> {
    check_at("layout", layout, Language::Search)
}

fn card(body: Value) -> Value {
    json!({"type": "AdaptiveCard", "version": "1.3", "body": body})
}

/// A search result template as designers export them: bindings, conditions, sample data.
fn template() -> Value {
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.3",
        "$data": {"title": "Pump 7", "url": "https://parts.example/7"},
        "body": [
            {
                "type": "ColumnSet",
                "columns": [
                    {
                        "type": "Column",
                        "width": "auto",
                        "items": [{
                            "type": "Image", "url": "${iconUrl}", "size": "Small", "altText": "icon",
                            "horizontalAlignment": "Center", "$when": "${iconUrl != ''}"
                        }],
                        "height": "stretch"
                    },
                    {
                        "type": "Column",
                        "width": "stretch",
                        "items": [
                            {
                                "type": "TextBlock", "text": "[${title}](${url})", "weight": "Bolder",
                                "size": "Medium", "maxLines": 3, "color": "Accent", "wrap": true
                            },
                            {
                                "type": "TextBlock", "text": "{{DATE(${lastModifiedDateTime}, SHORT)}}",
                                "spacing": "None", "isSubtle": "${archived}", "maxLines": "${lines}"
                            },
                            {
                                "type": "FactSet",
                                "facts": [{"$data": "${facts}", "title": "${name}", "value": "${value}"}]
                            }
                        ]
                    }
                ]
            },
            {"type": "Container", "isVisible": "${if(hidden, false, true)}", "items": "${rows}"},
            "${body}"
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "${url}"}]
    })
}

#[test]
fn cards_are_accepted() {
    let cards = [
        json!({"type": "AdaptiveCard", "version": "1.0"}),
        card(json!([])),
        card(
            json!([{"type": "TextBlock", "text": "x", "color": "ACCENT", "horizontalAlignment": "left"}]),
        ),
        card(
            json!([{"type": "RichTextBlock", "inlines": ["plain", {"type": "TextRun", "text": "run"}]}]),
        ),
        card(json!([{"type": "Container", "items": [], "rtl": true, "backgroundImage": "{url}"}])),
        card(json!([{"type": "${kind}", "text": "x"}])),
        card(json!([{"type": "Image", "url": "x", "fallback": "drop", "height": "80px"}])),
        card(
            json!([{"type": "Image", "url": "x", "fallback": {"type": "TextBlock", "text": "y"}}]),
        ),
        card(json!([{"type": "ActionSet", "actions": [
            {"type": "Action.ShowCard", "card": {"type": "AdaptiveCard", "body": []}},
            {"type": "Action.Submit", "data": {"any": ["thing", 1]}}
        ]}])),
        json!({"type": "AdaptiveCard", "version": "1.2", "body": [
            {"type": "TextBlock", "text": "{Title}"}, {"type": "TextBlock", "text": "{{DATE({due})}}"}
        ]}),
        json!({"default": {"type": "AdaptiveCard", "version": "1.3", "body": []}}),
        template(),
    ];
    for card in cards {
        assert_eq!(check(&card), Ok(()), "{card}");
    }
}

/// Refused at this place, with these words in the help.
fn refused_at(layout: &Value, target: &str, words: &str) {
    let error = check(layout).unwrap_err();
    assert_eq!(error.status, 400);
    assert_eq!(error.message, "The request is malformed or incorrect.");
    assert_eq!(error.target.as_deref(), Some(target), "{layout}: {error:?}");
    let help = &error.details[0].message;
    assert!(help.contains(words), "{help}");
}

#[test]
fn what_is_no_card_is_refused() {
    let check = |layout: Value, target: &str, words: &str| refused_at(&layout, target, words);
    check(json!("{}"), "layout", "must be a JSON object");
    check(json!([]), "layout", "an array");
    check(json!({}), "layout.type", "AdaptiveCard");
    check(
        json!({"type": "adaptiveCard", "version": "1.3"}),
        "layout.type",
        "\"adaptiveCard\"",
    );
    check(
        json!({"type": "HeroCard", "version": "1.3"}),
        "layout.type",
        "\"HeroCard\"",
    );
    check(
        json!({"default": []}),
        "layout.default",
        "must be a JSON object",
    );
    check(
        json!({"default": {"type": "x"}}),
        "layout.default.type",
        "\"x\"",
    );
    for version in [
        json!(null),
        json!(1.3),
        json!("latest"),
        json!("1"),
        json!("1.x"),
        json!(""),
    ] {
        let words = quoted(&version);
        check(
            json!({"type": "AdaptiveCard", "version": version}),
            "layout.version",
            &words,
        );
    }
    check(json!({"type": "AdaptiveCard"}), "layout.version", "\"1.3\"");
}

#[test]
fn broken_cards_are_refused_where_they_break() {
    let check = |layout: Value, target: &str, words: &str| refused_at(&layout, target, words);
    check(
        card(json!("text")),
        "layout.body",
        "must be of JSON type array",
    );
    check(card(json!([5])), "layout.body[0]", "is 5");
    check(card(json!([{"text": "x"}])), "layout.body[0]", "`type`");
    check(
        card(json!([{"type": "TextBlok", "text": "x"}])),
        "layout.body[0].type",
        "\"TextBlock\"",
    );
    check(
        card(json!([{"type": "TextBlock"}])),
        "layout.body[0]",
        "`text`",
    );
    check(
        card(json!([{"type": "TextBlock", "text": 5}])),
        "layout.body[0].text",
        "is 5",
    );
    check(
        card(json!([{"type": "TextBlock", "text": "x", "color": "purple"}])),
        "layout.body[0].color",
        "\"attention\"",
    );
    check(
        card(json!([{"type": "TextBlock", "txet": "y"}])),
        "layout.body[0]",
        "`text`",
    );
    check(
        card(
            json!([{"type": "Container", "items": [{"type": "FactSet", "facts": [{"title": "t"}]}]}]),
        ),
        "layout.body[0].items[0].facts[0]",
        "`value`",
    );
    check(
        card(json!([{"type": "Image", "url": "x", "fallback": {"type": "Imag"}}])),
        "layout.body[0].fallback.type",
        "\"Imag\"",
    );
    check(
        json!({"type": "AdaptiveCard", "version": "1.3", "actions": [{"type": "Action.OpenUrl"}]}),
        "layout.actions[0]",
        "`url`",
    );
}

#[test]
fn templates_for_e_discovery_have_a_language_of_their_own() {
    let of = |version: &str, block: Value| json!({"type": "AdaptiveCard", "version": version, "body": [block]});
    let block = json!({"type": "TextBlock", "text": "{title}", "wrap": "{wrap}", "size": "{size}"});
    for version in ["1.0", "1.2", "0.5"] {
        let layout = of(version, block.clone());
        assert_eq!(check_at("layout", &layout, Language::EDiscovery), Ok(()));
    }
    let check = |layout: Value, target: &str, words: &str| {
        let error = check_at("layout", &layout, Language::EDiscovery).unwrap_err();
        assert_eq!(error.target.as_deref(), Some(target), "{layout}");
        let help = &error.details[0].message;
        assert!(help.contains(words), "{help}");
    };
    for version in ["1.3", "1.10", "2.0", "99999999999999999999.0", "{v}", "x"] {
        check(
            of(version, block.clone()),
            "layout.version",
            "\"1.2\" or an earlier",
        );
    }
    check(
        json!({"default": of("1.5", block.clone())}),
        "layout.default.version",
        "1.5",
    );
    let other = json!({"type": "TextBlock", "text": "${title}"});
    check(of("1.2", other), "layout.body[0].text", "write {title}");
    let bad = json!({"type": "TextBlock", "text": "x", "wrap": "yes"});
    check(of("1.2", bad), "layout.body[0].wrap", "boolean");
    // In a search template braces alone are text.
    let block = json!({"type": "TextBlock", "text": "{title}", "wrap": "{wrap}"});
    refused_at(&card(json!([block])), "layout.body[0].wrap", "boolean");
}

/// Counts how often the check comes to a place of the schema.
struct Counting(Arc<AtomicUsize>);

impl<'card> Keyword<'card> for Counting {
    fn validate(&self, _place: &'card Value) -> Result<(), ValidationError<'card>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn is_valid(&self, place: &'card Value) -> bool {
        self.validate(place).is_ok()
    }
}

#[test]
fn the_work_grows_no_faster_than_the_card() {
    let count = Arc::new(AtomicUsize::new(0));
    let mut counted = schema(Language::Search);
    for definition in counted["definitions"].as_object_mut().unwrap().values_mut() {
        definition["counted"] = Value::Bool(true);
    }
    let counting = Arc::clone(&count);
    let validator = options()
        .with_keyword("counted", move |_, _, _| {
            Ok(Box::new(Counting(Arc::clone(&counting))))
        })
        .build(&counted)
        .unwrap();
    let wrap = [
        json!({"type": "Image", "url": "x", "fallback": "inner"}),
        json!({"type": "TextBlock", "text": "x", "fallback": "inner"}),
        json!({"type": "Input.Text", "id": "x", "fallback": "inner"}),
        json!({"type": "Unknown", "fallback": "inner"}),
        json!({"type": "Container", "items": ["inner"]}),
        json!({"type": "ColumnSet", "columns": [{"type": "Column", "items": ["inner"]}]}),
        json!({"type": "Container", "items": [], "selectAction": {"type": "Action.Execute", "fallback": "inner"}}),
        json!({"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "card":
            {"type": "AdaptiveCard", "body": ["inner"]}}]}),
    ];
    for outer in wrap {
        for innermost in [
            json!({"type": "TextBlock", "text": "x"}),
            json!({"type": "Nope"}),
        ] {
            let visits = |depth: usize| {
                let mut element = innermost.to_string();
                for _ in 0..depth {
                    element = outer.to_string().replace("\"inner\"", &element);
                }
                let layout = card(json!([serde_json::from_str::<Value>(&element).unwrap()]));
                count.store(0, Ordering::Relaxed);
                // A refusal has to be as cheap as an acceptance.
                let _verdict = validator
                    .validate(&layout)
                    .map_err(|error| Fault::of(&error));
                count.load(Ordering::Relaxed)
            };
            // One level more costs the same wherever it is added; trying alternatives would multiply.
            let (few, more, most) = (visits(1), visits(2), visits(3));
            assert!(few > 0, "nothing is counted");
            assert_eq!(most - more, more - few, "{outer} around {innermost}");
        }
    }
}

/// The words of cards.
const WORDS: &[&str] = &[
    "type",
    "AdaptiveCard",
    "version",
    "1.3",
    "body",
    "default",
    "TextBlock",
    "text",
    "items",
    "Container",
    "${x}",
    "fallback",
];

proptest! {
    #[test]
    fn any_layout_is_accepted_or_refused(layout in any_json_of(WORDS)) {
        let whole = card(layout.clone());
        for layout in [layout, whole] {
            if let Err(error) = check(&layout) {
                prop_assert_eq!(error.status, 400);
            }
        }
    }
}
