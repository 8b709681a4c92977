//! `wharf pull-secret check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use wharf_cluster::check::cluster::{PullSecrets, Target};
use wharf_cluster::check::{
    ContainerImage, ImagePrediction, ListedBy, Outcome, Prediction, Question, SecretState, State,
    manifests,
};
use wharf_cluster::kubernetes;

use crate::cluster::{Cluster, InNamespace};
use crate::failure::Failure;
use crate::files;
use crate::output::Output;

/// Say what a kubelet will do with pull secrets, without creating a Pod
///
/// For each image: which credentials are tried, in which order, and whether none is; or what the container will wait
/// with. And what is wrong with the Secrets, above all what the kubelet passes over without a word.
///
/// Nothing is pulled and nothing is changed. What only a node knows (its own docker config, credential plugins,
/// mirrors, images that are there already) is left out.
///
/// Exit codes: 0 every image is pulled with a credential, and every Secret is in order; 3 not so; 1 it could not be
/// found out; 2 usage. Warnings do not count.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    # An image, for a Pod with the default ServiceAccount, and with another one\n  \
    wharf pull-secret check us.example.com/my-project/app:v1\n  \
    wharf pull-secret check us.example.com/my-project/app:v1 -n web --service-account deployer\n\n  \
    # All images of what is there: a Pod by its name alone, anything else as KIND/NAME\n  \
    wharf pull-secret check web-5d4f8-x2x7q -n web\n  \
    wharf pull-secret check deployment/web -n web -o json\n\n  \
    # An image with given Secrets, in this order\n  \
    wharf pull-secret check us.example.com/my-project/app:v1 --secret gcr-json-key,regcred\n\n  \
    # Files, without any cluster; without an image only the Secrets are examined\n  \
    wharf pull-secret check us.example.com/my-project/app:v1 -f secret.yaml\n  \
    kubectl create secret docker-registry … --dry-run=client -o yaml | wharf pull-secret check -f -")]
pub(super) struct Check {
    /// An image, a Pod's name, or KIND/NAME: pod, deployment, statefulset, daemonset, replicaset, job, cronjob. A word
    /// without '/', ':' and '@' is a Pod, unless --service-account, --secret or -f says otherwise
    #[arg(required_unless_present = "file")]
    target: Option<String>,
    /// The ServiceAccount of the Pod that would pull the image. By default `default`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["secret", "file"])]
    service_account: Option<String>,
    /// The pull secrets of the Pod that would pull the image, in order: repeated, or with commas between them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    secret: Vec<String>,
    /// Take the Secrets from a file, YAML or JSON, instead of a cluster; - is stdin. May be repeated. All its Secrets
    /// in order, or those that --secret names
    #[arg(
        short,
        long,
        value_name = "FILE",
        conflicts_with_all = ["namespace", "kubeconfig", "context", "print_rbac"]
    )]
    file: Vec<PathBuf>,
    /// Take an image that is pulled without a credential for right, as public ones are
    #[arg(long)]
    allow_anonymous: bool,
    #[command(flatten)]
    namespace: InNamespace,
    #[command(flatten)]
    cluster: Cluster,
    #[command(flatten)]
    output: Output,
}

impl Check {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let question = if self.file.is_empty() {
            let target = self.target();
            if self.cluster.wants_rights() {
                let scope = self.namespace.scope();
                return self.cluster.print_rights(&target.rights(), &scope);
            }
            let client = self.cluster.connect().await?;
            let namespace = self.namespace.resolve(&client)?;
            let asked = target.ask(&client, &namespace).await;
            asked.map_err(|error| not_found(error, &target))?
        } else {
            self.ask_files()?
        };
        let answer = question.answer();
        self.output.text_or(&text(&answer), &answer)?;
        match answer.is_in_order(self.allow_anonymous) {
            true => Ok(()),
            false => Err(Failure::problems()),
        }
    }

    /// What is meant: an image where its Pod is described, else whatever the word looks like.
    fn target(&self) -> Target {
        let word = self.target.clone().unwrap_or_default();
        if !self.secret.is_empty() {
            return Target::Image(word, PullSecrets::Named(self.secret.clone()));
        }
        if let Some(account) = &self.service_account {
            return Target::Image(word, PullSecrets::Of(account.clone()));
        }
        match word.split_once('/') {
            Some(("pod" | "pods" | "po", name)) if !name.contains(['/', ':', '@']) => {
                return Target::Pod(name.to_owned());
            }
            Some(_) => {
                if let Ok(workload) = word.parse() {
                    return Target::Workload(workload);
                }
            }
            None if !word.contains([':', '@']) => return Target::Pod(word),
            None => {}
        }
        Target::Image(word, PullSecrets::Of("default".to_owned()))
    }

    /// The question as files put it.
    fn ask_files(&self) -> Result<Question, Failure> {
        let mut names = Vec::new();
        let mut secrets = BTreeMap::new();
        for path in &self.file {
            let found = manifests::read_secrets(&files::read_text(path)?)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
            for secret in found {
                let name = secret.metadata.name.clone().unwrap_or_default();
                names.push(name.clone());
                if secrets.insert(name.clone(), secret).is_some() {
                    return Err(Failure::new(format!(
                        "{}: there are two Secrets named {name}",
                        path.display()
                    )));
                }
            }
        }
        if !self.secret.is_empty() {
            names = self.secret.clone();
        }
        let images = self.target.iter().map(|image| ContainerImage {
            user: None,
            image: image.clone(),
            never_pulled: false,
        });
        Ok(Question {
            subject: self.target.clone().unwrap_or_else(|| "files".to_owned()),
            namespace: None,
            images: images.collect(),
            listed_by: ListedBy::Caller,
            names,
            secrets,
            notes: Vec::new(),
        })
    }
}

/// A word that was taken for a Pod's name may have been meant for an image.
fn not_found(error: kubernetes::Error, target: &Target) -> Failure {
    match (&error, target) {
        (kubernetes::Error::NotFound(_), Target::Pod(name)) => Failure::from(error).hint(format!(
            "if the image is meant: wharf pull-secret check {name}:latest"
        )),
        _ => error.into(),
    }
}

/// The answer for people: each image with what is tried for it, then what is wrong with each Secret.
fn text(answer: &Prediction) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = write_answer(&mut text, answer);
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

fn write_answer(text: &mut String, answer: &Prediction) -> std::fmt::Result {
    let names: Vec<_> = answer
        .secrets
        .iter()
        .map(|secret| secret.name.as_str())
        .collect();
    let place = match &answer.namespace {
        Some(namespace) => format!(" in namespace {namespace}"),
        None => String::new(),
    };
    let list = match (&answer.listed_by, names.is_empty()) {
        (ListedBy::Pod, true) => "it lists no pull secret".to_owned(),
        (ListedBy::Pod, false) => format!("it lists {}", names.join(", ")),
        (ListedBy::ServiceAccount(account), true) => {
            format!("serviceaccount {account} lists no pull secret")
        }
        (ListedBy::ServiceAccount(account), false) => {
            format!("serviceaccount {account} lists {}", names.join(", "))
        }
        (ListedBy::Caller, true) => "no pull secret".to_owned(),
        (ListedBy::Caller, false) => format!("with {}", names.join(", ")),
    };
    writeln!(text, "{}{place}: {list}", answer.subject)?;
    for note in &answer.notes {
        writeln!(text, "  note: {note}")?;
    }
    for image in &answer.images {
        write_image(text, image)?;
    }
    for secret in &answer.secrets {
        write_secret(text, secret)?;
    }
    if !answer.events.is_empty() {
        writeln!(text, "\nThe Pod will show:")?;
    }
    for event in &answer.events {
        writeln!(text, "  {event}")?;
    }
    Ok(())
}

fn write_image(text: &mut String, image: &ImagePrediction) -> std::fmt::Result {
    // An image that was named by itself stands in the first line.
    if let Some(user) = &image.user {
        writeln!(text, "\n{user}: {}", image.image)?;
    }
    match image.outcome {
        Outcome::Credential => {}
        Outcome::Anonymous => {
            let repository = image.repository.as_deref().unwrap_or_default();
            writeln!(
                text,
                "  no credential matches {repository}: it is pulled without one"
            )?;
        }
        Outcome::Undecodable | Outcome::InvalidImage => {
            let reason = image.waiting_reason.as_deref().unwrap_or_default();
            let message = image.waiting_message.as_deref().unwrap_or_default();
            writeln!(
                text,
                "  it is not pulled; the container waits with {reason}"
            )?;
            if message != reason {
                writeln!(text, "  {message}")?;
            }
        }
        Outcome::NeverPulled => {
            writeln!(text, "  it is not pulled, since its pull policy is Never")?;
        }
    }
    for (number, attempt) in image.attempts.iter().enumerate() {
        write!(
            text,
            "  {}. user {:?} of Secret {}, key {:?}",
            number + 1,
            attempt.username,
            attempt.secret,
            attempt.key
        )?;
        if attempt.docker_hub_fallback {
            write!(text, ", since nothing else matches")?;
        }
        if attempt.either_order {
            write!(text, ", before or after the one above")?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn write_secret(text: &mut String, secret: &SecretState) -> std::fmt::Result {
    let name = &secret.name;
    match secret.state {
        State::Missing => writeln!(
            text,
            "\nSecret {name} does not exist; the kubelet goes on without it"
        )?,
        _ if secret.lints.is_empty() => {}
        State::Skipped => writeln!(text, "\nSecret {name} is passed over without a word")?,
        State::Undecodable => writeln!(text, "\nSecret {name} stops every pull")?,
        State::Read => writeln!(text, "\nSecret {name}")?,
    }
    for lint in &secret.lints {
        let key = lint.key.as_ref().map(|key| format!("{key:?}: "));
        writeln!(
            text,
            "  {} ({}): {}{}",
            lint.severity,
            lint.code,
            key.unwrap_or_default(),
            lint.message
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        check: Check,
    }

    fn check(arguments: &[&str]) -> Check {
        Line::try_parse_from(["check"].iter().chain(arguments))
            .unwrap()
            .check
    }

    #[test]
    fn the_target_is_what_it_looks_like() {
        let of = |account: &str| PullSecrets::Of(account.to_owned());
        for (arguments, target) in [
            (&["web-1"][..], Target::Pod("web-1".to_owned())),
            (&["pod/web-1"], Target::Pod("web-1".to_owned())),
            (
                &["deploy/web"],
                Target::Workload("deployment/web".parse().unwrap()),
            ),
            (
                &["nginx:1"],
                Target::Image("nginx:1".to_owned(), of("default")),
            ),
            (
                &["team/app"],
                Target::Image("team/app".to_owned(), of("default")),
            ),
            (
                &["pod/app:v1"],
                Target::Image("pod/app:v1".to_owned(), of("default")),
            ),
            (
                &["nginx", "--service-account", "a"],
                Target::Image("nginx".to_owned(), of("a")),
            ),
            (
                &["pod/app", "--secret", "a,b"],
                Target::Image(
                    "pod/app".to_owned(),
                    PullSecrets::Named(vec!["a".to_owned(), "b".to_owned()]),
                ),
            ),
        ] {
            assert_eq!(check(arguments).target(), target, "{arguments:?}");
        }
    }

    fn answer(manifest: &str, arguments: &[&str]) -> Prediction {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.yaml");
        std::fs::write(&path, manifest).unwrap();
        let path = path.to_str().unwrap();
        let check = check(&[arguments, &["-f", path]].concat());
        check.ask_files().unwrap().answer()
    }

    const MANIFEST: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"us.example.com": {"username": "_json_key", "password": "hunter2"},
               "*.example.com:443": {"auth": "YTpodW50ZXIy"}}}
---
apiVersion: v1
kind: Secret
metadata: {name: old}
stringData: {.dockerconfigjson: "{}"}
"#;

    #[test]
    fn the_text_says_what_is_tried_and_what_is_wrong_and_no_password() {
        let answer = answer(MANIFEST, &["us.example.com/app:v1"]);
        let expected = r#"us.example.com/app:v1: with regcred, old
  1. user "_json_key" of Secret regcred, key "us.example.com"

Secret regcred
  warning (default-port): "*.example.com:443": it matches only images that are written with :443; leave it away for *.example.com/IMAGE

Secret old is passed over without a word
  error (wrong-type): the kubelet passes over a Secret of type Opaque without a word; delete it and create it with type kubernetes.io/dockerconfigjson, since a type cannot be changed
"#;
        assert_eq!(text(&answer), expected);
        assert!(!answer.is_in_order(false));
    }

    #[test]
    fn a_name_that_no_file_has_is_missing() {
        let answer = answer(MANIFEST, &["nginx", "--secret", "regcred,gone"]);
        let text = text(&answer);
        assert!(
            text.contains("no credential matches docker.io/library/nginx"),
            "{text}"
        );
        assert!(text.contains("Secret gone does not exist"), "{text}");
        assert!(text.contains("FailedToRetrieveImagePullSecret"), "{text}");
    }

    #[test]
    fn without_an_image_the_secrets_are_examined() {
        let answer = answer(MANIFEST, &[]);
        assert!(answer.images.is_empty());
        assert_eq!(answer.secrets.len(), 2);
    }
}
