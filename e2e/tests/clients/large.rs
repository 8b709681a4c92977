//! A layer that is larger than the memory that a registry may take.

use std::time::{Duration, Instant};

use serde_json::Value;
use wharf_e2e::Shop;
use wharf_e2e::content::{Layout, file_digest};
use wharf_e2e::random::Random;
use wharf_e2e::registry::MEMORY_MAX;

use crate::{Login, crane};

const MEBIBYTE: u64 = 1 << 20;

#[test]
fn a_layer_of_one_gibibyte_goes_in_and_out_in_little_memory() {
    let shop = Shop::open();
    let mut layout = Layout::create(&shop.path("large"));
    let image = layout.large(&mut Random::new(1), 1024);
    layout.tag(&image, "large");
    let name = shop.image("large:1");
    let begin = Instant::now();
    crane(&shop, &shop.pusher)
        .arg("push")
        .arg(layout.folder())
        .arg(&name)
        .deadline(Duration::from_secs(180))
        .succeeds();
    let pushed = begin.elapsed();
    let back = shop.path("large-back");
    let begin = Instant::now();
    Login::new(&shop, "skopeo", &shop.puller)
        .run("copy --preserve-digests --src-tls-verify=false")
        .arg(format!("docker://{name}"))
        .arg(format!("dir:{}", back.display()))
        .deadline(Duration::from_secs(180))
        .succeeds();
    let manifest: Value = serde_json::from_slice(&layout.blob(&layout.digest("large"))).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    assert_eq!(
        file_digest(&back.join(layer.trim_start_matches("sha256:"))),
        layer
    );
    let peak = shop.registry.peak_memory();
    eprintln!(
        "one layer of 1 GiB: pushed by crane in {:.1} s, pulled by skopeo in {:.1} s, the registry had at most {} MiB",
        pushed.as_secs_f32(),
        begin.elapsed().as_secs_f32(),
        peak / MEBIBYTE
    );
    assert!(peak < MEMORY_MAX, "{} MiB", peak / MEBIBYTE);
}
