//! `/authorize`: sign-in in a browser, with an authorization code at the end of it.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>, RFC 6749, RFC 7636

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tenant::accounts::{Accounts, App, User};

use super::{
    codes::Grant,
    forgery::FormToken,
    form::Form,
    issuer::{Issuer, Visit},
    page::{self, Page, escape, hidden},
    redirect,
    refusal::{Refusal, quote},
    scopes::{Asked, Endpoint},
    sign_in::Answer,
};

/// What the page's form sends again, so that the second request says all that the first one said.
const CARRIED: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "client_info",
    "client-request-id",
];

/// How the answer gets to the app.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// Where the answer goes: known to be the app's before anything is sent there.
struct Destination<'a> {
    app: &'a App,
    uri: &'a str,
    mode: Mode,
    state: Option<&'a str>,
}

/// What was asked for, once it is known to be fine.
struct Inquiry<'a> {
    challenge: Option<&'a str>,
    asked: Asked,
}

/// How far a sign-in got.
enum Step {
    /// Somebody has to be asked.
    Page(Page),
    /// This user has signed in: object id.
    SignedIn(String),
}

/// Answers GET and POST: shows the page, or sends the browser back with a code or a refusal.
pub(super) fn answer(visit: &Visit<'_>, endpoint: Endpoint) -> Answer {
    let form = match visit.fields() {
        Ok(form) => form,
        Err(refusal) => return problem(&refusal),
    };
    let accounts = visit.issuer.visibility.accounts();
    let destination = match Destination::read(&form, &accounts) {
        Ok(destination) => destination,
        Err(refusal) => return problem(&refusal),
    };
    match destination.follow(visit, &form, (&accounts, endpoint)) {
        Ok(answer) => answer,
        Err(refusal) => {
            tracing::info!(
                error = refusal.error,
                code = refusal.code,
                "sign-in in a browser refused"
            );
            let id = form
                .get("client-request-id")
                .or(visit.request.client_request_id);
            destination.send(refusal.parameters(id, visit.now))
        }
    }
}

/// Without a known app and address nothing may be sent anywhere: the person reads it.
fn problem(refusal: &Refusal) -> Answer {
    let text = format!("AADSTS{}: {}", refusal.code, refusal.text);
    let mut answer = Page::problem(refusal.status, &text).answer();
    answer
        .headers
        .extend(refusal.header.map(|(name, value)| (name, value.to_owned())));
    answer
}

impl<'a> Destination<'a> {
    fn read(form: &'a Form, accounts: &'a Accounts) -> Result<Self, Refusal> {
        let missing = |field: &str| {
            Refusal::new(
                400,
                "invalid_request",
                900_144,
                format!("The address must hold the parameter '{field}'."),
            )
        };
        let id = form.get("client_id").ok_or_else(|| missing("client_id"))?;
        let app = accounts.app(id).ok_or_else(|| {
            Refusal::new(
                400,
                "unauthorized_client",
                700_016,
                format!(
                    "No app with the client id {} is registered in this tenant. Check 'client_id', or register the app.",
                    quote(id)
                ),
            )
        })?;
        let uri = form
            .get("redirect_uri")
            .ok_or_else(|| missing("redirect_uri"))?;
        if !redirect::is_allowed(app, uri) {
            return Err(Refusal::new(
                400,
                "invalid_request",
                50011,
                format!(
                    "The redirect URI {} is not registered for the app '{}', and is no http address of this machine (http://localhost:PORT). Register it with `linkspan app add-redirect`, in the very same spelling.",
                    quote(uri),
                    app.name
                ),
            ));
        }
        Ok(Self {
            app,
            uri,
            mode: match form.get("response_mode") {
                Some("form_post") => Mode::FormPost,
                Some("fragment") => Mode::Fragment,
                _ => Mode::Query,
            },
            state: form.get("state"),
        })
    }

    fn follow(
        &self,
        visit: &Visit<'_>,
        form: &Form,
        (accounts, endpoint): (&Accounts, Endpoint),
    ) -> Result<Answer, Refusal> {
        let inquiry = self.inquiry(form, (accounts, endpoint))?;
        let user = match self.sign_in(visit, form, accounts)? {
            Step::Page(page) => return Ok(page.answer()),
            Step::SignedIn(user) => user,
        };
        let grant = Grant {
            redirect_uri: self.uri.to_owned(),
            challenge: inquiry.challenge.map(str::to_owned),
            user: user.clone(),
            scope: inquiry.asked.text(),
            nonce: form.get("nonce").map(str::to_owned),
        };
        let code = visit
            .issuer
            .codes
            .issue(visit.asker(self.app), grant, visit.now)?;
        let mut parameters = vec![("code", code)];
        if form.get("client_info") == Some("1") {
            let info = json!({"uid": user, "utid": visit.issuer.tid}).to_string();
            parameters.push(("client_info", URL_SAFE_NO_PAD.encode(info)));
        }
        Ok(self.send(parameters))
    }

    fn inquiry<'f>(
        &self,
        form: &'f Form,
        (accounts, endpoint): (&Accounts, Endpoint),
    ) -> Result<Inquiry<'f>, Refusal> {
        let invalid = |code, text: String| Refusal::new(400, "invalid_request", code, text);
        match form.get("response_type") {
            Some("code") => {}
            given => {
                return Err(Refusal::new(
                    400,
                    "unsupported_response_type",
                    70005,
                    format!(
                        "The 'response_type' {} is not served. Ask for 'code', with a 'code_challenge'.",
                        quote(given.unwrap_or_default())
                    ),
                ));
            }
        }
        if let Some(mode) = form
            .get("response_mode")
            .filter(|mode| !["query", "fragment", "form_post"].contains(mode))
        {
            return Err(invalid(
                90023,
                format!(
                    "The 'response_mode' {} is unknown. Served are 'query', 'fragment' and 'form_post'.",
                    quote(mode)
                ),
            ));
        }
        if form.get("request").or(form.get("request_uri")).is_some() {
            return Err(Refusal::new(
                400,
                "request_not_supported",
                90023,
                "Request objects ('request', 'request_uri') are not served. Send the parameters themselves.",
            ));
        }
        let challenge = self.challenge(form)?;
        let asked = Asked::read(form, endpoint).ok_or_else(|| {
            invalid(
                900_144,
                "The address must hold the parameter 'scope'.".to_owned(),
            )
        })?;
        if asked.own_resource(accounts)?.is_none() {
            asked.delegated(self.app).map_err(|mut refusal| {
                if refusal.code == 65001 {
                    refusal.error = "consent_required";
                }
                refusal
            })?;
        }
        Ok(Inquiry { challenge, asked })
    }

    fn challenge<'f>(&self, form: &'f Form) -> Result<Option<&'f str>, Refusal> {
        let invalid = |code, text| Err(Refusal::new(400, "invalid_request", code, text));
        let Some(challenge) = form.get("code_challenge") else {
            let proves_itself = !self.app.secrets.is_empty() || !self.app.certificates.is_empty();
            if proves_itself && form.get("code_challenge_method").is_none() {
                return Ok(None);
            }
            return invalid(
                9_002_325,
                "An app without a secret must send a 'code_challenge' (PKCE), with the 'code_challenge_method' S256.",
            );
        };
        if form.get("code_challenge_method") != Some("S256") {
            return invalid(
                90023,
                "The 'code_challenge_method' must be 'S256': the challenge is the verifier's SHA-256. 'plain', which is meant where none is named, protects nothing.",
            );
        }
        let is_sha256 = challenge.len() == 43
            && URL_SAFE_NO_PAD
                .decode(challenge)
                .is_ok_and(|bytes| bytes.len() == 32);
        if !is_sha256 {
            return invalid(
                501_491,
                "The 'code_challenge' is malformed: it must be the base64url text of the verifier's SHA-256, 43 characters without padding.",
            );
        }
        Ok(Some(challenge))
    }

    fn sign_in(
        &self,
        visit: &Visit<'_>,
        form: &Form,
        accounts: &Accounts,
    ) -> Result<Step, Refusal> {
        let token = FormToken::of(visit.request);
        let show = |status, problem: Option<&str>| {
            Ok(Step::Page(self.page(
                visit,
                form,
                (accounts, &token),
                (status, problem),
            )))
        };
        if let Some(user) = visit.issuer.approver(accounts) {
            return Ok(Step::SignedIn(user.id.clone()));
        }
        let sent = form
            .get(FormToken::FIELD)
            .filter(|_| visit.request.method == "POST");
        let Some(sent) = sent else {
            let silent = form
                .get("prompt")
                .is_some_and(|prompt| prompt.split_whitespace().any(|word| word == "none"));
            if silent {
                return Err(Refusal::new(
                    400,
                    "login_required",
                    50058,
                    "A silent sign-in was asked for ('prompt=none'), but nobody stays signed in here. Send the user to the page.",
                ));
            }
            return show(200, None);
        };
        if !token.is(&visit.issuer.keys, sent) {
            return show(
                403,
                Some(
                    "This form was not shown in this browser, or a long time ago. Try again; the page needs its cookie.",
                ),
            );
        }
        if form.get("action") == Some("cancel") {
            return Err(Refusal::new(
                400,
                "access_denied",
                65004,
                "The user declined the sign-in.",
            ));
        }
        match signed_in(visit.issuer, form, accounts, visit.now) {
            Ok(user) => Ok(Step::SignedIn(user.id.clone())),
            Err(refusal) => show(refusal.status, Some(&refusal.text)),
        }
    }

    fn page(
        &self,
        visit: &Visit<'_>,
        form: &Form,
        (accounts, token): (&Accounts, &FormToken),
        (status, problem): (u16, Option<&str>),
    ) -> Page {
        let mut carried = hidden(FormToken::FIELD, &token.field(&visit.issuer.keys));
        for field in CARRIED {
            if let Some(value) = form.get(field) {
                carried.push_str(&hidden(field, value));
            }
        }
        let hint = form.get("username").or(form.get("login_hint"));
        let body = format!(
            "<p>to go on to <strong>{}</strong></p>\n{}{}",
            escape(&self.app.name),
            page::alert(problem),
            page::sign_in_form(visit, accounts, &carried, hint)
        );
        Page::new(status, "Sign in", body)
            .leading_to(self.uri)
            .tied(token)
    }

    /// Sends the browser to the app.
    fn send(&self, mut parameters: Vec<(&str, String)>) -> Answer {
        parameters.extend(self.state.map(|state| ("state", state.to_owned())));
        match self.mode {
            Mode::Query => Answer::redirect(redirect::with(self.uri, '?', &parameters)),
            Mode::Fragment => Answer::redirect(redirect::with(self.uri, '#', &parameters)),
            Mode::FormPost => {
                let fields: String = parameters
                    .iter()
                    .map(|(name, value)| hidden(name, value))
                    .collect();
                let body = format!(
                    "<p>This takes you back to <strong>{}</strong>.</p>\n<form method=\"post\" action=\"{}\">\n{fields}<button>Continue</button>\n</form>",
                    escape(&self.app.name),
                    escape(self.uri)
                );
                Page::new(200, "Signing in", body)
                    .leading_to(self.uri)
                    .submitting()
                    .answer()
            }
        }
    }
}

/// Who has signed in, by a form of ours: chosen from the list, or by name and password.
pub(super) fn signed_in<'a>(
    issuer: &Issuer,
    form: &Form,
    accounts: &'a Accounts,
    now: u64,
) -> Result<&'a User, Refusal> {
    if issuer.options.choose_user {
        return form
            .get("user")
            .and_then(|id| accounts.user(id))
            .ok_or_else(|| Refusal::grant(50034, "Choose one of the users."));
    }
    let (Some(name), Some(password)) = (form.get("username"), form.get("password")) else {
        return Err(Refusal::grant(50126, "Enter a user name and a password."));
    };
    issuer.passwords.user(accounts, (name, password), now)
}
