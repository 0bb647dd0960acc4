//! `watchfire partner`: invite, accept and manage other organisations.

mod crl;
mod introduce;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError, Exit, Global,
    approval::approve,
    armour::{armour, read_armoured},
    bundle::roots_of,
    complete,
    context::{ADMINS, ANYBODY, Context},
    files::{FOR_ALL, write_new},
    output,
};
use crate::{
    domain::{
        approval::Matter,
        ids::TrustDomain,
        partner::{Endpoint, PartnerKind},
        statement::StatementKind,
        time::Clock,
    },
    node::partnerships::invitation::{ProvedInvitation, fingerprint_of, open_invitation},
    render::text::one_line,
    seal::{statement::id_of, subject},
    telemetry::SystemClock,
    wire::{
        self,
        field::{time, word},
        proto,
    },
};

/// Invite and accept partners, and change what is exchanged with them.
#[derive(Subcommand)]
pub enum Partner {
    /// Write an invitation for a future partner: the organisation, its trust bundle, and its address
    Invite(Invite),
    /// Accept a partner by its invitation, after comparing its words over another channel
    Accept(Accept),
    /// Hold an organisation's bundle, so that its signatures can be verified when partners pass them on
    Know(Accept),
    /// Stop trusting the signatures of an organisation that was added with `partner know`
    Forget(Named),
    /// List partners and known organisations
    List,
    /// Show one partner
    Show(Named),
    /// Stop exchanging with a partner for now; live streams end within 2 seconds
    Suspend(Named),
    /// Exchange with a suspended partner again
    Resume(Named),
    /// Introduce organisations to partners
    Introduce(introduce::Introduce),
    /// List and sign introductions; permit a partner to introduce others here
    #[command(subcommand)]
    Introductions(introduce::Introductions),
    /// Load a revocation list by hand, of any organisation that is known here
    Crl(crl::GiveList),
}

/// Writes a small signed file. Read its fingerprint to the partner over another channel than the one for the file.
#[derive(Args)]
pub struct Invite {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The address by which the partner reaches this node, if it differs from watchfire.toml
    #[arg(long, value_name = "HOST:PORT")]
    endpoint: Option<Endpoint>,
}

/// Shows everything in the invitation and its fingerprint in words, and asks. The file may be a mail that contains it.
#[derive(Args)]
pub struct Accept {
    /// The invitation
    file: PathBuf,
    /// The fingerprint that the partner gave over another channel, in words or hexadecimal; without it the command asks
    #[arg(long, value_name = "WORDS")]
    fingerprint: Option<String>,
    /// Confirm that the partner's kind or country has changed; the subject rule depends on them
    #[arg(long)]
    changed: bool,
}

/// Names a partner.
#[derive(Args)]
pub struct Named {
    /// Its trust domain
    #[arg(add = complete::partners())]
    domain: TrustDomain,
}

/// A partner, as `--json` shows it.
#[derive(Serialize)]
struct Output {
    domain: String,
    kind: String,
    country: Option<String>,
    endpoint: Option<String>,
    /// The fingerprint of its bundle.
    fingerprint: String,
    /// The number of its bundle.
    bundle_sequence: u64,
    state: String,
    /// The partner on whose introduction alone it is held.
    introduced_by: Option<String>,
    /// Whether it may introduce others here.
    introduces: bool,
    /// How many persons its decisions take, as it says itself. `None` before it has said so.
    persons_needed: Option<u32>,
    retired_roots: Vec<Retired>,
}

/// A former root.
#[derive(Serialize)]
struct Retired {
    name: String,
    sha256: String,
    retired_at: Option<String>,
}

impl Retired {
    fn new(root: proto::RetiredRoot) -> Self {
        let retired_at = time("retired_at", root.retired_at).ok().map(|at| at.day().to_string());
        Self { name: one_line(&root.name), sha256: root.sha256, retired_at }
    }

    fn words(&self) -> String {
        format!("\n  retired root `{}` (until {})", self.name, self.retired_at.as_deref().unwrap_or("-"))
    }
}

impl Output {
    fn new(partner: proto::PartnerView) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let kind = word("kind", PartnerKind::ALL, partner.kind).map(|k| k.to_string()).unwrap_or_default();
        Self {
            domain: partner.domain,
            kind,
            country: some(partner.country),
            endpoint: some(partner.endpoint),
            fingerprint: partner.fingerprint,
            bundle_sequence: partner.bundle_sequence,
            state: partner.state,
            introduced_by: some(partner.introduced_by),
            introduces: partner.introduces,
            persons_needed: Some(partner.persons_needed).filter(|needed| *needed > 0),
            retired_roots: partner.retired_roots.into_iter().map(Retired::new).collect(),
        }
    }

    fn standing(&self) -> String {
        let introduced = self.introduced_by.as_ref().map(|by| format!(", by the introduction of {}", one_line(by)));
        let introduces = if self.introduces { ", may introduce others" } else { "" };
        format!("{}{}{introduces}", self.state, introduced.unwrap_or_default())
    }

    fn words(&self) -> String {
        let or = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
        format!(
            "{}\n  kind         {}\n  country      {}\n  endpoint     {}\n  bundle       {}, fingerprint {}\n  state        {}\n  decisions    {}{}",
            self.domain,
            self.kind,
            or(&self.country, "none"),
            or(&self.endpoint, "can't be dialled"),
            self.bundle_sequence,
            self.fingerprint,
            self.standing(),
            match self.persons_needed {
                None => "it is not known yet how many persons they take there",
                Some(1) => "take one administrator there",
                Some(_) => "take two administrators there",
            },
            self.retired_roots.iter().map(Retired::words).collect::<String>(),
        )
    }
}

impl Partner {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Invite(invite) => invite.run(global).await,
            Self::Accept(accept) => accept.run(global, false).await,
            Self::Know(know) => know.run(global, true).await,
            Self::Forget(named) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                output::ask(global, &format!("Forget {}?", named.domain), "nothing was forgotten")?;
                let request = proto::ForgetPartnerRequest { domain: named.domain.to_string() };
                finish(global, desk.partners.forget_partner(request).await?.into_inner().partner)
            }
            Self::Introduce(introduce) => introduce.run(global).await,
            Self::Introductions(introductions) => introductions.run(global).await,
            Self::Crl(given) => given.run(global).await,
            Self::List => list(global).await,
            Self::Show(named) => show(global, &named.domain).await,
            Self::Suspend(named) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                let question = format!("Suspend {}? Nothing is exchanged with it until it is resumed.", named.domain);
                output::ask(global, &question, "nothing was suspended")?;
                let request = proto::SuspendPartnerRequest { domain: named.domain.to_string() };
                finish(global, desk.partners.suspend_partner(request).await?.into_inner().partner)
            }
            Self::Resume(named) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                let question =
                    format!("Resume {}? It gets what agreements give it, and what waits for it.", named.domain);
                output::ask(global, &question, "nothing was resumed")?;
                let request = proto::ResumePartnerRequest { domain: named.domain.to_string() };
                finish(global, desk.partners.resume_partner(request).await?.into_inner().partner)
            }
        }
    }
}

fn finish(global: &Global, partner: Option<proto::PartnerView>) -> Result<(), CliError> {
    let view =
        Output::new(partner.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?);
    output::result(global, &view, || view.words());
    Ok(())
}

impl Invite {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let endpoint = self.endpoint.as_ref().map(ToString::to_string).unwrap_or_default();
        let answer = desk.partners.create_invitation(proto::CreateInvitationRequest { endpoint }).await?.into_inner();
        let envelope = wire::field::present("invitation", answer.invitation)?;
        let envelope = wire::envelope::from_proto(envelope)?;
        let opened = open_invitation(&envelope, &context.config.signing_usages, SystemClock.now())?;
        let invitation = opened.invitation;
        write_new(&self.out, FOR_ALL, &armour(&envelope))?;
        if invitation.endpoint.is_none() {
            let hint = "the invitation has no endpoint, so the partner can't dial this node; give one with --endpoint HOST:PORT";
            output::note(global, hint);
        }
        let fingerprint = fingerprint_of(&envelope);
        let made = serde_json::json!({ "file": self.out, "domain": invitation.organisation.domain, "fingerprint": fingerprint.to_string() });
        output::result(global, &made, || {
            format!(
                "wrote {}; send it to the partner, and read them these words over another channel:\n  {}",
                self.out.display(),
                fingerprint.words()
            )
        });
        Ok(())
    }
}

impl Accept {
    async fn run(&self, global: &Global, only_know: bool) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let envelope = read_armoured(&self.file)?;
        let opened = open_invitation(&envelope, &context.config.signing_usages, SystemClock.now())?;
        let fingerprint = fingerprint_of(&envelope);
        output::note(global, &said(&opened));
        if self.fingerprint.is_none() {
            output::note(global, &format!("  words        {}", fingerprint.words()));
            // `--yes` never replaces the comparison of the words.
            let asked = Global { yes: false, ..global.clone() };
            if !output::confirm(
                &asked,
                "Did the partner read you these words, over another channel than the one for the file?",
            ) {
                let what = "not accepted; compare the words with the partner, or give them with --fingerprint";
                return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", what));
            }
        }
        let mut desk = context.connect().await?;
        let id = id_of(StatementKind::Invitation, &envelope.payload);
        let request = proto::AcceptPartnerRequest {
            invitation: Some(wire::envelope::to_proto(&envelope)),
            fingerprint: self.fingerprint.clone().unwrap_or_else(|| fingerprint.to_string()),
            change_confirmed: self.changed,
            only_know,
            approval: Some(approve(&context, Matter::Partner, subject::statement(&id))?),
        };
        let answer = desk.partners.accept_partner(request).await?.into_inner();
        if answer.approvals < answer.needed {
            let waits = format!(
                "recorded: {} of {} administrators have approved it. Nothing changes until another one runs the same command with the same file",
                answer.approvals, answer.needed
            );
            output::note(global, &waits);
        }
        finish(global, answer.partner)
    }
}

/// Everything in an invitation, for the person who compares its words.
fn said(opened: &ProvedInvitation) -> String {
    let ProvedInvitation { invitation, bundle, ledger_key } = opened;
    let who = &invitation.organisation;
    let country = who.country.map(|c| format!(" of {}", c.name())).unwrap_or_default();
    let endpoint = invitation.endpoint.as_ref().map_or_else(|| "can't be dialled".to_owned(), ToString::to_string);
    let roots = roots_of(&invitation.roots).into_iter().map(|root| {
        format!("\n  root         {}  {}", root.sha256.get(..16).unwrap_or_default(), one_line(&root.name))
    });
    let ledger = ledger_key.as_ref().map_or_else(
        || "none".to_owned(),
        |key| format!("{}, key {}", key.origin, hex::encode(key.public).get(..16).unwrap_or_default()),
    );
    format!(
        "{} ({}{country})\n  endpoint     {endpoint}\n  written      {}\n  bundle       {}, fingerprint {}{}\n  lists        {}\n  ledger   \
                        {ledger}",
        who.domain,
        who.kind,
        invitation.issued,
        invitation.sequence,
        bundle.fingerprint().to_string().get(..16).unwrap_or_default(),
        roots.collect::<String>(),
        invitation.lists.len(),
    )
}

async fn partners(global: &Global) -> Result<Vec<Output>, CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let (partners, awaited) = desk.all_partners().await?;
    for waits in awaited {
        let (what, again) = match waits.what.as_str() {
            "revocation-list" => ("another revocation list", "partner crl FILE --replace"),
            "introductions" => ("the permission to introduce others", "partner introductions allow DOMAIN"),
            _ => ("other roots, another kind or another country", "partner accept FILE"),
        };
        let words = format!(
            "ATTENTION: {what} of {} waits for another administrator; {} approved it. To approve it: `watchfire {again}`, with the same file. \
             It lapses after 7 days",
            one_line(&waits.of),
            waits.by.join(", ")
        );
        output::note(global, &words);
    }
    Ok(partners.into_iter().map(Output::new).collect())
}

async fn list(global: &Global) -> Result<(), CliError> {
    let views = partners(global).await?;
    if global.json {
        views.iter().for_each(output::print_json);
    } else if views.is_empty() {
        output::print("no partners yet; add one with `watchfire partner invite` and `watchfire partner accept`");
    } else {
        let cell = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let rows = views
            .iter()
            .map(|v| vec![v.domain.clone(), v.kind.clone(), cell(&v.country), cell(&v.endpoint), v.standing()]);
        let rows: Vec<_> = rows.collect();
        output::print(&output::table(&["PARTNER", "KIND", "COUNTRY", "ENDPOINT", "STATE"], &rows));
    }
    Ok(())
}

async fn show(global: &Global, domain: &TrustDomain) -> Result<(), CliError> {
    let found = partners(global).await?.into_iter().find(|v| v.domain == domain.as_str());
    let view = found.ok_or_else(|| {
        CliError::new(Exit::Failed, "NOT_FOUND", format!("`{domain}` is not a partner; see `watchfire partner list`"))
    })?;
    output::result(global, &view, || view.words());
    Ok(())
}
