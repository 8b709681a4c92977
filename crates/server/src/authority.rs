//! A certificate authority of the registry's own: made once, kept in the data folder, trusted by whoever copies its
//! certificate. The certificates that it makes are never stored.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::tls::TlsError;

/// Years that the authority is good for: who trusts it has copied it onto every node.
const AUTHORITY_YEARS: i32 = 10;
/// Days that a certificate by it is good for.
const CERTIFICATE_DAYS: i32 = 90;

/// A certificate authority.
pub(crate) struct Authority {
    /// The file that clients trust.
    pub(crate) certificate: PathBuf,
    pem: String,
    key: KeyPair,
}

impl Authority {
    /// The authority of a folder; the first time, it is made.
    pub(crate) fn open(folder: &Path) -> Result<Self, TlsError> {
        let (certificate, key_path) = (folder.join("ca.pem"), folder.join("ca.key"));
        let failed = |source| TlsError::Authority {
            path: certificate.clone(),
            source,
        };
        if !certificate.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|source| TlsError::file(folder, source))?;
            let key = KeyPair::generate().map_err(failed)?;
            let made = authority_params().self_signed(&key).map_err(failed)?;
            // The key first: a certificate whose key is not there would be trusted for nothing.
            write(&key_path, &key.serialize_pem(), 0o600)?;
            write(&certificate, &made.pem(), 0o644)?;
        }
        let read =
            |path: &Path| fs::read_to_string(path).map_err(|source| TlsError::file(path, source));
        let (pem, key) = (read(&certificate)?, read(&key_path)?);
        let key = KeyPair::from_pem(&key).map_err(failed)?;
        Ok(Self {
            certificate,
            pem,
            key,
        })
    }

    /// A certificate for these names and addresses, and its key.
    pub(crate) fn issue(
        &self,
        names: &[String],
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
        self.try_issue(names).map_err(|source| TlsError::Authority {
            path: self.certificate.clone(),
            source,
        })
    }

    fn try_issue(
        &self,
        names: &[String],
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
        let issuer = Issuer::from_ca_cert_pem(&self.pem, &self.key)?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("Wharfinger registry");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid_until(&mut params, today().saturating_add(CERTIFICATE_DAYS.days()));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok((certificate.der().clone(), key.into()))
    }
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    // Two registries' authorities side by side in one trust store must not have one name.
    let id = uuid::Uuid::new_v4().simple().to_string();
    params.distinguished_name = named(&format!("Wharfinger authority {}", &id[..8]));
    // It signs servers' certificates, no other authorities'.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_until(&mut params, today().saturating_add(AUTHORITY_YEARS.years()));
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// From yesterday, since clocks of clients go wrong, until a date.
fn valid_until(params: &mut CertificateParams, end: Date) {
    let midnight = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    params.not_before = midnight(today().saturating_sub(1.day()));
    params.not_after = midnight(end);
}

/// Writes a file under another name first, so that it is there whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let fresh = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|source| TlsError::file(path, source))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_authority_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tls");
        let first = Authority::open(&folder).unwrap();
        let second = Authority::open(&folder).unwrap();
        assert_eq!(first.pem, second.pem);
        let mode = fs::metadata(folder.join("ca.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(folder.join("ca.key")).unwrap();
        let refused = Authority::open(&folder).err().unwrap();
        assert!(refused.to_string().contains("ca.key"), "{refused}");
    }
}
