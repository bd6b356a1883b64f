use super::*;
use crate::identity::testing::Directory;

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn leaf_of(directory: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(directory.join("leaf.pem")).unwrap()
}

fn ca_of(directory: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(directory.join("ca.pem")).unwrap()
}

#[test]
fn a_client_that_trusts_the_ca_accepts_every_name() {
    let directory = Directory::new();
    let material = Material::open(&directory, start()).unwrap();
    assert_eq!(material.ca_file, directory.join("ca.pem"));
    for name in NAMES {
        assert!(
            vouches(&ca_of(&directory), &leaf_of(&directory), name, start()),
            "{name}"
        );
    }
    assert!(!vouches(
        &ca_of(&directory),
        &leaf_of(&directory),
        "example.com",
        start()
    ));
    let config = material.server_config();
    assert_eq!(
        config.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
}

#[test]
fn the_leaf_lives_397_days_at_most_and_the_ca_ten_years() {
    let directory = Directory::new();
    Material::open(&directory, start()).unwrap();
    let begin = start() - DAY;
    assert_eq!(
        expiry(&leaf_of(&directory)).unwrap(),
        begin + DAY * LEAF_DAYS
    );
    assert_eq!(expiry(&ca_of(&directory)).unwrap(), begin + DAY * CA_DAYS);
}

#[test]
fn a_good_leaf_stays_and_an_old_one_goes_under_the_same_ca() {
    let directory = Directory::new();
    Material::open(&directory, start()).unwrap();
    let (ca, leaf) = (ca_of(&directory), leaf_of(&directory));

    let renewal = start() + DAY * 366;
    Material::open(&directory, renewal - Duration::from_secs(1)).unwrap();
    assert_eq!(leaf_of(&directory), leaf);

    Material::open(&directory, renewal).unwrap();
    assert_ne!(leaf_of(&directory), leaf);
    assert_eq!(ca_of(&directory), ca);
    assert!(vouches(&ca, &leaf_of(&directory), "localhost", renewal));
}

#[test]
fn a_leaf_for_other_names_is_made_anew() {
    let directory = Directory::new();
    Material::open(&directory, start()).unwrap();
    let authority = Authority::open(&directory, start()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = leaf_params().unwrap();
    params.not_after = (start() + DAY * 300).into();
    params.not_before = start().into();
    params.subject_alt_names.pop();
    let narrow = params.signed_by(&key, &authority.issuer).unwrap();
    assert!(vouches(
        &authority.certificate,
        narrow.der(),
        "localhost",
        start() + DAY
    ));
    std::fs::write(directory.join("leaf.pem"), narrow.pem()).unwrap();
    std::fs::write(directory.join("leaf-key.pem"), key.serialize_pem()).unwrap();

    Material::open(&directory, start() + DAY).unwrap();
    assert_ne!(leaf_of(&directory), *narrow.der());
    assert_eq!(der::names(&leaf_of(&directory)).unwrap(), NAMES);
}

#[test]
fn a_leaf_of_another_ca_or_with_another_key_is_made_anew() {
    let (ours, theirs) = (Directory::new(), Directory::new());
    Material::open(&ours, start()).unwrap();
    Material::open(&theirs, start()).unwrap();
    for file in ["leaf.pem", "leaf-key.pem"] {
        std::fs::copy(theirs.join(file), ours.join(file)).unwrap();
        Material::open(&ours, start()).unwrap();
        assert_ne!(leaf_of(&ours), leaf_of(&theirs));
        assert!(vouches(
            &ca_of(&ours),
            &leaf_of(&ours),
            "localhost",
            start()
        ));
    }
}

#[test]
fn a_damaged_ca_is_an_error_and_stays() {
    for (file, content) in [
        ("ca-key.pem", None),
        ("ca-key.pem", Some("nonsense")),
        ("ca.pem", Some("nonsense")),
    ] {
        let directory = Directory::new();
        Material::open(&directory, start()).unwrap();
        let path = directory.join(file);
        match content {
            None => std::fs::remove_file(&path).unwrap(),
            Some(text) => std::fs::write(&path, text).unwrap(),
        }
        let error = Material::open(&directory, start()).unwrap_err();
        assert!(
            matches!(&error, TlsError::Unreadable { file, .. } if *file == path),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), content);
    }
}

#[test]
fn the_key_of_another_ca_is_an_error() {
    let (ours, theirs) = (Directory::new(), Directory::new());
    Material::open(&ours, start()).unwrap();
    Material::open(&theirs, start()).unwrap();
    std::fs::copy(theirs.join("ca-key.pem"), ours.join("ca-key.pem")).unwrap();
    let error = Material::open(&ours, start()).unwrap_err();
    assert!(error.to_string().contains("does not belong to"), "{error}");
}

#[test]
fn a_ca_at_its_end_is_made_anew() {
    let directory = Directory::new();
    Material::open(&directory, start()).unwrap();
    let ca = ca_of(&directory);
    let later = start() + DAY * (CA_DAYS - 20);
    Material::open(&directory, later).unwrap();
    assert_ne!(ca_of(&directory), ca);
    assert!(vouches(
        &ca_of(&directory),
        &leaf_of(&directory),
        "::1",
        later
    ));
}

#[test]
fn no_leaf_outlives_its_ca() {
    let directory = Directory::new();
    Material::open(&directory, start()).unwrap();
    Material::open(&directory, start() + DAY * (CA_DAYS - 100)).unwrap();
    assert_eq!(
        expiry(&leaf_of(&directory)).unwrap(),
        expiry(&ca_of(&directory)).unwrap()
    );
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    Material::open(&directory, start()).unwrap();
    for file in ["ca-key.pem", "leaf-key.pem"] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
        std::fs::set_permissions(directory.join(file), std::fs::Permissions::from_mode(0o644))
            .unwrap();
    }
    Material::open(&directory, start()).unwrap();
    for file in ["ca-key.pem", "leaf-key.pem"] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&directory), 0o700);
    let left: Vec<_> = std::fs::read_dir(&*directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

/// A client and a server shake hands in memory: the whole configuration is used, not only its parts.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the client of the library looks at the real clock"
)]
fn a_client_and_the_server_agree_on_http_2() {
    let directory = Directory::new();
    let material = Material::open(&directory, SystemTime::now()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ca_of(&directory)).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("graph.microsoft.com").unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = rustls::ServerConnection::new(material.server_config()).unwrap();
    for _ in 0..8 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        while !wire.is_empty() {
            let read = server.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..read);
        }
        server.process_new_packets().unwrap();
        server.write_tls(&mut wire).unwrap();
        while !wire.is_empty() {
            let read = client.read_tls(&mut wire.as_slice()).unwrap();
            wire.drain(..read);
        }
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking());
    assert_eq!(client.alpn_protocol(), Some(b"h2".as_slice()));
}
