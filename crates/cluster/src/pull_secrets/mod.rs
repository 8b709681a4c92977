//! Pull secrets in a cluster: made, changed, and named to those who pull.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`document`] | the JSON inside one, edited so that what is not named keeps its bytes |
//! | [`registries`] | registries put in and taken out |
//! | [`store`] | the Secret in the API server |
//! | [`attach`] | the lists of ServiceAccounts and Pod templates that name Secrets |
//! | [`reach`] | whom a change of such a list reaches |
//! | [`workload`] | what makes Pods |

pub mod attach;
pub mod document;
pub mod reach;
pub mod registries;
pub mod store;
pub mod workload;
