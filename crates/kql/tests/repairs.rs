//! Malformed queries: what they are repaired to, and what is said about them.

mod sketch;

use kql::DiagnosticKind::{self, *};
use kql::{balance, parse};
use sketch::sketch;

/// Checks repaired trees, and the faults in the order of the text.
fn repairs(table: &[(&str, &str, &[DiagnosticKind])]) {
    for (query, expected, kinds) in table {
        let parsed = parse(query);
        let tree = parsed.expr.as_ref().map(sketch).unwrap_or_default();
        assert_eq!(tree, *expected, "{query:?}: {:?}", parsed.diagnostics);
        let faults: Vec<_> = parsed
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.malformed())
            .map(|diagnostic| diagnostic.kind)
            .collect();
        assert_eq!(faults, *kinds, "{query:?}: {:?}", parsed.diagnostics);
    }
}

#[test]
fn nothing_to_search_for() {
    repairs(&[
        ("", "", &[Empty]),
        ("   ", "", &[Empty]),
        ("&&&", "", &[Empty]),
        ("\"\"", "", &[Empty]),
        ("**", "", &[Empty]),
        ("- +", "", &[Empty]),
        ("AND", "", &[Empty, DanglingOperator]),
        ("OR AND", "", &[Empty, DanglingOperator, DoubledOperator]),
        ("()", "", &[Empty, EmptyGroup]),
        ("NEAR(3)", "", &[Empty, DanglingOperator]),
        ("WORDS()", "", &[Empty, BadArgument]),
        ("a ()", "a", &[EmptyGroup]),
        ("-() a", "a", &[EmptyGroup]),
        ("a AND (&)", "a", &[DanglingOperator, EmptyGroup]),
        ("a:()", "", &[Empty, EmptyGroup]),
        ("a:() b", "b", &[EmptyGroup]),
    ]);
}

#[test]
fn dangling_and_doubled_operators() {
    repairs(&[
        ("a OR", "a", &[DanglingOperator]),
        ("OR a", "a", &[DanglingOperator]),
        ("a NOT", "a", &[DanglingOperator]),
        ("(a AND) b", "(list (group a) b)", &[DanglingOperator]),
        ("(AND a) b", "(list (group a) b)", &[DanglingOperator]),
        ("a NEAR", "a", &[DanglingOperator]),
        ("NEAR(3) a", "a", &[DanglingOperator]),
        ("a XRANK(cb=1)", "a", &[DanglingOperator]),
        ("XRANK(cb=1) a", "a", &[DanglingOperator]),
        ("a AND OR b", "(and a b)", &[DoubledOperator]),
        ("a OR AND b", "(or a b)", &[DoubledOperator]),
        (
            "a OR AND OR b c",
            "(list (or a b) c)",
            &[DoubledOperator, DoubledOperator],
        ),
        ("a NOT OR b", "(list a (not b))", &[DoubledOperator]),
        ("a AND NEAR(3) b", "(and a b)", &[DoubledOperator]),
        ("a AND XRANK(cb=3) b", "(and a b)", &[DoubledOperator]),
        ("a NEAR AND b", "(near a near8 b)", &[DoubledOperator]),
        ("a NEAR NOT b", "(near a near8 b)", &[DoubledOperator]),
        ("a NEAR -b", "(near a near8 b)", &[DoubledOperator]),
        (
            "a NEAR -(b)",
            "(near a near8 (group b))",
            &[DoubledOperator],
        ),
        ("a AND OR", "a", &[DanglingOperator, DoubledOperator]),
    ]);
}

#[test]
fn parentheses_and_quotes() {
    repairs(&[
        ("a) b", "(list a b)", &[StrayParenthesis]),
        ("(a b", "(group (list a b))", &[MissingParenthesis]),
        (
            ")a(",
            "a",
            &[StrayParenthesis, MissingParenthesis, EmptyGroup],
        ),
        (
            "a) OR (b",
            "(or a (group b))",
            &[StrayParenthesis, MissingParenthesis],
        ),
        ("\"a b", "\"a b\"", &[MissingQuote]),
        ("\"a b*", "\"a b\"*", &[MissingQuote]),
        ("t:\"a b", "[t : \"a b\"]", &[MissingQuote]),
        (
            "(a \"b)",
            "(group (list a \"b)\"))",
            &[MissingParenthesis, MissingQuote],
        ),
        ("a \"", "a", &[MissingQuote]),
        ("WORDS(a, b", "(WORDS a b)", &[MissingParenthesis]),
    ]);
}

#[test]
fn bad_arguments() {
    repairs(&[
        ("a NEAR(x) b", "(near a near8 b)", &[BadArgument]),
        ("a NEAR() b", "(near a near8 b)", &[BadArgument]),
        ("a NEAR(-1) b", "(near a near8 b)", &[BadArgument]),
        ("a NEAR(m=1) b", "(near a near8 b)", &[BadArgument]),
        ("a NEAR(99999) b", "(near a near65535 b)", &[BadArgument]),
        (
            "a NEAR(b c)",
            "(near a near8 (group (list b c)))",
            &[BadArgument],
        ),
        ("WORDS() a", "a", &[BadArgument]),
        ("WORDS(&) a", "a", &[BadArgument]),
        ("WORDS(a b)", "(WORDS a b)", &[BadArgument]),
        ("WORDS(a,, b,)", "(WORDS a b)", &[BadArgument]),
        ("WORDS(a,)", "(WORDS a)", &[BadArgument]),
        ("ANY(a OR b)", "(ANY a b)", &[BadArgument]),
        ("WORDS(a,OR,b)", "(WORDS a b)", &[BadArgument]),
        ("ANY((a) b)", "(ANY a b)", &[BadArgument]),
        ("a XRANK b", "(xrank a <> b)", &[BadArgument]),
        ("a XRANK() b", "(xrank a <> b)", &[BadArgument]),
        ("a XRANK(n=5) b", "(xrank a <n=5> b)", &[BadArgument]),
        (
            "a XRANK(cb=1, cb=2) b",
            "(xrank a <cb=1.0> b)",
            &[BadArgument],
        ),
        (
            "a XRANK(cb=1, n=-2, n=3) b",
            "(xrank a <cb=1.0, n=3> b)",
            &[BadArgument],
        ),
        (
            "a XRANK(cb=1, x=2, y) b",
            "(xrank a <cb=1.0> b)",
            &[BadArgument, BadArgument],
        ),
        (
            "a XRANK(cb=inf, nb=1) b",
            "(xrank a <nb=1.0> b)",
            &[BadArgument],
        ),
        ("a XRANK(b)", "(xrank a <> (group b))", &[BadArgument]),
    ]);
}

#[test]
fn deep_nesting_is_repaired() {
    let nested = |depth: usize| format!("{}a AND b{}", "(".repeat(depth), ")".repeat(depth));
    assert!(!parse(&nested(64)).malformed());
    let deep = parse(&nested(70));
    assert_eq!(deep.expr, parse(&nested(64)).expr);
    assert!(
        deep.diagnostics
            .iter()
            .all(|diagnostic| diagnostic.kind == TooDeep)
    );
    assert_eq!(deep.diagnostics.len(), 6);
    for text in [
        "(",
        "a:(",
        "NOT ",
        "a NEAR(",
        "-(",
        "a XRANK(",
        "NOT (",
        "a XRANK(cb=1) ",
        "ANY(",
    ] {
        let query = text.repeat(100_000);
        let parsed = parse(&query);
        assert!(parsed.malformed(), "{text:?}");
        assert!(parsed.diagnostics.len() <= 65, "{text:?}");
        if let Some(expr) = parsed.expr {
            assert_eq!(parse(&expr.to_string()).expr, Some(expr), "{text:?}");
        }
    }
}

#[test]
fn diagnostics_say_what_where_and_what_instead() {
    for (query, expected) in [
        (
            "cat OR",
            "'OR' has no operand on its right; it was dropped (bytes 4 to 6)",
        ),
        (
            "a AND OR b",
            "'OR' follows 'AND' where an operand should stand; it was dropped (bytes 6 to 8)",
        ),
        (
            "é) b",
            "a ')' closes nothing; it was dropped (bytes 2 to 3)",
        ),
        (
            "“a b",
            "a quote is never closed; it was closed at the end of the query (bytes 0 to 6); \
             write \"a b\"",
        ),
        (
            "a NEAR(x) b",
            "'x' is no distance; NEAR takes a number such as NEAR(8), which was taken \
             (bytes 6 to 9); write (8)",
        ),
        (
            "WORDS() a",
            "WORDS() has no term; it was dropped (bytes 0 to 7)",
        ),
        (
            "*a",
            "'*a' begins with a star, which has no meaning there; it was dropped (bytes 0 to 2); \
                write a",
        ),
        (
            "a & b",
            "'&' has no letter or digit; it was dropped (bytes 2 to 3)",
        ),
        (
            "a :b",
            "white space beside ':' makes free text of it; if 'a' is a property, the value must \
             follow without white space (bytes 0 to 4); write a:b",
        ),
    ] {
        let diagnostics = parse(query).diagnostics;
        assert_eq!(diagnostics.len(), 1, "{query:?}: {diagnostics:?}");
        assert_eq!(diagnostics[0].to_string(), expected, "{query:?}");
    }
}

#[test]
fn the_first_fault_is_never_lost() {
    let query = format!("{} cat OR", "& ".repeat(1000));
    let parsed = parse(&query);
    assert_eq!(parsed.diagnostics.len(), 65);
    assert!(parsed.malformed());
}

#[test]
fn balanced_texts() {
    for (text, expected) in [
        ("a  OR b", "a  OR b"),
        ("title:\"a b\" -c", "title:\"a b\" -c"),
        ("a) OR (b", "a OR (b)"),
        ("\"a b", "\"a b\""),
        ("a OR", "a"),
        ("a NOT", "a"),
        ("a -", "a"),
        ("title:", "title"),
        ("a NONE", "a \"NONE\""),
        ("\"a\"-ANY", "\"a\" NOT \"ANY\""),
        ("", ""),
        ("AND", ""),
        ("\"a\"*WORDS", "\"a\"* \"WORDS\""),
        ("a NEAR(x) b", "a NEAR b"),
    ] {
        assert_eq!(balance(text), expected, "{text:?}");
    }
}
