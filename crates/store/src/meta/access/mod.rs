//! Rows of who there is and what they may: projects, accounts, keys, roles, policies, workload identity pools.

pub mod accounts;
pub mod keys;
pub mod policies;
pub mod pools;
pub mod projects;
pub mod providers;
pub mod roles;
pub mod signing_keys;
