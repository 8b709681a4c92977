//! Scopes: what a Docker registry token is asked for and carries, and the OAuth scopes of an access token.

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::name::{ProjectId, RepositoryName, split_project};

/// What a registry token may be used for on one repository. A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actions {
    /// Read and list.
    pub pull: bool,
    /// Write.
    pub push: bool,
    /// Delete. `*` asks for it too; Google's clients delete with `push`, so `push` allows it as well.
    pub delete: bool,
}

impl Actions {
    /// `pull`
    pub const PULL: Self = Self {
        pull: true,
        push: false,
        delete: false,
    };
    /// `push`
    pub const PUSH: Self = Self {
        pull: false,
        push: true,
        delete: false,
    };
    /// `pull,push`
    pub const PULL_PUSH: Self = Self {
        pull: true,
        push: true,
        delete: false,
    };
    /// `delete`
    pub const DELETE: Self = Self {
        pull: false,
        push: false,
        delete: true,
    };

    /// Whether all of `other` is in `self`.
    pub fn contain(self, other: Self) -> bool {
        (self.pull || !other.pull)
            && (self.push || !other.push)
            && (self.delete || self.push || !other.delete)
    }

    /// Whether no action is left.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl std::fmt::Display for Actions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [
            (self.pull, "pull"),
            (self.push, "push"),
            (self.delete, "delete"),
        ];
        let names: Vec<_> = names
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, name)| *name)
            .collect();
        f.write_str(&names.join(","))
    }
}

/// What a scope is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ScopeTarget {
    /// `repository:PROJECT/IMAGE:…`
    Repository(RepositoryName),
    /// `repository:PROJECT:…`: gcloud asks so before it lists a project's images.
    Project(ProjectId),
    /// `registry:catalog:*`
    Catalog,
}

impl std::fmt::Display for ScopeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Repository(repository) => write!(f, "repository:{repository}"),
            Self::Project(project) => write!(f, "repository:{}", project.image_prefix()),
            Self::Catalog => f.write_str("registry:catalog"),
        }
    }
}

/// One scope of the Docker token protocol: `repository:PROJECT/IMAGE:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// What it is about.
    pub target: ScopeTarget,
    /// What it allows.
    pub actions: Actions,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.target {
            ScopeTarget::Catalog => f.write_str("registry:catalog:*"),
            _ => write!(f, "{}:{}", self.target, self.actions),
        }
    }
}

impl Scope {
    /// A scope on one repository.
    pub fn repository(repository: RepositoryName, actions: Actions) -> Self {
        Self {
            target: ScopeTarget::Repository(repository),
            actions,
        }
    }

    /// Parses one scope. `None` for what this registry has no meaning for (another type, a name that cannot exist,
    /// no known action): the token is then issued without it, as the token protocol wants.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let mut set = Actions::default();
        for action in actions.split(',') {
            match action {
                "pull" => set.pull = true,
                "push" => set.push = true,
                "delete" => set.delete = true,
                "*" => {
                    set = Actions {
                        pull: true,
                        push: true,
                        delete: true,
                    }
                }
                _ => {}
            }
        }
        // `repository(plugin)` is docker's way to name a resource class.
        match kind.split_once('(').map_or(kind, |(kind, _)| kind) {
            "repository" if !set.is_empty() => {
                let target = match split_project(name).ok()? {
                    (project, Some(image)) => {
                        ScopeTarget::Repository(RepositoryName { project, image })
                    }
                    (project, None) => ScopeTarget::Project(project),
                };
                Some(Self {
                    target,
                    actions: set,
                })
            }
            "registry" if name == "catalog" => Some(Self {
                target: ScopeTarget::Catalog,
                actions: set,
            }),
            _ => None,
        }
    }

    /// Parses a list as it comes in `scope` parameters: several parameters, each with scopes separated by spaces.
    /// At most [`limits::TOKEN_SCOPES_MAX`] are kept.
    pub fn parse_list<'a>(parameters: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        parameters
            .into_iter()
            .flat_map(|parameter| parameter.split(' '))
            .filter_map(Self::parse)
            .take(limits::TOKEN_SCOPES_MAX)
            .collect()
    }
}

/// The floor that an access token's OAuth scopes put under what its holder may do
/// (Cloud Storage, "OAuth 2.0 scopes"). A token without scopes has no floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OauthFloor {
    /// Scopes that allow nothing here, such as `openid` alone.
    Nothing,
    /// `devstorage.read_only` or `cloud-platform.read-only`: reads.
    ReadOnly,
    /// `devstorage.read_write`: reads and writes images, administers nothing.
    ReadWrite,
    /// `cloud-platform`, `devstorage.full_control`, or no scopes at all.
    Full,
}

impl OauthFloor {
    /// Reads a space-separated scope list. An empty one is [`OauthFloor::Full`]: the JWT's holder asked for no restriction.
    pub fn of_scopes(scopes: &str) -> Self {
        let mut floor = None;
        for scope in scopes.split_whitespace() {
            let name = scope
                .strip_prefix("https://www.googleapis.com/auth/")
                .unwrap_or(scope);
            let this = match name {
                "cloud-platform" | "devstorage.full_control" | "iam" => Self::Full,
                "devstorage.read_write" => Self::ReadWrite,
                "devstorage.read_only" | "cloud-platform.read-only" => Self::ReadOnly,
                _ => Self::Nothing,
            };
            floor = floor.max(Some(this));
        }
        floor.unwrap_or(Self::Full)
    }

    /// A scope that has this floor.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Nothing => "openid",
            Self::ReadOnly => "https://www.googleapis.com/auth/devstorage.read_only",
            Self::ReadWrite => "https://www.googleapis.com/auth/devstorage.read_write",
            Self::Full => "https://www.googleapis.com/auth/cloud-platform",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scopes_of_the_clients() {
        let scope = Scope::parse("repository:my-project/web:push,pull").expect("gcloud's order");
        assert_eq!(scope.actions, Actions::PULL_PUSH);
        assert_eq!(scope.to_string(), "repository:my-project/web:pull,push");
        let project = Scope::parse("repository:my-project:pull").expect("gcloud lists so");
        assert!(matches!(project.target, ScopeTarget::Project(_)));
        assert!(matches!(
            Scope::parse("registry:catalog:*"),
            Some(Scope {
                target: ScopeTarget::Catalog,
                ..
            })
        ));
        for ignored in [
            "",
            "repository",
            "repository:my-project/web:",
            "repository:A:pull",
            "other:x:pull",
        ] {
            assert_eq!(Scope::parse(ignored), None, "{ignored}");
        }
        let list = Scope::parse_list([
            "repository:my-project/a:pull repository:my-project/b:pull,push",
            "nonsense",
        ]);
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn oauth_floors() {
        let google = "https://www.googleapis.com/auth/";
        assert_eq!(OauthFloor::of_scopes(""), OauthFloor::Full);
        assert_eq!(OauthFloor::of_scopes("openid"), OauthFloor::Nothing);
        assert_eq!(
            OauthFloor::of_scopes(&format!("openid {google}devstorage.read_only")),
            OauthFloor::ReadOnly
        );
        assert_eq!(
            OauthFloor::of_scopes(&format!("{google}cloud-platform openid")),
            OauthFloor::Full
        );
    }

    proptest! {
        #[test]
        fn a_scope_reads_back_as_written(text in "repository:[a-z-]{6,10}/[a-z/]{1,9}:(pull|push|pull,push|delete)") {
            if let Some(scope) = Scope::parse(&text) {
                prop_assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,80}") {
            let _ = Scope::parse_list([text.as_str()]);
        }
    }
}
