//! Opens the listener of the web console.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    error::StartError,
    listening::{address, bind},
    services::ConsoleParts,
    tasks::until_stopped,
};
use crate::{
    config::{Config, ConsoleConfig, KeyFiles},
    console::{self, Hosts},
    node::Node,
    transport::{
        limits::Limits,
        tls_config::Credentials,
        web::{self, WebCertificate, WebTls},
    },
};

/// How often the certificate's files are read again.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A console that is bound to its address and not served yet.
pub(super) struct BoundConsole {
    tcp: TcpListener,
    tls: WebTls,
    hosts: Hosts,
    certificate: Option<(WebCertificate, KeyFiles)>,
}

/// What the node knows of its console.
pub(super) fn parts(config: &Config, bound: Option<&BoundConsole>) -> ConsoleParts {
    let session_limits = config.console.as_ref().map(|console| console.limits).unwrap_or_default();
    ConsoleParts { origin: bound.map(BoundConsole::origin), session_limits }
}

/// Binds the console's address, if it is configured.
pub(super) async fn bind_console(config: &Config) -> Result<Option<BoundConsole>, StartError> {
    let Some(ConsoleConfig { address: at, tls, name, .. }) = &config.console else { return Ok(None) };
    let tcp = bind("listen.console", at).await?;
    let bound = address(&tcp);
    let Some(files) = tls else {
        let hosts = Hosts::on_loopback(name.clone().unwrap_or_else(|| bound.to_string()), bound.port());
        return Ok(Some(BoundConsole { tcp, tls: WebTls::Plain, hosts, certificate: None }));
    };
    let certificate = WebCertificate::new(Credentials::load(&files.certificate, &files.key)?);
    let tls = WebTls::new(&certificate)?;
    let hosts = Hosts::over_tls(name.clone().unwrap_or_else(|| bound.to_string()));
    Ok(Some(BoundConsole { tcp, tls, hosts, certificate: Some((certificate, files.clone())) }))
}

impl BoundConsole {
    /// The address that links begin with.
    pub(super) fn origin(&self) -> String {
        self.hosts.origin()
    }

    /// Serves it until the node stops.
    pub(super) fn open(self, tasks: &mut JoinSet<()>, node: &Arc<Node>, limits: &Limits, stop: &CancellationToken) {
        let routes = console::routes(node.clone(), self.hosts);
        tasks.spawn(web::serve(self.tcp, self.tls, routes, limits.clone(), stop.clone()));
        if let Some((certificate, files)) = self.certificate {
            until_stopped(tasks, stop, renew(certificate, files));
        }
    }
}

/// Shows a renewed certificate without a restart. Files that can't be used change nothing.
async fn renew(certificate: WebCertificate, files: KeyFiles) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let read = files.clone();
        let loaded = tokio::task::spawn_blocking(move || Credentials::load(&read.certificate, &read.key)).await;
        match loaded {
            Ok(Ok(credentials)) => certificate.replace(credentials),
            Ok(Err(error)) => tracing::error!(%error, "the console's certificate can't be read; the one before stays"),
            Err(error) => tracing::error!(%error, "the console's certificate was not read"),
        }
    }
}
