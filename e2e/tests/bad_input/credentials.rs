//! Credentials: users, passwords, key files, tokens and JWTs that are none.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use wharf_e2e::jwt::{claims, exchange, header, now, read_key, sign, unsigned};
use wharf_e2e::registry::secrets_of;
use wharf_e2e::{Client, Program, Shop, TestRegistry};

#[test]
fn wrong_users_and_passwords_are_refused_with_a_hint() {
    let registry = TestRegistry::start();
    let key_file = std::fs::read_to_string(registry.owner_key()).unwrap();
    let key = read_key(&registry.owner_key());
    let with = |name: &str, value: Value| {
        let mut altered = key.clone();
        altered[name] = value;
        altered.to_string()
    };
    let other_pem = Program::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-quiet"])
        .succeeds()
        .stdout;
    let small_pem = Program::new("openssl")
        .args([
            "genpkey",
            "-algorithm",
            "RSA",
            "-quiet",
            "-pkeyopt",
            "rsa_keygen_bits:1024",
        ])
        .succeeds()
        .stdout;
    let ec_pem = Program::new("openssl")
        .args([
            "genpkey",
            "-algorithm",
            "EC",
            "-quiet",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .succeeds()
        .stdout;
    let email = key["client_email"].as_str().unwrap();
    let passwords = [
        ("_json_key", String::new()),
        ("_json_key", "hunter2-hunter2".to_owned()),
        ("_json_key", key_file[..key_file.len() / 2].to_owned()),
        ("_json_key", with("private_key_id", json!("0".repeat(40)))),
        ("_json_key", with("private_key_id", json!("../../owner"))),
        ("_json_key", with("private_key", json!(other_pem))),
        ("_json_key", with("private_key", json!(small_pem))),
        ("_json_key", with("private_key", json!(ec_pem))),
        (
            "_json_key",
            with(
                "private_key",
                json!("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            ),
        ),
        ("_json_key", with("private_key", json!(7))),
        (
            "_json_key",
            with(
                "client_email",
                json!("somebody@default.iam.gserviceaccount.com"),
            ),
        ),
        ("_json_key", with("client_email", json!("no mail"))),
        ("_json_key", with("type", json!("authorized_user"))),
        ("_json_key", format!("{}{}", key_file, "x".repeat(20_000))),
        ("_json_key", "[".repeat(10_000)),
        ("_json_key_base64", key_file.clone()),
        ("_json_key_base64", "!!!!".to_owned()),
        ("oauth2accesstoken", key_file.clone()),
        ("oauth2accesstoken", "ya29.nothing-of-ours".to_owned()),
        ("_token", String::new()),
        ("admin", "admin-of-nothing".to_owned()),
        ("", key_file.clone()),
        (email, key_file.clone()),
    ];
    for (user, password) in &passwords {
        let client = Client::with_password(&registry.url(), user, password);
        let answer = client.ask_for_token("repository:default/app:pull").unwrap();
        let message = answer.oci_error(401, "UNAUTHORIZED");
        assert!(message.len() > 20, "no hint: {message}");
        assert!(!message.contains("PRIVATE KEY-----\n"), "{message}");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Bearer realm="),
            "{answer}"
        );
    }
    let mut secrets = secrets_of(&registry.owner_key());
    secrets
        .extend(["hunter2-hunter2", "admin-of-nothing", "nothing-of-ours"].map(ToOwned::to_owned));
    secrets.extend(
        other_pem
            .lines()
            .filter(|line| !line.contains("---"))
            .map(ToOwned::to_owned),
    );
    registry.assert_unharmed(&secrets);
}

#[test]
fn malformed_authorization_headers_are_refused() {
    let registry = TestRegistry::start();
    let nobody = registry.anonymous();
    let long = format!("Bearer {}", "a".repeat(10_000));
    let no_colon = format!("Basic {}", BASE64_STANDARD.encode("no-colon"));
    let no_text = format!("Basic {}", BASE64_STANDARD.encode([0xff, 0xfe, b':', 0xff]));
    for value in [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YQ",
        &no_colon,
        &no_text,
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer a b",
        "Digest username=\"a\"",
        "Negotiate abc",
        "x",
        &long,
    ] {
        for path in [
            "/v2/",
            "/v2/default/app/manifests/latest",
            "/v2/token?scope=repository:default/app:pull",
        ] {
            let answer = nobody.get(path).header("authorization", value).send();
            answer.oci_error(401, "UNAUTHORIZED");
        }
        let answer = nobody
            .get("/v3/projects/default")
            .header("authorization", value)
            .send();
        answer.google_error(401, "UNAUTHENTICATED");
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn jwts_that_are_wrong_in_one_place_are_exchanged_for_nothing() {
    let registry = TestRegistry::start();
    let nobody = registry.anonymous();
    let key = read_key(&registry.owner_key());
    let (head, right) = (header(&key), claims(&key));
    let with = |name: &str, value: Value| {
        let mut altered = right.clone();
        altered[name] = value;
        sign(&key, &head, &altered)
    };
    let with_head = |name: &str, value: Value| {
        let mut altered = head.clone();
        altered[name] = value;
        sign(&key, &altered, &right)
    };
    let signed = sign(&key, &head, &right);
    let access = exchange(&nobody, &signed).expect(200).json();
    assert_eq!(access["token_type"], "Bearer");

    let (body, signature) = signed.rsplit_once('.').unwrap();
    let mut none = head.clone();
    none["alg"] = json!("none");
    let mut symmetric = head.clone();
    symmetric["alg"] = json!("HS256");
    let mut forged = right.clone();
    forged["iss"] = json!("somebody@default.iam.gserviceaccount.com");
    let forged = unsigned(&head, &forged);
    for assertion in [
        String::new(),
        "a".to_owned(),
        "a.b.c".to_owned(),
        "..".to_owned(),
        body.to_owned(),
        format!("{body}."),
        format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode([0; 256])),
        format!("{body}.{}", &signature[..signature.len() - 10]),
        format!("{body}.{signature}.{signature}"),
        format!("{forged}.{signature}"),
        format!("{}.", unsigned(&none, &right)),
        format!("{}.{signature}", unsigned(&none, &right)),
        format!("{}.{signature}", unsigned(&symmetric, &right)),
        with_head("kid", json!("0".repeat(40))),
        with_head("kid", json!("../../x")),
        with_head("kid", json!(7)),
        with_head("crit", json!(["exp"])),
        with("iss", json!("somebody@default.iam.gserviceaccount.com")),
        with("iss", json!("")),
        with("sub", json!("other@default.iam.gserviceaccount.com")),
        with("aud", json!("https://oauth.example.com/token")),
        with("aud", json!(null)),
        with("exp", json!(now() - 120)),
        with("exp", json!(now() + 90_000)),
        with("exp", json!("soon")),
        with("exp", json!(1e300)),
        with("iat", json!(now() + 3_000)),
        "x".repeat(20_000),
    ] {
        let answer = exchange(&nobody, &assertion);
        assert!((400..500).contains(&answer.status), "{assertion}: {answer}");
        let error = answer.json()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            ["invalid_grant", "invalid_request"].contains(&error.as_str()),
            "{assertion}: {answer}"
        );
        assert!(answer.json()["error_description"].is_string(), "{answer}");
    }
    let mut secrets = secrets_of(&registry.owner_key());
    secrets.extend([
        signature.to_owned(),
        access["access_token"].as_str().unwrap().to_owned(),
    ]);
    registry.assert_unharmed(&secrets);
}

#[test]
fn malformed_token_requests_are_refused() {
    let registry = TestRegistry::start();
    let nobody = registry.anonymous();
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        (
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
            "invalid_request",
        ),
        ("%%%", "invalid_request"),
        ("{\"grant_type\":\"a\"}", "invalid_request"),
    ] {
        let answer = nobody
            .post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send();
        answer.oauth_error(400, error);
    }
    let huge = "a".repeat(1 << 20);
    let answer = nobody.post("/token").body(huge.clone()).send();
    answer.oauth_error(413, "invalid_request");
    let answer = nobody.post("/v2/token").body(huge).send();
    answer.oauth_error(413, "invalid_request");
    let answer = nobody.get("/token").send();
    assert_eq!(answer.status, 405, "{answer}");
    // Scopes that are none are granted to nobody.
    let owner = registry.owner();
    for scope in [
        "",
        "x",
        "repository",
        "repository:",
        "repository:../..:pull",
        "repository:default/app:fly",
        "registry:catalog:*:*",
        &"repository:default/app:pull ".repeat(200),
    ] {
        let answer = owner.ask_for_token(scope).unwrap();
        assert!([200, 400].contains(&answer.status), "{answer}");
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn a_token_gives_no_more_than_its_scope() {
    let shop = Shop::open();
    let pusher = shop.client(&shop.pusher);
    pusher.push_blob("the-shop/app", b"a layer");
    let token = pusher.token("repository:the-shop/app:pull");
    let nobody = shop.registry.anonymous();
    nobody
        .get("/v2/the-shop/app/tags/list")
        .bearer(&token)
        .send()
        .expect(200);
    let refused = nobody
        .post("/v2/the-shop/app/blobs/uploads/")
        .bearer(&token)
        .send();
    refused.oci_error(401, "DENIED");
    assert!(
        refused
            .header("www-authenticate")
            .contains("error=\"insufficient_scope\""),
        "{refused}"
    );
    let refused = nobody
        .get("/v2/the-shop/other/tags/list")
        .bearer(&token)
        .send();
    assert_eq!(refused.status, 401, "{refused}");
    // Neither is it one for the other APIs, nor one that another registry takes.
    let refused = nobody.get("/v3/projects/the-shop").bearer(&token).send();
    refused.google_error(403, "PERMISSION_DENIED");
    let elsewhere = TestRegistry::start();
    let refused = elsewhere
        .anonymous()
        .get("/v2/the-shop/app/tags/list")
        .bearer(&token)
        .send();
    refused.oci_error(401, "UNAUTHORIZED");
    let tampered = format!(
        "{}x{}",
        &token[..token.len() - 6],
        &token[token.len() - 5..]
    );
    let refused = nobody
        .get("/v2/the-shop/app/tags/list")
        .bearer(&tampered)
        .send();
    refused.oci_error(401, "UNAUTHORIZED");
    shop.registry.assert_unharmed(&[token]);
}
