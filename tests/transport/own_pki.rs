//! An organisation's own PKI, made with OpenSSL by the very commands of `certs/README.md`.

use std::{fs, path::Path, process::Command};

use watchfire::{
    domain::statement::Suite,
    domain::{fault::Reason, time::Time},
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        files::{read_chain, read_crls, read_key},
        signers::Accept,
        trust::{Audience, Member, TlsUsage, Trust},
    },
};

use crate::kit::*;

/// Runs the n-th block of commands of the README.
fn run(blocks: &[String], n: usize, dir: &Path) {
    let output = Command::new("sh")
        .args(["-e", "-c", &blocks[n]])
        .current_dir(dir)
        .env("SPIFFE_ID", "spiffe://fr.example/node/n1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{}", blocks[n], String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn certificates_by_openssl_work_and_can_be_revoked() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no `openssl` here, so the commands of certs/README.md were not tried");
        return;
    }
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    let readme = fs::read_to_string(certs.join("README.md")).unwrap();
    let blocks: Vec<String> =
        readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::copy(certs.join("openssl.cnf"), path("openssl.cnf")).unwrap();
    (0..3).for_each(|n| run(&blocks, n, dir.path()));

    // OpenSSL goes by the clock of this machine.
    let today: Time = jiff::Timestamp::now().into();
    let bundle = TrustBundle::from_pem("fr.example".parse().unwrap(), &fs::read(path("root.pem")).unwrap()).unwrap();
    let list = |name: &str| Crl::verify(&read_crls(&path(name)).unwrap()[0], &bundle, &[], today).unwrap();
    let member = |crls: Vec<Crl>| Member {
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
    here.gate.reload(
        None,
        Some({
            let id = "spiffe://gb.example/node/n1".parse().unwrap();
            let issued = gb.ca.issue(&id, watchfire::identity::devca::Purpose::NodeTls, today, 30).unwrap();
            let chain = watchfire::identity::files::certificates(issued.certificate_pem.as_bytes()).unwrap();
            let key = rustls_pki_types::pem::PemObject::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
            watchfire::transport::gate::Credentials::new(chain, key).unwrap()
        }),
    );
    let server = Server::partners(&here).await;
    let channel = there.dial(&server, "gb.example");
    let mut stream = soon(watch(channel.clone())).await;

    let chain = read_chain(&path("node-signing.pem")).unwrap();
    let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    let proof = here.gate.trust().load().prove_signer(&chain, today, Accept::Active).unwrap();
    assert_eq!(
        (proof.signer.id.to_string().as_str(), proof.signer.suite),
        ("spiffe://fr.example/node/n1", Suite::Ed25519)
    );
    let tls = read_chain(&path("node-tls.pem")).unwrap();
    let tls: Vec<Vec<u8>> = tls.iter().map(|der| der.to_vec()).collect();
    let refused = here.gate.trust().load().prove_signer(&tls, today, Accept::Active).unwrap_err();
    assert_eq!(refused.reason, Reason::ChainInvalid);

    by_an_issuing_ca(&blocks, dir.path(), &bundle, today);

    run(&blocks, 3, dir.path());
    let lists = Crl::adopt(&[first], list("crl-revoked.pem")).unwrap();
    here.gate.reload(Some(trust(&gb, vec![member(lists)])), None);
    soon(stream.message()).await.unwrap_err();
    soon(call(channel)).await.unwrap_err();
}

/// Root, issuing CA, end certificate, and the issuing CA's own list.
fn by_an_issuing_ca(blocks: &[String], dir: &Path, bundle: &TrustBundle, today: Time) {
    run(blocks, 6, dir);
    let dir = dir.join("issuing");
    let chain = |name: &str| read_chain(&dir.join(name)).unwrap().iter().map(|der| der.to_vec()).collect::<Vec<_>>();
    let (tls, signing) = (chain("node-tls.pem"), chain("node-signing.pem"));
    assert_eq!((tls.len(), signing.len()), (2, 2));
    let trust = || {
        let list = Crl::verify(&read_crls(&dir.join("crl.pem")).unwrap()[0], bundle, &tls, today).unwrap();
        let state = watchfire::domain::partner::PartnerState::Active;
        Trust::new(Member { bundle: bundle.clone(), crls: vec![list], state }, vec![], vec![]).unwrap()
    };
    let shown: Vec<&[u8]> = tls.iter().map(Vec::as_slice).collect();
    let judged = |trust: &Trust| trust.tls_peer(&shown, TlsUsage::Server, &Audience::Own, today).map(|p| p.id);
    let before = trust();
    assert_eq!(judged(&before).unwrap().to_string(), "spiffe://fr.example/node/n1");
    assert_eq!(before.prove_signer(&signing, today, Accept::Active).unwrap().signer.suite, Suite::Ed25519);
    let by = "openssl ca -config openssl.cnf -cert issuing.pem -keyfile issuing.key";
    run(&[format!("{by} -revoke node-tls.pem && {by} -gencrl -out crl.pem")], 0, &dir);
    assert_eq!(judged(&trust()).unwrap_err().reason, Reason::CertificateRevoked);
}
