//! scratch
fn walk(v: &serde_json::Value, out: &mut Vec<serde_json::Value>) {
    match v {
        serde_json::Value::Object(m) => {
            if m.get("type").and_then(|t| t.as_str()) == Some("AdaptiveCard")
                && m.contains_key("version")
            {
                out.push(v.clone());
                return;
            }
            for x in m.values() {
                walk(x, out)
            }
        }
        serde_json::Value::Array(a) => {
            for x in a {
                walk(x, out)
            }
        }
        _ => {}
    }
}
fn main() {
    for p in std::env::args().skip(1) {
        let Ok(v) = serde_json::from_str(&std::fs::read_to_string(&p).unwrap_or_default()) else {
            println!("{p}: not json");
            continue;
        };
        let mut c = vec![];
        walk(&v, &mut c);
        for (i, x) in c.iter().enumerate() {
            match graph::card::check(x) {
                Ok(()) => println!("{p}#{i} ok"),
                Err(e) => println!("{p}#{i} {}", e.details[0].message),
            }
        }
    }
}
