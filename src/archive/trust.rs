//! Whom a connection trusts: whom the system trusts, or the certificates of one file and nobody else.

use std::error::Error as StdError;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::report::error::{Cause, Error, Result};

/// Lets reqwest find the cryptography. Another one may be installed already, and is as good.
pub(super) fn install_cryptography() {
    let _ = ring::default_provider().install_default();
}

/// Trusts the certificates in a file of PEM format: as authorities, or as the server's own.
pub(super) fn in_file(file: &Path) -> Result<ClientConfig> {
    let unusable = |why: String| Error::at(Cause::Io(why), file);
    let text = fs::read(file).map_err(|error| Error::io(&error, file))?;
    let given: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .filter_map(|one| one.ok())
        .collect();
    if given.is_empty() {
        return Err(unusable("it holds no certificate in PEM format".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &given {
        let added = roots.add(certificate.clone());
        added.map_err(|error| unusable(error.to_string()))?;
    }
    let provider = Arc::new(ring::default_provider());
    configuration(given, roots, &provider).map_err(|error| unusable(error.to_string()))
}

fn configuration(
    given: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> std::result::Result<ClientConfig, rustls::Error> {
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let authorities = authorities.map_err(|error| rustls::Error::General(error.to_string()))?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Given { given, authorities });
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Trusts given certificates.
#[derive(Debug)]
struct Given {
    given: Vec<CertificateDer<'static>>,
    authorities: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Given {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        // The very certificate: whoever proves to have its key is the server, whatever its name and age. Many a NAS signs its own,
        // as an authority, which the rules for authorities forbid a server.
        if self.given.iter().any(|given| given == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let authorities = &self.authorities;
        authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Why the server's certificate is not trusted, if that is what failed.
pub(super) fn untrusted(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        // The source of one of these is that of the error inside.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
