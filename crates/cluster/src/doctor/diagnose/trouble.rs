//! Whether a container waits for its image, and what the runtime says of it. Most containers do not wait; of those that
//! do, most wait for other things, and they are none of the doctor's business.

use crate::doctor::observation::{
    Container, ContainerKind, Event, Looked, Observations, Pod, Probe,
};
use crate::doctor::text::{Complaint, CredentialSent, Symptom, classify};

/// Of a container that waits for its image, the runtime's text.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// What the text says.
    pub(super) symptom: Symptom,
    /// The text, whole.
    pub(super) text: String,
    /// The event that it stands in. None: the container's status.
    pub(super) event: Option<Event>,
    /// The sandbox's image, where it is that which is not pulled.
    pub(super) sandbox: Option<String>,
}

/// The containers of a Pod that cannot start for want of an image.
pub(super) fn of_pod<'a>(
    pod: &'a Pod,
    seen: &Observations,
) -> Vec<(&'a Pod, &'a Container, Trouble)> {
    if matches!(pod.phase.as_str(), "Succeeded" | "Failed") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for container in &pod.containers {
        let trouble = if container.kind == ContainerKind::Volume {
            of_volume(pod, container)
        } else {
            of_container(pod, container, seen)
        };
        if let Some(trouble) = trouble {
            found.push((pod, container, trouble));
        }
    }
    if found.is_empty()
        && let Some(trouble) = of_sandbox(pod)
    {
        let waiting = pod.containers.iter().filter(|container| is_made(container));
        found.extend(waiting.map(|container| (pod, container, trouble.clone())));
    }
    found
}

fn is_made(container: &Container) -> bool {
    container.waiting.as_ref().is_some_and(|waiting| {
        matches!(
            waiting.reason.as_str(),
            "ContainerCreating" | "PodInitializing"
        )
    })
}

fn of_container(pod: &Pod, container: &Container, seen: &Observations) -> Option<Trouble> {
    if container.is_running {
        return None;
    }
    if !container.waits_for_image() {
        return exec_format(container).or_else(|| other_machine(pod, container, seen));
    }
    let waiting = container.waiting.as_ref()?;
    // What is pulled is an image volume's, which has a line of its own.
    let is_of_volume = pod
        .containers
        .iter()
        .filter(|other| other.kind == ContainerKind::Volume)
        .any(|other| names(&waiting.message, &other.image));
    if is_of_volume && !names(&waiting.message, &container.image) {
        return None;
    }
    Some(of_status(pod, container, container))
}

fn of_volume(pod: &Pod, volume: &Container) -> Option<Trouble> {
    let holder = pod
        .containers
        .iter()
        .filter(|container| container.waits_for_image())
        .find(|container| {
            container.waiting.as_ref().is_some_and(|waiting| {
                names(&waiting.message, &volume.image) && !names(&waiting.message, &container.image)
            })
        })?;
    Some(of_status(pod, holder, volume))
}

/// Reads the status of `holder` and, where that has no cause, the events about the image of `container`.
fn of_status(pod: &Pod, holder: &Container, container: &Container) -> Trouble {
    let waiting = holder.waiting.clone().unwrap_or_default();
    let symptom = classify(&waiting.reason, &waiting.message);
    let has_no_cause = match symptom.complaint {
        Complaint::BackOff => true,
        Complaint::Unknown => waiting.message.is_empty(),
        _ => false,
    };
    if has_no_cause && let Some((event, symptom)) = of_events(pod, container) {
        return Trouble {
            symptom,
            text: event.message.clone(),
            event: Some(event.clone()),
            sandbox: None,
        };
    }
    Trouble {
        symptom,
        text: if waiting.message.is_empty() {
            waiting.reason
        } else {
            waiting.message
        },
        event: None,
        sandbox: None,
    }
}

/// The newest event that says why an image was not pulled.
fn of_events<'a>(pod: &'a Pod, container: &Container) -> Option<(&'a Event, Symptom)> {
    pod.events
        .iter()
        .rev()
        .filter(|event| matches!(event.reason.as_str(), "Failed" | "InspectFailed"))
        .filter(|event| match &event.container {
            Some(name) if container.kind != ContainerKind::Volume => *name == container.name,
            _ => names(&event.message, &container.image),
        })
        .map(|event| (event, classify(&event.reason, &event.message)))
        .find(|(_, symptom)| !matches!(symptom.complaint, Complaint::BackOff | Complaint::Unknown))
        .or_else(|| {
            let mut events = pod.events.iter().rev();
            let event = events.find(|event| {
                event.reason == "Failed"
                    && event.message.starts_with("Failed to pull image")
                    && names(&event.message, &container.image)
            })?;
            Some((event, classify(&event.reason, &event.message)))
        })
}

fn names(message: &str, image: &str) -> bool {
    !image.is_empty() && message.contains(&format!("\"{image}\""))
}

/// The program was pulled and does not run, and the text says that it is for another processor.
fn exec_format(container: &Container) -> Option<Trouble> {
    let waiting = container.waiting.as_ref().map(|waiting| &waiting.message);
    let ended = container.terminated.as_ref().map(|end| &end.message);
    let text = [waiting, ended]
        .into_iter()
        .flatten()
        .find(|text| text.contains("exec format error"))?;
    Some(Trouble {
        symptom: Symptom {
            complaint: Complaint::ExecFormat,
            credential: CredentialSent::Unknown,
            host: None,
            fragment: "exec format error".to_owned(),
        },
        text: text.clone(),
        event: None,
        sandbox: None,
    })
}

/// The program ended at once, with the code of one that could not be executed, and the registry says that the image is
/// for other machines: its own words are in the container's log, which the doctor does not read.
fn other_machine(pod: &Pod, container: &Container, seen: &Observations) -> Option<Trouble> {
    let end = container.terminated.as_ref()?;
    if container.is_running || !end.may_not_have_begun() {
        return None;
    }
    let Some(Looked::Found(node)) = seen.nodes.get(pod.node.as_ref()?) else {
        return None;
    };
    let mut probes = seen
        .probes
        .iter()
        .filter(|(target, _)| target.image == container.image);
    let is_for_others = probes.any(|(_, Probe { outcome, .. })| {
        outcome.as_ref().is_ok_and(|reached| {
            !reached.platforms.is_empty()
                && !reached
                    .platforms
                    .iter()
                    .any(|platform| platform.split('/').nth(1) == Some(node.architecture.as_str()))
        })
    });
    let text = format!("the program ended at once with exit code {}", end.exit_code);
    is_for_others.then(|| Trouble {
        symptom: Symptom {
            complaint: Complaint::ExecFormat,
            credential: CredentialSent::Unknown,
            host: None,
            fragment: text.clone(),
        },
        text,
        event: None,
        sandbox: None,
    })
}

/// The sandbox's image is not pulled: its text has another image's name, and the containers are not even tried.
fn of_sandbox(pod: &Pod) -> Option<Trouble> {
    let event = pod.events.iter().rev().find(|event| {
        event.reason == "FailedCreatePodSandBox"
            && classify(&event.reason, &event.message).complaint == Complaint::SandboxImage
    })?;
    let image = event
        .message
        .split_once("sandbox image \"")
        .or_else(|| event.message.split_once("pull image \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(image, _)| image.to_owned());
    let pull = event
        .message
        .split_once("failed to pull")
        .map_or(event.message.as_str(), |(before, _)| {
            &event.message[before.len()..]
        });
    Some(Trouble {
        symptom: classify("ErrImagePull", pull),
        text: event.message.clone(),
        event: Some(event.clone()),
        sandbox: Some(image.unwrap_or_else(|| "of the sandbox".to_owned())),
    })
}
