//! Every bound of the system, each with its reason. A request beyond one is answered with a clear 4xx.

use std::time::Duration;

/// Length of `PROJECT/IMAGE`. Docker and most clients stop at 255 with the host.
pub const REPOSITORY_NAME_LENGTH_MAX: usize = 255;
/// Bytes of a manifest. The distribution-spec asks registries for at least 4 MiB.
pub const MANIFEST_SIZE_MAX: usize = 4 * 1024 * 1024;
/// Entries (layers or manifests) of one manifest: far above real ones, and it bounds the rows of one push.
pub const MANIFEST_ENTRIES_MAX: usize = 10_000;
/// Nesting of a manifest's JSON. serde_json stops at 128 by itself; real ones have under 10.
pub const JSON_DEPTH_MAX: usize = 64;
/// Bytes of one blob: 1 TiB, so that an offset always fits and a runaway upload ends.
pub const BLOB_SIZE_MAX: u64 = 1 << 40;
/// Blobs up to this many bytes live in the metadata database: one group commit instead of a file each.
pub const INLINE_BLOB_SIZE_MAX: usize = 64 * 1024;
/// `tag` parameters of one manifest put by digest. The distribution-spec wants at least 10.
pub const TAG_PARAMETERS_MAX: usize = 64;
/// Tags, referrers or repositories in one page. Google's clients ask for 10,000 and expect no error for it.
pub const PAGE_SIZE_MAX: usize = 10_000;
/// Page size where the caller names none.
pub const PAGE_SIZE_DEFAULT: usize = 1_000;
/// Bytes of an object's name, as Cloud Storage has it. Those of images are shorter: what is asked for may be any.
pub const OBJECT_NAME_LENGTH_MAX: usize = 1_024;
/// Bytes of one page of referrers. The distribution-spec's manifest limit holds for it too.
pub const REFERRERS_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Open upload sessions of one principal: bounds what a client that never finishes can hold.
pub const UPLOADS_PER_PRINCIPAL_MAX: i64 = 1_000;
/// An upload session that nobody touched for so long is given up. GCR gave a request two hours; CI jobs pause longer.
pub const UPLOAD_IDLE_MAX: Duration = Duration::from_secs(24 * 3600);
/// A blob that no manifest refers to is kept this long: clients push blobs before manifests.
pub const GARBAGE_GRACE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of the audit log that one request reads: some 50 ms of a core. What follows is the next page's.
pub const AUDIT_READ_SIZE_MAX: u64 = 16 * 1024 * 1024;
/// Projects whose logs one request reads.
pub const LOG_RESOURCES_MAX: usize = 100;
/// Characters of a filter of log entries: Google's own limit.
pub const LOG_FILTER_LENGTH_MAX: usize = 20_000;
/// Silence of a client in the middle of a body before the connection is closed.
pub const BODY_IDLE_MAX: Duration = Duration::from_secs(60);
/// Time for a client to send its first request's head.
pub const HEADER_READ_MAX: Duration = Duration::from_secs(30);
/// How long a connection may do nothing: no request in work, and no byte taken of an answer. Go's clients, docker and
/// containerd among them, close theirs after 90 seconds.
pub const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(100);
/// How long the metadata server holds a request that waits for a change: nothing changes there.
pub const METADATA_WAIT_MAX: Duration = Duration::from_secs(60);
/// Time for a TLS handshake.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Time that a shutdown waits for requests in flight.
pub const DRAIN_MAX: Duration = Duration::from_secs(30);
/// Bytes of a JSON body of the Google-style APIs. A policy of 1,500 members has about 100 KiB.
pub const JSON_BODY_SIZE_MAX: usize = 1024 * 1024;
/// Depth of the parameter `fields`: no answer is nested as deep.
pub const FIELDS_DEPTH_MAX: usize = 16;
/// Bytes of a form posted to a token endpoint: a key file is under 3 KiB, a JWT under 2.
pub const TOKEN_BODY_SIZE_MAX: usize = 64 * 1024;
/// Bytes of a password in a Basic credential: a base64 key file is about 3.3 KiB.
pub const PASSWORD_SIZE_MAX: usize = 16 * 1024;
/// Bytes of a bearer token.
pub const BEARER_SIZE_MAX: usize = 8 * 1024;
/// Scopes of one token request. docker asks for two, a cross-repository mount for a few.
pub const TOKEN_SCOPES_MAX: usize = 32;
/// Length of a policy's member.
pub const MEMBER_LENGTH_MAX: usize = 512;
/// Bindings of one policy. Google allows 1,500 principals in one.
pub const POLICY_BINDINGS_MAX: usize = 1_500;
/// Members over all bindings of one policy, as Google counts them.
pub const POLICY_MEMBERS_MAX: usize = 1_500;
/// Bindings of one policy that have a condition: each may be evaluated at each request.
pub const POLICY_CONDITIONS_MAX: usize = 100;
/// Permissions of one `testIamPermissions`, as Google allows.
pub const TESTED_PERMISSIONS_MAX: usize = 100;
/// Bytes of one CEL condition. Longer flat chains overflow the parser's stack.
pub const CONDITION_SIZE_MAX: usize = 1_024;
/// Nodes of a parsed condition: bounds evaluation to microseconds.
pub const CONDITION_NODES_MAX: usize = 256;
/// Depth of a parsed condition.
pub const CONDITION_DEPTH_MAX: usize = 32;
/// Logical operators of a condition: Google's own limit.
pub const CONDITION_OPERATORS_MAX: usize = 12;
/// Bytes of a regular expression in a condition: building a large one costs time.
pub const CONDITION_REGEX_SIZE_MAX: usize = 64;
/// Permissions of a custom role: Google's own limit.
pub const ROLE_PERMISSIONS_MAX: usize = 3_000;
/// Custom roles of one project, deleted ones not counted: Google's own limit.
pub const ROLES_PER_PROJECT_MAX: usize = 300;
/// How long a deleted custom role can be restored, as Google allows. Its id is never used again: a policy that still
/// names it must not come to mean something else.
pub const ROLE_RESTORE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Workload identity pools of one project, deleted ones not counted. Google allows 100.
pub const POOLS_PER_PROJECT_MAX: usize = 100;
/// Providers of one pool, deleted ones not counted. Google allows 200.
pub const PROVIDERS_PER_POOL_MAX: usize = 200;
/// How long a deleted pool or provider can be restored, and keeps its id from others, as at Google.
pub const POOL_RESTORE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Characters of the display name of a pool or provider: Google's own limit.
pub const POOL_DISPLAY_NAME_LENGTH_MAX: usize = 32;
/// Characters of an issuer's URL: far above real ones.
pub const ISSUER_LENGTH_MAX: usize = 512;
/// Audiences that a provider accepts: Google's own limit.
pub const PROVIDER_AUDIENCES_MAX: usize = 10;
/// Characters of one of them: Google's own limit.
pub const PROVIDER_AUDIENCE_LENGTH_MAX: usize = 256;
/// Custom attributes of a provider: Google's own limit.
pub const ATTRIBUTES_MAX: usize = 50;
/// Bytes of the expression of one attribute: Google's own limit.
pub const ATTRIBUTE_EXPRESSION_SIZE_MAX: usize = 2_048;
/// Bytes of a provider's attribute condition: Google's own limit.
pub const ATTRIBUTE_CONDITION_SIZE_MAX: usize = 4_096;
/// Bytes of `google.subject`: Google's own limit.
pub const SUBJECT_SIZE_MAX: usize = 127;
/// Bytes of all principal sets of one federated identity: they stand in its tokens, which are bearers.
pub const PRINCIPAL_SETS_SIZE_MAX: usize = 3 * 1024;
/// Bytes of an issuer's token. Those of clusters have under 2 KiB, of CIs under 3.
pub const SUBJECT_TOKEN_SIZE_MAX: usize = 16 * 1024;
/// Longest lifetime of an issuer's token, as Google allows.
pub const SUBJECT_TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// Bytes of an issuer's discovery document, a few KiB as a rule.
pub const DISCOVERY_SIZE_MAX: usize = 64 * 1024;
/// Bytes of an issuer's set of keys: the largest in use have some 30 KiB.
pub const JWKS_SIZE_MAX: usize = 256 * 1024;
/// Keys of one issuer: bounds the signatures that one token may cost.
pub const JWKS_KEYS_MAX: usize = 100;
/// Age at which an issuer's keys are fetched again.
pub const ISSUER_KEYS_FRESH: Duration = Duration::from_secs(15 * 60);
/// Age up to which an issuer's keys are used although the issuer no longer answers: a night's outage of it.
pub const ISSUER_KEYS_STALE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Time between two fetches of one issuer's keys: tokens with made-up key ids must not become requests.
pub const ISSUER_FETCH_INTERVAL_MIN: Duration = Duration::from_secs(10);
/// Fetches from issuers at once.
pub const ISSUER_FETCHES_MAX: usize = 16;
/// Time for the server to get a connection to another server.
pub const OUTBOUND_CONNECT_MAX: Duration = Duration::from_secs(5);
/// Time for the server to get a whole answer of another server: a client of ours waits meanwhile.
pub const OUTBOUND_REQUEST_MAX: Duration = Duration::from_secs(10);
/// Keys of one service account. Google allows 10.
pub const KEYS_PER_ACCOUNT_MAX: usize = 10;
/// Service accounts of one project: Google's default is 100; ours serve CI fleets too.
pub const ACCOUNTS_PER_PROJECT_MAX: usize = 10_000;
/// Characters of a display name (Google: 100 bytes) and of a description (Google: 256).
pub const DISPLAY_NAME_LENGTH_MAX: usize = 100;
/// Characters of a description.
pub const DESCRIPTION_LENGTH_MAX: usize = 256;
/// Labels of a project or bucket.
pub const LABELS_MAX: usize = 64;
/// Characters of a label's key or value: Google's own limit.
pub const LABEL_LENGTH_MAX: usize = 63;
/// How long a deleted project can be restored, as Google allows.
pub const PROJECT_RESTORE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Lifetime of an access token. Google's clients refresh tokens with less than 3,300 s left at every call.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(3_599);
/// Longest lifetime of a JWT that a key signs, as Google allows.
pub const ASSERTION_LIFETIME_MAX: Duration = Duration::from_secs(3_600);
/// Clock difference tolerated in JWTs.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);
/// Lifetime of a registry token: long enough for a large image, short enough to be worth nothing tomorrow.
pub const REGISTRY_TOKEN_LIFETIME: Duration = Duration::from_secs(600);
/// Bytes of the audience of an ID token, as a URL may have.
pub const AUDIENCE_LENGTH_MAX: usize = 2_048;
/// How far ahead the end of a JWT may lie that is signed for an account (Google: 12 hours).
pub const SIGNED_JWT_LIFETIME_MAX: Duration = Duration::from_secs(12 * 3_600);
/// Accounts that act for one another behind one token: each of them is looked at whenever the token is used.
pub const DELEGATION_CHAIN_MAX: usize = 8;
/// Connections that are open at once.
pub const CONNECTIONS_MAX: usize = 10_000;
/// HTTP/2 streams of one connection.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 256;
/// Length of a request's path and query: a page's `last`, a digest and many tags fit well.
pub const URI_LENGTH_MAX: usize = 16 * 1024;
/// Bytes of one answer that a client of ours reads: a page of 10,000 manifests has about 4 MiB.
pub const CLIENT_ANSWER_SIZE_MAX: usize = 32 * 1024 * 1024;
/// Time for a client of ours to get a connection: somebody waits at a terminal.
pub const CLIENT_CONNECT_MAX: Duration = Duration::from_secs(10);
/// Time for a client of ours to get a whole answer.
pub const CLIENT_REQUEST_MAX: Duration = Duration::from_secs(120);
/// Times that a client of ours reads, changes and writes a policy that others change too.
pub const POLICY_ATTEMPTS_MAX: usize = 8;
/// One call to a Kubernetes API server, with the tries that follow when it is busy.
pub const CLUSTER_CALL_MAX: Duration = Duration::from_secs(60);
/// Attempts to change an object of a cluster that others change meanwhile: controllers write the status of a workload
/// several times a second while it rolls out.
pub const CLUSTER_ATTEMPTS_MAX: usize = 20;
/// Key rings of one project, at all locations together.
pub const KEY_RINGS_PER_PROJECT_MAX: usize = 1_000;
/// Keys of one ring.
pub const CRYPTO_KEYS_PER_RING_MAX: usize = 10_000;
/// Versions of one key: a rotation each day for 27 years.
pub const KMS_VERSIONS_PER_KEY_MAX: u32 = 10_000;
/// Bytes of a plaintext or of additional authenticated data: Google's own limit for keys in software.
pub const KMS_PLAINTEXT_SIZE_MAX: usize = 64 * 1024;
/// Bytes of a ciphertext: the largest plaintext, and a KiB for what encryption adds to it.
pub const KMS_CIPHERTEXT_SIZE_MAX: usize = 65 * 1024;
/// The shortest time from the request of a destruction to the destruction: Google's own.
pub const KMS_DESTROY_DELAY_MIN: Duration = Duration::from_secs(24 * 3600);
/// The longest such time: Google's own.
pub const KMS_DESTROY_DELAY_MAX: Duration = Duration::from_secs(120 * 24 * 3600);
/// Such a time where the caller names none: Google's own.
pub const KMS_DESTROY_DELAY_DEFAULT: Duration = Duration::from_secs(30 * 24 * 3600);
/// The shortest rotation period: Google's own.
pub const KMS_ROTATION_PERIOD_MIN: Duration = Duration::from_secs(24 * 3600);
/// The longest rotation period: Google's own, 876,000 hours.
pub const KMS_ROTATION_PERIOD_MAX: Duration = Duration::from_secs(876_000 * 3600);
