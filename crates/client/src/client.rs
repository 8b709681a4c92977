//! The client: an endpoint, a credential, and calls in Google's style. The nouns are in their own modules.

use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wharf_types::ServiceAccountEmail;

use crate::error::Error;
use crate::token::{Tokens, registry_token};
use crate::transport::{Answer, Http};
use crate::{Endpoint, KeyFile};

/// What a client is made with.
#[derive(Debug)]
pub struct Config {
    /// Where the registry is.
    pub endpoint: Endpoint,
    /// Who asks. None: somebody unknown, who may do what `allUsers` may.
    pub key: Option<KeyFile>,
    /// As whom, if not as the key's own account: one that it may get tokens of.
    pub acting_as: Option<ServiceAccountEmail>,
    /// Certificates in PEM that are trusted besides the machine's own.
    pub ca_certificates: Option<Vec<u8>>,
}

/// A registry as its clients see it.
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: Http,
    tokens: Option<Tokens>,
}

/// A request in Google's style: method, path, query, JSON body.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'a str, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: Method, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            method,
            path: path.into_iter().collect(),
            query: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn query(mut self, name: &'a str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// What cannot be written as JSON is sent as nothing and refused by the server; our bodies all can.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).ok();
        self
    }
}

/// One page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What it lists.
    type Item;

    /// What is on it, and what asks for the next one.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}

impl Client {
    /// A client. Nothing is sent yet.
    pub fn new(config: Config) -> Result<Self, Error> {
        let http = Http::new(&config)?;
        Ok(Self {
            endpoint: config.endpoint,
            http,
            tokens: config.key.map(|key| Tokens::new(key, config.acting_as)),
        })
    }

    /// The same registry, asked by somebody else.
    pub fn with_key(&self, key: KeyFile) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            http: self.http.as_account(&key.account),
            tokens: Some(Tokens::new(key, None)),
        }
    }

    /// Where the registry is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Who asks.
    pub fn key(&self) -> Option<&KeyFile> {
        self.tokens.as_ref().map(Tokens::key)
    }

    /// An access token for this endpoint: a bearer of Google's APIs, and the password of `oauth2accesstoken`.
    pub async fn access_token(&self) -> Result<SecretString, Error> {
        let tokens = self.tokens()?;
        tokens.access(&self.http, &self.endpoint).await
    }

    /// An ID token of the account that asks: it proves who that is to those who go by this audience.
    pub async fn identity_token(&self, audience: &str) -> Result<SecretString, Error> {
        let tokens = self.tokens()?;
        tokens.identity(&self.http, &self.endpoint, audience).await
    }

    fn tokens(&self) -> Result<&Tokens, Error> {
        self.tokens.as_ref().ok_or_else(|| Error::Unauthenticated {
            endpoint: self.endpoint.clone(),
            account: None,
            message: "no key file was named".to_owned(),
        })
    }

    /// A registry token of a host for one scope.
    pub(crate) async fn registry_token(
        &self,
        from: &Endpoint,
        scope: &str,
    ) -> Result<SecretString, Error> {
        registry_token(&self.http, self.tokens.as_ref(), from, scope).await
    }

    /// Makes a call and reads its answer's JSON.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        self.send(&call).await?.json()
    }

    /// Makes a call for each page of a list.
    pub(crate) async fn pages<P: Page>(&self, call: Call<'_>) -> Result<Vec<P::Item>, Error> {
        let mut items = Vec::new();
        let mut next = call.clone();
        loop {
            let (more, token) = self.call::<P>(next).await?.split();
            items.extend(more);
            match token.filter(|token| !token.is_empty()) {
                Some(token) => next = call.clone().query("pageToken", &token),
                None => return Ok(items),
            }
        }
    }

    /// Makes a call whose answer says nothing.
    pub(crate) async fn order(&self, call: Call<'_>) -> Result<(), Error> {
        self.send(&call).await?.ok().map(|_| ())
    }

    async fn send(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let answer = self.send_once(call).await?;
        match &self.tokens {
            // A token that was good may not be any more: the clock moved, or the server's keys were changed.
            Some(tokens) if answer.status == StatusCode::UNAUTHORIZED => {
                tokens.forget().await;
                self.send_once(call).await
            }
            _ => Ok(answer),
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let mut url = self.endpoint.join(call.path.iter().copied());
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(tokens) = &self.tokens {
            let token = tokens.access(&self.http, &self.endpoint).await?;
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = &call.body {
            request = request
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        self.http.send(&self.endpoint, request).await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({}, {:?})", self.endpoint, self.key())
    }
}
