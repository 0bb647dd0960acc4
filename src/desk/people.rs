//! The own people, as messages.

use std::sync::Arc;

use super::argument::approval;
use crate::{
    domain::{actor::Actor, fault::Fault},
    node::{Node, people::PersonView, to_the_end},
    wire::{field::timestamp, proto},
};

pub(super) async fn list(node: &Node, actor: &Actor) -> Result<proto::ListPeopleResponse, Fault> {
    // Somebody may have been added a moment ago. The list is shown also where nothing can be written.
    drop(node.look_for_people().await);
    let people = node.list_people(&actor.authorize()?)?.into_iter().map(view).collect();
    Ok(proto::ListPeopleResponse { people, needed: u32::try_from(node.persons_needed()).unwrap_or(u32::MAX) })
}

pub(super) async fn confirm(
    node: Arc<Node>,
    actor: Actor,
    request: proto::ConfirmPersonRequest,
) -> Result<proto::PersonView, Fault> {
    let approved = approval(request.approval)?;
    let work = async move {
        node.look_for_people().await?;
        node.confirm_person(&actor.authorize()?, &node.person_called(&request.person)?, &approved).await
    };
    to_the_end(work).await.map(view)
}

fn view(of: PersonView) -> proto::PersonView {
    let PersonView { person, revoked, works } = of;
    let certificate = |c: &crate::domain::person::PersonCertificate| proto::PersonCertificateView {
        usage: c.usage.to_string(),
        serial: c.serial.clone(),
        since: timestamp(c.since),
        until: timestamp(c.until),
        revoked: revoked.contains(&c.serial),
    };
    proto::PersonView {
        id: person.id.to_string(),
        since: timestamp(person.since),
        confirmed_at: person.confirmed_at.and_then(timestamp),
        recovered_at: person.recovered_at.and_then(timestamp),
        confirmed_by: person.confirmed_by.iter().map(|approved| approved.by.to_string()).collect(),
        works,
        certificates: person.certificates.iter().map(certificate).collect(),
    }
}
