//! Service account keys (IAM v1).

use std::time::Duration;

use http::Method;
use wharf_types::ServiceAccountEmail;
use wharf_types::wire::keys::{
    CreateServiceAccountKeyRequest, ListServiceAccountKeysResponse, PrivateKeyType,
    ServiceAccountKey, UploadServiceAccountKeyRequest,
};
use wharf_types::wire::proto::Base64;

use crate::Client;
use crate::client::Call;
use crate::error::Error;
use crate::service_accounts::AccountPath;

impl Client {
    /// Creates a key. The answer holds the key file, which the registry does not keep.
    pub async fn create_key(
        &self,
        email: &ServiceAccountEmail,
        lifetime: Option<Duration>,
    ) -> Result<ServiceAccountKey, Error> {
        let request = CreateServiceAccountKeyRequest {
            private_key_type: Some(PrivateKeyType::GoogleCredentialsFile),
            key_algorithm: None,
            lifetime,
        };
        let path = AccountPath::new(email, "");
        let path = path.segments().into_iter().chain(["keys"]);
        self.call(Call::post(path).json(&request)).await
    }

    /// Takes in the public half of a key pair that its holder made: an X.509 certificate or a public key, in PEM.
    pub async fn upload_key(
        &self,
        email: &ServiceAccountEmail,
        public_key: &[u8],
    ) -> Result<ServiceAccountKey, Error> {
        let request = UploadServiceAccountKeyRequest {
            public_key_data: Base64::from(public_key),
        };
        let path = AccountPath::new(email, "");
        let path = path.segments().into_iter().chain(["keys:upload"]);
        self.call(Call::post(path).json(&request)).await
    }

    /// An account's keys, in order of id.
    pub async fn list_keys(
        &self,
        email: &ServiceAccountEmail,
    ) -> Result<Vec<ServiceAccountKey>, Error> {
        let path = AccountPath::new(email, "");
        let call = Call::get(path.segments().into_iter().chain(["keys"]));
        let list: ListServiceAccountKeysResponse = self.call(call).await?;
        Ok(list.keys)
    }

    /// Reads a key; its private half is not kept.
    pub async fn get_key(
        &self,
        email: &ServiceAccountEmail,
        id: &str,
    ) -> Result<ServiceAccountKey, Error> {
        let path = AccountPath::new(email, "");
        let path = path.segments().into_iter().chain(["keys", id]);
        self.call(Call::get(path)).await
    }

    /// Deletes a key: what was proved with it is refused from now on.
    pub async fn delete_key(&self, email: &ServiceAccountEmail, id: &str) -> Result<(), Error> {
        let path = AccountPath::new(email, "");
        let path = path.segments().into_iter().chain(["keys", id]);
        self.order(Call::new(Method::DELETE, path)).await
    }

    /// Refuses a key from now on, or no longer.
    pub async fn set_key_disabled(
        &self,
        email: &ServiceAccountEmail,
        id: &str,
        disabled: bool,
    ) -> Result<(), Error> {
        let verb = if disabled { "disable" } else { "enable" };
        let id = format!("{id}:{verb}");
        let path = AccountPath::new(email, "");
        let path = path.segments().into_iter().chain(["keys", id.as_str()]);
        self.order(Call::post(path)).await
    }
}
