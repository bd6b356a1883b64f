//! Query → tree, rule by rule.

mod sketch;

use kql::DiagnosticKind::SpacedOperator;
use kql::{Expr, Op, Restriction, Value, free_terms, parse};
use sketch::sketch;

/// Checks trees of well-formed queries.
fn trees(table: &[(&str, &str)]) {
    for (query, expected) in table {
        let parsed = parse(query);
        let tree = parsed.expr.as_ref().map(sketch).unwrap_or_default();
        assert_eq!(tree, *expected, "{query:?}");
        assert!(!parsed.malformed(), "{query:?}: {:?}", parsed.diagnostics);
    }
}

#[test]
fn lexical_rules() {
    trees(&[
        ("a\u{3000}b\tc\nd", "(list a b c d)"),
        ("( a )", "(group a)"),
        ("a(b)c", "(list a (group b) c)"),
        ("\u{201C}a b\u{201D}", "\"a b\""),
        ("\u{201E}a b\u{201F}c", "(list \"a b\" c)"),
        ("\"a\"\"b\"", "(list \"a\" \"b\")"),
        (r#""a\" b"#, r#"(list "a\" b)"#),
        ("'a b'", "(list 'a b')"),
        ("a\"b c\"d", "(list a \"b c\" d)"),
        ("budget.xlsx C++ O'Neil", "(list budget.xlsx C++ O'Neil)"),
        ("a & b", "(list a b)"),
        ("a \"&\" b", "(list a b)"),
        ("a AND & b", "(and a b)"),
        ("℃ ™", "(list ℃ ™)"),
        ("and or not near", "(list and or not near)"),
        ("And Or Not", "(list And Or Not)"),
        ("\"AND\" \"OR\"", "(list \"AND\" \"OR\")"),
        ("AND: ANDs", "(list \"AND\" ANDs)"),
        (
            "WORDS a ALL (b) ANY",
            "(list \"WORDS\" a \"ALL\" (group b) \"ANY\")",
        ),
    ]);
}

#[test]
fn precedence() {
    trees(&[
        ("a b OR c", "(list a (or b c))"),
        ("a OR b AND c", "(or a (and b c))"),
        ("a AND b OR c", "(or (and a b) c)"),
        ("a AND b AND c", "(and a b c)"),
        ("(a OR b) AND c", "(and (group (or a b)) c)"),
        ("((a))", "(group (group a))"),
        ("NOT a AND b", "(and (not a) b)"),
        ("NOT a NEAR b", "(not (near a near8 b))"),
        ("-a NEAR b", "(not (near a near8 b))"),
        ("a AND b NEAR c OR d", "(or (and a (near b near8 c)) d)"),
        (
            "a OR b XRANK(cb=1) c OR d e",
            "(list (xrank (or a b) <cb=1.0> (or c d)) e)",
        ),
        (
            "(t:r OR g:p) AND m>=1 NOT s:o",
            "(list (and (group (or [t : r] [g : p])) [m >= 1]) (not [s : o]))",
        ),
    ]);
}

#[test]
fn negation_and_signs() {
    trees(&[
        ("a NOT b", "(list a (not b))"),
        ("NOT(a:b)", "(not (group [a : b]))"),
        ("a OR NOT b", "(or a (not b))"),
        ("NOT NOT a", "(not (not a))"),
        ("NOT NOT NOT a", "(not a)"),
        ("NOT -a", "(not (not a))"),
        ("+a -b", "(list a (not b))"),
        ("-\"a b\"", "(not \"a b\")"),
        ("-(a OR b)", "(not (group (or a b)))"),
        ("+(a)", "(group a)"),
        ("-a:b", "(not [a : b])"),
        ("-a:\"b c\"", "(not [a : \"b c\"])"),
        ("-a:(b c)", "(not [a : (list b c)])"),
        ("-* +*", "(list (not everything) everything)"),
        ("-ANY(a b)", "(not (ANY a b))"),
        ("-AND", "(not \"AND\")"),
        ("--a", "(not a)"),
        ("--t:a", "(not \"t:a\")"),
        ("a - b", "(list a b)"),
        ("a -\"&\" b", "(list a b)"),
        ("a-b", "a-b"),
        ("\"a\"-b", "(list \"a\" (not b))"),
    ]);
}

#[test]
fn stars() {
    trees(&[
        ("*", "everything"),
        ("(*)", "(group everything)"),
        ("fed*", "fed*"),
        ("fed**", "fed*"),
        ("fe*d", "fe*d"),
        ("*budget", "budget"),
        ("*bud*", "bud*"),
        ("*t:a", "\"t:a\""),
        ("\"a sear*\"", "\"a sear\"*"),
        ("\"a sear\"*", "\"a sear\"*"),
        ("\"a sear* \"", "\"a sear\"*"),
        ("\"ad* search\"", "\"ad* search\""),
        ("\"a\"*b", "(list \"a\"* b)"),
    ]);
}

#[test]
fn restrictions() {
    trees(&[
        ("t:a", "[t : a]"),
        ("t=a", "[t = a]"),
        ("t<>a", "[t <> a]"),
        ("t<1", "[t < 1]"),
        ("t<=1", "[t <= 1]"),
        ("t>1", "[t > 1]"),
        ("t>=1", "[t >= 1]"),
        ("Label_Title:\"a b\"", "[Label_Title : \"a b\"]"),
        ("t:a b", "(list [t : a] b)"),
        ("t:a\"b\"", "(list [t : a] \"b\")"),
        ("t:\"a\"b", "(list [t : \"a\"] b)"),
        ("t:a*", "[t : a*]"),
        ("t:\"a b*\"", "[t : \"a b\"*]"),
        ("t:\"a b\"*", "[t : \"a b\"*]"),
        ("t:*", "[t : any]"),
        ("t<>*", "[t <> any]"),
        ("t:\"\"", "[t : \"\"]"),
        ("t:&&", "[t : &&]"),
        ("t==a", "[t = =a]"),
        ("https://x.y/z", "[https : //x.y/z]"),
        ("m:2025-12-31T23:59:59Z", "[m : 2025-12-31T23:59:59Z]"),
        ("10:30 a-b:c _t:a", "(list 10:30 a-b:c _t:a)"),
        ("t:a:b<c", "[t : a:b<c]"),
        ("t:-5", "[t : -5]"),
        ("AND:a", "[AND : a]"),
    ]);
}

#[test]
fn ranges() {
    trees(&[
        ("p:1..3", "[p : 1 to 3]"),
        ("p=-1..0", "[p = -1 to 0]"),
        ("p:..1", "[p : _ to 1]"),
        ("p:1..", "[p : 1 to _]"),
        ("p:..", "[p : ..]"),
        ("p:1..3*", "[p : 1..3*]"),
        ("p:\"1..3\"", "[p : \"1..3\"]"),
        ("p>1..3", "[p > 1..3]"),
        ("m:yesterday..today", "[m : yesterday to today]"),
        ("m:\"last month\"..today", "[m : last month to today]"),
        (
            "m:\"last month\"..\"this month\"",
            "[m : last month to this month]",
        ),
        ("m:\"last month\"..", "[m : last month to _]"),
        (
            "m:2026-01-01..\"this month\"",
            "[m : 2026-01-01 to this month]",
        ),
        ("m:..\"this month\" x", "(list [m : _ to this month] x)"),
        ("m:\"a\" ..b", "(list [m : \"a\"] ..b)"),
        ("m:\"a\"..b*", "(list [m : \"a\"] ..b*)"),
        ("m>\"a\"..b", "(list [m > \"a\"] ..b)"),
    ]);
}

#[test]
fn white_space_beside_property_operators() {
    trees(&[
        ("a: \"b c\"", "(list a \"b c\")"),
        ("a :\"b c\"", "(list a \"b c\")"),
        ("a : b", "(list a b)"),
        ("a= b", "(list a b)"),
        ("a :b", "(list a :b)"),
        ("a: (b)", "(list a (group b))"),
        ("(a:)", "(group a)"),
        ("p>= 5", "[p >= ~ 5]"),
        ("p<> -5.5", "[p <> ~ -5.5]"),
        ("p>\n2024-07-22", "[p > ~ 2024-07-22]"),
        ("m< \"this week\"", "[m < ~ \"this week\"]"),
        ("m<= Today", "[m <= ~ Today]"),
        ("m>= this week", "(list m this week)"),
        ("p>= five", "(list p five)"),
        ("p>= 5*", "(list p 5*)"),
        ("p >= 5", "(list p 5)"),
        ("p >=5", "(list p >=5)"),
        ("p: 5", "(list p 5)"),
        ("-p> 5", "(not [p > ~ 5])"),
    ]);
    for (query, suggestion) in [
        ("a: \"b c\" d", "a:\"b c\""),
        ("a :\"b c\" d", "a:\"b c\""),
        ("a = b", "a=b"),
        ("a :b", "a:b"),
        ("-p >= 5", ""),
        ("p> five", "p>five"),
    ] {
        let diagnostics = parse(query).diagnostics;
        let found: Vec<_> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.kind == SpacedOperator)
            .filter_map(|diagnostic| diagnostic.suggestion.as_deref())
            .collect();
        let expected: Vec<_> = Some(suggestion)
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{query:?}");
    }
}

#[test]
fn value_lists() {
    trees(&[
        ("a:(b OR \"c d\")", "[a : (or b \"c d\")]"),
        ("a<>(b c)", "[a <> (list b c)]"),
        ("a:(b:(c) d)", "[a : (list [b : c] d)]"),
    ]);
    for (query, expected) in [
        ("a:(b OR \"c d\")", "(group (or [a : b] [a : \"c d\"]))"),
        ("a:(b c)", "(group (list [a : b] [a : c]))"),
        ("a=(b* NOT *)", "(group (list [a = b*] (not [a = any])))"),
        ("p:(1..3 OR 7)", "(group (or [p : 1 to 3] [p : 7]))"),
        ("u:(https://x)", "(group [u : \"https://x\"])"),
        (
            "a:((b AND c) d)",
            "(group (list (group (and [a : b] [a : c])) [a : d]))",
        ),
        ("a:(b NEAR c)", "(group (and [a : b] [a : c]))"),
        ("a:(WORDS(b, c))", "(group (or [a : b] [a : c]))"),
        (
            "a:(NONE(b c))",
            "(group (group (not (or [a : b] [a : c]))))",
        ),
        ("a:(b XRANK(cb=1) c)", "(group [a : b])"),
        ("a:(b:\"c\")", "(group (and [a : b] [a : \"c\"]))"),
        ("a<(=b)", "(group [a < \"=b\"])"),
    ] {
        let distributed = restriction(query).distributed().map(|expr| sketch(&expr));
        assert_eq!(distributed.as_deref(), Some(expected), "{query:?}");
    }
    assert_eq!(restriction("a:b").distributed(), None);
}

/// The restriction that a query is.
fn restriction(query: &str) -> Restriction {
    match parse(query).expr {
        Some(Expr::Restriction(restriction)) => restriction,
        other => unreachable!("{query:?} is {other:?}"),
    }
}

#[test]
fn unknown_names_are_free_text() {
    for (query, expected) in [
        ("foo:bar", "\"foo:bar\""),
        ("foo:bar*", "\"foo:bar\"*"),
        ("foo:*", "\"foo:\"*"),
        ("https://x", "\"https://x\""),
        ("a<b", "\"a<b\""),
        ("foo:1..2", "\"foo:1..2\""),
        ("foo:\"b c\"", "(and foo \"b c\")"),
        ("foo:\"\"", "foo"),
        ("NOT:\"a\"", "(and \"NOT\" \"a\")"),
        ("foo>= 5", "(and foo 5)"),
        ("foo>= -5", "(and foo (not 5))"),
        ("foo>= \"this week\"", "(and foo \"this week\")"),
        ("foo:(t:a b)", "(and foo (group (list [t : a] b)))"),
    ] {
        assert_eq!(
            sketch(&restriction(query).free_text()),
            expected,
            "{query:?}"
        );
    }
}

#[test]
fn proximity() {
    trees(&[
        ("a NEAR b", "(near a near8 b)"),
        ("a ONEAR b", "(near a onear8 b)"),
        ("a NEAR(5) b", "(near a near5 b)"),
        ("a NEAR(n=0) b", "(near a near0 b)"),
        ("a ONEAR( N = 3 ) \"b c\"", "(near a onear3 \"b c\")"),
        ("a NEAR (3) b", "(near a near3 b)"),
        ("a NEAR (3)", "(near a near8 (group 3))"),
        ("a NEAR (b OR c)", "(near a near8 (group (or b c)))"),
        ("a* NEAR b ONEAR(2) c", "(near a* near8 b onear2 c)"),
        ("t:a NEAR b", "(near [t : a] near8 b)"),
        ("a near(3) b", "(list a near (group 3) b)"),
    ]);
    let Some(Expr::Near(near)) = parse("a NEAR(1) b ONEAR(2) c").expr else {
        unreachable!()
    };
    let pairs: Vec<_> = near
        .pairs()
        .map(|(left, link)| {
            (
                sketch(left),
                link.ordered,
                link.distance,
                sketch(&link.operand),
            )
        })
        .collect();
    let pair = |left: &str, ordered, distance, right: &str| {
        (left.to_owned(), ordered, distance, right.to_owned())
    };
    assert_eq!(pairs, [pair("a", false, 1, "b"), pair("b", true, 2, "c")]);
}

#[test]
fn word_lists() {
    trees(&[
        ("WORDS(a, b)", "(WORDS a b)"),
        ("WORDS(a,b , \"c d\",e*)", "(WORDS a b \"c d\" e*)"),
        ("WORDS(a)", "(WORDS a)"),
        ("WORDS(a, &)", "(WORDS a)"),
        ("ANY(a \"b c\")", "(ANY a \"b c\")"),
        ("ALL(a b) NONE(c)", "(list (ALL a b) (NONE c))"),
        ("ANY(t:a)", "(ANY \"t:a\")"),
    ]);
}

#[test]
fn ranks() {
    trees(&[
        ("a XRANK(cb=100) b", "(xrank a <cb=100.0> b)"),
        ("a XRANK(nb=1.5, n=20) b", "(xrank a <nb=1.5, n=20> b)"),
        (
            "a XRANK(CB = -1e3,rb=.5) b",
            "(xrank a <cb=-1000.0, rb=0.5> b)",
        ),
        ("a XRANK (cb=1) b", "(xrank a <cb=1.0> b)"),
        (
            "a XRANK(cb=1) b XRANK(pb=2) c",
            "(xrank a <cb=1.0> b <pb=2.0> c)",
        ),
    ]);
}

#[test]
fn spans() {
    let Some(Expr::List(members)) = parse("é -b t:\"x y\" p>= 5").expr else {
        unreachable!()
    };
    let spans: Vec<_> = members
        .iter()
        .map(|member| match member {
            Expr::Word(term) => term.span,
            Expr::Not(inner) => match &**inner {
                Expr::Word(term) => term.span,
                other => unreachable!("{other:?}"),
            },
            Expr::Restriction(restriction) => restriction.span,
            other => unreachable!("{other:?}"),
        })
        .map(|span| (span.start, span.end))
        .collect();
    assert_eq!(spans, [(0, 2), (4, 5), (6, 13), (14, 19)]);
}

#[test]
fn search_terms() {
    let known = |name: &str| ["title", "priority"].contains(&name);
    for (query, expected) in [
        ("*", &[][..]),
        ("Budget fed* \"web part*\"", &["Budget", "fed", "web part"]),
        ("b a B a", &["b", "a"]),
        ("a -b NOT (c OR d) +e", &["a", "e"]),
        ("NOT (a NOT b)", &["b"]),
        ("title:a https://x priority>= 5 b", &["https://x", "b"]),
        ("foo:\"b c\" title:(d e)", &["foo", "b c"]),
        (
            "a NEAR b OR WORDS(c, d) ANY(e f) NONE(g)",
            &["a", "b", "c", "d", "e", "f"],
        ),
        ("a XRANK(cb=1) b", &["a"]),
        ("title : a", &["title", "a"]),
    ] {
        let terms = parse(query)
            .expr
            .map(|expr| free_terms(&expr, &known))
            .unwrap_or_default();
        assert_eq!(terms, expected, "{query:?}");
    }
}

#[test]
fn values_as_plain_text() {
    assert_eq!(
        restriction("t:a..b").value.literal().as_deref(),
        Some("a..b")
    );
    assert_eq!(restriction("t:..b").value.literal().as_deref(), Some("..b"));
    assert_eq!(
        restriction("t:\"a b*\"").value.literal().as_deref(),
        Some("a b")
    );
    assert_eq!(restriction("t:*").value.literal(), None);
    assert_eq!(restriction("t>1").op, Op::Greater);
    assert_eq!(restriction("t:*").value, Value::Any);
}
