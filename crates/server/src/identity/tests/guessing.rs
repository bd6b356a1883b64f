//! Guessing is slowed down, for those who exist and for those who do not.

use serde_json::Value;
use tenant::accounts::{Cost, Secret};

use crate::identity::testing::{CLIENT_CREDENTIALS, CONNECTOR, NOW, PASSWORD, SEARCH, World, body};

fn try_password(world: &World, name: &str, password: &str, now: u64) -> Value {
    let answer = world.token_at(
        &[
            ("grant_type", "password"),
            ("client_id", SEARCH),
            ("username", name),
            ("password", password),
            ("scope", "User.Read"),
        ],
        now,
    );
    match answer.status {
        200 => Value::Null,
        _ => body(&answer)["error_codes"][0].clone(),
    }
}

#[test]
fn ten_wrong_passwords_lock_a_name_for_a_minute_whether_it_exists_or_not() {
    let world = World::new();
    for name in ["alice@linkspan.example", "mallory@linkspan.example"] {
        for attempt in 0..10 {
            let wrong = format!("wrong {attempt}");
            assert_eq!(try_password(&world, name, &wrong, NOW), 50126, "{name}");
        }
        assert_eq!(
            try_password(&world, name, PASSWORD, NOW + 1),
            50053,
            "{name}"
        );
        // Another spelling of the name is the same name.
        assert_eq!(
            try_password(&world, &name.to_uppercase(), PASSWORD, NOW + 59),
            50053
        );
    }
    assert_eq!(
        try_password(&world, "bob@linkspan.example", PASSWORD, NOW + 1),
        Value::Null
    );
    assert_eq!(
        try_password(&world, "alice@linkspan.example", PASSWORD, NOW + 60),
        Value::Null
    );
}

#[test]
fn ten_wrong_secrets_lock_an_app_for_a_minute() {
    let world = World::new();
    let ask = |secret: &str, now| {
        let mut fields = CLIENT_CREDENTIALS;
        fields[2].1 = secret;
        let answer = world.token_at(&fields, now);
        (answer.status, body(&answer)["error_codes"][0].clone())
    };
    for attempt in 0..10 {
        let (status, code) = ask(&format!("wrong {attempt}"), NOW);
        assert_eq!((status, code), (401, Value::from(7_000_215)));
    }
    assert_eq!(ask(CLIENT_CREDENTIALS[2].1, NOW), (401, Value::from(50053)));
    assert_eq!(ask(CLIENT_CREDENTIALS[2].1, NOW + 60).0, 200);
    assert_eq!(CLIENT_CREDENTIALS[1].1, CONNECTOR);
}

#[test]
fn slow_digests_sign_in() {
    let world = World::new();
    let cost = Cost {
        memory: 8,
        passes: 1,
    };
    let slow = |password| Secret::slow(b"sixteen bytes ok", password, cost).unwrap();
    world.change(|accounts| accounts.users[0].password = slow("slow horse"));
    let alice = "alice@linkspan.example";
    assert_eq!(try_password(&world, alice, "slow horse", NOW), Value::Null);
    assert_eq!(try_password(&world, alice, PASSWORD, NOW), 50126);
    assert_eq!(try_password(&world, "mallory@x", PASSWORD, NOW), 50126);
}

#[test]
fn a_slow_check_may_run_inside_a_runtime() {
    let world = World::new();
    world.change(|accounts| {
        let cost = Cost {
            memory: 8,
            passes: 1,
        };
        accounts.users[0].password = Secret::slow(b"sixteen bytes ok", "slow", cost).unwrap();
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let told = runtime.block_on(async move {
        let task = tenant::tasks::spawn("slow", async move {
            try_password(&world, "alice@linkspan.example", "slow", NOW)
        });
        task.await.unwrap()
    });
    assert_eq!(told, Value::Null);
}
