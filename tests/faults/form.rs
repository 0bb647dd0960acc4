//! How much is done, and which of it: the arguments after `--`.

/// How a run is meant to be.
#[derive(Clone)]
pub struct Form {
    /// Not the short form, which is for every merge.
    pub long: bool,
    /// How many times nodes are killed under load.
    pub kills: usize,
    /// Up to which of its write and sync calls the node is killed.
    pub calls: usize,
    /// From which the moments and victims are drawn.
    pub seed: u64,
    /// Only the names are wanted.
    pub list: bool,
    /// Whether each step is told.
    verbose: bool,
    names: Vec<String>,
    exact: bool,
}

/// Options of Rust's own test harness that come along with `cargo test -- ...`; those with a value first.
const VALUED: &[&str] = &["--test-threads", "--format", "--color", "--logfile", "--skip", "-Z"];

impl Form {
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
        let mut form = Self {
            long: false,
            kills: 0,
            calls: 0,
            seed: seed.into(),
            list: false,
            verbose: false,
            names: vec![],
            exact: false,
        };
        let (mut kills, mut calls) = (None, None);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut number = |name: &str| {
                let value = arguments.next().and_then(|v| v.parse::<usize>().ok());
                value.ok_or_else(|| format!("{name} takes a number"))
            };
            match argument.as_str() {
                "--long" => form.long = true,
                "--kills" => kills = Some(number("--kills")?),
                "--calls" => calls = Some(number("--calls")?),
                "--seed" => form.seed = number("--seed")? as u64,
                "--verbose" => form.verbose = true,
                "--list" => form.list = true,
                "--exact" => form.exact = true,
                valued if VALUED.contains(&valued) => _ = arguments.next(),
                other if other.starts_with('-') => {}
                name => form.names.push(name.to_owned()),
            }
        }
        form.kills = kills.unwrap_or(if form.long { 100 } else { 15 });
        form.calls = calls.unwrap_or(300);
        Ok(form)
    }

    /// A word on the way, for whoever waits for a long run.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.verbose {
            eprintln!("  {}", what());
        }
    }

    /// Whether a fault of that name is to be run.
    pub fn wants(&self, name: &str) -> bool {
        let is_meant = |wanted: &String| if self.exact { name == wanted } else { name.contains(wanted.as_str()) };
        self.names.is_empty() || self.names.iter().any(is_meant)
    }

    pub fn words(&self) -> String {
        let form = if self.long { "the long form" } else { "the short form; `-- --long` runs the long one" };
        format!("{form} (seed {})", self.seed)
    }
}

/// Random enough for moments and victims, and the same for the same seed (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from `from` to below `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        from + (x ^ (x >> 31)) % (to - from)
    }
}
