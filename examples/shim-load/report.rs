//! Figures of several rounds, beside those of another server, for people and for programs.

use std::fmt::Write;

use serde::Serialize;

use super::measure::{Figures, Used};

/// One function at one number of calls in flight, at one or two servers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Row {
    /// The function.
    pub(crate) function: String,
    /// Calls in flight of each peer.
    pub(crate) in_flight: usize,
    /// One for each round.
    pub(crate) ours: Vec<Figures>,
    /// The same of the other server; none without one.
    pub(crate) theirs: Vec<Figures>,
}

/// The middle of several figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, Serialize)]
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

/// Ours by theirs, round by round.
#[derive(Debug, Serialize)]
struct Ratios {
    per_cpu_second: Spread,
    per_second: Spread,
    p50: Spread,
    p99: Spread,
    switches: Spread,
    resident: Spread,
    peak: Spread,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let half = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(at(half.saturating_sub(1)), at(half)),
            _ => at(half),
        };
        Self {
            least: at(0),
            median,
            most: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl Row {
    fn ratios(&self) -> Ratios {
        let ratio = |figure: fn(&Figures) -> f64| {
            let pairs = self.ours.iter().zip(&self.theirs);
            Spread::of(pairs.map(|(ours, theirs)| figure(ours) / figure(theirs)))
        };
        Ratios {
            per_cpu_second: ratio(|f| used(f, |u| u.per_cpu_second)),
            per_second: ratio(|f| f.per_second),
            p50: ratio(|f| f.p50),
            p99: ratio(|f| f.p99),
            switches: ratio(|f| used(f, |u| u.switches)),
            resident: ratio(|f| used(f, |u| u.resident)),
            peak: ratio(|f| used(f, |u| u.peak)),
        }
    }
}

fn used(figures: &Figures, figure: fn(&Used) -> f64) -> f64 {
    figures.used.as_ref().map_or(f64::NAN, figure)
}

/// A line with the heads of a table's columns.
pub(crate) fn head(both: bool) -> String {
    let mut heads = vec!["function", "in flight"];
    if both {
        heads.push("tx/CPU s, ours : theirs");
    }
    heads.extend(["tx/CPU s", "tx/s", "p50 us", "p99 us", "p99.9 us"]);
    heads.extend(["switches a tx", "RSS MB", "peak MB"]);
    let rule = heads.iter().enumerate();
    let rule: Vec<_> = rule
        .map(|(at, _)| if at == 0 { "---" } else { "---:" })
        .collect();
    format!("| {} |\n|{}|", heads.join(" | "), rule.join("|"))
}

/// A line of the table. Two servers stand as `ours / theirs`, all figures are medians of the
/// rounds, and the ratio is the median of the rounds' ratios with the least and the most.
pub(crate) fn line(row: &Row) -> String {
    let mut line = format!("| {} | {} |", row.function, row.in_flight);
    let both = !row.theirs.is_empty();
    if both {
        let ratio = row.ratios().per_cpu_second;
        // writing to a string does not fail
        let _ = write!(
            line,
            " **{:.2}** ({:.2} to {:.2}) |",
            ratio.median, ratio.least, ratio.most
        );
    }
    let mut column = |digits: usize, figure: fn(&Figures) -> f64| {
        let ours = Spread::of(row.ours.iter().map(figure)).median;
        let _ = write!(line, " {ours:.digits$}");
        if both {
            let theirs = Spread::of(row.theirs.iter().map(figure)).median;
            let _ = write!(line, " / {theirs:.digits$}");
        }
        line.push_str(" |");
    };
    column(0, |f| used(f, |u| u.per_cpu_second));
    column(0, |f| f.per_second);
    column(0, |f| f.p50);
    column(0, |f| f.p99);
    column(0, |f| f.p999);
    column(2, |f| used(f, |u| u.switches));
    column(1, |f| used(f, |u| u.resident));
    column(1, |f| used(f, |u| u.peak));
    for (whose, figures) in [("ours", &row.ours), ("theirs", &row.theirs)] {
        let errors: u64 = figures.iter().map(|f| f.errors).sum();
        if errors > 0 {
            let first = figures.iter().find_map(|f| f.first_error.as_deref());
            let first = first.unwrap_or_default();
            let _ = write!(
                line,
                "\n{errors} calls failed ({whose}), the first: {first}"
            );
        }
    }
    line
}

/// Everything, as one JSON text.
pub(crate) fn json(rows: &[Row]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Told<'a> {
        #[serde(flatten)]
        row: &'a Row,
        #[serde(skip_serializing_if = "Option::is_none")]
        ratios: Option<Ratios>,
    }
    let rows = rows.iter().map(|row| Told {
        row,
        ratios: (!row.theirs.is_empty()).then(|| row.ratios()),
    });
    serde_json::to_string_pretty(&rows.collect::<Vec<_>>())
}
