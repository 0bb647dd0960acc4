//! `watchfire partner introduce` and `partner introductions`.

use std::cmp::Reverse;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    cli::{
        CliError, Exit, Global,
        approval::approve,
        context::{ADMINS, Context},
        output,
    },
    desk::client::DeskClient,
    domain::{
        approval::Matter,
        ids::TrustDomain,
        introduction::Introduction,
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    render::text::one_line,
    seal::subject,
    telemetry::SystemClock,
    wire::{
        self,
        field::{present, time},
        proto,
    },
};

/// Vouches for organisations whose words were compared here. Needs a second administrator, who runs `partner introductions sign` within 7
/// days. Only partners that have permitted it accept an introduction.
#[derive(Args)]
pub struct Introduce {
    /// The organisation to introduce
    #[arg(required_unless_present = "all", value_name = "DOMAIN")]
    of: Vec<TrustDomain>,
    /// Introduce all partners to each other
    #[arg(long, conflicts_with = "of")]
    all: bool,
    /// The partner to introduce it to; default: all partners
    #[arg(long, value_name = "PARTNER")]
    to: Vec<TrustDomain>,
}

/// List and sign introductions; permit a partner to introduce others here.
#[derive(Subcommand)]
pub enum Introductions {
    /// List the introductions that this organisation makes
    List,
    /// Sign the introductions that another administrator has proposed; they are then sent
    Sign,
    /// Permit a partner to introduce organisations here; they are known and marked so until somebody compares their own words
    Allow(Partner),
    /// Withdraw that permission; organisations that are known only by the partner's introduction are forgotten
    Withdraw(Partner),
}

/// Names a partner.
#[derive(Args)]
pub struct Partner {
    /// Its trust domain
    domain: TrustDomain,
}

#[derive(Serialize)]
struct Output {
    of: String,
    to: Vec<String>,
    signed: bool,
}

impl Output {
    fn new(view: &proto::IntroductionView) -> Self {
        Self { of: one_line(&view.of), to: view.to.iter().map(|to| one_line(to)).collect(), signed: view.signed }
    }

    fn words(&self) -> String {
        let state = if self.signed { "sent" } else { "waits for another administrator (`partner introductions sign`)" };
        format!("{} to {}: {state}", self.of, self.to.join(", "))
    }
}

fn show(global: &Global, views: &[proto::IntroductionView], none: &str) {
    let views: Vec<Output> = views.iter().map(Output::new).collect();
    if global.json {
        views.iter().for_each(output::print_json);
    } else if views.is_empty() {
        output::print(none);
    } else {
        views.iter().for_each(|view| output::print(&view.words()));
    }
}

/// Signs a new introduction as the person who runs the command.
fn said(context: &Context, content: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.statement(StatementKind::Introduction, content);
    envelope.map_err(|e| CliError::files(e.to_string()))
}

/// Signs an introduction that another person has proposed.
fn signed(context: &Context, payload: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.envelope(StatementKind::Introduction, payload);
    envelope.map_err(|e| CliError::files(e.to_string()))
}

async fn hand_in(
    desk: &mut DeskClient,
    envelopes: Vec<Envelope>,
    to: Vec<String>,
) -> Result<Vec<proto::IntroductionView>, CliError> {
    let introductions = envelopes.iter().map(wire::envelope::to_proto).collect();
    let request = proto::SignIntroductionsRequest { introductions, to };
    Ok(desk.introductions.sign_introductions(request).await?.into_inner().introductions)
}

impl Introduce {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let of: Vec<String> = if self.all {
            let partners = desk.all_partners().await?.0;
            let active = partners.into_iter().filter(|p| p.state == "active" && p.introduced_by.is_empty());
            active.map(|p| p.domain).collect()
        } else {
            self.of.iter().map(ToString::to_string).collect()
        };
        let mut envelopes = vec![];
        for domain in of {
            let answer =
                desk.introductions.get_invitation_of(proto::GetInvitationOfRequest { domain }).await?.into_inner();
            let invitation = wire::envelope::from_proto(present("invitation", answer.invitation)?)?;
            let introduction = Introduction {
                introducer: context.config.organisation.domain.clone(),
                invitation: wire::envelope::encode(&invitation),
                issued: SystemClock.now(),
            };
            envelopes.push(said(&context, wire::introduction::encode(&introduction)?)?);
        }
        let to = self.to.iter().map(ToString::to_string).collect();
        let made = hand_in(&mut desk, envelopes, to).await?;
        show(global, &made, "there is no organisation to introduce");
        Ok(())
    }
}

impl Introductions {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        match self {
            Self::List => {
                let mut all = desk.all_introductions().await?;
                all.sort_by_key(|view| Reverse(time("at", view.at).ok()));
                show(global, &all, "this organisation introduces nobody; see `watchfire partner introduce`");
                Ok(())
            }
            Self::Sign => sign(global, &context, &mut desk).await,
            Self::Allow(partner) => permit(global, &context, &mut desk, &partner.domain, Permission::Given).await,
            Self::Withdraw(partner) => {
                permit(global, &context, &mut desk, &partner.domain, Permission::Withdrawn).await
            }
        }
    }
}

async fn sign(global: &Global, context: &Context, desk: &mut DeskClient) -> Result<(), CliError> {
    let all = desk.all_introductions().await?;
    let open: Vec<proto::IntroductionView> = all.into_iter().filter(|view| !view.signed).collect();
    if open.is_empty() {
        return Err(CliError::new(Exit::Failed, "NOT_FOUND", "no introduction waits for a signature"));
    }
    let lines: Vec<String> =
        open.iter().map(|view| format!("  {} to {}", one_line(&view.of), view.to.join(", "))).collect();
    output::note(global, &format!("introduces\n{}", lines.join("\n")));
    if !output::confirm(global, "Does this organisation vouch for all of them?") {
        return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "not signed; confirm, or give --yes"));
    }
    let mut envelopes = vec![];
    for view in open {
        let proposed = wire::envelope::from_proto(present("introduction", view.introduction)?)?;
        envelopes.push(signed(context, proposed.payload)?);
    }
    let made = hand_in(desk, envelopes, vec![]).await?;
    show(global, &made, "nothing was signed");
    Ok(())
}

/// Whether a partner may introduce organisations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Permission {
    Given,
    Withdrawn,
}

async fn permit(
    global: &Global,
    context: &Context,
    desk: &mut DeskClient,
    of: &TrustDomain,
    permission: Permission,
) -> Result<(), CliError> {
    let approval = || approve(context, Matter::Introductions, subject::introductions(of));
    let approval = (permission == Permission::Given).then(approval).transpose()?;
    let withdraw = permission == Permission::Withdrawn;
    let request = proto::PermitIntroductionsRequest { partner: of.to_string(), withdraw, approval };
    let proto::PermitIntroductionsResponse { approvals, needed, forgotten } =
        desk.introductions.permit_introductions(request).await?.into_inner();
    let view = serde_json::json!({ "partner": of, "allowed": !withdraw && approvals >= needed, "approvals": approvals,
        "needed": needed, "forgotten": forgotten });
    output::result(global, &view, || match (withdraw, approvals < needed) {
        (true, _) => format!("{} may no longer introduce others here; {forgotten} organisations were forgotten", of),
        (false, true) => {
            format!(
                "recorded: {approvals} of {needed} administrators have approved it; another one must run the same command"
            )
        }
        (false, false) => format!("{} may introduce organisations here", of),
    });
    Ok(())
}
