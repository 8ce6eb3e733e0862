//! A plot as a picture: its SVG, drawn on white with the program's own font, so that it looks the
//! same on every machine.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Pixels a unit of the SVG: plots are 640 wide, pictures of them 1,280.
const SCALE: f32 = 2.0;

/// The family name in the font files.
const FAMILY: &str = "Inter";

static FONTS: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/Inter-Regular.otf"),
    include_bytes!("../../../assets/fonts/Inter-SemiBold.otf"),
];

/// Why there is no picture of a plot.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The SVG cannot be read; a test draws all plots.
    #[error("cannot draw the plot: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// It would be too large.
    #[error("cannot draw the plot: it would have {0} x {1} pixels")]
    Size(f32, f32),
    /// The picture cannot be compressed.
    #[error("cannot write the picture of the plot: {0}")]
    Encode(String),
}

/// The picture of a plot's `svg` as the bytes of a PNG, 1,280 pixels wide.
///
/// # Errors
/// [`PictureError`], if it is none of [`plots::all`](super::plots::all).
pub fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let options = Options {
        font_family: FAMILY.to_owned(),
        fontdb: fonts(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size();
    let (width, height) = (
        (size.width() * SCALE).ceil(),
        (size.height() * SCALE).ceil(),
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers above 0; what is too large becomes the largest, which is refused"
    )]
    let mut picture =
        Pixmap::new(width as u32, height as u32).ok_or(PictureError::Size(width, height))?;
    picture.fill(Color::WHITE);
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut picture.as_mut());
    picture
        .encode_png()
        .map_err(|error| PictureError::Encode(error.to_string()))
}

/// The fonts, read once.
fn fonts() -> Arc<fontdb::Database> {
    static READ: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let read = || {
        let mut fonts = fontdb::Database::new();
        for font in FONTS {
            fonts.load_font_data(font.to_vec());
        }
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    };
    Arc::clone(READ.get_or_init(read))
}
