//! Service account keys (IAM v1, `projects.serviceAccounts.keys`).

use secrecy::ExposeSecret as _;
use wharf_app::iam::keys::{KeyOrigin as Origin, ServiceAccountKey, public_key_pem};
use wharf_types::wire::keys::{
    CreateServiceAccountKeyRequest, KeyAlgorithm, KeyOrigin, KeyType,
    ListServiceAccountKeysResponse, PrivateKeyType, PublicKeyType, ServiceAccountKey as WireKey,
    UploadServiceAccountKeyRequest,
};
use wharf_types::wire::proto::Base64;

use super::accounts::reference;
use super::call::{Answer, Call};
use super::query::unknown_value;
use super::refusal::Refusal;

/// `GET …/keys`
pub(super) async fn list(call: &Call, project: &str, account: &str) -> Answer {
    let mut wanted = Vec::new();
    for name in call.query.all("keyTypes") {
        wanted.push(KeyType::parse(name).ok_or_else(|| unknown_value("keyTypes", name))?);
    }
    let account = reference(call, project, account).await?;
    let keys = call.app.list_keys(&call.caller, &account).await?;
    let is_wanted = |key: &&ServiceAccountKey| wanted.is_empty() || wanted.contains(&kind(key));
    call.answer(&ListServiceAccountKeysResponse {
        keys: keys.iter().filter(is_wanted).map(shown).collect(),
    })
}

/// `POST …/keys`
pub(super) async fn create(call: &Call, project: &str, account: &str) -> Answer {
    let request: CreateServiceAccountKeyRequest = call.body()?;
    if request.private_key_type == Some(PrivateKeyType::Pkcs12File) {
        return Err(Refusal::field(
            "privateKeyType",
            "PKCS #12 is not offered: use TYPE_GOOGLE_CREDENTIALS_FILE",
        ));
    }
    if request.key_algorithm == Some(KeyAlgorithm::Rsa1024) {
        return Err(Refusal::field(
            "keyAlgorithm",
            "1,024 bits are too few: use KEY_ALG_RSA_2048",
        ));
    }
    let account = reference(call, project, account).await?;
    let made = call
        .app
        .create_key(&call.caller, &account, request.lifetime)
        .await?;
    call.answer(&WireKey {
        private_key_type: Some(PrivateKeyType::GoogleCredentialsFile),
        private_key_data: Some(Base64::from(made.file.expose_secret().as_bytes())),
        ..shown(&made.key)
    })
}

/// `POST …/keys:upload`
pub(super) async fn upload(call: &Call, project: &str, account: &str) -> Answer {
    let request: UploadServiceAccountKeyRequest = call.body()?;
    let pem = str::from_utf8(&request.public_key_data.0).map_err(|_| {
        Refusal::field(
            "publicKeyData",
            "not PEM: send the base64 of an X.509 certificate or public key in PEM",
        )
    })?;
    let account = reference(call, project, account).await?;
    let key = call.app.upload_key(&call.caller, &account, pem).await?;
    call.answer(&shown(&key))
}

/// `GET …/keys/K`
pub(super) async fn get(call: &Call, project: &str, account: &str, key: &str) -> Answer {
    let form = call.query.value("publicKeyType", PublicKeyType::parse)?;
    let account = reference(call, project, account).await?;
    let key = call.app.get_key(&call.caller, &account, key).await?;
    let public_key = match form {
        Some(PublicKeyType::RawPublicKey) => Some(public_key_pem(&key)),
        Some(PublicKeyType::X509PemFile) => Some(call.app.certificate_of(&key).await?),
        _ => None,
    };
    let public_key_data = public_key.map(|pem| Base64::from(pem.as_bytes()));
    call.answer(&WireKey {
        public_key_data,
        ..shown(&key)
    })
}

/// `POST …/keys/K:disable` and `:enable`
pub(super) async fn set_disabled(
    call: &Call,
    project: &str,
    account: &str,
    key: &str,
    disabled: bool,
) -> Answer {
    let account = reference(call, project, account).await?;
    call.app
        .set_key_disabled(&call.caller, &account, key, disabled)
        .await?;
    call.done()
}

/// `DELETE …/keys/K`
pub(super) async fn delete(call: &Call, project: &str, account: &str, key: &str) -> Answer {
    let account = reference(call, project, account).await?;
    call.app.delete_key(&call.caller, &account, key).await?;
    call.done()
}

fn kind(key: &ServiceAccountKey) -> KeyType {
    match key.is_system_managed() {
        true => KeyType::SystemManaged,
        false => KeyType::UserManaged,
    }
}

fn shown(key: &ServiceAccountKey) -> WireKey {
    WireKey {
        name: format!(
            "projects/{}/serviceAccounts/{}/keys/{}",
            key.account.project(),
            key.account,
            key.id
        ),
        valid_after_time: Some(key.valid_after),
        valid_before_time: Some(key.valid_before),
        // Of what was uploaded, the size is its holder's choice.
        key_algorithm: (key.origin != Origin::Uploaded).then_some(KeyAlgorithm::Rsa2048),
        key_origin: Some(match key.origin {
            Origin::Uploaded => KeyOrigin::UserProvided,
            Origin::KeyFile | Origin::SystemManaged => KeyOrigin::GoogleProvided,
        }),
        key_type: Some(kind(key)),
        disabled: key.disabled,
        last_used_time: key.last_used_at,
        ..WireKey::default()
    }
}
