//! TLS to the server, and how far its certificate is looked at: as libpq has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::domain::store::{StoreError, StoreResult};

/// What an address says of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wish {
    /// `sslmode`, when it is there.
    pub(super) mode: Option<String>,
    /// `sslrootcert`: a file, or `system`.
    pub(super) root: Option<String>,
}

/// Whose certificates are believed.
enum Roots {
    System,
    File(PathBuf),
}

impl Wish {
    /// The mode as the driver knows it.
    pub(super) fn driver_mode(mode: &str) -> &str {
        if matches!(mode, "verify-ca" | "verify-full") { "require" } else { mode }
    }

    /// # Errors
    /// `Open` for certificates that cannot be read.
    pub(super) fn connector(&self) -> StoreResult<MakeRustlsConnect> {
        let roots = match self.root.as_deref() {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
        };
        match (self.mode.as_deref(), roots) {
            (Some("require"), Roots::System) if self.root.is_none() => configured(Look::Nothing),
            // Whoever may buy a certificate would be let in if the name were not looked at.
            (_, Roots::System) => of_the_system(),
            (Some("require" | "verify-ca"), Roots::File(path)) => configured(Look::Chain(read(&path)?)),
            (_, Roots::File(path)) => configured(Look::ChainAndName(read(&path)?)),
        }
    }
}

fn of_the_system() -> StoreResult<MakeRustlsConnect> {
    let (connector, problems) = MakeRustlsConnect::with_native_certs()
        .map_err(|problems| StoreError::Open(format!("TLS: the certificates of the system: {problems:?}")))?;
    if let Some(problem) = problems.first() {
        tracing::warn!(%problem, "a certificate of the system cannot be read");
    }
    Ok(connector)
}

fn configured(look: Look) -> StoreResult<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Verifier { look, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Open(format!("TLS: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of a file.
fn read(path: &Path) -> StoreResult<Trusted> {
    let unread = |why: String| StoreError::Open(format!("sslrootcert {}: {why}", path.display()));
    let (mut roots, mut exactly) = (RootCertStore::empty(), Vec::new());
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unread(error.to_string()))? {
        let certificate = certificate.map_err(|error| unread(error.to_string()))?;
        roots.add(certificate.clone()).map_err(|error| unread(error.to_string()))?;
        exactly.push(certificate);
    }
    if roots.is_empty() {
        Err(unread("there is no certificate in it".to_owned()))
    } else {
        Ok(Trusted { roots, exactly })
    }
}

/// What a file holds: authorities, or the servers' own certificates.
#[derive(Debug)]
struct Trusted {
    roots: RootCertStore,
    exactly: Vec<CertificateDer<'static>>,
}

/// What is looked at. That the server has the key of the certificate it shows is looked at in any case.
#[derive(Debug)]
enum Look {
    Nothing,
    Chain(Trusted),
    ChainAndName(Trusted),
}

#[derive(Debug)]
struct Verifier {
    look: Look,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (trusted, is_name_looked_at) = match &self.look {
            Look::Nothing => return Ok(ServerCertVerified::assertion()),
            Look::Chain(trusted) => (trusted, false),
            Look::ChainAndName(trusted) => (trusted, true),
        };
        let certificate = ParsedCertificate::try_from(shown)?;
        // A server's own certificate vouches for itself, also where it is marked as an authority's.
        if !trusted.exactly.iter().any(|known| known.as_ref() == shown.as_ref()) {
            let known = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, &trusted.roots, between, now, known)?;
        }
        if is_name_looked_at {
            verify_server_name(&certificate, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What to do about a certificate that was refused; nothing when something else is wrong.
pub(super) fn advice(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<Error>()).or_else(|| error.downcast_ref());
        if let Some(Error::InvalidCertificate(why)) = inner {
            return Some(match why {
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "name the server as its certificate does, or leave its name aside with sslmode=verify-ca"
                }
                CertificateError::BadSignature => {
                    "the server does not have the key of its certificate: ask who runs it"
                }
                _ => {
                    "sslrootcert=FILE names the certificate that signed the server's, or the server's own; \
                     sslmode=require encrypts whoever the server is"
                }
            });
        }
        next = error.source();
    }
    None
}
