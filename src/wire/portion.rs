//! Portions and their markings.

use prost::Message;

use super::{
    body, canonical, edition,
    field::{
        ascending, bytes, bytes_optional, line, number_of, parsed_all, parsed_optional, present, refuse, required,
        text_of, texts, word,
    },
    group,
    list::{MAX_NAMES, few},
    names, proto,
};
use crate::domain::{
    assessment::{MAX_PORTION_BYTES, Portion},
    fault::{Fault, Reason},
    marking::{Marking, NationalLabel, Onward, Tlp},
};

/// Decodes the bytes that the manifest's digest covers.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path, `STATEMENT_TOO_LARGE`.
pub fn decode(bytes_: &[u8]) -> Result<Portion, Fault> {
    if bytes_.len() > MAX_PORTION_BYTES {
        let what = format!("a portion takes at most {MAX_PORTION_BYTES} bytes; put long material into an attachment");
        return Err(Fault::new(Reason::StatementTooLarge, what));
    }
    edition::check(bytes_)?;
    let proto::Portion { salt, handle, edition, marking: label, body: content, language, translates } =
        canonical::decode(bytes_)?;
    Ok(Portion {
        salt: bytes("salt", &salt)?,
        handle: bytes("handle", &handle)?,
        edition,
        language: parsed_optional("language", &language)?,
        translates: bytes_optional("translates", &translates)?,
        marking: marking(present("marking", label)?).map_err(|f| f.within("marking"))?,
        body: body::from_proto(present("body", content)?)?,
    })
}

/// Encodes a portion as the bytes that the manifest's digest covers.
pub fn encode(portion: &Portion) -> Vec<u8> {
    let Portion { salt, handle, edition, language, translates, marking, body: content } = portion;
    proto::Portion {
        salt: salt.0.to_vec().into(),
        handle: handle.0.to_vec().into(),
        edition: *edition,
        marking: Some(marking_to_proto(marking)),
        body: Some(body::to_proto(content)),
        language: text_of(language.as_ref()),
        translates: translates.map(|h| h.0.to_vec()).unwrap_or_default().into(),
    }
    .encode_to_vec()
}

fn marking(message: proto::Marking) -> Result<Marking, Fault> {
    let proto::Marking { tlp, releasable_to, onward: reach, topics, caveats, national, groups } = message;
    let marking = Marking {
        tlp: word("tlp", Tlp::ALL, tlp)?,
        releasable_to: parsed_all("releasable_to", &releasable_to)?,
        onward: onward(present("onward", reach)?).map_err(|f| f.within("onward"))?,
        topics: parsed_all("topics", &topics)?,
        caveats: names::decode("caveats", &caveats)?,
        national: national.map(label).transpose().map_err(|f| f.within("national"))?,
        groups: group::decode_set("groups", groups)?,
    };
    few("releasable_to", marking.releasable_to.len(), MAX_NAMES)?;
    few("topics", marking.topics.len(), MAX_NAMES)?;
    if let Onward::Named(names) = &marking.onward {
        few("onward.to", names.len(), MAX_NAMES)?;
    }
    few("groups", marking.groups.iter().map(|g| g.countries.len() + g.organisations.len()).sum(), MAX_NAMES)?;
    ascending("releasable_to", &releasable_to)?;
    ascending("topics", &marking.topics)?;
    if !marking.groups.iter().map(|group| &group.name).eq(marking.named_groups()) {
        return Err(refuse("groups", "they must be exactly the groups that the marking names"));
    }
    Ok(marking)
}

fn onward(message: proto::Onward) -> Result<Onward, Fault> {
    let proto::Onward { reach, to } = message;
    let reach = proto::OnwardReach::try_from(reach)
        .map_err(|_| refuse("reach", format!("the value {reach} is not known to this version")))?;
    if (reach == proto::OnwardReach::Named) == to.is_empty() {
        return Err(refuse("to", "only the reach NAMED has names"));
    }
    ascending("to", &to)?;
    match reach {
        proto::OnwardReach::Unspecified => Err(refuse("reach", "the value is missing")),
        proto::OnwardReach::None => Ok(Onward::None),
        proto::OnwardReach::WithinOrganisation => Ok(Onward::WithinOrganisation),
        proto::OnwardReach::Named => parsed_all("to", &to).map(Onward::Named),
    }
}

fn label(message: proto::NationalLabel) -> Result<NationalLabel, Fault> {
    let proto::NationalLabel { policy, classification, categories } = message;
    Ok(NationalLabel {
        policy: line("policy", policy)?,
        classification: line("classification", classification)?,
        categories: categories
            .into_iter()
            .enumerate()
            .map(|(i, c)| required(&format!("categories[{i}]"), c))
            .collect::<Result<_, _>>()?,
    })
}

fn marking_to_proto(marking: &Marking) -> proto::Marking {
    let Marking { tlp, releasable_to, onward, topics, caveats, national, groups } = marking;
    let (reach, to) = match onward {
        Onward::None => (proto::OnwardReach::None, vec![]),
        Onward::WithinOrganisation => (proto::OnwardReach::WithinOrganisation, vec![]),
        Onward::Named(names) => (proto::OnwardReach::Named, sorted(texts(names))),
    };
    proto::Marking {
        tlp: number_of(Tlp::ALL, tlp),
        releasable_to: sorted(texts(releasable_to)),
        onward: Some(proto::Onward { reach: reach.into(), to }),
        topics: texts(topics),
        caveats: names::encode(caveats),
        national: national.as_ref().map(|n| proto::NationalLabel {
            policy: n.policy.clone(),
            classification: n.classification.clone(),
            categories: n.categories.clone(),
        }),
        groups: groups.iter().map(group::encode).collect(),
    }
}

/// Sorts the texts of a set in ascending order.
fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}
