//! `watchfire agreement draft` and `propose`.

use std::path::PathBuf;

use clap::Args;

use super::{
    bulk::{self, Outcome},
    details::AgreementDetails,
    lookup::{self, find},
    transfer,
};
use crate::{
    cli::{
        CliError, Exit, Global,
        approval::approve,
        complete,
        context::{ADMINS, ANYBODY, Context},
        files::read_written,
        input::{self, Input},
        output,
    },
    config::Config,
    desk::client::DeskClient,
    domain::{
        agreement::Agreement,
        approval::Matter,
        ids::{AssessmentId, StatementId, TrustDomain},
        statement::StatementKind,
        time::{Clock, Time},
    },
    draft::{self, Format, Lineage},
    seal::{self, statement::id_of, subject},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// A name that no partner can have (RFC 2606).
const STAND_IN: &str = "partner.invalid";

/// Writes a commented agreement file.
#[derive(Args)]
pub struct Draft {
    /// The partner
    #[arg(long, value_name = "DOMAIN", add = complete::partners(), required_unless_present_any = ["amends", "template"])]
    partner: Option<TrustDomain>,
    /// Write the terms of this agreement as a draft of its next version
    #[arg(long, value_name = "ID", conflicts_with = "partner", add = complete::agreements())]
    amends: Option<String>,
    /// Write a template for many partners, for `agreement propose --for`
    #[arg(long, conflicts_with_all = ["partner", "amends"])]
    template: bool,
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Checks an agreement file and proposes its terms.
///
/// With --for or --for-all, the file is a template for many partners: it has `{partner}` for each name of the partner.
#[derive(Args)]
pub struct Propose {
    #[command(flatten)]
    input: Input,
    /// Propose the terms to each of these partners
    #[arg(long = "for", value_name = "DOMAIN", value_delimiter = ',', conflicts_with_all = ["amends", "out"], add = complete::partners())]
    partners: Vec<TrustDomain>,
    /// Propose the terms to all active partners
    #[arg(long, conflicts_with_all = ["partners", "amends", "out"])]
    for_all: bool,
    /// The agreement of which this is the next version
    #[arg(long, value_name = "ID")]
    amends: Option<String>,
    /// With --for or --for-all: each is the next version of the one agreement that is in force with the partner
    #[arg(long, conflicts_with = "amends")]
    amend: bool,
    /// Keep the other agreements with the partner in force in addition; what any of them gives is released
    #[arg(long)]
    beside: bool,
    /// Also write it to this file, for a partner without a link
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Draft {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        if self.template {
            let own = Config::load(&global.dir)?.organisation.domain;
            let stand_in: TrustDomain = STAND_IN.parse().map_err(CliError::usage)?;
            let text = draft::agreement_template(&own, &stand_in, SystemClock.now().day()).map_err(CliError::usage)?;
            return output::written(global, self.out.as_deref(), &text.replace(STAND_IN, bulk::PARTNER));
        }
        let text = match (&self.partner, &self.amends) {
            (Some(partner), _) => {
                let own = Config::load(&global.dir)?.organisation.domain;
                draft::agreement_template(&own, partner, SystemClock.now().day()).map_err(CliError::usage)?
            }
            (None, Some(id)) => {
                let mut desk = Context::load(global, ANYBODY)?.connect().await?;
                next_version(&find(&mut desk, id).await?, SystemClock.now())
            }
            (None, None) => return Err(CliError::usage("name the partner with --partner DOMAIN".to_owned())),
        };
        output::written(global, self.out.as_deref(), &text)
    }
}

/// The terms as a file to start from. If they have ended or are about to, they are prolonged, because the old end could not be proposed.
fn next_version(view: &AgreementDetails, now: Time) -> String {
    let (short, old) = (view.short(), &view.agreement);
    let head = format!(
        "# The terms of version {} of agreement {short}. Change them, then\n\
         # `watchfire agreement propose FILE --amends {short}`\n",
        view.version,
    );
    let prolonged = old.prolonged(now);
    let note = prolonged.iter().map(|new| {
        let verb = if old.until.end() <= now { "ended" } else { "ends" };
        let term = new.until.days_since(new.from);
        format!("#\n# It {verb} on {}, so `from` is today here, and `until` is {term} days later. Write the days that you have agreed.\n", old.until)
    });
    let note: String = note.collect();
    format!("{head}{note}\n{}", draft::agreement_to_toml(prolonged.as_ref().unwrap_or(old)))
}

impl Propose {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let (text, format) = read_written(self.input.path())?;
        if self.for_all || !self.partners.is_empty() {
            return self.to_many(global, &context, (&text, format)).await;
        }
        if self.amend {
            let what = "--amend goes with --for or --for-all; for one agreement, name it with --amends ID";
            return Err(CliError::usage(what));
        }
        let mut lineage = Lineage { series: new_series()?, previous: None };
        let mut connected = None;
        if let Some(amends) = &self.amends {
            let desk = connected.insert(context.connect().await?);
            lineage = after(&find(desk, amends).await?)?;
        }
        let agreement = self.read(&text, format, lineage)?;
        let mut desk = match connected {
            Some(desk) => desk,
            None => context.connect().await?,
        };
        bulk::confirmed_for_one(global, &agreement)?;
        let proposed = self.propose(&context, &mut desk, &agreement).await?;
        let view = lookup::print(global, Some(proposed))?;
        transfer::write_signed(global, &view, self.out.as_deref())
    }

    /// Proposes the terms of a template to each partner. All of them are checked before the first is proposed.
    async fn to_many(
        &self,
        global: &Global,
        context: &Context,
        (text, format): (&str, Format),
    ) -> Result<(), CliError> {
        let mut desk = context.connect().await?;
        let partners = if self.for_all { bulk::all_partners(&mut desk).await? } else { self.partners.clone() };
        if partners.is_empty() {
            return Err(CliError::usage("there are no active partners to propose it to; see `watchfire partner list`"));
        }
        let known = if self.amend { lookup::all(&mut desk).await? } else { vec![] };
        let mut proposals = vec![];
        for partner in partners {
            let lineage = match self.amend {
                true => after(bulk::in_force_with(&known, &partner)?)?,
                false => Lineage { series: new_series()?, previous: None },
            };
            let agreement = self.read(&bulk::text_for(text, &partner)?, format, lineage)?;
            proposals.push((partner, agreement));
        }
        bulk::confirmed(global, &proposals)?;
        let mut outcomes = vec![];
        for (partner, agreement) in &proposals {
            let proposed = self.propose(context, &mut desk, agreement).await;
            outcomes.push(Outcome::new(partner, proposed.and_then(AgreementDetails::new)));
        }
        bulk::finish(global, &outcomes)
    }

    fn read(&self, text: &str, format: Format, lineage: Lineage) -> Result<Agreement, CliError> {
        let name = input::name(self.input.path());
        draft::parse_agreement(text, format, lineage, SystemClock.now().day()).map_err(|e| CliError::written(&e, &name))
    }

    async fn propose(
        &self,
        context: &Context,
        desk: &mut DeskClient,
        agreement: &Agreement,
    ) -> Result<proto::AgreementView, CliError> {
        let payload = wire::agreement::encode(agreement);
        let subject = subject::statement(&id_of(StatementKind::Agreement, &payload));
        let approval = Some(approve(context, Matter::Agreement, subject)?);
        let request = proto::ProposeAgreementRequest { agreement: payload.into(), approval, beside: self.beside };
        let answer = desk.agreements.propose_agreement(request).await?.into_inner();
        answer.agreement.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))
    }
}

/// The lineage of the next version of an agreement.
fn after(before: &AgreementDetails) -> Result<Lineage, CliError> {
    let id: StatementId = before.id.parse().map_err(CliError::usage)?;
    Ok(Lineage { series: before.agreement.series, previous: Some((before.version, id)) })
}

fn new_series() -> Result<AssessmentId, CliError> {
    seal::compose::new_assessment_id().map_err(|e| CliError::files(e.to_string()))
}
