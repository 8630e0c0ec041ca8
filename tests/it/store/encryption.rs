//! TLS on the way to PostgreSQL: what each `sslmode` looks at, as libpq has it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use flow::domain::store::{StoreError, Upkeep};
use flow::store::postgres::PostgresStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::support::postgres::{Alone, Database};

/// As the manual of PostgreSQL says: a certificate that nobody else has signed.
fn signed_by_itself(server: &Alone) {
    certificate(server, "server");
}

fn certificate(server: &Alone, name: &str) {
    let (key, out) = (format!("{name}.key"), format!("{name}.crt"));
    let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    let made = ["req", "-new", "-x509", "-days", "30", "-nodes", "-newkey", "rsa:2048", "-keyout", &key, "-out", &out];
    server.openssl(&[&made[..], &subject].concat());
}

/// One that an authority has signed.
fn signed_by_an_authority(server: &Alone) {
    certificate(server, "root");
    std::fs::write(server.folder().join("ext"), "subjectAltName=DNS:localhost\n").unwrap();
    let wish = ["req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost"];
    server.openssl(&[&wish[..], &["-keyout", "server.key", "-out", "server.csr"]].concat());
    let sign = ["x509", "-req", "-in", "server.csr", "-days", "30", "-CA", "root.crt", "-CAkey", "root.key"];
    server.openssl(&[&sign[..], &["-CAcreateserial", "-extfile", "ext", "-out", "server.crt"]].concat());
}

/// Whether the store opens, or why not.
async fn told(url: &str) -> Result<(), String> {
    let url = url.to_owned();
    let opened = tokio::task::spawn_blocking(move || PostgresStore::open(&url, 2)).await.unwrap();
    match opened {
        Ok(store) => {
            store.ping().await.unwrap();
            Ok(())
        }
        Err(StoreError::Open(why)) => Err(why),
        Err(other) => panic!("{url}: {other:?}", url = "another failure"),
    }
}

fn mode(server: &Alone, host: &str, mode: &str, root: Option<&str>) -> String {
    let root = root.map(|root| format!("&sslrootcert={}", server.folder().join(root).display())).unwrap_or_default();
    format!("{}?sslmode={mode}{root}", server.address(host))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sslmode_looks_at_what_libpq_looks_at() {
    let Some((_database, server)) = Database::encrypted(|server| {
        signed_by_itself(server);
        certificate(server, "other");
    })
    .await
    else {
        return;
    };
    let at = |host: &str, name: &str, root: Option<&str>| mode(&server, host, name, root);
    // Encrypted, whoever the server is.
    assert_eq!(told(&at("localhost", "require", None)).await, Ok(()));
    assert_eq!(told(&at("127.0.0.1", "disable", None)).await, Ok(()));
    // The certificate itself may be the one that is trusted.
    for (host, name) in [("localhost", "require"), ("127.0.0.1", "require"), ("127.0.0.1", "verify-ca")] {
        assert_eq!(told(&at(host, name, Some("server.crt"))).await, Ok(()), "{name} at {host}");
    }
    assert_eq!(told(&at("localhost", "verify-full", Some("server.crt"))).await, Ok(()));
    let wrong_name = told(&at("127.0.0.1", "verify-full", Some("server.crt"))).await.unwrap_err();
    assert!(wrong_name.contains("verify-ca") && wrong_name.contains("not valid for"), "{wrong_name}");
    for (name, root) in [
        ("require", Some("other.crt")),
        ("verify-ca", Some("other.crt")),
        ("verify-full", Some("other.crt")),
        ("verify-full", None),
        ("require", Some("system")),
    ] {
        let url = match root {
            Some("system") => format!("{}?sslmode=require&sslrootcert=system", server.address("localhost")),
            root => at("localhost", name, root),
        };
        let why = told(&url).await.unwrap_err();
        assert!(why.contains("certificate") && why.contains("sslrootcert=FILE"), "{name} {root:?}: {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_authority_is_known_by_the_authority() {
    let Some((_database, server)) = Database::encrypted(signed_by_an_authority).await else { return };
    let at = |host: &str, name: &str, root: &str| mode(&server, host, name, Some(root));
    assert_eq!(told(&at("localhost", "verify-full", "root.crt")).await, Ok(()));
    assert_eq!(told(&at("127.0.0.1", "verify-ca", "root.crt")).await, Ok(()));
    assert!(told(&at("127.0.0.1", "verify-full", "root.crt")).await.is_err());
    let client = tokio_postgres::connect(&server.address("127.0.0.1"), tokio_postgres::NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(client.1);
    let url = at("localhost", "require", "root.crt");
    let store = tokio::task::spawn_blocking(move || PostgresStore::open(&url, 2)).await.unwrap().unwrap();
    store.ping().await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING(pid) WHERE ssl AND application_name='flow'";
    assert!(client.0.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0, "it is encrypted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_key_of_its_certificate_is_refused_in_every_mode() {
    let Some((_database, server)) = Database::encrypted(|server| {
        signed_by_itself(server);
        certificate(server, "other");
    })
    .await
    else {
        return;
    };
    let root = server.folder().join("server.crt");
    for (mode, root) in [("require", ""), ("verify-ca", root.to_str().unwrap())] {
        let port = impostor(server.folder());
        let root = if root.is_empty() { String::new() } else { format!("&sslrootcert={root}") };
        let why = told(&format!("postgres://flow@localhost:{port}/flow?sslmode={mode}{root}")).await.unwrap_err();
        assert!(why.contains("BadSignature") || why.contains("signature"), "{mode}: {why}");
    }
}

/// Shows one certificate and signs with the key of another.
fn impostor(folder: &Path) -> u16 {
    #[derive(Debug)]
    struct Shown(Arc<CertifiedKey>);
    impl ResolvesServerCert for Shown {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let shown = CertificateDer::from_pem_file(folder.join("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("other.key")).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(Arc::new(CertifiedKey::new(vec![shown], key)))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.read_exact(&mut [0; 8]).unwrap();
        socket.write_all(b"S").unwrap();
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut socket).is_ok() {}
    });
    port
}
