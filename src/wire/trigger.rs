//! The triggers of an agreement.

use super::{
    field::{ascending, double, parsed, parsed_all, refuse, texts},
    list::{MAX_NAMES, few},
    names, number, proto,
};
use crate::domain::{
    agreement::{Measure, Trigger},
    fault::Fault,
};

pub(super) fn decode(message: proto::Trigger) -> Result<Trigger, Fault> {
    let proto::Trigger {
        id,
        by,
        tell,
        within_seconds,
        places,
        crimes,
        organisations,
        probability,
        multiple,
        horizon_days,
        during_days,
        stand_down,
        cooldown_days,
    } = message;
    if places.is_empty() {
        return Err(refuse("places", "at least one is needed"));
    }
    few("places", places.len(), MAX_NAMES)?;
    ascending("places", &places)?;
    Ok(Trigger {
        id: parsed("id", &id)?,
        by: parsed("by", &by)?,
        tell: parsed("tell", &tell)?,
        within_seconds: number::seconds("within_seconds", within_seconds)?,
        places: parsed_all("places", &places)?,
        crimes: names::decode("crimes", &crimes)?,
        organisations: at_least_one("organisations", number::few("organisations", organisations)?)?,
        measure: measure(double("probability", probability)?, double("multiple", multiple)?)?,
        horizon_days: at_least_one("horizon_days", number::days("horizon_days", horizon_days)?)?,
        during_days: at_least_one("during_days", number::days("during_days", during_days)?)?,
        stand_down: not_negative("stand_down", double("stand_down", stand_down)?)?,
        cooldown_days: number::days("cooldown_days", cooldown_days)?,
    })
}

fn at_least_one(field: &str, number: u32) -> Result<u32, Fault> {
    if number == 0 { Err(refuse(field, "it must be at least 1")) } else { Ok(number) }
}

fn not_negative(field: &str, value: f64) -> Result<Option<f64>, Fault> {
    if value < 0.0 { Err(refuse(field, "it must not be below 0")) } else { Ok((value > 0.0).then_some(value)) }
}

/// A probability or a multiple. Exactly one of the two is set.
fn measure(probability: f64, multiple: f64) -> Result<Measure, Fault> {
    match (probability, multiple) {
        (0.0, multiple) if multiple > 1.0 => Ok(Measure::Multiple(multiple)),
        (probability, 0.0) if probability > 0.0 && probability < 1.0 => Ok(Measure::Probability(probability)),
        _ => Err(refuse("probability", "a trigger has a probability between 0 and 1, or a multiple above 1")),
    }
}

pub(super) fn encode(trigger: &Trigger) -> proto::Trigger {
    let (probability, multiple) = match trigger.measure {
        Measure::Probability(value) => (value, 0.0),
        Measure::Multiple(value) => (0.0, value),
    };
    let mut places = texts(&trigger.places);
    places.sort_unstable();
    proto::Trigger {
        id: trigger.id.to_string(),
        by: trigger.by.to_string(),
        tell: trigger.tell.to_string(),
        within_seconds: trigger.within_seconds,
        places,
        crimes: names::encode(&trigger.crimes),
        organisations: trigger.organisations,
        probability,
        multiple,
        horizon_days: trigger.horizon_days,
        during_days: trigger.during_days,
        stand_down: trigger.stand_down.unwrap_or_default(),
        cooldown_days: trigger.cooldown_days,
    }
}
