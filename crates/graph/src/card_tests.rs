//! `searchSettings.searchResultTemplates[].layout`: what is a card and what is broken.
//!
//! Documentation: <https://adaptivecards.io/explorer/AdaptiveCard.html>

use proptest::prelude::*;

use super::*;

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
fn nesting_does_not_make_the_check_slow() {
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
            let mut element = innermost;
            for _ in 0..24 {
                let text = outer.to_string().replace("\"inner\"", &element.to_string());
                element = serde_json::from_str(&text).unwrap();
            }
            let layout = card(json!([element]));
            let started = std::time::Instant::now();
            // Only the time matters here.
            let _verdict = check(&layout);
            assert!(started.elapsed().as_secs() < 5, "{outer}");
        }
    }
}

/// Any JSON, with the words of cards thrown in.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
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
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<String, Value>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_layout_is_accepted_or_refused(layout in any_json()) {
        let whole = card(layout.clone());
        for layout in [layout, whole] {
            if let Err(error) = check(&layout) {
                prop_assert_eq!(error.status, 400);
            }
        }
    }
}
