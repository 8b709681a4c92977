//! `--fix`: what would change, the question, the change.

use std::io::{IsTerminal as _, Write as _};

use wharf_cluster::doctor::finding::Finding;
use wharf_cluster::doctor::fix;
use wharf_cluster::doctor::remedy::Step;
use wharf_cluster::kubernetes::Client;

use super::Doctor;
use crate::failure::Failure;
use crate::prompt;

impl Doctor {
    /// Mends what is safe to mend. Says whether every finding was.
    pub(super) async fn mend(
        &self,
        client: &Client,
        findings: &[Finding],
    ) -> Result<bool, Failure> {
        let output = self.common.output;
        let steps = steps(findings);
        let mut planned = Vec::new();
        for step in steps {
            if let Some(preview) = fix::preview(client, &step).await? {
                planned.push((step, preview));
            }
        }
        if findings.is_empty() {
            return Ok(true);
        }
        if planned.is_empty() {
            output.say("Nothing here is safe to mend without a person: what to do stands above.");
            return Ok(false);
        }
        let previews: Vec<_> = planned.iter().map(|(_, text)| text.as_str()).collect();
        let plan = format!("--fix changes in the cluster:\n{}", previews.concat());
        if self.dry_run {
            output.say(plan.trim_end());
            return Ok(false);
        }
        self.agree(&plan)?;
        for (step, _) in &planned {
            let is_done = fix::carry_out(client, step).await?;
            output.say(&format!("{}.", told(step, is_done)));
        }
        Ok(findings
            .iter()
            .all(|finding| !finding.remedy.steps.is_empty()))
    }

    /// Asks at a terminal. Elsewhere only --yes goes on: a script says what it means.
    fn agree(&self, plan: &str) -> Result<(), Failure> {
        if self.yes {
            self.common.output.say(plan.trim_end());
            return Ok(());
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            // Whoever reads stderr sees what was not done.
            let _ = write!(std::io::stderr(), "{plan}");
            return Err(
                Failure::usage("nobody is here to ask, so nothing was changed")
                    .hint("--yes mends without asking, --dry-run only shows what would change"),
            );
        }
        prompt::confirm(plan.trim_end(), false)
    }
}

/// The steps of all findings, each once: many findings may want the same rollout. Secrets are attached before Pods are
/// made anew.
fn steps(findings: &[Finding]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for step in findings.iter().flat_map(|finding| &finding.remedy.steps) {
        if !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    steps.sort_by_key(|step| !matches!(step, Step::Attach { .. }));
    steps
}

fn told(step: &Step, is_done: bool) -> String {
    let (what, past) = match step {
        Step::Attach {
            service_account,
            secret,
        } => (
            format!("{}/{}", service_account.namespace, service_account.name),
            format!("Attached {secret} to serviceaccount "),
        ),
        Step::Restart {
            namespace,
            workload,
        } => (
            format!("{namespace}/{}", workload.name),
            format!("Restarted {} ", workload.kind.to_ascii_lowercase()),
        ),
        Step::RecreatePod { pod } => (
            format!("{}/{}", pod.namespace, pod.name),
            "Deleted pod ".to_owned(),
        ),
    };
    match is_done {
        true => format!("{past}{what}"),
        false => format!("{what} is so already"),
    }
}
