//! Why a Pod sits in `ImagePullBackOff`, from both ends: what the kubelet saw, and what the registry decided.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`observation`] | what was seen, as plain values |
//! | [`observe`](mod@observe) | looking at the cluster |
//! | [`trials`] | which pulls are tried |
//! | [`probe`] | trying the pulls from here |
//! | [`fix`] | mending |
//! | [`rights`] | what it may do in the cluster |
//! | [`text`] | what a runtime's text says |
//! | [`diagnose`](mod@diagnose) | concluding |
//! | [`testimony`] | what our own registry says when it is asked |
//! | [`cause`], [`remedy`], [`finding`] | what is concluded |
//!
//! Looking and concluding are apart: [`observation::Observations`] in, findings out, by a function that asks nobody.

pub mod cause;
mod diagnose;
pub mod finding;
pub mod fix;
pub mod observation;
pub mod observe;
pub mod probe;
pub mod remedy;
pub mod rights;
pub mod testimony;
pub mod text;
pub mod trials;

pub use diagnose::diagnose;
