//! `not (a eq 1 or b eq 2) and c eq 3`: from the tokens of a filter to its tree, by recursive descent.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html>

use super::{
    Function, Node, Operator,
    tokens::{Literal, Token, TokenKind, tokens},
};
use crate::{
    error::PublicError,
    generous::shown,
    odata::{
        query::refused,
        shape::{Kind, Property, Scalar, Shape},
    },
};

/// How deep parentheses and `not` may nest: every level is a call on the stack.
const DEPTH_MAX: usize = 32;

/// How many literals a filter may hold: all of them are held against every resource.
const LITERALS_MAX: usize = 256;

/// Reads a whole filter.
pub(super) fn read(text: &str, shape: &Shape) -> Result<Node, PublicError> {
    let tokens = match tokens(text) {
        Ok(tokens) => tokens,
        Err(at) => {
            let rest = &text[at..];
            return Err(fault(text, at, rest, "this quote does not close", shape));
        }
    };
    let mut reader = Reader {
        text,
        shape,
        tokens: &tokens,
        depth: 0,
        literals: 0,
    };
    let node = reader.any()?;
    if reader.peek() == &TokenKind::End {
        Ok(node)
    } else {
        Err(reader.fault("`and`, `or` or the end is expected"))
    }
}

/// The tokens that are left; the last one, the end, is never taken.
struct Reader<'a> {
    text: &'a str,
    shape: &'a Shape,
    tokens: &'a [Token<'a>],
    depth: usize,
    literals: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> &'a TokenKind<'a> {
        self.tokens.first().map_or(&TokenKind::End, |t| &t.kind)
    }

    fn advance(&mut self) {
        if let [_, rest @ ..] = self.tokens
            && !rest.is_empty()
        {
            self.tokens = rest;
        }
    }

    /// Takes the next token if it is that word.
    fn takes(&mut self, word: &str) -> bool {
        let is = self.peek().is_word(word);
        if is {
            self.advance();
        }
        is
    }

    /// Takes the next token, which must be this mark.
    fn mark(&mut self, mark: &TokenKind<'_>, expected: &str) -> Result<(), PublicError> {
        if self.peek() != mark {
            return Err(self.fault(expected));
        }
        self.advance();
        Ok(())
    }

    fn any(&mut self) -> Result<Node, PublicError> {
        let mut nodes = vec![self.all()?];
        while self.takes("or") {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, PublicError> {
        let mut nodes = vec![self.term()?];
        while self.takes("and") {
            nodes.push(self.term()?);
        }
        Ok(one_or(nodes, Node::All))
    }

    fn term(&mut self) -> Result<Node, PublicError> {
        if self.depth == DEPTH_MAX {
            return Err(self.fault(&format!(
                "parentheses and `not` nest {DEPTH_MAX} levels deep at most"
            )));
        }
        self.depth += 1;
        let node = if self.takes("not") {
            Node::Not(Box::new(self.term()?))
        } else if self.peek() == &TokenKind::Open {
            self.advance();
            let node = self.any()?;
            self.mark(&TokenKind::Close, "`and`, `or` or `)` is expected")?;
            node
        } else if let [_, next, ..] = self.tokens
            && next.kind == TokenKind::Open
        {
            self.call()?
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn call(&mut self) -> Result<Node, PublicError> {
        let function = match self.peek() {
            TokenKind::Word(word) => Function::parse(word),
            _ => None,
        };
        let function = function.ok_or_else(|| {
            self.fault("one of the functions startswith, endswith and contains is expected")
        })?;
        self.advance();
        self.mark(&TokenKind::Open, "`(` is expected")?;
        let at = self.tokens;
        let property = self.property()?;
        if !matches!(property.kind, Kind::Text | Kind::Folded) {
            self.tokens = at;
            return Err(self.fault("the function takes a property that holds a text"));
        }
        self.mark(&TokenKind::Comma, "`,` is expected")?;
        let at = self.tokens;
        let Scalar::Text(part) = self.scalar(property)? else {
            self.tokens = at;
            return Err(self.fault("a text in single quotes is expected"));
        };
        self.mark(&TokenKind::Close, "`)` is expected")?;
        Ok(Node::Call(function, property, part))
    }

    fn comparison(&mut self) -> Result<Node, PublicError> {
        let property = self.property()?;
        if self.takes("in") {
            return self.list(property);
        }
        let operator = match self.peek() {
            TokenKind::Word(word) => Operator::parse(word),
            _ => None,
        };
        let operator = operator.ok_or_else(|| {
            self.fault("one of the operators eq, ne, gt, ge, lt, le and in is expected")
        })?;
        if operator.orders() && property.kind == Kind::Flag {
            return Err(self.fault("true and false can only be compared with eq, ne and in"));
        }
        self.advance();
        let scalar = self.scalar(property)?;
        Ok(Node::Compare(property, operator, scalar))
    }

    fn list(&mut self, property: &'static Property) -> Result<Node, PublicError> {
        self.mark(&TokenKind::Open, "`(` is expected")?;
        let mut scalars = vec![self.scalar(property)?];
        while self.peek() == &TokenKind::Comma {
            self.advance();
            scalars.push(self.scalar(property)?);
        }
        self.mark(&TokenKind::Close, "`,` or `)` is expected")?;
        Ok(Node::In(property, scalars))
    }

    fn property(&mut self) -> Result<&'static Property, PublicError> {
        let property = match self.peek() {
            TokenKind::Word(word) => self.shape.property(word),
            _ => None,
        };
        let property =
            property.ok_or_else(|| self.fault("a property that can be filtered by is expected"))?;
        self.advance();
        Ok(property)
    }

    /// A literal that the property can be compared with.
    fn scalar(&mut self, property: &Property) -> Result<Scalar, PublicError> {
        let scalar = match (self.peek().literal(), property.kind) {
            (Some(Literal::Null), _) => Some(Scalar::Null),
            (Some(Literal::Text(text)), Kind::Text | Kind::Folded) => Some(property.text(&text)),
            (Some(Literal::Number(number)), Kind::Number) => Some(Scalar::Number(number)),
            (Some(Literal::Flag(flag)), Kind::Flag) => Some(Scalar::Flag(flag)),
            (Some(Literal::Moment(moment)), Kind::Moment) => Some(Scalar::Moment(moment)),
            _ => None,
        };
        let scalar = scalar.ok_or_else(|| {
            let (name, example) = (property.name, property.kind.example());
            self.fault(&format!("{name} is compared with {example}"))
        })?;
        self.literals += 1;
        if self.literals > LITERALS_MAX {
            return Err(self.fault(&format!(
                "a filter holds {LITERALS_MAX} values at most; ask in several requests"
            )));
        }
        self.advance();
        Ok(scalar)
    }

    /// A refusal at the next token.
    fn fault(&self, expected: &str) -> PublicError {
        let at = self.tokens.first().map_or(self.text.len(), |t| t.at);
        let end = self.tokens.get(1).map_or(self.text.len(), |t| t.at);
        let found = self.text[at..end].trim_end();
        fault(self.text, at, found, expected, self.shape)
    }
}

fn one_or(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        last => {
            nodes.extend(last);
            several(nodes)
        }
    }
}

/// The position is counted in characters from one, as a person counts.
fn fault(text: &str, at: usize, found: &str, expected: &str, shape: &Shape) -> PublicError {
    let position = text[..at].chars().count() + 1;
    let found = match found {
        "" => "the end".to_owned(),
        found => shown(found),
    };
    refused(
        "$filter",
        format!(
            "Invalid filter clause {} at position {position}: {expected}, found {found}. \
             Properties that can be filtered by: {}. Supported are eq, ne, gt, ge, lt, le, in, and, or, not, \
             parentheses, startswith, endswith and contains, for example: {} eq '…'.",
            shown(text),
            shape.property_names(),
            shape.properties.first().map_or("id", |p| p.name),
        ),
    )
}
