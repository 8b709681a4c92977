//! Whatever is seen.

use proptest::prelude::*;

use super::*;

prop_compose! {
    fn text()(
        text in prop_oneof![
            Just(NOT_SENT.to_owned()),
            Just(REJECTED.to_owned()),
            Just(NO_SCOPE.to_owned()),
            Just(NOT_FOUND.to_owned()),
            Just(refused_by("10.0.0.1:443")),
            "\\PC{0,80}",
            "(dial tcp |x509: |is valid for |is after |\\?ns=|401|: |\"|a\\.b:1|, not ){0,12}",
        ],
    ) -> String { text }
}

fn reason() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ImagePullBackOff".to_owned()),
        Just("ErrImagePull".to_owned()),
        Just("InvalidImageName".to_owned()),
        Just("ErrImageNeverPull".to_owned()),
        Just("CrashLoopBackOff".to_owned()),
        Just("ContainerCreating".to_owned()),
        Just("illegal base64 data at input byte 0".to_owned()),
        "\\PC{0,20}",
    ]
}

fn any_pod() -> impl Strategy<Value = Pod> {
    let images = prop_oneof![
        Just(IMAGE.to_owned()),
        Just("nginx".to_owned()),
        "\\PC{0,20}",
    ];
    let secrets = prop::collection::vec(prop_oneof![Just("good"), Just("bad"), Just("gone")], 0..3);
    (
        reason(),
        text(),
        images,
        secrets,
        prop::option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(reason, message, image, secrets, event, is_bare)| {
            let mut pod = with_secrets(waiting(&reason, &message), &secrets);
            pod.containers[0].image = image;
            if is_bare {
                pod.workload = None;
            }
            pod.events.extend(event.map(|message| Event {
                reason: "Failed".to_owned(),
                message,
                ..Event::default()
            }));
            pod
        })
}

proptest! {
    #[test]
    fn every_container_that_waits_is_in_a_finding_and_codes_are_those_in_json(
        pods in prop::collection::vec(any_pod(), 1..6),
        bad in "\\PC{0,40}",
    ) {
        let mut observations = seen(pods[0].clone())
            .with("good", secret("good", HOST))
            .with("bad", secret_with("bad", "kubernetes.io/dockerconfigjson", &bad))
            .with("gone", Looked::Absent);
        observations.pods = pods
            .into_iter()
            .enumerate()
            .map(|(number, pod)| Pod { name: format!("p-{number}"), ..pod })
            .collect();
        let findings = findings(&observations);
        for finding in &findings {
            let json = serde_json::to_value(finding).unwrap();
            prop_assert_eq!(&json["cause"], finding.cause.code());
            prop_assert!(!finding.cause.summary().is_empty());
            prop_assert!(!finding.remedy.advice.is_empty(), "{:?}", finding.cause);
            prop_assert!(!finding.evidence.is_empty());
            prop_assert!(finding.affected.is_sorted());
        }
        for pod in &observations.pods {
            let is_found = findings
                .iter()
                .flat_map(|finding| &finding.affected)
                .any(|affected| affected.pod == pod.name);
            let reason = &pod.containers[0].waiting.as_ref().unwrap().reason;
            if matches!(reason.as_str(), "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName") {
                prop_assert!(is_found, "{pod:?}");
            }
            if reason == "ContainerCreating" {
                prop_assert!(!is_found, "{pod:?}");
            }
        }
    }
}
