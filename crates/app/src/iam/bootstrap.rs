//! The first start.

use std::path::{Path, PathBuf};

use super::root_key::RootKey;
use crate::{App, Error};

impl App {
    pub(crate) async fn bootstrap(
        &self,
        data: &Path,
        root_key: &RootKey,
    ) -> Result<Option<PathBuf>, Error> {
        let _ = (data, root_key);
        unimplemented!()
    }
}
