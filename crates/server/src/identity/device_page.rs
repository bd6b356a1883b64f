//! `/devicelogin`: a person enters the code that a device shows, and signs in for it.

use tenant::accounts::Accounts;

use super::{
    authorize::signed_in,
    devices::Wanted,
    forgery::FormToken,
    form::Form,
    issuer::Visit,
    page::{self, Page, escape, hidden},
    scopes::Asked,
    sign_in::Answer,
};

/// The key of the page's throttle: there is one for all.
const USER_CODES: &str = "user codes";
const OLD_FORM: &str = "This form was not shown in this browser, or a long time ago. Try again; the page needs its cookie.";

/// Answers GET with the page, and POST with the next one.
pub(super) fn answer(visit: &Visit<'_>) -> Answer {
    let form = match visit.fields() {
        Ok(form) => form,
        Err(refusal) => return Page::problem(refusal.status, &refusal.text).answer(),
    };
    let token = FormToken::of(visit.request);
    let desk = Desk {
        visit,
        form: &form,
        token: &token,
    };
    desk.answer().tied(&token).answer()
}

/// One request to the page.
struct Desk<'a> {
    visit: &'a Visit<'a>,
    form: &'a Form,
    token: &'a FormToken,
}

impl Desk<'_> {
    fn answer(&self) -> Page {
        let keys = &self.visit.issuer.keys;
        if self.visit.request.method != "POST" {
            return self.code_page(200, None);
        }
        let sent = self.form.get(FormToken::FIELD).unwrap_or_default();
        if !self.token.is(keys, sent) {
            return self.code_page(403, Some(OLD_FORM));
        }
        let Some(code) = self.form.get("user_code") else {
            return self.code_page(400, Some("Enter the code that the device shows."));
        };
        let (issuer, now) = (self.visit.issuer, self.visit.now);
        if issuer.user_codes.is_locked(USER_CODES, now) {
            return self.code_page(
                429,
                Some("Too many wrong codes were entered. Wait a minute, then try again."),
            );
        }
        let Some(wanted) = issuer.devices.wanted(code, now) else {
            issuer.user_codes.failed(USER_CODES, now);
            return self.code_page(
                400,
                Some("No device waits with this code. Check it, or ask the device for a new one: a code is good for 15 minutes. Every tenant has a page of its own: open the very address that the device shows."),
            );
        };
        let accounts = issuer.visibility.accounts();
        if self.form.get("action") == Some("cancel") {
            issuer.devices.decide(code, None, now);
            return done(
                "Declined",
                "The device was told that nobody signs in. You can close this page.",
            );
        }
        if self.form.get("step") != Some("sign-in") {
            return self.sign_in_page(code, (&wanted, &accounts), (200, None));
        }
        match signed_in(issuer, self.form, &accounts, now) {
            Err(refusal) => self.sign_in_page(
                code,
                (&wanted, &accounts),
                (refusal.status, Some(&refusal.text)),
            ),
            Ok(user) => {
                if !issuer.devices.decide(code, Some(&user.id), now) {
                    return self.code_page(400, Some("The code has expired meanwhile."));
                }
                done(
                    "You have signed in",
                    &format!(
                        "The device goes on as {}. You can close this page.",
                        user.display_name
                    ),
                )
            }
        }
    }

    fn code_page(&self, status: u16, problem: Option<&str>) -> Page {
        let code = self.form.get("user_code").or(self.form.get("otc"));
        let body = format!(
            "{}<p>Enter the code that the app or device shows you.</p>\n<form method=\"post\" action=\"{}\">\n{}<label for=\"user_code\">Code</label>\n<input class=\"code\" id=\"user_code\" name=\"user_code\" value=\"{}\" maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required autofocus>\n<button>Next</button>\n</form>",
            page::alert(problem),
            escape(self.visit.request.path),
            hidden(FormToken::FIELD, &self.token.field(&self.visit.issuer.keys)),
            escape(code.unwrap_or_default()),
        );
        Page::new(status, "Sign a device in", body)
    }

    fn sign_in_page(
        &self,
        code: &str,
        (wanted, accounts): (&Wanted, &Accounts),
        (status, problem): (u16, Option<&str>),
    ) -> Page {
        let name = accounts
            .app(&wanted.app)
            .map_or(wanted.app.as_str(), |app| app.name.as_str());
        let carried = [
            hidden(FormToken::FIELD, &self.token.field(&self.visit.issuer.keys)),
            hidden("user_code", code),
            hidden("step", "sign-in"),
        ]
        .concat();
        let rights: String = Asked::parse(&wanted.scope)
            .text()
            .split_whitespace()
            .map(|word| format!("<li>{}</li>", escape(word)))
            .collect();
        let body = format!(
            "{}<p><strong>{}</strong> on another device wants to act for you. Go on only if you started this yourself.</p>\n<p class=\"quiet\">It asks for:</p>\n<ul class=\"rights\">{rights}</ul>\n{}",
            page::alert(problem),
            escape(name),
            page::sign_in_form(self.visit, accounts, &carried, self.form.get("username")),
        );
        Page::new(status, "Who signs in?", body)
    }
}

fn done(title: &str, text: &str) -> Page {
    Page::new(
        200,
        title,
        format!("<p role=\"status\">{}</p>", escape(text)),
    )
}
