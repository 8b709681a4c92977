//! Upload sessions: of somebody else, of another repository, of the past; chunks that do not fit; bodies that end early.

use std::time::Duration;

use wharf_e2e::content::digest;
use wharf_e2e::http::with_digest;
use wharf_e2e::shop::PROJECT;
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Answer, Client, Shop, TestRegistry, raw};

const CHUNK: &[(u16, &str)] = &[
    (400, "BLOB_UPLOAD_INVALID"),
    (400, "SIZE_INVALID"),
    (416, "BLOB_UPLOAD_INVALID"),
    (416, "SIZE_INVALID"),
];
const SHORT: Duration = Duration::from_secs(10);

#[test]
fn an_upload_answers_only_to_the_principal_and_repository_that_opened_it() {
    let shop = Shop::open();
    let wharf = shop.registry.wharf();
    let other_key = wharf.account_with_key(PROJECT, "second-pusher", &shop.registry.scratch());
    wharf.grant(PROJECT, "second-pusher", "roles/storage.admin");
    let (owner, thief) = (shop.client(&shop.pusher), shop.client(&other_key));
    let upload = owner.start_upload(&format!("{PROJECT}/app"));
    owner.patch(&upload).body("first half, ").send().expect(202);
    let elsewhere = upload.replace("/app/", "/another/");
    for (client, path) in [
        (&thief, &upload),
        (&owner, &elsewhere),
        (&thief, &elsewhere),
    ] {
        all_unknown(client, path);
    }
    let content = b"first half, second half";
    owner
        .put(&with_digest(&upload, &digest(content)))
        .body("second half")
        .send()
        .expect(201);
    // It is over: neither can it be used again.
    all_unknown(&owner, &upload);
    shop.registry.assert_unharmed(&[]);
}

#[test]
fn uploads_that_never_were_are_unknown() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let upload = owner.start_upload("default/app");
    for id in [
        "00000000-0000-0000-0000-000000000000",
        "x",
        "../../owner.json",
        "%00",
        &"a".repeat(5_000),
        "0",
        "-1",
    ] {
        let path = format!("/v2/default/app/blobs/uploads/{id}");
        let answer = owner.get(&path).send();
        assert!([400, 404].contains(&answer.status), "{answer}");
        assert!(answer.json()["errors"][0]["code"].is_string(), "{answer}");
    }
    owner.delete(&upload).send().expect(204);
    all_unknown(&owner, &upload);
    registry.assert_unharmed(&[]);
}

#[test]
fn chunks_that_do_not_fit_leave_the_upload_as_it_was() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let upload = owner.start_upload("default/app");
    let send = |range: &str, body: &'static str| -> Answer {
        owner
            .patch(&upload)
            .header("content-range", range)
            .body(body)
            .send()
    };
    send("0-4", "01234").expect(202);
    for (range, body) in [
        ("0-4", "01234"),
        ("6-9", "6789"),
        ("5-9", "567"),
        ("5-6", "56789"),
        ("9-5", "56789"),
        ("a-b", "56789"),
        ("-", "56789"),
        ("", "56789"),
        ("5", "56789"),
        ("-5--1", "56789"),
        ("5-99999999999999999999", "56789"),
        ("18446744073709551610-18446744073709551615", "56789"),
    ] {
        send(range, body).is_refused(CHUNK);
        let status = owner.get(&upload).send().expect(204);
        assert_eq!(status.header("range"), "0-4", "after {range}");
    }
    let wrong = with_digest(&upload, &digest(b"other"));
    let answer = owner
        .put(&wrong)
        .header("content-range", "7-9")
        .body("789")
        .send();
    answer.is_refused(CHUNK);
    send("5-9", "56789").expect(202);
    owner
        .put(&with_digest(&upload, &digest(b"0123456789")))
        .send()
        .expect(201);
    registry.assert_unharmed(&[]);
}

#[test]
fn a_wrong_digest_stores_nothing_on_any_path() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    for content in [b"small".to_vec(), vec![7; 300_000]] {
        let (right, wrong) = (digest(&content), digest(b"something else"));
        let single = format!("/v2/default/app/blobs/uploads/?digest={wrong}");
        owner
            .post(&single)
            .body(content.clone())
            .send()
            .oci_error(400, "DIGEST_INVALID");
        let upload = owner.start_upload("default/app");
        let put = owner
            .put(&with_digest(&upload, &wrong))
            .body(content.clone())
            .send();
        put.oci_error(400, "DIGEST_INVALID");
        let upload = owner.start_upload("default/app");
        owner
            .patch(&upload)
            .body(content.clone())
            .send()
            .expect(202);
        owner
            .put(&with_digest(&upload, &wrong))
            .send()
            .oci_error(400, "DIGEST_INVALID");
        let upload = owner.start_upload("default/app");
        owner
            .put(&upload)
            .body(content.clone())
            .send()
            .oci_error(400, "DIGEST_INVALID");
        for digest in [&right, &wrong] {
            let get = owner.get(&format!("/v2/default/app/blobs/{digest}")).send();
            get.oci_error(404, "BLOB_UNKNOWN");
        }
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn a_body_that_ends_early_is_no_blob_and_the_upload_goes_on() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let token = owner.token("repository:default/app:pull,push");
    let upload = owner.start_upload("default/app");
    let content = b"0123456789";
    let cut_off = |method: &str, path: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123",
            registry.address()
        );
        raw::break_off(registry.address(), head.as_bytes())
    };
    // The client is gone; an answer, if one comes, is a refusal.
    for (method, path) in [
        ("PUT", with_digest(&upload, &digest(content))),
        (
            "POST",
            format!("/v2/default/app/blobs/uploads/?digest={}", digest(b"0123")),
        ),
        ("PUT", "/v2/default/app/manifests/cut".to_owned()),
    ] {
        if let Some(answer) = cut_off(method, &path) {
            assert!((400..500).contains(&answer.status), "{answer}");
        }
    }
    owner
        .get(&format!("/v2/default/app/blobs/{}", digest(b"0123")))
        .send()
        .oci_error(404, "BLOB_UNKNOWN");
    let offset = wait_for("free upload", SHORT, || {
        let status = owner.get(&upload).send();
        (status.status == 204).then(|| status.header("range").to_owned())
    });
    let offset = match offset.strip_prefix("0-").unwrap() {
        "0" | "" => 0,
        last => last.parse::<usize>().unwrap() + 1,
    };
    assert!(offset <= 4, "{offset}");
    wait_for("finished upload", SHORT, || {
        let rest = content[offset..].to_vec();
        let put = owner
            .put(&with_digest(&upload, &digest(content)))
            .body(rest)
            .send();
        (put.status == 201).then_some(())
    });
    registry.assert_unharmed(&[token]);
}

#[test]
fn open_uploads_of_one_principal_are_bounded() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let refused = (0..1_100).find_map(|_| {
        let answer = owner.post("/v2/default/app/blobs/uploads/").send();
        (answer.status != 202).then_some(answer)
    });
    let refused = refused.expect("1,100 uploads are open");
    refused.oci_error(429, "TOOMANYREQUESTS");
    assert!(!refused.header("retry-after").is_empty(), "{refused}");
    registry.assert_unharmed(&[]);
}

/// No method finds the upload.
fn all_unknown(client: &Client, upload: &str) {
    let stolen = with_digest(upload, &digest(b"stolen"));
    for answer in [
        client.get(upload).send(),
        client.patch(upload).body("stolen").send(),
        client.put(&stolen).body("stolen").send(),
        client.delete(upload).send(),
    ] {
        answer.oci_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
}
