//! What our registry, or another, decides.

use super::*;

#[test]
fn a_rejected_credential_is_explained_by_the_registry() {
    assert_eq!(code(&sent(REJECTED)), "credential-rejected");
    let states = [
        (
            AccountState::Disabled,
            KeyState::Enabled,
            "account-disabled",
        ),
        (AccountState::Absent, KeyState::Absent, "account-deleted"),
        (AccountState::Enabled, KeyState::Disabled, "key-disabled"),
        (AccountState::Enabled, KeyState::Absent, "key-deleted"),
        (
            AccountState::Enabled,
            KeyState::Expired {
                at: "2026-11-24T10:00:00Z".to_owned(),
            },
            "key-expired",
        ),
        (
            AccountState::Enabled,
            KeyState::NotAKeyFile,
            "credential-rejected",
        ),
    ];
    for (account_state, key_state, expected) in states {
        let testimony = Testimony {
            account_state,
            key_state,
            ..testimony()
        };
        let seen = sent(REJECTED).with_testimony(of_secret("regcred", HOST), testimony);
        assert_eq!(code(&seen), expected);
    }
}

#[test]
fn a_new_key_goes_into_the_secret_that_is_in_use() {
    let testimony = Testimony {
        key_state: KeyState::Absent,
        ..testimony()
    };
    let finding = only(&sent(REJECTED).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(
        finding.remedy.commands,
        [
            "wharf pull-secret create regcred -n web --registry us.example.com --iam-account puller@shop.iam.gserviceaccount.com --new-key --force"
        ]
    );
}

#[test]
fn a_credential_that_does_not_count_keeps_a_public_image_away() {
    let public = sent(REJECTED)
        .with_probe(CredentialSource::Anonymous, Ok(Reached::default()))
        .with_probe(
            of_secret("regcred", HOST),
            Err(Obstacle::Token {
                status: 401,
                message: String::new(),
            }),
        );
    assert_eq!(code(&public), "stale-credential-on-public-image");
}

#[test]
fn a_missing_permission_names_it_the_bucket_and_what_came_near() {
    let bindings = json!([{
        "access": "NOT_GRANTED",
        "role": "roles/storage.objectCreator",
        "rolePermission": "ROLE_PERMISSION_NOT_INCLUDED",
        "memberships": {format!("serviceAccount:{ACCOUNT}"): {"membership": "MEMBERSHIP_INCLUDED"}},
    }]);
    let testimony = Testimony {
        policy: Some(policy(&bindings)),
        ..testimony()
    };
    let finding = only(&sent(NO_SCOPE).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(
        finding.cause,
        Cause::PermissionMissing {
            member: format!("serviceAccount:{ACCOUNT}"),
            permission: "storage.objects.get".to_owned(),
            resource: "projects/_/buckets/us.artifacts.shop.appspot.com".to_owned(),
            near: vec!["it has roles/storage.objectCreator on projects/_/buckets/us.artifacts.shop.appspot.com, which does not include that".to_owned()],
        }
    );
    assert_eq!(
        finding.remedy.commands,
        [format!(
            "wharf buckets add-iam-policy-binding us.artifacts.shop.appspot.com --member serviceAccount:{ACCOUNT} --role roles/storage.objectViewer --condition None"
        )]
    );
}

#[test]
fn a_condition_that_does_not_hold_says_why() {
    let bindings = json!([{
        "access": "NOT_GRANTED",
        "role": "roles/storage.objectViewer",
        "rolePermission": "ROLE_PERMISSION_INCLUDED",
        "memberships": {format!("serviceAccount:{ACCOUNT}"): {"membership": "MEMBERSHIP_INCLUDED"}},
        "condition": {"expression": "resource.name == \"x\"", "title": "x"},
        "conditionExplanation": "resource.name is y",
    }]);
    let testimony = Testimony {
        policy: Some(policy(&bindings)),
        ..testimony()
    };
    let finding = only(&sent(NO_SCOPE).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(finding.cause.code(), "condition-false");
    assert!(finding.cause.summary().ends_with("resource.name is y"));
}

#[test]
fn a_refusal_by_somebody_elses_registry_is_left_open() {
    let finding = only(&sent(NO_SCOPE));
    assert_eq!(finding.cause.code(), "access-denied");
    assert_eq!(finding.confidence, Confidence::Likely);
}

#[test]
fn the_registry_tells_an_absent_repository_from_a_forbidden_one() {
    let testimony = |image| Testimony {
        image,
        policy: Some(policy(&json!([]))),
        ..testimony()
    };
    let absent = ImageState::RepositoryAbsent {
        similar: vec!["us.example.com/shop/webb".to_owned()],
    };
    let source = of_secret("regcred", HOST);
    let finding = only(&sent(NO_SCOPE).with_testimony(source.clone(), testimony(absent)));
    assert_eq!(finding.cause.code(), "repository-absent");
    assert_eq!(
        finding.remedy.commands,
        ["kubectl set image deployment/app app=us.example.com/shop/webb:v1 -n web"]
    );
    let untagged = ImageState::ReferenceAbsent {
        similar: vec!["v2".to_owned()],
    };
    let both = findings(&sent(NO_SCOPE).with_testimony(source, testimony(untagged)));
    let codes: Vec<_> = both.iter().map(|finding| finding.cause.code()).collect();
    assert_eq!(codes.len(), 2);
    assert!(codes.contains(&"permission-missing") && codes.contains(&"tag-absent"));
}

#[test]
fn a_404_is_read_as_far_as_it_goes() {
    assert_eq!(code(&sent(NOT_FOUND)), "image-absent");
    let source = of_secret("regcred", HOST);
    let similar = vec!["v2".to_owned()];
    let testimony = Testimony {
        image: ImageState::ReferenceAbsent { similar },
        ..testimony()
    };
    let finding = only(&sent(NOT_FOUND).with_testimony(source, testimony));
    assert_eq!(finding.cause.code(), "tag-absent");
    assert_eq!(
        finding.remedy.commands,
        ["kubectl set image deployment/app app=us.example.com/shop/web:v2 -n web"]
    );
}
