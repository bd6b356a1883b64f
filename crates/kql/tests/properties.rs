//! What holds for every text.

use kql::{Expr, balance, free_terms, parse};
use proptest::prelude::*;

/// Pieces that mean something to the language, alone and side by side.
const SOUP: &[&str] = &[
    "a",
    "b7",
    "é",
    "cat",
    "&",
    "''",
    "℃",
    " ",
    " ",
    " ",
    "\u{3000}",
    "\n",
    "(",
    ")",
    "\"",
    "“",
    "\"x y\"",
    "\"x*\"",
    "\"\"",
    "*",
    "+",
    "-",
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "ONEAR",
    "XRANK",
    "WORDS",
    "ALL",
    "ANY",
    "NONE",
    " AND ",
    " OR ",
    " NOT ",
    " NEAR ",
    " ONEAR(3) ",
    " NEAR(",
    " XRANK(cb=1) ",
    " XRANK ",
    "WORDS(",
    "NONE(",
    ",",
    ".",
    "..",
    "n=",
    "5",
    "-1",
    "2026-01-01",
    "today",
    "\"this week\"",
    "title",
    ":",
    "=",
    "<",
    ">",
    "<>",
    ">=",
    "<= ",
    "title:",
    "size>= ",
    "t:(",
    "_",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(SOUP), 0..24).prop_map(|pieces| pieces.concat())
}

/// Words with a space between any two, which gives more well-formed queries than plain soup.
fn spaced_soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(SOUP), 0..24).prop_map(|pieces| pieces.join(" "))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![soup(), spaced_soup(), any::<String>()]
}

fn check_tree(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(text);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        prop_assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
    }
    prop_assert!(parsed.expr.is_some() || parsed.malformed());
    let Some(expr) = parsed.expr else {
        return Ok(());
    };
    let printed = expr.to_string();
    let again = parse(&printed);
    prop_assert_eq!(again.expr.as_ref(), Some(&expr), "printed as {:?}", printed);
    // XRANK without a boost is kept, since its operand is, and stays a fault.
    prop_assert!(
        !again.malformed() || printed.contains("XRANK"),
        "{:?}",
        again.diagnostics
    );
    Ok(())
}

/// Calls a function with every restriction of a tree.
fn restrictions(expr: &Expr, visit: &mut dyn FnMut(&kql::Restriction)) {
    match expr {
        Expr::Restriction(restriction) => visit(restriction),
        Expr::Group(inner) | Expr::Not(inner) => restrictions(inner, visit),
        Expr::And(members) | Expr::Or(members) | Expr::List(members) => {
            members
                .iter()
                .for_each(|member| restrictions(member, visit));
        }
        Expr::Near(near) => near
            .operands()
            .for_each(|operand| restrictions(operand, visit)),
        Expr::Xrank(xrank) => {
            restrictions(&xrank.expr, visit);
            xrank
                .ranks
                .iter()
                .for_each(|rank| restrictions(&rank.operand, visit));
        }
        Expr::Word(_) | Expr::Phrase(_) | Expr::Everything | Expr::WordList(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn printed_trees_parse_to_equal_trees(text in any_text()) {
        check_tree(&text)?;
    }

    #[test]
    fn rewritten_restrictions_print_as_they_read(text in any_text()) {
        let Some(expr) = parse(&text).expr else { return Ok(()) };
        let mut rewritten = Vec::new();
        restrictions(&expr, &mut |restriction| {
            rewritten.push(restriction.free_text());
            rewritten.extend(restriction.distributed());
        });
        for expr in rewritten {
            let printed = expr.to_string();
            let again = parse(&printed);
            prop_assert!(!again.malformed() || printed.contains("XRANK"), "{}", printed);
            // Parentheses that precedence asked for are groups once they are read.
            prop_assert_eq!(again.expr.map(|expr| expr.to_string()), Some(printed));
        }
    }

    #[test]
    fn a_balanced_text_stays_in_its_place(text in any_text()) {
        let balanced = balance(&text);
        let inner = parse(&balanced).expr;
        let whole = parse(&format!("({balanced}) tail:end")).expr;
        let tail = parse("tail:end").expr;
        let expected = match (inner, tail) {
            (Some(inner), Some(tail)) => Some(Expr::List(vec![Expr::Group(Box::new(inner)), tail])),
            (_, tail) => tail,
        };
        prop_assert_eq!(whole, expected);
    }

    #[test]
    fn a_balanced_text_does_not_reach_for_what_follows(text in any_text()) {
        let balanced = balance(&text);
        let alone = |expr: Option<Expr>| match expr {
            Some(Expr::List(members)) => members,
            expr => expr.into_iter().collect(),
        };
        let mut expected = alone(parse(&balanced).expr);
        expected.extend(parse("(tail:end)").expr);
        prop_assert_eq!(alone(parse(&format!("{balanced}(tail:end)")).expr), expected);
    }

    #[test]
    fn search_terms_are_distinct_and_come_from_the_text(text in any_text()) {
        let Some(expr) = parse(&text).expr else { return Ok(()) };
        let terms = free_terms(&expr, &|_| true);
        for (index, term) in terms.iter().enumerate() {
            prop_assert!(!term.is_empty() && text.contains(term.as_str()), "{}", term);
            prop_assert!(!terms[..index].contains(term), "{}", term);
        }
    }
}
