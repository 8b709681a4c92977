//! `POST /v1/iamPolicies:lintPolicy`: whether a condition could be set (IAM v1, `iamPolicies`).

use wharf_app::iam::condition::Compiled;
use wharf_types::Resource;
use wharf_types::wire::policies::{LintPolicyRequest, LintPolicyResponse, LintResult};

use super::call::{Answer, Call};
use super::refusal::Refusal;

/// `POST iamPolicies:lintPolicy`. Nothing is decided and nothing kept: whoever is logged in may ask.
pub(super) async fn lint(call: &Call) -> Answer {
    let request: LintPolicyRequest = call.body()?;
    let name = request.full_resource_name;
    if !name.is_empty() {
        Resource::parse(&name).map_err(|error| Refusal::field("fullResourceName", error))?;
    }
    let condition = request
        .condition
        .ok_or_else(|| Refusal::field("condition", "this field is required"))?;
    let check = move || Compiled::parse(&condition.expression).map(drop);
    let checked = tokio::task::spawn_blocking(check)
        .await
        .map_err(wharf_app::Error::internal)?;
    let wrong = checked.err().map(|error| LintResult {
        level: "CONDITION".to_owned(),
        validation_unit_name: "LintValidationUnits/ConditionCompileCheck".to_owned(),
        severity: "ERROR".to_owned(),
        field_name: "condition.expression".to_owned(),
        debug_message: error.to_string(),
    });
    call.answer(&LintPolicyResponse {
        lint_results: wrong.into_iter().collect(),
    })
}
