//! Why somebody may or may not (Policy Troubleshooter v1).

use wharf_types::wire::troubleshooter::{
    AccessTuple, TroubleshootIamPolicyRequest, TroubleshootIamPolicyResponse,
};

use crate::Client;
use crate::client::Call;
use crate::error::Error;

impl Client {
    /// Asks what the decision about somebody would be, and why.
    pub async fn troubleshoot(
        &self,
        access_tuple: AccessTuple,
    ) -> Result<TroubleshootIamPolicyResponse, Error> {
        let request = TroubleshootIamPolicyRequest { access_tuple };
        let call = Call::post(["v1", "iam:troubleshoot"]).json(&request);
        self.call(call).await
    }
}
