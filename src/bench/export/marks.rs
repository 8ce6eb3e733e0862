//! What tells the series of an SVG plot apart: colours, and shapes and dashes beside them, for those
//! who do not tell the colours apart and for paper without any.
//!
//! Colours are those of Okabe and Ito (2008), which people with any colour vision tell apart, and two
//! more.

const COLOURS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a6d00", "#7f7f7f",
];

/// In a square of 2, around its middle; the first is the circle's place.
const SHAPES: [&str; 8] = [
    "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0 -2 0Z",
    "M-.9 -.9H.9V.9H-.9Z",
    "M0 -1.25L1.25 0L0 1.25L-1.25 0Z",
    "M0 -1.1L1.1 .9H-1.1Z",
    "M0 1.1L1.1 -.9H-1.1Z",
    "M-1.1 0L.9 -1.1V1.1Z",
    "M1.1 0L-.9 -1.1V1.1Z",
    "M-.35 -1.1H.35V-.35H1.1V.35H.35V1.1H-.35V.35H-1.1V-.35H-.35Z",
];

const DASHES: [&str; 4] = ["", "8 4", "2 4", "8 4 2 4"];

/// The colour of a series.
pub(super) fn colour(series: usize) -> &'static str {
    COLOURS
        .get(series % COLOURS.len())
        .copied()
        .unwrap_or("#7f7f7f")
}

/// The outline of a series' marker, as the data of a path; its radius is 1.
pub(super) fn shape(series: usize) -> &'static str {
    SHAPES
        .get(series % SHAPES.len())
        .copied()
        .unwrap_or(SHAPES[0])
}

/// The dashes of a series' line, as `stroke-dasharray`; nothing for a whole line. With the colours
/// they make 8 lines that differ in both.
pub(super) fn dashes(series: usize) -> &'static str {
    DASHES.get(series % DASHES.len()).copied().unwrap_or("")
}
