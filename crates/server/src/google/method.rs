//! What a method of a Google-style API is, as data. The rows lie in [`super::methods`], one file an API; the router, the
//! pages about it and the tests over all of them read the same rows.

use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use super::call::{Answer, Call};
use super::refusal::Refusal;

/// An API, under the name and version that Google's Discovery service has for it.
pub(super) struct Api {
    /// `iam`
    pub(super) name: &'static str,
    /// `v1`
    pub(super) version: &'static str,
    /// What people call it.
    pub(super) title: &'static str,
    /// Its methods.
    pub(super) methods: &'static [Method],
}

/// A method.
pub(super) struct Method {
    /// Its id in Google's discovery documents: `iam.projects.serviceAccounts.list`.
    pub(super) id: &'static str,
    /// How it is asked for.
    pub(super) binding: Binding,
    /// Further ways to ask for it.
    pub(super) also: &'static [Binding],
    /// What answers it.
    pub(super) handler: Handler,
    /// Whether it is told who calls.
    pub(super) login: Login,
    /// The parameters that it reads from the query.
    pub(super) query: &'static [Parameter],
    /// What it takes in the body.
    pub(super) request: Option<Request>,
    /// What it answers.
    pub(super) response: Option<SchemaOf>,
}

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a method takes in the body.
pub(super) struct Request {
    /// Its schema.
    pub(super) schema: SchemaOf,
    /// Refuses a body that is none of it, before the handler runs.
    pub(super) check: fn(&Call) -> Result<(), Refusal>,
}

/// A parameter behind the question mark.
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// Any text, several times.
    Texts,
    /// A number of 32 bits.
    Number,
    /// `true` or `false`.
    Switch,
}

/// A parameter that is a text.
pub(super) const fn text(name: &'static str) -> Parameter {
    let kind = Kind::Text;
    Parameter { name, kind }
}

/// A parameter that is a text, and may come several times.
pub(super) const fn texts(name: &'static str) -> Parameter {
    let kind = Kind::Texts;
    Parameter { name, kind }
}

/// A parameter that is a number.
pub(super) const fn number(name: &'static str) -> Parameter {
    let kind = Kind::Number;
    Parameter { name, kind }
}

/// A parameter that is on or off.
pub(super) const fn switch(name: &'static str) -> Parameter {
    let kind = Kind::Switch;
    Parameter { name, kind }
}

/// A way to ask for a method.
#[derive(Clone, Copy)]
pub(super) struct Binding {
    /// The method of HTTP.
    pub(super) http: &'static str,
    /// The path without the slash before it, in the form of [`Template`](super::template::Template): each `*` and each
    /// `{…}` without one stands for a segment, and behind a colon is a custom verb:
    /// `v1/{name=projects/*/roles/*}:undelete`.
    pub(super) path: &'static str,
}

/// What answers a method.
pub(super) enum Handler {
    /// A function, made by [`handler!`](super::method::handler).
    Function {
        /// How many segments of the path it takes.
        #[cfg_attr(
            not(test),
            expect(dead_code, reason = "a test compares it with the path")
        )]
        arity: usize,
        /// `None` for another number of values.
        run: Run,
    },
    /// Nothing: the real API has the method, this registry does not; why, and what to do instead.
    NotOffered(&'static str),
}

/// Runs a handler on the segments that the path's variables stand for, in their order.
pub(super) type Run = for<'a> fn(&'a Call, &'a [&'a str]) -> Option<BoxFuture<'a, Answer>>;

/// Whether a method is told who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// A wrong credential is refused; about nobody, the verb decides.
    Read,
    /// Nobody is refused: the answer is the same for everybody else, and no verb decides.
    Required,
    /// Everybody is nobody, whatever stands in `Authorization`: the answer is for all, or the proof stands in the body.
    Ignored,
}

/// `handler!(|call, project| projects::get(call, project))`: an `async fn` of a [`Call`] and as many texts as the path
/// has variables.
macro_rules! handler {
    (|$call:ident $(, $value:ident)*| $answer:expr) => {
        $crate::google::method::Handler::Function {
            arity: <[&str]>::len(&[$(stringify!($value)),*]),
            run: |$call, values| match values {
                [$($value),*] => Some(futures_util::FutureExt::boxed($answer)),
                _ => None,
            },
        }
    };
}
pub(super) use handler;

impl Method {
    pub(super) const fn get(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new(id, "GET", path, handler)
    }

    pub(super) const fn post(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new(id, "POST", path, handler)
    }

    pub(super) const fn put(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new(id, "PUT", path, handler)
    }

    pub(super) const fn patch(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new(id, "PATCH", path, handler)
    }

    pub(super) const fn delete(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new(id, "DELETE", path, handler)
    }

    const fn new(
        id: &'static str,
        http: &'static str,
        path: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            id,
            binding: Binding { http, path },
            also: &[],
            handler,
            login: Login::Read,
            query: &[],
            request: None,
            response: None,
        }
    }

    /// The same method, asked for in these ways too.
    pub(super) const fn also(mut self, also: &'static [Binding]) -> Self {
        self.also = also;
        self
    }

    /// The same method, for who is logged in: see [`Login::Required`].
    pub(super) const fn with_login(mut self) -> Self {
        self.login = Login::Required;
        self
    }

    /// The same method, for everybody: see [`Login::Ignored`].
    pub(super) const fn without_login(mut self) -> Self {
        self.login = Login::Ignored;
        self
    }

    /// The same method, with these parameters.
    pub(super) const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// The same method, of a JSON body: one that is no `T` is refused.
    pub(super) const fn takes<T: JsonSchema + DeserializeOwned + Default>(mut self) -> Self {
        self.request = Some(Request {
            schema: SchemaGenerator::subschema_for::<T>,
            check: |call| call.body::<T>().map(drop),
        });
        self
    }

    /// The same method, with this answer.
    pub(super) const fn answers<T: JsonSchema>(mut self) -> Self {
        self.response = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// Every way to ask for it.
    pub(super) fn bindings(&self) -> impl Iterator<Item = Binding> {
        [self.binding].into_iter().chain(self.also.iter().copied())
    }
}

/// A further way to ask for a method.
pub(super) const fn by(http: &'static str, path: &'static str) -> Binding {
    Binding { http, path }
}
