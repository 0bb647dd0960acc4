//! Keys that others may read, and missing files: they are refused with the command that corrects it.

use std::os::unix::fs::PermissionsExt;

use crate::{form::Form, kit::watchfire, outcome::Outcome, world::Template};

pub async fn of_keys(_form: Form) -> Outcome {
    let template = Template::make().await;
    let (_, gb, _no) = template.copy("keys");
    let mut outcome = Outcome::default();
    let keys = ["storage.key", "node/tls.key", "node/signing.key", "node/ledger.key"];
    for key in keys {
        let path = gb.dir.join(key);
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        for command in ["serve", "doctor"] {
            let answer = watchfire(&gb.dir, &["--json", command]).await;
            let is_clear = answer.code != 0 && answer.stdout.contains("chmod 600") && answer.stdout.contains(key);
            outcome
                .expect(is_clear, || format!("{command} with {key} open to others: {} {}", answer.code, answer.stdout));
        }
        mode(0o600);
        if key == "node/ledger.key" {
            // A missing one is created. Partners report a changed one.
            continue;
        }
        let aside = gb.dir.join("aside");
        std::fs::rename(&path, &aside).unwrap();
        let answer = watchfire(&gb.dir, &["--json", "serve"]).await;
        let is_clear = answer.code == 3 && answer.stdout.contains(key);
        outcome.expect(is_clear, || format!("serve without {key}: {} {}", answer.code, answer.stdout));
        std::fs::rename(&aside, &path).unwrap();
    }
    outcome.done = format!("{} keys open to others or missing: refused by name", keys.len());
    outcome
}
