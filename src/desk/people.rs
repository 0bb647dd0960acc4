//! People of the organisation: the service, and the form in which it shows one.

use tonic::Request;

use super::{
    argument::approval,
    call::{Desk, Reply, answer, authorize, count},
    page::RequestedPage,
};
use crate::{
    domain::person::PersonCertificate,
    node::{people::PersonView, task::to_the_end},
    wire::{
        field::timestamp,
        proto::{self, person_service_server::PersonService},
    },
};

#[tonic::async_trait]
impl PersonService for Desk {
    async fn list_people(&self, request: Request<proto::ListPeopleRequest>) -> Reply<proto::ListPeopleResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::of(self, &mut message)?;
            // Somebody may have been added a moment ago. The list is shown even if nothing can be written.
            drop(self.node.people.look_for_people().await);
            let all = self.node.people.list_people(&actor)?;
            let (people, next_page_token) = page.cut(all, |p| p.person.id.clone(), view);
            Ok(proto::ListPeopleResponse { people, needed: count(self.node.people.persons_needed()), next_page_token })
        })
        .await
    }

    async fn confirm_person(
        &self,
        request: Request<proto::ConfirmPersonRequest>,
    ) -> Reply<proto::ConfirmPersonResponse> {
        let (actor, proto::ConfirmPersonRequest { person, approval: approved }) = authorize(request)?;
        let node = self.node.clone();
        let work = async move {
            let approved = approval(approved)?;
            node.people.look_for_people().await?;
            let confirmed = node.people.confirm_person(&actor, &node.people.person_called(&person)?, &approved).await?;
            Ok(proto::ConfirmPersonResponse { person: Some(view(confirmed)) })
        };
        answer(to_the_end(work)).await
    }
}

fn view(of: PersonView) -> proto::PersonView {
    let PersonView { person, revoked, works } = of;
    let certificate = |c: &PersonCertificate| proto::PersonCertificateView {
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
