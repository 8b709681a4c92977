//! The Pods' network: a bridge of the cluster's own. Pods reach each other, the node and what listens on the machine;
//! nothing is forwarded beyond it.

use std::fs;

use serde_json::json;

use crate::Program;

use super::plan::Plan;

pub(super) fn create(plan: &Plan) {
    let address = format!("{}/20", plan.node_address);
    let [a, b, c, _] = plan.node_address.octets();
    let subnet = format!("{a}.{b}.{c}.0/20");
    ip(&format!("link add {} type bridge", plan.name)).succeeds();
    ip(&format!("address add {address} dev {}", plan.name)).succeeds();
    ip(&format!("link set {} up", plan.name)).succeeds();
    let folder = plan.make_folder("cni");
    let configuration = json!({
        "cniVersion": "0.4.0",
        "name": plan.name,
        "plugins": [{
            "type": "bridge",
            "bridge": plan.name,
            "isDefaultGateway": true,
            "ipMasq": false,
            "ipam": {
                "type": "host-local",
                "dataDir": plan.path("cni-addresses"),
                "ranges": [[{"subnet": subnet, "gateway": plan.node_address}]],
            },
        }],
    });
    fs::write(folder.join("10-bridge.conflist"), configuration.to_string()).unwrap();
}

pub(super) fn remove(plan: &Plan) {
    let there = ip(&format!("link show {}", plan.name)).run();
    if there.code == Some(0) {
        ip(&format!("link delete {}", plan.name)).succeeds();
    }
}

fn ip(words: &str) -> Program {
    Program::new("ip").args(words.split(' '))
}
