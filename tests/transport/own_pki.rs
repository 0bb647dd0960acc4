//! An organisation's own PKI, made with OpenSSL by exactly the commands of `certs/README.md`.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use watchfire::{
    domain::statement::Suite,
    domain::{fault::Reason, time::Time},
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        files::{read_chain, read_crls, read_key},
        signers::Accept,
        trust::{AdmittedPeers, KnownOrganisation, TlsUsage, Trust},
    },
};

use crate::kit::*;

/// The blocks of commands of the README, in its order.
fn blocks() -> Vec<String> {
    let readme = fs::read_to_string(Path::new(CERTS).join("README.md")).unwrap();
    readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs commands in a new shell, in which nobody has set `SPIFFE_ID`.
fn shell(commands: &str, dir: &Path) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_watchfire")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", commands]).current_dir(dir).env("PATH", path).env_remove("SPIFFE_ID").output().unwrap()
}

fn run(commands: &str, dir: &Path) {
    let output = shell(commands, dir);
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the blocks from the first one that contains `first` up to the one that contains `end`, which is excluded.
fn run_from(first: &str, end: &str, dir: &Path) {
    let all = blocks();
    let place =
        |words: &str| all.iter().position(|b| b.contains(words)).unwrap_or_else(|| panic!("no block has {words}"));
    all[place(first)..place(end)].iter().for_each(|block| run(block, dir));
}

const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/certs");

/// A directory with `openssl.cnf`. `None` if OpenSSL is missing.
fn with_openssl() -> Option<tempfile::TempDir> {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no `openssl` here, so the commands of certs/README.md were not tried");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::copy(Path::new(CERTS).join("openssl.cnf"), dir.path().join("openssl.cnf")).unwrap();
    Some(dir)
}

#[test]
fn every_command_of_the_readme_does_its_work_in_a_new_shell() {
    let Some(dir) = with_openssl() else { return };
    blocks().iter().for_each(|block| run(block, dir.path()));
    let checked = shell("watchfire --json --dir fr config check", dir.path());
    let told: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(told["to_mend"], serde_json::json!([]), "{told}");
}

#[test]
fn without_a_spiffe_id_no_end_certificate_is_issued() {
    let Some(dir) = with_openssl() else { return };
    run_from("index.txt && echo", "-crl_reason", dir.path());
    for extensions in ["node_tls", "person_tls", "signing"] {
        let issue = "openssl ca -batch -notext -config openssl.cnf -in node-tls.csr -out none.pem -extensions";
        let issued = shell(&format!("{issue} {extensions}"), dir.path());
        let said = String::from_utf8_lossy(&issued.stderr);
        assert!(!issued.status.success() && said.contains("invalid null value"), "{extensions}: {said}");
        assert!(!dir.path().join("none.pem").exists());
    }
}

#[tokio::test]
async fn certificates_by_openssl_work_and_can_be_revoked() {
    let Some(dir) = with_openssl() else { return };
    let path = |name: &str| dir.path().join(name);
    run_from("index.txt && echo", "watchfire --dir fr init", dir.path());

    // OpenSSL uses the clock of this machine.
    let today: Time = jiff::Timestamp::now().into();
    let bundle = TrustBundle::from_pem("fr.example".parse().unwrap(), &fs::read(path("root.pem")).unwrap()).unwrap();
    let list = |name: &str| Crl::verify(&read_crls(&path(name)).unwrap()[0], &bundle, &[], today).unwrap();
    let member = |crls: Vec<Crl>| KnownOrganisation {
        bundle: bundle.clone(),
        crls,
        state: watchfire::domain::partner::PartnerState::Active,
    };
    let first = list("crl.pem");
    let gb = Org::new("gb.example");
    let here = Side::new(&gb, vec![member(vec![first.clone()])]);
    let pair = (read_chain(&path("node-tls.pem")).unwrap(), read_key(&path("node-tls.key")).unwrap());
    let there = Side::with(pair, Trust::new(member(Vec::new()), vec![gb.member()], Vec::new()).unwrap());
    for side in [&here, &there] {
        *side.clock.0.lock().unwrap() = today;
    }
    here.tls_config.reload(
        None,
        Some({
            let id = "spiffe://gb.example/node/n1".parse().unwrap();
            let issued = gb.ca.issue(&id, watchfire::identity::devca::Purpose::NodeTls, today, 30).unwrap();
            let chain = watchfire::identity::files::certificates(issued.certificate_pem.as_bytes()).unwrap();
            let key = rustls_pki_types::pem::PemObject::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
            watchfire::transport::tls_config::Credentials::new(chain, key).unwrap()
        }),
    );
    let server = Server::partners(&here).await;
    let channel = there.dial(&server, "gb.example");
    let mut stream = soon(watch(channel.clone())).await;

    let chain = read_chain(&path("node-signing.pem")).unwrap();
    let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    let proof = here.tls_config.trust().load().prove_signer(&chain, today, Accept::Active).unwrap();
    assert_eq!(
        (proof.signer.id.to_string().as_str(), proof.signer.suite),
        ("spiffe://fr.example/node/n1", Suite::Ed25519)
    );
    let tls = read_chain(&path("node-tls.pem")).unwrap();
    let tls: Vec<Vec<u8>> = tls.iter().map(|der| der.to_vec()).collect();
    let refused = here.tls_config.trust().load().prove_signer(&tls, today, Accept::Active).unwrap_err();
    assert_eq!(refused.reason, Reason::ChainInvalid);

    by_an_issuing_ca(dir.path(), &bundle);

    run_from("-revoke node-tls.pem", "mkdir issuing", dir.path());
    let lists = Crl::adopt(&[first], list("crl-revoked.pem")).unwrap();
    here.tls_config.reload(Some(trust(&gb, vec![member(lists)])), None);
    soon(stream.message()).await.unwrap_err();
    soon(call(channel)).await.unwrap_err();
}

/// Root, issuing CA, end certificate, and the issuing CA's own list.
fn by_an_issuing_ca(dir: &Path, bundle: &TrustBundle) {
    run_from("mkdir issuing", "cat root-crl.pem", dir);
    // After OpenSSL is done, because its certificates begin in the second in which they are issued.
    let today: Time = jiff::Timestamp::now().into();
    let dir = dir.join("issuing");
    let chain = |name: &str| read_chain(&dir.join(name)).unwrap().iter().map(|der| der.to_vec()).collect::<Vec<_>>();
    let (tls, signing) = (chain("node-tls.pem"), chain("node-signing.pem"));
    assert_eq!((tls.len(), signing.len()), (2, 2));
    let trust = || {
        let list = Crl::verify(&read_crls(&dir.join("crl.pem")).unwrap()[0], bundle, &tls, today).unwrap();
        let state = watchfire::domain::partner::PartnerState::Active;
        Trust::new(KnownOrganisation { bundle: bundle.clone(), crls: vec![list], state }, vec![], vec![]).unwrap()
    };
    let shown: Vec<&[u8]> = tls.iter().map(Vec::as_slice).collect();
    let judged = |trust: &Trust| trust.tls_peer(&shown, TlsUsage::Server, &AdmittedPeers::Own, today).map(|p| p.id);
    let before = trust();
    assert_eq!(judged(&before).unwrap().to_string(), "spiffe://fr.example/node/n1");
    assert_eq!(before.prove_signer(&signing, today, Accept::Active).unwrap().signer.suite, Suite::Ed25519);
    let by = "openssl ca -config openssl.cnf -cert issuing.pem -keyfile issuing.key";
    run(&format!("{by} -revoke node-tls.pem && {by} -gencrl -out crl.pem"), &dir);
    assert_eq!(judged(&trust()).unwrap_err().reason, Reason::CertificateRevoked);
}
