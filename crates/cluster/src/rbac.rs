//! The least rights that a command needs in a cluster, and the Roles that give them.

use crate::Namespace;
use crate::manifest::to_yaml;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
}

impl Verb {
    /// As a Role has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// Verbs on one kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `""` is the core group.
    pub api_group: &'static str,
    /// `secrets`, `pods/log`.
    pub resource: &'static str,
    /// Only these objects. Empty: all. RBAC cannot limit `create` or `list` by name.
    pub names: Vec<String>,
    /// What may be done with them.
    pub verbs: Vec<Verb>,
}

impl Rule {
    /// Verbs on all objects of a kind.
    pub fn new(
        api_group: &'static str,
        resource: &'static str,
        verbs: impl IntoIterator<Item = Verb>,
    ) -> Self {
        Self {
            api_group,
            resource,
            names: Vec::new(),
            verbs: verbs.into_iter().collect(),
        }
    }

    /// The same on objects of these names alone.
    pub fn named(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// Whether the two differ in the kind of object alone, so that one entry of a Role says both.
    fn goes_with(&self, other: &PolicyRule) -> bool {
        let own = self.policy();
        own.api_groups == other.api_groups
            && own.verbs == other.verbs
            && own.resource_names.is_none()
            && other.resource_names.is_none()
    }

    fn policy(&self) -> PolicyRule {
        PolicyRule {
            api_groups: Some(vec![self.api_group.to_owned()]),
            resources: Some(vec![self.resource.to_owned()]),
            resource_names: Some(self.names.clone()).filter(|names| !names.is_empty()),
            verbs: self
                .verbs
                .iter()
                .map(|verb| verb.as_str().to_owned())
                .collect(),
            ..PolicyRule::default()
        }
    }
}

/// The entries of a Role.
fn policies<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Option<Vec<PolicyRule>> {
    let mut policies: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        match policies.last_mut() {
            Some(last) if rule.goes_with(last) => {
                let resources = last.resources.get_or_insert_default();
                resources.push(rule.resource.to_owned());
            }
            _ => policies.push(rule.policy()),
        }
    }
    Some(policies)
}

/// Where a command works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every namespace.
    Cluster,
    /// In these. Empty: in that of whoever applies the Role.
    Namespaces(Vec<Namespace>),
}

/// The least rights that a command needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The Role's name.
    pub name: String,
    /// On what belongs to no namespace, or is looked at in all of them whatever the scope.
    pub cluster: Vec<Rule>,
    /// On what is in a namespace.
    pub namespaced: Vec<Rule>,
}

impl Rights {
    /// The Roles and ClusterRoles in YAML and, if it is known who is to have them, their bindings; ready for
    /// `kubectl apply -f -`. `user` is a user's name as the API server knows it; `system:serviceaccount:NAMESPACE:NAME`
    /// is a ServiceAccount.
    pub fn to_yaml(&self, scope: &Scope, user: Option<&str>) -> String {
        let mut documents = Vec::new();
        let everywhere: Vec<_> = match scope {
            Scope::Cluster => self.cluster.iter().chain(&self.namespaced).collect(),
            Scope::Namespaces(_) => self.cluster.iter().collect(),
        };
        if !everywhere.is_empty() {
            documents.push(to_yaml(&[ClusterRole {
                metadata: self.metadata(None),
                rules: policies(everywhere),
                ..ClusterRole::default()
            }]));
            documents.extend(user.map(|user| {
                to_yaml(&[ClusterRoleBinding {
                    metadata: self.metadata(None),
                    role_ref: self.role_ref("ClusterRole"),
                    subjects: Some(vec![subject(user)]),
                }])
            }));
        }
        if let Scope::Namespaces(namespaces) = scope
            && !self.namespaced.is_empty()
        {
            let unsaid = namespaces.is_empty().then_some(None);
            for namespace in namespaces.iter().map(Some).chain(unsaid) {
                documents.push(to_yaml(&[Role {
                    metadata: self.metadata(namespace),
                    rules: policies(&self.namespaced),
                }]));
                documents.extend(user.map(|user| {
                    to_yaml(&[RoleBinding {
                        metadata: self.metadata(namespace),
                        role_ref: self.role_ref("Role"),
                        subjects: Some(vec![subject(user)]),
                    }])
                }));
            }
        }
        documents.join("---\n")
    }

    fn metadata(&self, namespace: Option<&Namespace>) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name.clone()),
            namespace: namespace.map(ToString::to_string),
            ..ObjectMeta::default()
        }
    }

    fn role_ref(&self, kind: &str) -> RoleRef {
        RoleRef {
            api_group: RBAC_GROUP.to_owned(),
            kind: kind.to_owned(),
            name: self.name.clone(),
        }
    }
}

fn subject(user: &str) -> Subject {
    let account = user
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, name)) => Subject {
            kind: "ServiceAccount".to_owned(),
            name: name.to_owned(),
            namespace: Some(namespace.to_owned()),
            api_group: None,
        },
        None => Subject {
            kind: "User".to_owned(),
            name: user.to_owned(),
            namespace: None,
            api_group: Some(RBAC_GROUP.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rights() -> Rights {
        Rights {
            name: "wharf-example".to_owned(),
            cluster: vec![Rule::new("", "namespaces", [Verb::List])],
            namespaced: vec![Rule::new("", "secrets", [Verb::Get, Verb::Patch]).named(["regcred"])],
        }
    }

    fn kinds(yaml: &str) -> Vec<(String, Option<String>)> {
        yaml.split("---\n")
            .map(|document| {
                let value: serde_json::Value = serde_saphyr::from_str(document).unwrap();
                let namespace = value["metadata"]["namespace"].as_str().map(str::to_owned);
                (value["kind"].as_str().unwrap().to_owned(), namespace)
            })
            .collect()
    }

    #[test]
    fn a_scope_of_namespaces_gives_no_right_elsewhere() {
        let scope = Scope::Namespaces(vec!["web".parse().unwrap(), "db".parse().unwrap()]);
        let yaml = rights().to_yaml(&scope, Some("system:serviceaccount:ci:deployer"));
        let namespaces: Vec<_> = kinds(&yaml);
        let expected = [
            ("ClusterRole", None),
            ("ClusterRoleBinding", None),
            ("Role", Some("web")),
            ("RoleBinding", Some("web")),
            ("Role", Some("db")),
            ("RoleBinding", Some("db")),
        ]
        .map(|(kind, namespace)| (kind.to_owned(), namespace.map(str::to_owned)));
        assert_eq!(namespaces, expected);
        let (cluster_role, _) = yaml.split_once("---").unwrap();
        assert!(!cluster_role.contains("secrets"), "{cluster_role}");
    }

    #[test]
    fn the_whole_cluster_needs_cluster_roles_alone() {
        let yaml = rights().to_yaml(&Scope::Cluster, None);
        assert_eq!(kinds(&yaml), [("ClusterRole".to_owned(), None)]);
        assert!(
            yaml.contains("secrets") && yaml.contains("namespaces"),
            "{yaml}"
        );
    }

    #[test]
    fn kinds_with_the_same_verbs_are_one_entry() {
        let rule = |resource| Rule::new("apps", resource, [Verb::List]);
        let named = rule("replicasets").named(["a"]);
        let rules = [rule("deployments"), rule("daemonsets"), named];
        let policies = policies(&rules).unwrap();
        assert_eq!(policies.len(), 2);
        let expected = ["deployments".to_owned(), "daemonsets".to_owned()];
        assert_eq!(policies[0].resources.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn a_role_reads_as_one_writes_it() {
        let mut rights = rights();
        rights.cluster.clear();
        assert_eq!(
            rights.to_yaml(&Scope::Namespaces(Vec::new()), Some("jane")),
            "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: wharf-example
rules:
- apiGroups:
  - \"\"
  resourceNames:
  - regcred
  resources:
  - secrets
  verbs:
  - get
  - patch
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: wharf-example
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: wharf-example
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: jane
"
        );
    }
}
