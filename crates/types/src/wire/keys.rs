//! Service account keys (IAM v1, `projects.serviceAccounts.keys`).

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::{Base64, DurationText, duration, proto_enum, time_or_never};

proto_enum! {
    /// In what form a private key is handed out.
    PrivateKeyType {
        /// The server's choice, which is the credentials file.
        Unspecified = 0 "TYPE_UNSPECIFIED",
        /// PKCS #12; not offered here.
        Pkcs12File = 1 "TYPE_PKCS12_FILE",
        /// The JSON key file.
        GoogleCredentialsFile = 2 "TYPE_GOOGLE_CREDENTIALS_FILE",
    }
}

proto_enum! {
    /// In what form a public key is wanted.
    PublicKeyType {
        /// Not at all.
        None = 0 "TYPE_NONE",
        /// An X.509 certificate in PEM.
        X509PemFile = 1 "TYPE_X509_PEM_FILE",
        /// The SubjectPublicKeyInfo in PEM.
        RawPublicKey = 2 "TYPE_RAW_PUBLIC_KEY",
    }
}

proto_enum! {
    /// The algorithm and size of a key.
    KeyAlgorithm {
        /// The server's choice.
        Unspecified = 0 "KEY_ALG_UNSPECIFIED",
        /// RSA of 1,024 bits: not made here.
        Rsa1024 = 1 "KEY_ALG_RSA_1024",
        /// RSA of 2,048 bits.
        Rsa2048 = 2 "KEY_ALG_RSA_2048",
    }
}

proto_enum! {
    /// Who made a key pair.
    KeyOrigin {
        /// Nobody says.
        Unspecified = 0 "ORIGIN_UNSPECIFIED",
        /// Its holder, who uploaded the public half.
        UserProvided = 1 "USER_PROVIDED",
        /// The registry.
        GoogleProvided = 2 "GOOGLE_PROVIDED",
    }
}

proto_enum! {
    /// Who looks after a key.
    KeyType {
        /// Any, in a list request.
        Unspecified = 0 "KEY_TYPE_UNSPECIFIED",
        /// People, who have the private half.
        UserManaged = 1 "USER_MANAGED",
        /// The registry, which signs by it for the account.
        SystemManaged = 2 "SYSTEM_MANAGED",
    }
}

/// A service account key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountKey {
    /// `projects/P/serviceAccounts/EMAIL/keys/ID`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The form of `private_key_data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_type: Option<PrivateKeyType>,
    /// The JSON key file, byte for byte. Only in the answer of create.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_data: Option<Base64>,
    /// The public key, in the form that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_data: Option<Base64>,
    /// From when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_after_time: Option<Timestamp>,
    /// Until when it is valid; [`time_or_never::NEVER`] when it does not expire.
    #[schemars(with = "Option<Timestamp>")]
    #[serde(with = "time_or_never", skip_serializing_if = "Option::is_none")]
    pub valid_before_time: Option<Timestamp>,
    /// Its algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_algorithm: Option<KeyAlgorithm>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_origin: Option<KeyOrigin>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_type: Option<KeyType>,
    /// Whether it is refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// This registry's own: when it last proved itself, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_time: Option<Timestamp>,
}

/// `GET …/keys`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListServiceAccountKeysResponse {
    /// In order of id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<ServiceAccountKey>,
}

/// `POST …/keys`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateServiceAccountKeyRequest {
    /// In what form the private key is wanted: the credentials file, also when absent.
    #[serde(alias = "private_key_type", skip_serializing_if = "Option::is_none")]
    pub private_key_type: Option<PrivateKeyType>,
    /// RSA of 2,048 bits, also when absent.
    #[serde(alias = "key_algorithm", skip_serializing_if = "Option::is_none")]
    pub key_algorithm: Option<KeyAlgorithm>,
    /// This registry's own: how long the key shall be valid, such as `"7776000s"`. Absent: it does not expire.
    #[schemars(with = "Option<DurationText>")]
    #[serde(with = "duration", skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Duration>,
}

/// `POST …/keys:upload`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UploadServiceAccountKeyRequest {
    /// An X.509 certificate or a public key, in PEM.
    #[serde(alias = "public_key_data")]
    pub public_key_data: Base64,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_googles_json() {
        let golden = json!({
            "name": "projects/P/serviceAccounts/E/keys/K",
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "privateKeyData": "e30K",
            "validAfterTime": "2026-01-01T00:00:00Z",
            "validBeforeTime": "9999-12-31T23:59:59Z",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": "USER_MANAGED",
            "disabled": true,
        });
        let key: ServiceAccountKey = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(key.private_key_data.as_ref().unwrap().0.as_slice(), b"{}\n");
        assert_eq!(serde_json::to_value(&key).unwrap(), golden);
        assert!(!format!("{key:?}").contains("e30K"));
    }

    #[test]
    fn enumerations_come_as_names_or_numbers() {
        for json in [
            r#"{"privateKeyType":"TYPE_GOOGLE_CREDENTIALS_FILE"}"#,
            r#"{"privateKeyType":2}"#,
            r#"{"private_key_type":2}"#,
        ] {
            let request: CreateServiceAccountKeyRequest = serde_json::from_str(json).unwrap();
            assert_eq!(
                request.private_key_type,
                Some(PrivateKeyType::GoogleCredentialsFile)
            );
        }
        let error = serde_json::from_str::<CreateServiceAccountKeyRequest>(
            r#"{"privateKeyType":"TYPE_PAPER"}"#,
        )
        .unwrap_err();
        assert!(error.to_string().contains("TYPE_PKCS12_FILE"), "{error}");
    }
}
