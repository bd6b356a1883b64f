//! What it does not start with.

use std::net::TcpListener;

use crate::processes::refused;

/// The addresses that it listens on, as flags.
const ADDRESSES: [&str; 3] = ["--http", "--https", "--proxy"];

/// `dev` with one of its addresses given and the others free.
fn listening(flag: &str, address: &str) -> Vec<String> {
    let mut arguments = vec!["dev".to_owned(), "--ephemeral".to_owned()];
    for other in ADDRESSES {
        let chosen = if other == flag {
            address
        } else {
            "127.0.0.1:0"
        };
        arguments.extend([other.to_owned(), chosen.to_owned()]);
    }
    arguments
}

#[test]
fn a_taken_port_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ADDRESSES {
        let told = refused(&listening(flag, &address));
        assert!(told.contains(&address), "{told}");
        assert!(told.contains("another server"), "{told}");
    }
}

#[test]
fn only_this_machine_is_served() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        for flag in ADDRESSES {
            let told = refused(&listening(flag, address));
            assert!(
                told.contains(address) && told.contains("loopback"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_seed_file_that_is_not_there_is_named() {
    let told = refused(&["dev", "--ephemeral", "--seed", "/nowhere/seed.yaml"]);
    assert!(told.contains("/nowhere/seed.yaml"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (arguments, expected) in [
        (&["dev", "--colour"][..], "--colour"),
        (&["dev", "--ephemeral", "--data", "x"], "--ephemeral"),
        (&["dev", "--ephemeral", "--http", "localhost"], "--http"),
        (
            &[
                "dev",
                "--ephemeral",
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--public-url",
                "search.example",
            ],
            "--public-url",
        ),
        (&["serve", "--config", "nowhere.toml"], "nowhere.toml"),
        (&[], "Usage"),
    ] {
        let told = refused(arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}
