//! How figures are written for people.

/// What stands where there is no figure.
pub(super) const NOTHING: &str = "—";

/// `4.70ms`, `1,069.6ms`, `0.02ms`.
pub(super) fn milliseconds(time: f64) -> String {
    let decimals = if time >= 10.0 { 1 } else { 2 };
    format!("{}ms", grouped(time, decimals))
}

/// With commas between thousands.
pub(super) fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A figure that may not be there.
pub(super) fn or_nothing(figure: Option<f64>, write: impl Fn(f64) -> String) -> String {
    figure.map_or_else(|| NOTHING.to_owned(), write)
}

/// `2.5×`.
pub(super) fn times(ratio: Option<f64>) -> String {
    or_nothing(ratio.filter(|ratio| ratio.is_finite()), |ratio| {
        format!("{}×", grouped(ratio, if ratio < 100.0 { 2 } else { 0 }))
    })
}

/// `91.7%`, of a share from 0 to 1.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `2.47 GB`.
pub(super) fn gigabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
    let gigabytes = bytes as f64 / 1e9;
    format!("{gigabytes:.2} GB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        for (text, expected) in [
            (milliseconds(1069.64), "1,069.6ms"),
            (milliseconds(0.012), "0.01ms"),
            (grouped(-1_234_567.0, 0), "-1,234,567"),
            (grouped(100.0, 1), "100.0"),
            (times(Some(4798.9)), "4,799×"),
            (times(Some(f64::NAN)), "—"),
            (percent(0.917), "91.7%"),
            (gigabytes(2_470_000_000), "2.47 GB"),
        ] {
            assert_eq!(text, expected);
        }
    }
}
