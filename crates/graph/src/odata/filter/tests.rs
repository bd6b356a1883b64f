use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{error::ErrorCode, odata::shape::Kind};

const SHAPE: Shape = Shape {
    members: &[],
    parts: &[],
    properties: &[
        Property {
            name: "name",
            kind: Kind::Text,
            is_fixed: false,
        },
        Property {
            name: "id",
            kind: Kind::Folded,
            is_fixed: false,
        },
        Property {
            name: "size",
            kind: Kind::Number,
            is_fixed: false,
        },
        Property {
            name: "open",
            kind: Kind::Flag,
            is_fixed: false,
        },
        Property {
            name: "at",
            kind: Kind::Moment,
            is_fixed: false,
        },
    ],
    expand: &[],
};

#[test]
fn filters_admit() {
    let resource = json!({
        "name": "It's Ä", "id": "1F0C997E-99f7-43f1-8cca-086f8d42be8d", "size": 12, "open": true,
        "at": "2026-01-31T12:00:00.5Z"
    });
    let check = |text: &str, expect: bool| {
        let filter = Filter::read(text, &SHAPE).unwrap();
        assert_eq!(filter.admits(&resource), expect, "{text}");
    };
    check("name eq 'It''s Ä'", true);
    check(" NAME  EQ'it''s ä' ", false);
    check("name ne 'it''s ä'", true);
    check("id eq '1f0c997e-99f7-43f1-8cca-086f8d42be8d'", true);
    check("id eq 1f0c997e-99f7-43f1-8cca-086f8d42be8d", true);
    check("startswith(id,'1f0C')", true);
    check("startsWith( name , 'it')", false);
    check("endswith(name,'Ä') and contains(name,'''s')", true);
    check("size eq 12 and size eq 12.0 and size gt -3", true);
    check("size lt 12 or size gt 12", false);
    check("size le 12 and size ge 12 and size lt 12.5", true);
    check("open eq true", true);
    check("open ne true", false);
    check("at gt 2026-01-31T13:00:00+01:00", true);
    check("at lt 2026-02-01", true);
    check("name gt 'I' and name lt 'J'", true);
    check("id in ('x','1f0c997E-99f7-43f1-8cca-086f8d42be8d')", true);
    check("size in (1,2)", false);
    check("not (size eq 1) and not contains(name,'x')", true);
    check("not not open eq true", true);
    // `and` binds closer than `or`.
    check("size eq 12 or size eq 1 and size eq 2", true);
    check("(size eq 12 or size eq 1) and size eq 2", false);
    check("not size eq 1 or size eq 12", true);
}

#[test]
fn null_is_equal_to_itself_and_neither_before_nor_after_anything() {
    let check = |text: &str, expect: bool| {
        let filter = Filter::read(text, &SHAPE).unwrap();
        for resource in [json!({}), json!({"name": null, "size": null, "open": null})] {
            assert_eq!(filter.admits(&resource), expect, "{text}");
        }
    };
    check("name eq null", true);
    check("name ne null", false);
    check("name ne 'a'", true);
    check("name in ('a',null)", true);
    check("size ge null", false);
    check("size lt 1 or size ge 1", false);
    check("not size lt 1", true);
    check("contains(name,'a')", false);
    check("not contains(name,'a')", false);
    check("contains(name,'a') or open eq null", true);
    check("not (contains(name,'a') and open eq true)", true);
}

#[test]
fn other_filters_are_refused_with_the_position() {
    let check = |text: &str, position: usize, found: &str| {
        let error = Filter::read(text, &SHAPE).unwrap_err();
        assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
        assert_eq!(error.target.as_deref(), Some("$filter"));
        let message = error.message;
        assert!(
            message.contains(&format!("at position {position}:")),
            "{text}: {message}"
        );
        assert!(
            message.contains(&format!("found {found}. ")),
            "{text}: {message}"
        );
        assert!(
            message.contains("name, id, size, open, at. Supported are eq, ne"),
            "{message}"
        );
    };
    check("", 1, "the end");
    check("description eq 'x'", 1, "`description`");
    check("nameeq 'x'", 1, "`nameeq`");
    check("name like 'x'", 6, "`like`");
    check("name eq", 8, "the end");
    check("name eq x", 9, "`x`");
    check("name eq inf", 9, "`inf`");
    check("name eq 'x", 9, "`'x`");
    check("name eq 5", 9, "`5`");
    check("size eq '5'", 9, "`'5'`");
    check("at gt '2026-01-31'", 7, "`'2026-01-31'`");
    check("open gt false", 6, "`gt`");
    check("name eq 'ä' und", 13, "`und`");
    check("(name eq 'a'", 13, "the end");
    check("name eq 'a')", 12, "`)`");
    check("name in 'a'", 9, "`'a'`");
    check("name in ()", 10, "`)`");
    check("length(name)", 1, "`length`");
    check("contains(size,'1')", 10, "`size`");
    check("contains(name,null)", 15, "`null`");
    check("contains('a',name)", 10, "`'a'`");
    check("'a' eq name", 1, "`'a'`");
    check("not", 4, "the end");
}

#[test]
fn nothing_can_be_nested_or_listed_without_end() {
    let nested = |depth: usize| format!("{}open eq true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::read(&nested(31), &SHAPE).is_ok());
    for text in [nested(32), nested(100_000), "not ".repeat(100_000)] {
        let error = Filter::read(&text, &SHAPE).unwrap_err();
        assert!(error.message.contains("32 levels"), "{}", error.message);
    }
    let listed = |count: usize| vec!["open eq true"; count].join(" or ");
    assert!(Filter::read(&listed(256), &SHAPE).is_ok());
    let error = Filter::read(&listed(257), &SHAPE).unwrap_err();
    assert!(error.message.contains("256 values"), "{}", error.message);
}

proptest! {
    #[test]
    fn any_filter_is_read_or_refused(text in "((name|id|size|at|not|and|or|in|contains|eq|ne|[(),]|'[a-zä']*'|5|null|.) ?){0,12}") {
        match Filter::read(&text, &SHAPE) {
            Ok(filter) => { filter.admits(&json!({"name": "a"})); }
            Err(error) => prop_assert_eq!(error.status, 400),
        }
    }
}
