//! The least rights that the doctor needs. It looks, and says what it may not see; with `--fix` it also mends.

use crate::rbac::{Rights, Rule, Verb};

/// What the doctor does besides looking once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doing {
    /// It mends.
    pub mends: bool,
    /// It watches.
    pub watches: bool,
}

/// The least rights for a whole look. Secrets are read by name, never listed.
pub fn rights(doing: Doing) -> Rights {
    let Doing { mends, watches } = doing;
    let look = |group, resource| Rule::new(group, resource, [Verb::Get, Verb::List]);
    let mut pods = look("", "pods");
    pods.verbs.extend(watches.then_some(Verb::Watch));
    pods.verbs.extend(mends.then_some(Verb::Delete));
    let mut accounts = look("", "serviceaccounts");
    accounts.verbs.extend(mends.then_some(Verb::Patch));
    let mut namespaced = vec![
        pods,
        Rule::new("", "events", [Verb::List]),
        accounts,
        Rule::new("", "secrets", [Verb::Get]),
        look("apps", "replicasets"),
    ];
    for resource in ["deployments", "statefulsets", "daemonsets"] {
        let mut rule = look("apps", resource);
        // A Deployment is asked for only by its name: its ReplicaSets tell the rest.
        if resource == "deployments" {
            rule.verbs.retain(|verb| *verb != Verb::List);
        }
        rule.verbs.extend(mends.then_some(Verb::Patch));
        namespaced.push(rule);
    }
    namespaced.push(look("batch", "jobs"));
    namespaced.push(Rule::new("batch", "cronjobs", [Verb::Get]));
    Rights {
        name: match mends {
            true => "wharf-doctor-fix".to_owned(),
            false => "wharf-doctor".to_owned(),
        },
        cluster: vec![look("", "nodes")],
        namespaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_changes_nothing_and_lists_no_secrets() {
        let rights = rights(Doing {
            mends: false,
            watches: true,
        });
        for rule in rights.cluster.iter().chain(&rights.namespaced) {
            let looks = [Verb::Get, Verb::List, Verb::Watch];
            assert!(
                rule.verbs.iter().all(|verb| looks.contains(verb)),
                "{rule:?}"
            );
            assert!(rule.resource != "secrets" || rule.verbs == [Verb::Get]);
        }
    }
}
