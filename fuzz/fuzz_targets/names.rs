//! Names of things: whatever one of them parses is written back as it was read, and refusals are short.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use wharf_types::principal::Member;
use wharf_types::{
    BucketName, Digest, ImagePath, Location, Permission, ProjectId, Reference, RepositoryName,
    Resource, RoleName, ServiceAccountEmail, Tag, media,
};

fuzz_target!(|text: &str| {
    stays::<ProjectId>(text);
    stays::<Location>(text);
    stays::<ImagePath>(text);
    stays::<RepositoryName>(text);
    stays::<Tag>(text);
    stays::<Digest>(text);
    stays::<BucketName>(text);
    stays::<ServiceAccountEmail>(text);
    stays::<RoleName>(text);
    stays::<Permission>(text);

    if let Ok(reference) = Reference::parse(text) {
        assert_eq!(reference.to_string(), text);
    }
    if let Ok(name) = RepositoryName::parse(text) {
        let tricky = ["..", "//", "%", "\\", "\0"];
        assert!(!tricky.iter().any(|trick| name.to_string().contains(trick)));
    }
    // Members fold case and resources shed a prefix, so these settle after one reading instead.
    if let Ok(member) = Member::parse(text) {
        assert_eq!(Member::parse(&member.to_string()), Ok(member));
    }
    if let Ok(resource) = Resource::parse(text) {
        assert_eq!(Resource::parse(&resource.name()), Ok(resource.clone()));
        assert_eq!(Resource::parse(&resource.full_name()), Ok(resource.clone()));
        let mut ancestor = Some(resource);
        for _ in 0..4 {
            ancestor = ancestor.and_then(|resource| resource.parent());
        }
        assert_eq!(ancestor, None, "every chain of parents ends at the root");
    }
    let media_type = media::without_parameters(text);
    assert_eq!(media::without_parameters(&media_type), media_type);
});

fn stays<T: FromStr<Err: Display> + Display>(text: &str) {
    match T::from_str(text) {
        Ok(value) => assert_eq!(value.to_string(), text),
        Err(refusal) => assert!(
            refusal.to_string().len() < 2_000,
            "a refusal echoes its input"
        ),
    }
}
