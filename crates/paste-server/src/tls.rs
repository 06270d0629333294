//! TLS 1.2 and 1.3, by rustls.
//!
//! 1. Each certificate file has the certificate first and then those that sign it, in PEM; each key
//!    file one private key.
//! 2. The client gets the first certificate that is for the name that it asks for, else the first.
//! 3. A file that has changed is read anew, within a second and for connections from then on. If
//!    something is wrong with it, the old ones stay, and the log says so once.
//! 4. HTTP/2 is spoken where the client offers it (ALPN).

use std::io;
use std::path::PathBuf;
#[cfg(feature = "tls")]
pub(crate) use with_rustls::{Certificates, accept};

/// Where the certificates of one name or more are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

#[cfg(feature = "tls")]
mod with_rustls {
    use std::fs::{self, Metadata};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::{Arc, Mutex, PoisonError, RwLock};
    use std::time::{Duration, Instant, SystemTime};

    use rustls::client::verify_server_name;
    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
    use rustls::sign::CertifiedKey;
    use tokio_rustls::TlsAcceptor;

    use super::{Files, io};
    use crate::io::socket::Raw;
    use crate::io::stream::Tls;

    /// How often it is looked whether the files have changed, at most.
    const LOOK: Duration = Duration::from_secs(1);

    /// The certificates of a server.
    #[derive(Debug)]
    pub(crate) struct Certificates {
        files: Vec<Files>,
        config: RwLock<Arc<rustls::ServerConfig>>,
        seen: Mutex<Seen>,
    }

    /// When the files were looked at, and what they were.
    #[derive(Debug)]
    struct Seen {
        at: Instant,
        stamps: Vec<Option<Stamp>>,
    }

    /// Time of change, length and inode.
    type Stamp = (Option<SystemTime>, u64, u64);

    impl Certificates {
        pub(crate) fn load(files: Vec<Files>) -> io::Result<Self> {
            let seen = Seen { at: Instant::now(), stamps: stamps(&files) };
            let config = RwLock::new(Arc::new(config(&files)?));
            Ok(Self { files, config, seen: Mutex::new(seen) })
        }

        /// Reads all files anew.
        pub(crate) fn reload(&self) -> io::Result<()> {
            let new = Arc::new(config(&self.files)?);
            *self.config.write().unwrap_or_else(PoisonError::into_inner) = new;
            Ok(())
        }

        /// The configuration for a new connection.
        fn current(&self) -> Arc<rustls::ServerConfig> {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.at.elapsed() >= LOOK {
                seen.at = Instant::now();
                let stamps = stamps(&self.files);
                if stamps != seen.stamps {
                    seen.stamps = stamps;
                    match self.reload() {
                        Ok(()) => {
                            tracing::info!("the certificates have changed, and are read anew");
                        }
                        Err(error) => {
                            tracing::error!(%error, "the certificates have changed; the old ones stay");
                        }
                    }
                }
            }
            drop(seen);
            Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
        }
    }

    /// The handshake. Says whether the client speaks HTTP/2.
    pub(crate) async fn accept(raw: Raw, certificates: &Certificates) -> io::Result<(Tls, bool)> {
        let stream = TlsAcceptor::from(certificates.current()).accept(raw).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Box::new(stream), is_http2))
    }

    fn stamps(files: &[Files]) -> Vec<Option<Stamp>> {
        let stamp = |path: &Path| {
            let of = |found: Metadata| (found.modified().ok(), found.len(), found.ino());
            fs::metadata(path).ok().map(of)
        };
        files.iter().flat_map(|files| [stamp(&files.certificate), stamp(&files.key)]).collect()
    }

    fn config(files: &[Files]) -> io::Result<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let keys = files.iter().map(|files| read(files, &provider)).collect::<io::Result<_>>()?;
        let versions = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let mut config = versions.with_no_client_auth().with_cert_resolver(Arc::new(ByName(keys)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn read(files: &Files, provider: &CryptoProvider) -> io::Result<Arc<CertifiedKey>> {
        let wrong = |path: &Path, what: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
        };
        let certificate = |error| wrong(&files.certificate, &error);
        let chain = CertificateDer::pem_file_iter(&files.certificate).map_err(certificate)?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(certificate)?;
        if chain.is_empty() {
            return Err(wrong(&files.certificate, &"there is no certificate in it"));
        }
        ParsedCertificate::try_from(&chain[0])
            .map_err(|error| wrong(&files.certificate, &error))?;
        let key =
            PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, &error))?;
        let pair = CertifiedKey::from_der(chain, key, provider);
        pair.map(Arc::new).map_err(|error| wrong(&files.key, &error))
    }

    /// Chooses by the name that the client asks for.
    #[derive(Debug)]
    struct ByName(Vec<Arc<CertifiedKey>>);

    impl ResolvesServerCert for ByName {
        fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
            let is_for = |pair: &&Arc<CertifiedKey>| {
                let certificate = pair.cert.first().map(ParsedCertificate::try_from);
                matches!((&certificate, &name), (Some(Ok(certificate)), Some(name))
                    if verify_server_name(certificate, name).is_ok())
            };
            self.0.iter().find(is_for).or(self.0.first()).cloned()
        }
    }
}

/// Without the feature there are no certificates.
#[cfg(not(feature = "tls"))]
#[derive(Debug)]
pub(crate) enum Certificates {}

#[cfg(not(feature = "tls"))]
impl Certificates {
    pub(crate) fn load(_: Vec<Files>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "built without the feature `tls`"))
    }

    pub(crate) fn reload(&self) -> io::Result<()> {
        match *self {}
    }
}

#[cfg(not(feature = "tls"))]
pub(crate) fn accept(
    _: crate::io::socket::Raw,
    certificates: &Certificates,
) -> std::future::Ready<io::Result<(crate::io::stream::Tls, bool)>> {
    match *certificates {}
}
