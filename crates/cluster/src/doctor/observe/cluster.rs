//! Gets and paged lists, and a note of each that was refused.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use kube::api::ListParams;
use kube::{Api, Client};
use serde::de::DeserializeOwned;

use crate::doctor::observation::Looked;
use crate::kubernetes::Error;

/// Items of one page of a list.
const PAGE_SIZE: u32 = 500;
/// Requests that are under way at once: the API server has others to serve.
const CONCURRENCY: usize = 8;

/// A cluster that is looked at.
pub(super) struct Cluster {
    pub(super) client: Client,
    unseen: Mutex<BTreeSet<String>>,
}

impl Cluster {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            unseen: Mutex::default(),
        }
    }

    /// Notes something that was not looked at.
    pub(super) fn miss(&self, sentence: String) {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        unseen.insert(sentence);
    }

    /// What was not looked at.
    pub(super) fn into_unseen(self) -> Vec<String> {
        let unseen = self.unseen.into_inner();
        let unseen = unseen.unwrap_or_else(PoisonError::into_inner);
        unseen.into_iter().collect()
    }

    /// Looks at things by their names, each once. `what` names the kind in a sentence, in the plural. Those that could
    /// not be asked for are left out.
    pub(super) async fn get_all<K, N>(
        &self,
        what: &str,
        names: impl IntoIterator<Item = N>,
        api: impl Fn(&N) -> (Api<K>, String),
    ) -> Vec<(N, Looked<K>)>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let looks = names.into_iter().map(|name| {
            let (api, resource) = api(&name);
            async move { (name, api.get_opt(&resource).await) }
        });
        let mut looks = stream::iter(looks).buffer_unordered(CONCURRENCY);
        let mut found = Vec::new();
        while let Some((name, answer)) = looks.next().await {
            match answer {
                Ok(Some(thing)) => found.push((name, Looked::Found(thing))),
                Ok(None) => found.push((name, Looked::Absent)),
                Err(error) => {
                    let error = Error::from(error);
                    self.miss(format!("{what}: {error}"));
                    if matches!(error, Error::Forbidden(_)) {
                        found.push((name, Looked::Forbidden));
                    }
                }
            }
        }
        found
    }

    /// Lists, page by page, up to a number of pages. Nothing: the cluster would not show it.
    pub(super) async fn list<K>(
        &self,
        what: &str,
        api: &Api<K>,
        params: ListParams,
        pages_max: usize,
    ) -> Option<Vec<K>>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        match pages(api, params, pages_max).await {
            Ok((items, is_whole)) => {
                if !is_whole {
                    let count = items.len();
                    self.miss(format!("{what}: there are more than the {count} that were read; a narrower look sees them all"));
                }
                Some(items)
            }
            Err(error) => {
                self.miss(format!("{what}: {error}"));
                None
            }
        }
    }
}

/// The items of a list, and whether they are all.
pub(super) async fn pages<K>(
    api: &Api<K>,
    params: ListParams,
    pages_max: usize,
) -> Result<(Vec<K>, bool), Error>
where
    K: Clone + DeserializeOwned + Debug,
{
    let mut items = Vec::new();
    let mut params = params.limit(PAGE_SIZE);
    for _ in 0..pages_max {
        let page = api.list(&params).await?;
        items.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok((items, true)),
        }
    }
    Ok((items, false))
}
