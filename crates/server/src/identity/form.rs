//! Form bodies as clients really send them.

use std::collections::HashMap;

use super::refusal::Refusal;

/// The fields of a form or a query. It holds secrets and cannot be printed.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// Reads a form, whatever its content type says. Older SDKs send spaces, commas and pipes as they are; a stray `%` stays
    /// a `%`. Of a field that is there twice, the last one counts.
    pub fn parse(body: &[u8]) -> Self {
        Self(
            body.split(|byte| *byte == b'&')
                .filter(|field| !field.is_empty())
                .map(|field| {
                    let middle = field.iter().position(|byte| *byte == b'=');
                    let (name, value) = field.split_at(middle.unwrap_or(field.len()));
                    (decode(name), decode(value.get(1..).unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// The value of a field; an empty one counts as absent.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0
            .get(field)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of a field that must be there.
    pub fn required(&self, field: &str) -> Result<&str, Refusal> {
        self.get(field).ok_or_else(|| Refusal::missing(field))
    }
}

/// Decodes `+` and percent-encoded bytes.
pub(crate) fn decode(text: &[u8]) -> String {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_encoding::percent_decode(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn fields_are_read_as_clients_send_them() {
        let form = Form::parse(
            b"scope=a b%20c+d&x-client-SKU=msal.js.node,1|2,|&secret=%2B%26%3D%zz%&empty=&twice=1&twice=2&bare&eq=a=b&u=%C3%A9",
        );
        for (field, value) in [
            ("scope", Some("a b c d")),
            ("x-client-SKU", Some("msal.js.node,1|2,|")),
            ("secret", Some("+&=%zz%")),
            ("empty", None),
            ("bare", None),
            ("absent", None),
            ("twice", Some("2")),
            ("eq", Some("a=b")),
            ("u", Some("é")),
        ] {
            assert_eq!(form.get(field), value, "{field}");
        }
    }
}
