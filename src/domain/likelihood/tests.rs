//! Tests of likelihoods: facts of the field, and reading in another lexicon by numbers.

use proptest::prelude::*;

use super::*;
use crate::domain::lexicon::LEXICONS;

fn percent(value: f64) -> Percent {
    Percent::new(value).unwrap()
}

fn probability(value: f64) -> Probability {
    Probability::new(value).unwrap()
}

fn interval(lo: f64, hi: f64) -> Interval {
    Interval::new(percent(lo), percent(hi)).unwrap()
}

fn lexicon(id: &str) -> &'static Lexicon {
    Lexicon::by_id(id).unwrap()
}

fn read(id: &str, lo: f64, hi: f64) -> String {
    render_in(lexicon(id), interval(lo, hi)).to_string()
}

#[test]
fn seven_percent_has_no_word_in_london_and_the_number_is_shown() {
    assert_eq!(
        read("uk-phia-2025", 7.0, 7.0),
        "7 % (no term; between remote chance, 0–5 %, and highly unlikely, 10–20 %)"
    );
    assert_eq!(
        read("uk-phia-2025", 5.0, 10.0),
        "5–10 % (no term; between remote chance, 0–5 %, and highly unlikely, 10–20 %)"
    );
    assert_eq!(read("us-icd-203", 0.5, 0.5), "0.5 % (no term; below almost no chance, 1–5 %)");
    assert_eq!(read("uk-phia-2025", 100.0, 100.0), "100 % (no term; above almost certain, 95–100 %)");
}

#[test]
fn five_percent_is_very_unlikely_in_washington_since_the_lower_bound_is_included() {
    assert_eq!(read("us-icd-203", 5.0, 5.0), "very unlikely (5 %)");
    assert_eq!(read("us-icd-203", 1.0, 5.0), "almost no chance (1–5 %)");
}

#[test]
fn a_word_is_never_carried_over_to_a_lexicon_where_it_means_other_numbers() {
    let phia = Likelihood::told("uk-phia-2025", "unlikely", None).unwrap();
    assert_eq!(phia.to_string(), "unlikely (25–35 %, uk-phia-2025)");
    assert_eq!(phia.render_in(lexicon("us-icd-203")).to_string(), "unlikely (25–35 %)");
    let icd = Likelihood::told("us-icd-203", "unlikely", None).unwrap();
    assert_eq!(
        icd.render_in(lexicon("uk-phia-2025")).to_string(),
        "unlikely to realistic possibility (20–45 %; a part of it has no term)"
    );
    assert_eq!(icd.render_in(lexicon("nato-ajp-2.1")).to_string(), "unlikely to even chance (20–45 %)");
}

#[test]
fn a_nested_lexicon_gives_its_narrowest_word_but_the_authors_own_comes_first() {
    assert_eq!(read("ipcc-ar5", 96.0, 98.0), "extremely likely (96–98 %)");
    let likely = Likelihood::told("ipcc-ar5", "likely", Some(interval(96.0, 98.0))).unwrap();
    assert_eq!(likely.render_in(lexicon("ipcc-ar5")).to_string(), "likely (96–98 %)");
}

#[test]
fn sudan_2023_was_nine_times_the_base_rate_and_still_a_remote_chance() {
    let (forecast, base) = (probability(0.0396), probability(0.0044));
    assert_eq!((forecast.to_string(), base.to_string()), ("3.96 %".to_owned(), "0.44 %".to_owned()));
    assert_eq!(multiple_of_base_rate(forecast, base).unwrap().to_string(), "×9");
    assert_eq!(render_in(lexicon("uk-phia-2025"), forecast.into()).to_string(), "remote chance (3.96 %)");
    assert_eq!(multiple_of_base_rate(forecast, probability(0.0)), None);
    assert_eq!(multiple_of_base_rate(probability(0.06), probability(0.012)).unwrap().to_string(), "×5");
    assert_eq!(multiple_of_base_rate(probability(0.001), probability(0.004)).unwrap().to_string(), "×0.25");
}

#[test]
fn probabilities_keep_their_significance_at_both_ends() {
    for (value, text) in [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.55, "55 %"),
        (0.07, "7 %"),
        (0.03964, "3.96 %"),
        (0.5, "50 %"),
        (0.333_333, "33.3 %"),
        (0.9996, "99.96 %"),
        (0.000_012_3, "0.00123 %"),
        (0.000_000_001_234, "1.23e-7 %"),
    ] {
        assert_eq!(probability(value).to_string(), text);
    }
}

#[test]
fn numbers_out_of_bounds_are_refused() {
    for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        assert!(Probability::new(wrong).is_err(), "{wrong}");
    }
    assert!(Percent::new(100.1).is_err());
    assert!(Interval::new(percent(20.0), percent(10.0)).is_err());
}

#[test]
fn numbers_outside_the_terms_band_are_refused() {
    let told = |lo, hi| Likelihood::told("us-icd-203", "almost-no-chance", Some(interval(lo, hi)));
    assert!(told(1.0, 5.0).is_ok() && told(2.0, 2.0).is_ok());
    assert_eq!(
        told(2.0, 6.0).unwrap_err(),
        "2–6 % is not in the band of `almost-no-chance`, 1–5 %; correct the numbers or choose another term"
    );
    assert!(told(5.0, 5.0).is_err(), "5 % is `very-unlikely`");
    assert!(Likelihood::told("stix-2.1-dni", "likely", None).unwrap_err().contains("grades confidence in data"));
}

#[test]
fn the_written_forms_are_those_of_the_drafts() {
    let read = |text: &str| serde_json::from_str::<Likelihood>(text);
    let likely = read(r#"{"lexicon":"uk-phia-2025","term":"likely"}"#).unwrap();
    assert_eq!(likely, Likelihood::told("uk-phia-2025", "likely", Some(interval(55.0, 75.0))).unwrap());
    assert_eq!(read(r#"{"interval":[55, 75]}"#).unwrap(), Likelihood::of(interval(55.0, 75.0)));
    let toml: Likelihood = toml::from_str("interval = [7, 7.5]").unwrap();
    assert_eq!(toml.to_string(), "7–7.5 %");
    for wrong in [
        "{}",
        r#"{"term":"likely"}"#,
        r#"{"lexicon":"uk-phia-2025"}"#,
        r#"{"lexicon":"uk-phia-2025","term":"remote"}"#,
        r#"{"lexicon":"uk-phia-2025","term":"likely","interval":[50,60]}"#,
        r#"{"interval":[75,55]}"#,
        r#"{"interval":[55,175]}"#,
        r#"{"interval":[55,75],"word":"likely"}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// Intervals with up to nine decimals. `serde_json` without its feature `float_roundtrip` reads longer ones inexactly.
fn any_interval() -> impl Strategy<Value = Interval> {
    let value = || prop_oneof![(0..=100_000_000_000_u64).prop_map(|v| v as f64 / 1e9), (0u8..=100).prop_map(f64::from)];
    prop_oneof![
        (value(), value()).prop_map(|(a, b): (f64, f64)| interval(a.min(b), a.max(b))),
        value().prop_map(|v| interval(v, v)),
    ]
}

proptest! {
    #[test]
    fn every_interval_has_a_rendering_in_every_lexicon_that_goes_by_its_numbers(interval in any_interval()) {
        for lexicon in LEXICONS {
            let rendering = render_in(lexicon, interval);
            prop_assert!(rendering.to_string().contains(&interval.to_string()));
            match rendering.fit {
                Fit::Covered(terms) => {
                    prop_assert!(!terms.is_empty());
                    for term in terms {
                        let band = term.interval();
                        prop_assert!(band.lo() <= interval.lo() && interval.hi() <= band.hi());
                    }
                }
                Fit::Spread { terms, .. } => {
                    prop_assert!(!terms.is_empty());
                    for term in terms {
                        let band = term.interval();
                        prop_assert!(band.lo() < interval.hi() && interval.lo() < band.hi());
                    }
                }
                Fit::Gap { below, above } => {
                    prop_assert!(below.is_some() || above.is_some());
                    prop_assert!(below.is_none_or(|term| term.interval().hi() <= interval.lo()));
                    prop_assert!(above.is_none_or(|term| term.interval().lo() >= interval.hi()));
                }
            }
        }
    }

    #[test]
    fn a_likelihood_reads_back_from_json(interval in any_interval()) {
        let mut all = vec![Likelihood::of(interval)];
        for lexicon in LEXICONS {
            for term in lexicon.terms {
                all.extend(Likelihood::told(lexicon.id, term.id, Some(interval)));
                all.extend(Likelihood::told(lexicon.id, term.id, None));
            }
        }
        for likelihood in all {
            let json = serde_json::to_string(&likelihood).unwrap();
            prop_assert_eq!(serde_json::from_str::<Likelihood>(&json).unwrap(), likelihood);
        }
    }

    #[test]
    fn only_certainty_prints_as_certainty(value in prop_oneof![0.0..=1.0, 0.0..1e-5, 0.999_99..1.0, Just(1.0 - f64::EPSILON)]) {
        let shown = probability(value).to_string();
        prop_assert_eq!(shown == "0 %", value == 0.0);
        prop_assert_eq!(shown == "100 %", value == 1.0);
    }

    #[test]
    fn a_probability_shown_is_right_to_half_a_percent_of_itself_or_of_its_complement(value in 1e-9..1.0) {
        let p = probability(value);
        let shown: f64 = p.to_string().trim_end_matches(" %").parse().unwrap();
        let rarer = value.min(1.0 - value) * 100.0;
        prop_assert!((shown - value * 100.0).abs() <= rarer * 0.006 + 1e-12, "{shown} of {value}");
    }
}
