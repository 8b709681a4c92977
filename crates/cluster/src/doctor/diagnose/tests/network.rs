//! The way to the registry.

use super::*;

#[test]
fn a_registry_that_is_back_is_waited_for_and_one_that_only_the_node_misses_is_not() {
    let reached =
        |seen: Observations| seen.with_probe(of_secret("regcred", HOST), Ok(Reached::default()));
    assert_eq!(
        code(&sent(&refused_by("10.0.0.1:443"))),
        "connection-refused"
    );
    assert_eq!(
        code(&reached(sent(&refused_by("10.0.0.1:443")))),
        "waiting-to-retry"
    );
    let finding = only(&reached(sent(&refused_by("10.9.9.9:443"))));
    assert_eq!(finding.cause.code(), "connection-refused");
    assert_eq!(finding.confidence, Confidence::Likely);
}

#[test]
fn the_issuer_is_added_where_the_doctor_meets_the_same() {
    let text = format!(
        "failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": failed to do request: Head \"https://us.example.com/v2/shop/web/manifests/v1\": x509: certificate signed by unknown authority"
    );
    let fault = CertificateFault::UnknownAuthority {
        issuer: "Our CA".to_owned(),
    };
    let seen = sent(&text).with_probe(
        of_secret("regcred", HOST),
        Err(Obstacle::Certificate {
            fault,
            text: String::new(),
        }),
    );
    let finding = only(&seen);
    assert_eq!(
        finding.cause,
        Cause::UnknownAuthority {
            host: HOST.to_owned(),
            issuer: Some("Our CA".to_owned())
        }
    );
    assert_eq!(finding.evidence.len(), 2);
    assert_eq!(finding.evidence[0].place, "pod web/app-1, container app");
    assert!(finding.remedy.commands[2].contains("/etc/containerd/certs.d/us.example.com"));
}

#[test]
fn a_token_service_on_another_host_is_told_from_the_registry() {
    let text = format!(
        "failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": failed to authorize: failed to fetch anonymous token: Get \"https://auth.example.com/token?scope=repository%3Ashop%2Fweb%3Apull\": dial tcp: lookup auth.example.com on 10.0.0.2:53: no such host"
    );
    let finding = only(&sent(&text));
    assert_eq!(
        finding.cause,
        Cause::TokenServiceUnreachable {
            host: HOST.to_owned(),
            service: "auth.example.com".to_owned(),
            because: Box::new(Cause::Dns {
                host: "auth.example.com".to_owned()
            }),
        }
    );
}
