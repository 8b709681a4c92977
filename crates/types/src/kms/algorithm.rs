//! What a key is for, and how its versions do it (`CryptoKeyPurpose`, `CryptoKeyVersionAlgorithm`).

use super::value::KmsValueError;

/// What a key is for. The numbers are those of the API's enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Encrypt and decrypt.
    EncryptDecrypt = 1,
    /// Sign with a private key, verify with the public one.
    AsymmetricSign = 5,
    /// Decrypt with a private key what the public one encrypted.
    AsymmetricDecrypt = 6,
    /// Authenticate messages.
    Mac = 9,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [
        Self::EncryptDecrypt,
        Self::AsymmetricSign,
        Self::AsymmetricDecrypt,
        Self::Mac,
    ];

    /// `ENCRYPT_DECRYPT`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Self::AsymmetricSign => "ASYMMETRIC_SIGN",
            Self::AsymmetricDecrypt => "ASYMMETRIC_DECRYPT",
            Self::Mac => "MAC",
        }
    }

    /// Whether a version's material is a pair of which one half is public.
    pub fn is_asymmetric(self) -> bool {
        matches!(self, Self::AsymmetricSign | Self::AsymmetricDecrypt)
    }
}
kms_enumeration!(Purpose, "purpose");

/// One algorithm: its name, its number in the API's enumeration, and what keys use it.
macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $purpose:ident;)*) => {
        /// How a version does what its key is for. The numbers are those of the API's enumeration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Algorithm {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Algorithm {
            /// Every algorithm.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// `GOOGLE_SYMMETRIC_ENCRYPTION`
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What keys use it.
            pub fn purpose(self) -> Purpose {
                match self {
                    $(Self::$variant => Purpose::$purpose,)*
                }
            }
        }
    };
}

algorithms! {
    /// AES-256-GCM.
    GoogleSymmetricEncryption = 1, "GOOGLE_SYMMETRIC_ENCRYPTION", EncryptDecrypt;
    /// RSASSA-PSS, 2048 bits, SHA-256.
    RsaSignPss2048Sha256 = 2, "RSA_SIGN_PSS_2048_SHA256", AsymmetricSign;
    /// RSASSA-PSS, 3072 bits, SHA-256.
    RsaSignPss3072Sha256 = 3, "RSA_SIGN_PSS_3072_SHA256", AsymmetricSign;
    /// RSASSA-PSS, 4096 bits, SHA-256.
    RsaSignPss4096Sha256 = 4, "RSA_SIGN_PSS_4096_SHA256", AsymmetricSign;
    /// RSASSA-PKCS1-v1_5, 2048 bits, SHA-256.
    RsaSignPkcs12048Sha256 = 5, "RSA_SIGN_PKCS1_2048_SHA256", AsymmetricSign;
    /// RSASSA-PKCS1-v1_5, 3072 bits, SHA-256.
    RsaSignPkcs13072Sha256 = 6, "RSA_SIGN_PKCS1_3072_SHA256", AsymmetricSign;
    /// RSASSA-PKCS1-v1_5, 4096 bits, SHA-256.
    RsaSignPkcs14096Sha256 = 7, "RSA_SIGN_PKCS1_4096_SHA256", AsymmetricSign;
    /// RSAES-OAEP, 2048 bits, SHA-256.
    RsaDecryptOaep2048Sha256 = 8, "RSA_DECRYPT_OAEP_2048_SHA256", AsymmetricDecrypt;
    /// RSAES-OAEP, 3072 bits, SHA-256.
    RsaDecryptOaep3072Sha256 = 9, "RSA_DECRYPT_OAEP_3072_SHA256", AsymmetricDecrypt;
    /// RSAES-OAEP, 4096 bits, SHA-256.
    RsaDecryptOaep4096Sha256 = 10, "RSA_DECRYPT_OAEP_4096_SHA256", AsymmetricDecrypt;
    /// ECDSA on P-256 with SHA-256.
    EcSignP256Sha256 = 12, "EC_SIGN_P256_SHA256", AsymmetricSign;
    /// ECDSA on P-384 with SHA-384.
    EcSignP384Sha384 = 13, "EC_SIGN_P384_SHA384", AsymmetricSign;
    /// HMAC with SHA-256.
    HmacSha256 = 32, "HMAC_SHA256", Mac;
    /// HMAC with SHA-384.
    HmacSha384 = 34, "HMAC_SHA384", Mac;
    /// HMAC with SHA-512.
    HmacSha512 = 35, "HMAC_SHA512", Mac;
}

impl Algorithm {}
kms_enumeration!(Algorithm, "version algorithm");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_read_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Ok(*algorithm));
            assert_eq!(Algorithm::of_number(*algorithm as i64), Ok(*algorithm));
        }
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str()), Ok(purpose));
            assert_eq!(Purpose::of_number(purpose as i64), Ok(purpose));
            assert!(Algorithm::ALL.iter().any(|one| one.purpose() == purpose));
        }
        assert!(Purpose::of_number(0).is_err() && Algorithm::parse("").is_err());
    }
}
