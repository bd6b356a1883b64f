//! The pages that people see: small, without JavaScript, and useless to other sites.

use std::{fmt::Write, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use tenant::accounts::Accounts;

use super::{forgery::FormToken, issuer::Visit, redirect, sign_in::Answer};

const STYLE: &str = include_str!("page.css");
/// Sends the form of a page that only hands something on; there is a button for browsers that run no scripts.
const SUBMIT: &str = "document.forms[0].submit()";

static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| source_of(STYLE));
static SUBMIT_SOURCE: LazyLock<String> = LazyLock::new(|| source_of(SUBMIT));

fn source_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A page before it is sent.
pub(super) struct Page {
    status: u16,
    title: String,
    body: String,
    /// Where its form may lead, beside ourselves.
    leads_to: Option<String>,
    submits: bool,
    cookie: Option<String>,
}

impl Page {
    /// A page with a title, which is also its heading, and the HTML below it.
    pub fn new(status: u16, title: &str, body: String) -> Self {
        Self {
            status,
            title: title.to_owned(),
            body,
            leads_to: None,
            submits: false,
            cookie: None,
        }
    }

    /// What could not be done, and why.
    pub fn problem(status: u16, text: &str) -> Self {
        let body = format!("<p class=\"problem\" role=\"alert\">{}</p>", escape(text));
        Self::new(status, "That did not work", body)
    }

    /// Lets the page's form, or what answers it, lead to this address.
    pub fn leading_to(mut self, uri: &str) -> Self {
        self.leads_to = Some(redirect::source(uri));
        self
    }

    /// Sends the page's form by itself where scripts run.
    pub fn submitting(mut self) -> Self {
        self.submits = true;
        self
    }

    /// Ties the page's form to the browser.
    pub fn tied(mut self, token: &FormToken) -> Self {
        self.cookie = Some(token.set_cookie());
        self
    }

    /// The page as an answer that no cache keeps, no frame holds, and no script of others gets into.
    pub fn answer(self) -> Answer {
        let script = match self.submits {
            true => format!("<script>{SUBMIT}</script>"),
            false => String::new(),
        };
        let body = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n<title>{title} – Linkspan</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<p class=\"brand\">{MARK}Linkspan</p>\n<h1>{title}</h1>\n{body}\n</main>\n{script}</body>\n</html>\n",
            title = escape(&self.title),
            body = self.body,
        );
        let mut policy = format!(
            "default-src 'none'; style-src {}; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            *STYLE_SOURCE
        );
        if let Some(source) = &self.leads_to {
            let _ = write!(policy, " {source}");
        }
        if self.submits {
            let _ = write!(policy, "; script-src {}", *SUBMIT_SOURCE);
        }
        let mut headers = vec![
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-security-policy", policy),
            ("x-frame-options", "DENY".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
        ];
        headers.extend(self.cookie.map(|cookie| ("set-cookie", cookie)));
        Answer {
            status: self.status,
            headers,
            body: body.into_bytes(),
        }
        .not_stored()
    }
}

/// Two posts and the span between them.
const MARK: &str = "<svg viewBox=\"0 0 20 20\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\" aria-hidden=\"true\"><path d=\"M3 17V6M17 17V6M3 8c4 5 10 5 14 0M10 12v5\"/></svg>";

/// Text as it may stand in HTML, in attributes too.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// A field that is sent along.
pub(super) fn hidden(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
        escape(name),
        escape(value)
    )
}

/// A problem above a form, if there is one.
pub(super) fn alert(problem: Option<&str>) -> String {
    problem.map_or_else(String::new, |problem| {
        format!(
            "<p class=\"problem\" role=\"alert\">{}</p>\n",
            escape(problem)
        )
    })
}

/// A form that asks who signs in: a list to choose from, or a name and a password. It sends `action=cancel` if nobody does.
pub(super) fn sign_in_form(
    visit: &Visit<'_>,
    accounts: &Accounts,
    carried: &str,
    hint: Option<&str>,
) -> String {
    let who = if visit.issuer.options.choose_user {
        people(accounts, hint)
    } else {
        password_fields(hint)
    };
    format!(
        "<form method=\"post\" action=\"{}\">\n{carried}{who}<button class=\"other\" name=\"action\" value=\"cancel\" formnovalidate>Cancel</button>\n</form>",
        escape(visit.request.path)
    )
}

fn people(accounts: &Accounts, hint: Option<&str>) -> String {
    let mut list = "<ul class=\"people\">\n".to_owned();
    let hinted = hint.and_then(|hint| accounts.user(hint));
    for user in &accounts.users {
        let first = user.display_name.chars().next().unwrap_or('?');
        let focus = match hinted {
            Some(hinted) if hinted.id == user.id => " autofocus",
            _ => "",
        };
        let guest = if user.guest { " (guest)" } else { "" };
        let _ = writeln!(
            list,
            "<li><button name=\"user\" value=\"{}\"{focus}><span class=\"face\" aria-hidden=\"true\">{}</span><span><strong>{}{guest}</strong><small>{}</small></span></button></li>",
            escape(&user.id),
            escape(&first.to_string()),
            escape(&user.display_name),
            escape(&user.upn),
        );
    }
    list.push_str("</ul>\n");
    list
}

fn password_fields(hint: Option<&str>) -> String {
    let hint = hint.unwrap_or_default();
    let (name_focus, password_focus) = match hint {
        "" => (" autofocus", ""),
        _ => ("", " autofocus"),
    };
    format!(
        "<label for=\"username\">User name</label>\n<input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required{name_focus}>\n<label for=\"password\">Password</label>\n<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required{password_focus}>\n<button>Sign in</button>\n",
        escape(hint)
    )
}
