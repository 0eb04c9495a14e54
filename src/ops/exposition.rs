//! The classic text form of Prometheus, 0.0.4, from OpenMetrics text.

/// The same metrics in the classic form: counters and infos are named as their samples are, infos are
/// gauges, and there are neither units nor an end mark.
#[must_use]
pub(super) fn classic(open_metrics: &str) -> String {
    let mut out = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            // written when the type is known
            help = rest.split_once(' ').or(Some((rest, "")));
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            let (ending, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                other => ("", other),
            };
            if let Some((_, text)) = help.take().filter(|(helped, _)| *helped == name) {
                out.extend(["# HELP ", name, ending, " ", text, "\n"]);
            }
            out.extend(["# TYPE ", name, ending, " ", kind, "\n"]);
        } else if !line.starts_with('#') {
            out.extend([line, "\n"]);
        }
    }
    out
}

/// Whether what a client accepts asks for OpenMetrics: it names it, and likes no plain text better.
#[must_use]
pub(super) fn wants_open_metrics(accept: &str) -> bool {
    let liking = |kind: &str| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_meant = parts.next()?.eq_ignore_ascii_case(kind);
            let q = parts.find_map(|part| part.strip_prefix("q="));
            is_meant.then(|| q.map_or(Some(1_000), thousandths).unwrap_or_default())
        });
        ranges.max()
    };
    let open = liking("application/openmetrics-text").unwrap_or_default();
    open > 0 && open >= liking("text/plain").unwrap_or_default()
}

/// A quality such as `0.5`, in thousandths; `None`: it is none.
fn thousandths(q: &str) -> Option<u32> {
    let (whole, parts) = q.split_once('.').unwrap_or((q, ""));
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    let parts: u32 = format!("{parts:0<3}").parse().ok().filter(|n| *n < 1_000)?;
    Some(whole.saturating_mul(1_000).saturating_add(parts).min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_the_classic_ones() {
        let open = "\
# HELP x_build The build.
# TYPE x_build info
x_build_info{version=\"1\"} 1
# HELP x_calls Calls.
# TYPE x_calls counter
x_calls_total{code=\"OK\"} 7
# HELP x_time_seconds Time.
# TYPE x_time_seconds histogram
# UNIT x_time_seconds seconds
x_time_seconds_sum 1.5
x_time_seconds_bucket{le=\"+Inf\"} 1
# TYPE x_odd unknown
x_odd 1
# EOF
";
        let expected = "\
# HELP x_build_info The build.
# TYPE x_build_info gauge
x_build_info{version=\"1\"} 1
# HELP x_calls_total Calls.
# TYPE x_calls_total counter
x_calls_total{code=\"OK\"} 7
# HELP x_time_seconds Time.
# TYPE x_time_seconds histogram
x_time_seconds_sum 1.5
x_time_seconds_bucket{le=\"+Inf\"} 1
# TYPE x_odd untyped
x_odd 1
";
        assert_eq!(classic(open), expected);
    }

    #[test]
    fn the_form_follows_what_is_accepted() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, open) in [
            ("", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/openmetrics-text", true),
            ("Application/OpenMetrics-Text; version=1.0.0", true),
            (prometheus, true),
            ("application/openmetrics-text;q=0", false),
            (
                "application/openmetrics-text;q=0.1, text/plain;q=0.125",
                false,
            ),
            ("application/openmetrics-text;q=x", false),
        ] {
            assert_eq!(wants_open_metrics(accept), open, "{accept}");
        }
    }
}
