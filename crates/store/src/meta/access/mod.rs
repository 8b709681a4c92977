//! Rows of who there is and what they may: projects, accounts, keys, roles, policies.

pub mod accounts;
pub mod keys;
pub mod policies;
pub mod projects;
pub mod roles;
pub mod signing_keys;
