//! Word that something changed, so that it is worth a new look.

use futures_util::stream::{BoxStream, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher;
use kube::{Api, Client};

use super::scope::{Scope, Target};

/// Seconds of one watch: less than the time after which a connection without a word counts as broken.
const WATCH_SECONDS: u32 = 45;

/// A word for each change of a Pod of the scope, from now on. A watch that ends is begun anew, without an end; its errors
/// are words, too, since the look that follows says what is the matter.
pub fn changes(client: &Client, scope: &Scope) -> BoxStream<'static, ()> {
    let api: Api<PartialObjectMeta<Pod>> = match scope.namespace() {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let config = watcher::Config::default().timeout(WATCH_SECONDS);
    let config = match scope {
        Scope::Target {
            target: Target::Pod(name),
            ..
        } => config.fields(&format!("metadata.name={name}")),
        _ => config,
    };
    let words = watcher::watcher(api, config).filter_map(|event| async move {
        match event {
            // What was there when the watch began is no change, and was looked at.
            Ok(watcher::Event::Init | watcher::Event::InitApply(_)) => None,
            _ => Some(()),
        }
    });
    words.boxed()
}
